package sim

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// tablet is a real register and who holds it.
type tablet struct {
	*fleet
	name   string
	person merge.PersonID
	signer *signer
	// spaces are those that it holds.
	spaces []merge.SpaceID
	disk   storage
	reg    *clientsdk.Register
	newer  bool
	// aheadMillis is how far its clock is ahead of the true time.
	aheadMillis int64
	random      *seededBytes
	// busy says that a sync is under way, and doomed that the app is killed
	// before it gets an answer.
	busy, doomed bool
	// epochs are those of the server that answered last for each space.
	epochs map[merge.SpaceID]wire.EpochID
	forms  []form
	// struck are the spaces of which a record was ever damaged: no other is mended.
	struck map[merge.SpaceID]bool
	// damaged are the spaces whose base may not be what home delivered, until the
	// next complete sync with it.
	damaged map[merge.SpaceID]bool
	// own are the changes that this register has taken, by space, and backup
	// what it had of them when its disk was copied.
	own, backup map[merge.SpaceID][]merge.ID
	backupDisk  storage // nil: there is no copy
}

// form is a record that a person has on the screen.
type form struct {
	space merge.SpaceID
	row   clientsdk.Row[proto.Message]
}

var registerKey = []byte("a key of thirty-two bytes, drawn")

var holders = []string{"Nadia", "Petro", "Oksana", "Ivan", "Olha", "Taras"}

func newTablet(f *fleet, number int) *tablet {
	t := &tablet{
		fleet: f, name: fmt.Sprintf("%s's tablet", holders[number%len(holders)]), newer: number >= f.TabletsBehind,
		own: map[merge.SpaceID][]merge.ID{}, epochs: map[merge.SpaceID]wire.EpochID{}, damaged: map[merge.SpaceID]bool{}, struck: map[merge.SpaceID]bool{},
	}
	if number >= len(holders) {
		t.name += fmt.Sprint(" ", number)
	}
	t.person = mergetest.ID16(t.name)
	t.signer = f.newSigner(t.name, t.person)
	t.random = newSeededBytes(f.Seed, t.name)
	t.disk = f.newStorage()
	t.open()
	t.spaces = f.heldBy(number)
	for _, space := range t.spaces {
		t.must(t.reg.Join(noCut, space, community), "join")
	}
	return t
}

// heldBy are the spaces of a tablet: its own community and the next ones.
func (f *fleet) heldBy(number int) (held []merge.SpaceID) {
	if f.Held == 0 {
		return f.spaces
	}
	for i := range f.Held {
		held = append(held, f.spaces[(number+i)%len(f.spaces)])
	}
	return held
}

func (t *tablet) String() string { return t.name }

func (t *tablet) open() {
	o := clientsdk.Options{
		Key: registerKey, Author: t.person, Device: t.signer.id, Signer: t.signer, Schema: recordTypes(t.newer),
		Clock: func() int64 { return t.now + t.aheadMillis }, Random: t.random,
	}
	t.disk.into(&o)
	reg, err := clientsdk.Open(noCut, o)
	t.must(err, "open the register of %s", t)
	t.reg, t.forms = reg, nil
}

func (t *tablet) close() {
	if t.reg != nil {
		t.must(t.reg.Close(), "close the register of %s", t)
	}
}

// start opens the register on a copy of this disk, as it is: what a killed
// process leaves.
func (t *tablet) start(from storage) {
	t.disk = t.copyOf(from)
	t.close()
	t.open()
}

func (t *tablet) copyOf(disk storage) storage {
	copied, err := disk.copied()
	t.must(err, "copy the disk of %s", t)
	return copied
}

func (t *tablet) kill() {
	t.tally.Killed++
	t.start(t.disk)
}

// transaction writes to a space, and remembers what the register has taken.
func (t *tablet) transaction(space merge.SpaceID, fn func(*clientsdk.Tx) error) {
	written, err := t.reg.Write(noCut, space, fn)
	switch {
	case errors.Is(err, errNothingToDo), t.isOfDamage(err):
	case err != nil:
		t.fail("%s cannot write: %w", t, err)
	case written.Change != (merge.ID{}):
		t.own[space] = append(t.own[space], written.Change)
		t.acknowledged[space][written.Change] = acknowledgement{by: t.name}
	}
}

