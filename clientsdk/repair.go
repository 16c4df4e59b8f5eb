package clientsdk

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Storage fails without a word, and a program may have a defect. So when a space
// has come to its end, all rows of its base are read once, and their digest is
// compared with home's. Where it differs, home says in which records, and gives
// their rows. What it lacks it is offered first: see offer.go.

const (
	// repairRounds bounds how often a space is mended in one Sync, some thousand
	// records or a megabyte each time.
	repairRounds = 256
	// repairPulls bounds how often it is pulled again in between, because home
	// has moved on or was offered something.
	repairPulls = 8
	// repairBytes is how much is fetched before it is put in place.
	repairBytes = 1 << 20
)

// homeDigest is what a page said of home's rows at its position.
type homeDigest struct {
	said     bool
	digest   merge.Digest
	position uint64
}

func digestOf(p *syncv1.Page) homeDigest {
	if len(p.GetDigest()) != len(merge.Digest{}) {
		return homeDigest{}
	}
	return homeDigest{said: true, digest: merge.Digest(p.Digest), position: p.Position}
}

// repairing is the mending of one space.
type repairing struct {
	repaired, rounds, pulls int
	// offered are the records whose originals home was offered.
	offered map[merge.RecordID]bool
}

// baseCopy is the base of a space as it was when it was looked at.
type baseCopy struct {
	n       int64
	cursor  []byte
	buckets wire.Buckets
}

// compareAll holds the bases of the spaces that are complete to what home said
// of its rows, and mends those that differ. again says that some are to be
// pulled again.
func (s *exchange) compareAll(ctx context.Context) (again bool, err error) {
	for {
		copies, err := s.lookAtBases(ctx)
		if err != nil {
			return false, err
		}
		differ := false
		for _, t := range s.tours {
			c := copies[t]
			if c == nil || c.buckets.Whole() == t.home.digest {
				continue
			}
			if err := s.mend(ctx, t, c); err != nil {
				return false, err
			}
			differ, again = true, again || !t.done
		}
		if !differ || again {
			return again, nil
		}
	}
}

// lookAtBases reads all rows of the bases for which home has said a digest, of
// all spaces in one go.
func (s *exchange) lookAtBases(ctx context.Context) (map[*tour]*baseCopy, error) {
	copies := make(map[*tour]*baseCopy)
	err := s.register.store.Read(ctx, func(tx localstore.Tx) error {
		bySpace := make(map[int64]*baseCopy)
		for _, t := range s.tours {
			if !t.done || t.err != nil || !t.home.said {
				continue
			}
			space, err := spaceOf(tx, t.space)
			if err != nil {
				return err
			}
			if space.Readable && space.Position == t.home.position {
				copies[t] = &baseCopy{n: space.N, cursor: space.Cursor}
				bySpace[space.N] = copies[t]
			}
		}
		if len(copies) == 0 {
			return nil
		}
		return tx.BaseRows(func(space int64, id merge.RecordID, row []byte) error {
			if c := bySpace[space]; c != nil {
				c.buckets.Add(id, merge.DigestRow(id, row))
			}
			return nil
		})
	})
	if fault.KindOf(err) != fault.Damaged {
		return copies, err
	}
	for t := range copies { // which is no reason to stop what still works
		t.fail(about(err, "read the base"))
	}
	return nil, nil
}

// mend goes one round: it puts right what differs, as far as one answer tells, or
// lets the space be pulled again. Its error is for what stops the whole sync.
func (s *exchange) mend(ctx context.Context, t *tour, c *baseCopy) error {
	r := &t.repair
	if r.rounds++; r.rounds > repairRounds {
		t.fail(fault.New(fault.Unavailable, "records of the copy are damaged, and more than one sync can mend: sync again"))
		return nil
	}
	m := &mending{exchange: s, tour: t, copy: c}
	err := m.run(ctx)
	switch kind := fault.KindOf(err); {
	case err == nil || ctx.Err() != nil || kind == fault.NoRoom: // the tablet's own disk
		return err
	case kind == fault.BadCursor: // the next pull sees to it
		t.pullAgain()
		return nil
	case kind == fault.TooLarge:
		t.pullAgain()
		return m.beginAnew(ctx)
	}
	t.fail(about(err, "mend damaged records"))
	return nil
}

// pullAgain lets the tour go on, to be compared again at its end.
func (t *tour) pullAgain() {
	if t.repair.pulls++; t.repair.pulls > repairPulls {
		t.fail(fault.New(fault.Unavailable, "records of the copy are damaged, and home was busy while they were mended: sync again"))
		return
	}
	t.done = false
}

// mending is one round.
type mending struct {
	*exchange
	*tour
	copy *baseCopy
	// damaged are the records that differ; home has those with a digest.
	damaged []damagedRecord
	rows    map[merge.RecordID]*merge.Record
}

type damagedRecord struct {
	id   merge.RecordID
	home *merge.ShortDigest // nil: home has no such record
}

