package clientsdk

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// ErrLocked says that the tablet has not been in contact with home for longer than
// its offline lease: nothing is read or written until a [Register.Sync] has
// reached home, or a code is given that [Register.Unlock] takes. Nothing is lost,
// and what is unsent goes up with the next sync. The error has the kind
// fault.Locked.
var ErrLocked = errors.New("the register is locked: the tablet has not been in contact with home for too long. Connect it and sync, or ask a coordinator for a code that unlocks it; nothing is lost")

// dayMillis is the most that one look at a clock which is behind counts for.
const dayMillis = 24 * 60 * 60 * 1000

// lease is for how long the register may be used without contact with home. Home
// says how long; before the first contact, and from a home that does not say, there
// is none.
//
// What has passed is told from the tablet's clock, which may be wrong and may be set
// by who holds the tablet. What counts is how far it has gone beyond the highest
// time that it ever showed. Set back, it gives no time back; and while it is
// behind, it counts by as much as it moves, a day at most for each look, so that
// neither a clock that stands in the past holds the lease for ever, nor one that
// begins in 1970 after the battery was flat ends it. Set forward, it ends the lease
// at once, and contact begins another.
type lease struct {
	// allowedMillis is how long the lease is; zero for ever.
	allowedMillis int64
	// spentMillis have passed since the last contact.
	spentMillis int64
	// highestMillis is the highest time that the clock has shown, and what was
	// counted while it was behind that; seenMillis what it showed last.
	highestMillis, seenMillis int64
	// behindMillis is by how much the clock was behind home's at the contact: once, it
	// may be put right.
	behindMillis int64
	// addedMillis is what codes have added to allowedMillis since the last contact.
	addedMillis int64
}

// pass counts what has passed until the clock shows this.
func (l *lease) pass(nowMillis int64) {
	moved := min(max(nowMillis-l.seenMillis, 0), dayMillis)
	if nowMillis >= l.highestMillis {
		moved = nowMillis - l.highestMillis
		l.highestMillis = nowMillis
		if l.behindMillis > 0 && moved >= l.behindMillis {
			moved -= l.behindMillis
			l.behindMillis = 0
		}
	} else {
		l.highestMillis += moved
	}
	l.spentMillis += moved
	l.seenMillis = nowMillis
}

// renew begins the lease anew, at a contact with home.
func (l *lease) renew(nowMillis, homeMillis, allowedMillis int64) {
	*l = lease{allowedMillis: allowedMillis, highestMillis: nowMillis, seenMillis: nowMillis}
	if behind := homeMillis - nowMillis; behind >= dayMillis {
		l.behindMillis = behind
	}
}

// add lengthens the lease: from now on, if it is over.
func (l *lease) add(days int) {
	l.addedMillis = max(l.spentMillis-l.allowedMillis, l.addedMillis) + int64(days)*dayMillis
}

func (l *lease) leftMillis() int64 { return l.allowedMillis + l.addedMillis - l.spentMillis }

func (l *lease) isOver() bool { return l.allowedMillis > 0 && l.leftMillis() < 0 }

func (l *lease) encode() (data []byte) {
	for _, n := range []int64{l.allowedMillis, l.spentMillis, l.highestMillis, l.seenMillis, l.behindMillis, l.addedMillis} {
		data = binary.BigEndian.AppendUint64(data, uint64(n))
	}
	return data
}

func decodeLease(data []byte) (l lease, err error) {
	if len(data) == 0 {
		return l, nil
	}
	into := []*int64{&l.allowedMillis, &l.spentMillis, &l.highestMillis, &l.seenMillis, &l.behindMillis, &l.addedMillis}
	if len(data) != 8*len(into) {
		return l, fault.New(fault.Damaged, "lease of %d bytes", len(data))
	}
	for i, n := range into {
		*n = int64(binary.BigEndian.Uint64(data[8*i:]))
	}
	return l, nil
}

const propertyLease = "lease"

// The lease is written when it has moved by so much since: what was not written is
// counted again by the clock, but for the moves of one that is behind.
const leaseSavedEachMillis = 60 * 60 * 1000

// tenure is the lease of an open register.
type tenure struct {
	// saving is held while something of this is written.
	saving sync.Mutex
	// unlocking is what is on the disk; guarded by saving.
	unlocking unlocking

	mu    sync.Mutex
	lease lease
	// saved is what is on the disk.
	saved lease
}

// openLease reads the lease and counts what has passed.
func (r *Register) openLease(ctx context.Context) error {
	err := r.store.Read(ctx, func(tx localstore.Tx) error {
		data, err := tx.Property(propertyLease)
		if err == nil {
			r.tenure.lease, err = decodeLease(data)
		}
		if err == nil {
			data, err = tx.Property(propertyUnlocking)
		}
		if err == nil {
			r.tenure.unlocking, err = decodeUnlocking(data)
		}
		return err
	})
	if err != nil {
		return about(err, "open register")
	}
	r.tenure.saved = r.tenure.lease
	if err := r.checkLease(ctx); err != nil && fault.KindOf(err) != fault.Locked {
		return err
	}
	return nil
}