var errNothingToDo = errors.New("there is nothing to do")

// sync runs one Sync of the register over the fleet's network.
func (t *tablet) sync(l *link) (clientsdk.SyncResult, error) {
	t.busy, t.doomed = true, false
	for _, space := range t.spaces {
		if !l.hub { // which may be cut between a new epoch and what it has in place of the base
			t.damaged[space] = true
		}
	}
	result, err := t.reg.Sync(noCut, l)
	t.busy = false
	t.tally.Syncs++
	if t.doomed {
		t.say("the app on %s was killed meanwhile", t)
		t.kill()
		return result, err
	}
	for i := range result.Spaces {
		at := &result.Spaces[i]
		t.tally.Repaired += at.Repaired
		if at.Repaired > 0 && !t.struck[at.Space] { // mending would hide what went wrong
			t.fail("%d records of %s were mended on %s, which nothing had damaged", at.Repaired, t.names[at.Space], t)
		}
		if at.Err != nil || err != nil {
			continue
		}
		if !l.hub { // home mends what is damaged
			delete(t.damaged, at.Space)
		}
		if !t.damaged[at.Space] {
			t.checkCopy(at.Space)
		}
	}
	return result, err
}

// checkCopy holds the register to the log: its base is the state at its
// position, and its view that with its own changes on top which are beyond. An
// answer that was on its way while the server was restored is of another log.
func (t *tablet) checkCopy(space merge.SpaceID) {
	status := t.status(space)
	l := t.witness.logs[space]
	if t.failed != nil || !status.Readable || t.epochs[space] != t.home.engine.Epoch() {
		return
	}
	if l.position() > 200 && t.tally.Syncs%16 != 0 { // of long logs each comparison costs as much as many steps
		return
	}
	t.tally.Views++
	got, err := t.reg.Digest(noCut, space)
	if err != nil {
		t.fail("%s: %w", t, err)
		return
	}
	switch {
	case got.Position > l.position():
		t.fail("%s has %s at position %d, its log ends at %d", t, t.names[space], got.Position, l.position())
	case got.Base != l.digests[got.Position]:
		t.fail("%s has %s at position %d, and not what the log says there", t, t.names[space], got.Position)
	}
	if t.failed != nil {
		return
	}
	if want, known := t.view(l, space, got.Position); known && got.View != want {
		t.fail("%s does not show what it has of %s, at position %d, with its own changes on top", t, t.names[space], got.Position)
	}
}

// view is the digest of what the register must show. It is not known while the
// register has changes that it has not sent yet.
func (t *tablet) view(l *spaceLog, space merge.SpaceID, position uint64) (digest merge.Hash, known bool) {
	onTop, err := t.reg.Relayed(noCut, space)
	t.must(err, "list what came by the hub")
	for _, id := range t.own[space] {
		if at := l.positions[id]; at == 0 || at > position {
			onTop = append(onTop, id)
		}
	}
	if len(onTop) == 0 {
		return l.digests[position], true
	}
	state := mergetest.NewSpace()
	for i, fact := range l.facts[:position] {
		if fact.Change != nil {
			_, err := state.Apply(fact.Change, fact.Received, uint64(i)+1)
			t.must(err, "apply")
		}
	}
	for _, of := range l.erased {
		if rec, _ := state.Record(of.Record); of.position <= position && rec != nil {
			rec.Erase(of.Kept)
		}
	}
	for _, id := range onTop {
		c := t.sent[id]
		if c == nil || t.dismissed[id] || l.isOfErased(c) { // the tablet may have heard of it, or not
			return merge.Hash{}, false
		}
		_, err := state.Apply(c, 0, 0)
		t.must(err, "apply")
	}
	return state.Digest(), true
}

func (t *tablet) status(space merge.SpaceID) clientsdk.SpaceStatus {
	status, err := t.reg.Status(noCut)
	if err != nil {
		t.fail("%s: status: %w", t, err)
		return clientsdk.SpaceStatus{}
	}
	i := slices.IndexFunc(status.Spaces, func(s clientsdk.SpaceStatus) bool { return s.Space == space })
	return status.Spaces[i]
}