func (m *mending) run(ctx context.Context) error {
	answer, err := m.ask(ctx, wire.RepairAskToProto(m.space, m.copy.cursor, &m.copy.buckets, nil))
	if err != nil || answer.MovedOn {
		return err
	}
	if err := m.findDamaged(ctx, answer.Buckets); err != nil {
		return err
	}
	if len(m.damaged) == 0 {
		return fault.New(fault.Malformed, "the server says that its rows have another digest, and names none that differs")
	}
	if whole, err := m.fetch(ctx); err != nil || !whole {
		return err
	}
	return m.putInPlace(ctx)
}

// ask makes a round trip. Where home has moved on, the space is pulled again.
func (m *mending) ask(ctx context.Context, req *syncv1.RepairRequest) (wire.RepairAnswer, error) {
	m.result.RoundTrips++
	resp, err := m.client.Repair(ctx, connect.NewRequest(req))
	if err != nil {
		return wire.RepairAnswer{}, callError(ctx, err)
	}
	answer, err := wire.RepairAnswerFromProto(resp.Msg)
	if err == nil && answer.MovedOn {
		m.pullAgain()
	}
	return answer, err
}

// findDamaged compares the rows of the buckets that differ.
func (m *mending) findDamaged(ctx context.Context, buckets []wire.RepairBucket) error {
	return m.register.store.Read(ctx, func(tx localstore.Tx) error {
		for i := range buckets {
			due := make(map[merge.RecordID]merge.ShortDigest, len(buckets[i].Records))
			for _, r := range buckets[i].Records {
				due[r.Record] = r.Digest
			}
			err := tx.BaseRowsOf(m.copy.n, buckets[i].First, func(_ int64, id merge.RecordID, row []byte) error {
				digest, has := due[id]
				switch {
				case !has:
					m.damaged = append(m.damaged, damagedRecord{id: id})
				case digest == merge.DigestRow(id, row).Short():
					delete(due, id)
				}
				return nil
			})
			if err != nil {
				return err
			}
			for _, r := range buckets[i].Records {
				if _, differs := due[r.Record]; differs {
					m.damaged = append(m.damaged, damagedRecord{r.Record, &r.Digest})
				}
			}
		}
		return nil
	})
}

// fetch gets the rows that home has of damaged records. If they are many it
// leaves some for the next round. whole is false if home has moved on.
func (m *mending) fetch(ctx context.Context) (whole bool, err error) {
	m.rows = make(map[merge.RecordID]*merge.Record)
	var lacked, wanted []damagedRecord
	for _, d := range m.damaged {
		if d.home == nil {
			lacked = append(lacked, d)
		} else {
			wanted = append(wanted, d)
		}
	}
	m.damaged = lacked
	for sizeBytes := 0; len(wanted) > 0 && sizeBytes < repairBytes; {
		part := wanted[:min(len(wanted), limits.RepairRows)]
		ids := make([]merge.RecordID, len(part))
		for i := range part {
			ids[i] = part[i].id
		}
		answer, err := m.ask(ctx, wire.RepairAskToProto(m.space, m.copy.cursor, nil, ids))
		if err != nil || answer.MovedOn {
			return false, err
		}
		taken, err := m.take(part, &answer)
		if err != nil {
			return false, err
		}
		sizeBytes += taken
		m.damaged = append(m.damaged, part[:answer.Answered]...)
		wanted = wanted[answer.Answered:]
	}
	return true, nil
}

// take checks rows: each is what was asked for, and what home said that it has.
func (m *mending) take(part []damagedRecord, answer *wire.RepairAnswer) (sizeBytes int, err error) {
	if answer.Answered < 1 || answer.Answered > len(part) || answer.Answered != len(answer.Rows) {
		return 0, fault.New(fault.Malformed, "the server gave %d rows for %d of %d records that it has", len(answer.Rows), answer.Answered, len(part))
	}
	for i := range answer.Rows {
		r, asked := &answer.Rows[i], &part[i]
		if r.Record != asked.id || merge.DigestRow(r.Record, r.Row).Short() != *asked.home {
			return 0, fault.New(fault.Malformed, "the server gave another row than it has, of record %s", asked.id)
		}
		rec, err := merge.ParseRecord(r.Record, r.Row)
		if err != nil || rec.Position > m.home.position {
			return 0, fault.New(fault.Malformed, "row of record %s: not one of the copy's position: %w", r.Record, err)
		}
		m.rows[r.Record] = rec
		sizeBytes += len(r.Row)
	}
	return sizeBytes, nil
}