// checkLease is [ErrLocked] once the lease is over.
func (r *Register) checkLease(ctx context.Context) error {
	l, due := r.passLease()
	if due {
		if err := r.saveLease(ctx); err != nil && fault.KindOf(err) != fault.NoRoom { // a full disk must not lock who works
			return err
		}
	}
	if l.isOver() {
		return fault.New(fault.Locked, "%w. Last contact: %d days ago, by the tablet's clock; allowed: %d", ErrLocked, l.spentMillis/dayMillis, l.allowedMillis/dayMillis)
	}
	return nil
}

// passLease counts what has passed, and tells whether that is to be written.
func (r *Register) passLease() (l lease, due bool) {
	t := &r.tenure
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lease.allowedMillis == 0 {
		return t.lease, false
	}
	t.lease.pass(r.options.Clock())
	due = t.lease.spentMillis-t.saved.spentMillis >= leaseSavedEachMillis || t.lease.isOver() != t.saved.isOver()
	return t.lease, due
}

// renewLease begins the lease anew. Home has answered, and lets the device in. A
// hub's answer does not count: it knows of devices what it last heard from home,
// and may have been lost with them.
func (r *Register) renewLease(ctx context.Context, resp *syncv1.SyncResponse) error {
	allowed := int64(min(resp.LeaseMillis, uint64(leaseMost.Milliseconds())))
	t := &r.tenure
	t.saving.Lock()
	defer t.saving.Unlock()
	unlocking := t.unlocking.renewed(resp.UnlockKey)
	t.mu.Lock()
	if allowed == 0 && t.saved.allowedMillis == 0 {
		t.mu.Unlock()
		return nil
	}
	t.lease.renew(r.options.Clock(), resp.ServerTimeMillis, allowed)
	fresh, saysAsMuch := t.lease, t.saved.saysAsMuchAs(&t.lease)
	t.mu.Unlock()
	if saysAsMuch && unlocking == t.unlocking {
		return nil
	}
	return r.writeLease(ctx, fresh, unlocking)
}

// saysAsMuchAs tells whether a lease that was written comes to the same as one that
// has just begun, but for less than what a lease is written for.
func (l *lease) saysAsMuchAs(fresh *lease) bool {
	moved := fresh.highestMillis - l.highestMillis
	return l.allowedMillis == fresh.allowedMillis && l.behindMillis == fresh.behindMillis && l.addedMillis == fresh.addedMillis && 0 <= moved && l.spentMillis+moved < leaseSavedEachMillis
}

// leaseMost bounds what a server may say.
const leaseMost = 100 * 365 * 24 * time.Hour

// saveLease writes the lease as it is now.
func (r *Register) saveLease(ctx context.Context) error {
	t := &r.tenure
	t.saving.Lock()
	defer t.saving.Unlock()
	t.mu.Lock()
	l := t.lease
	t.mu.Unlock()
	return r.writeLease(ctx, l, t.unlocking)
}

// writeLease writes both in one transaction: a code is used up by what it gives.
// The caller holds saving.
func (r *Register) writeLease(ctx context.Context, l lease, u unlocking) error {
	err := r.store.Write(ctx, func(tx localstore.Tx) error {
		if err := tx.SetProperty(propertyLease, l.encode()); err != nil || u == r.tenure.unlocking {
			return err
		}
		return tx.SetProperty(propertyUnlocking, u.encode())
	})
	if err != nil {
		return about(err, "keep the lease")
	}
	t := &r.tenure
	t.unlocking = u
	t.mu.Lock()
	defer t.mu.Unlock()
	t.saved = l
	return nil
}

// Lease says for how long the register may be used without contact with home.
type Lease struct {
	// Allowed is how long home allows it, counted from the last contact; zero for
	// ever.
	Allowed time.Duration
	// Added is what codes have added to that; see [Register.Unlock].
	Added time.Duration
	// Left is what is left of it; not more than zero where the register is locked.
	Left time.Duration
}

// Lease tells how long the register may still be used without contact with home,
// so that the app can ask for a network in time.
func (r *Register) Lease() Lease {
	l, _ := r.passLease()
	if l.allowedMillis == 0 {
		return Lease{}
	}
	return Lease{
		Allowed: time.Duration(l.allowedMillis) * time.Millisecond,
		Added:   time.Duration(l.addedMillis) * time.Millisecond,
		Left:    time.Duration(l.leftMillis()) * time.Millisecond,
	}
}