// putInPlace takes home's rows into the base, with the views that hang on them,
// in one local transaction. What the tablet has and home lacks goes up first.
func (m *mending) putInPlace(ctx context.Context) error {
	var f *follower
	offered := false
	err := m.write(ctx, func(tx localstore.Tx, space *localstore.Space) (err error) {
		f = newFollower(m.register.options.Schema, tx, space)
		if offered, err = m.offerLacking(f); err != nil || offered {
			return err
		}
		ids := make([]merge.RecordID, len(m.damaged))
		for i := range m.damaged {
			ids[i] = m.damaged[i].id
		}
		if err := f.replace(ids, m.rows); err != nil || !f.forked {
			return err
		}
		if err := m.register.leaveReplica(tx, space); err != nil {
			return err
		}
		return tx.SaveSpace(space)
	})
	switch {
	case err != nil || f == nil:
	case offered:
		m.pullAgain()
	default:
		m.repair.repaired += len(m.damaged)
	}
	return err
}

// beginAnew lets the space be fetched from the start, where too much is damaged.
func (m *mending) beginAnew(ctx context.Context) error {
	return m.write(ctx, func(tx localstore.Tx, space *localstore.Space) error {
		if err := newFollower(m.register.options.Schema, tx, space).restart(); err != nil {
			return err
		}
		return tx.SaveSpace(space)
	})
}

// write is a local transaction on the space, if it still is where it was looked
// at; another process may have moved it, and then compares it itself.
func (m *mending) write(ctx context.Context, fn func(localstore.Tx, *localstore.Space) error) error {
	return m.register.store.Write(ctx, func(tx localstore.Tx) error {
		space, err := spaceOf(tx, m.space)
		if err != nil {
			return err
		}
		if string(space.Cursor) != string(m.copy.cursor) {
			m.pullAgain()
			return nil
		}
		return fn(tx, space)
	})
}

// replace puts rows in place of what the base has of these records, whatever that
// is; those without a row leave it. Own changes on top of them stay there.
func (w *workspace) replace(ids []merge.RecordID, rows map[merge.RecordID]*merge.Record) error {
	overlays, err := w.overlaysOf(ids)
	if err != nil {
		return err
	}
	if err := w.tx.Erase(w.space.N, ids); err != nil {
		return err
	}
	for _, id := range ids {
		h := &held{row: localstore.Record{ID: id}, base: rows[id], baseChanged: rows[id] != nil, overlay: overlays[id], stale: true}
		if h.base != nil {
			w.findFork(h.base)
		}
		w.keep(h)
	}
	return w.flush()
}

// replaceDamaged makes a record anew of which a row cannot be read: from its
// base if that is whole, and the own changes on top.
func (w *workspace) replaceDamaged(row *localstore.Record) (*held, error) {
	ids := []merge.RecordID{row.ID}
	overlays, err := w.overlaysOf(ids)
	if err != nil {
		return nil, err
	}
	if err := w.tx.Erase(w.space.N, ids); err != nil {
		return nil, err
	}
	h := &held{row: localstore.Record{ID: row.ID}, overlay: overlays[row.ID], stale: true}
	if row.Base != nil {
		if base, err := merge.ParseRecord(row.ID, row.Base); err == nil {
			h.base, h.baseChanged = base, true
		}
	}
	w.keep(h)
	return h, nil
}

// overlaysOf returns which changes belong on top of these records, by what is
// known of the changes: the records themselves are damaged.
func (w *workspace) overlaysOf(ids []merge.RecordID) (map[merge.RecordID][]int64, error) {
	overlays := make(map[merge.RecordID][]int64, len(ids))
	for _, id := range ids {
		overlays[id] = nil
	}
	if err := w.relayedOver(overlays); err != nil {
		return nil, err
	}
	list, err := w.tx.Pending(w.space.N)
	if err != nil {
		return nil, err
	}
	for i := range list {
		p := &list[i]
		if open := w.open[p.N]; open != nil {
			p = &open.Pending // settled in this transaction, and perhaps not saved
		}
		if !p.Overlaid {
			continue
		}
		if err := w.overlay(overlays, p.N); err != nil {
			return nil, err
		}
	}
	return overlays, nil
}

// relayedOver adds what came by a hub, whose names are below those of own
// changes, and the later the lower.
func (w *workspace) relayedOver(overlays map[merge.RecordID][]int64) error {
	list, err := w.tx.RelayedChanges(w.space.N)
	for i := len(list) - 1; i >= 0 && err == nil; i-- {
		err = w.overlay(overlays, list[i].N)
	}
	return err
}

// putRelayedOn lays what came by a hub over its records again.
func (w *workspace) putRelayedOn() error {
	list, err := w.tx.RelayedChanges(w.space.N)
	for i := 0; i < len(list) && err == nil; i++ {
		err = w.putOn(list[i].N)
	}
	return err
}

// overlay adds a change to those on top of the records that it writes to, of
// those that are asked for.
func (w *workspace) overlay(overlays map[merge.RecordID][]int64, n int64) error {
	c, err := w.change(n)
	if err != nil {
		return err
	}
	for j := range c.Records {
		if names, asked := overlays[c.Records[j].Record]; asked {
			overlays[c.Records[j].Record] = append(names, n)
		}
	}
	return nil
}
