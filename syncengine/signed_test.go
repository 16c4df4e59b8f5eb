package syncengine_test

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// signers are the devices that a server knows.
type signers map[merge.DeviceID]*syncengine.Device

func (s signers) device(id merge.DeviceID, _ func(syncengine.DirectoryKey) ([]byte, error)) (*syncengine.Device, error) {
	return s[id], nil
}

// signing is a device with a key.
type signing struct {
	*device
	id  merge.DeviceID
	key *credential.SoftwareKey
}

// newSigning makes a device and its key, which the server is told of.
func (s signers) newSigning(t testing.TB, person, space string, number byte) *signing {
	t.Helper()
	key, err := credential.NewSoftwareKey(seeded(uint64(number)))
	if err != nil {
		t.Fatal(err)
	}
	d := &signing{newDevice(t, person, space, number), merge.DeviceID{0xd, number}, key}
	s[d.id] = &syncengine.Device{Person: d.person, Verify: key.Public().Verify, LetIn: true}
	return d
}

// signed are batches of changes with the device's word.
func (d *signing) signed(changes ...*merge.Change) [][]byte {
	d.t.Helper()
	batches, err := wire.EncodeSigned(d.space, d.id, changes, d.key.Sign)
	if err != nil {
		d.t.Fatal(err)
	}
	return batches
}

func (d *signing) push(e *syncengine.Engine) []wire.Outcome {
	d.t.Helper()
	outcomes, err := e.Push(bg, d.person, d.space, d.signed(d.unsent...))
	if err != nil {
		d.t.Fatal(err)
	}
	d.unsent = nil
	return outcomes
}

// mustHold checks that every change which the server serves has the word of a
// device that is known, for its person, or the server's own; and returns how many
// there are.
func (s signers) mustHold(t testing.TB, e *syncengine.Engine, reader string, space merge.SpaceID) (served int) {
	t.Helper()
	page, err := e.PullEntries(bg, personNamed(reader), space, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range page.Entries {
		if len(page.Entries[i].Batch) == 0 {
			continue
		}
		changes, err := wire.DecodeKeptBatch(space, page.Entries[i].Batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range changes {
			served++
			switch {
			case c.Signed == nil:
				t.Errorf("change %s is served without a signature", c.ID)
			case c.Signed.Device == merge.DeviceID{}: // the server's own
			case s[c.Signed.Device] == nil || s[c.Signed.Device].Person != c.Author || !s[c.Signed.Device].Verify(c.Signed.Message(space, c.ID.Replica), c.Signed.Bytes):
				t.Errorf("change %s is served and its author's device has not signed it", c.ID)
			}
		}
	}
	return served
}

// office is an engine that knows devices, in which these people may write.
func (s signers) office(t testing.TB, people ...string) (*syncengine.Engine, syncengine.Options) {
	t.Helper()
	o := syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(7), Device: s.device}
	e, err := syncengine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	grant(t, e, "lyman", community, people...)
	return e, o
}

// Whoever brings what the author's device has not signed brings nothing, whatever
// access is theirs.
func TestAttack2WhatTheAuthorsDeviceHasNotSignedIsRefused(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "oksana", "petro")
	oksana, petro := known.newSigning(t, "oksana", "lyman", 1), known.newSigning(t, "petro", "lyman", 2)
	for _, name := range []string{"olena", "ivan", "maria"} {
		oksana.write(recordNamed(name), olena())
	}
	sent := oksana.unsent
	oksana.push(e)
	before, position, err := e.Digest(oksana.space)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := known.newSigning(t, "petro", "svatove", 2)
	elsewhere.write(recordNamed("x"), olena())
	forged := func(by *signing, changes ...*merge.Change) []byte {
		batch, err := wire.EncodeBatch(by.space, changes)
		if err != nil {
			t.Fatal(err)
		}
		return batch
	}
	under := func(word *merge.Signature, changes ...*merge.Change) []*merge.Change {
		s := merge.SignatureFor(word.Device, changes)
		s.Bytes = word.Bytes
		for _, c := range changes {
			c.Signed = s
		}
		return changes
	}
	fresh := func(number byte, author string, count int) (changes []*merge.Change) {
		w := newDevice(t, author, "lyman", number)
		for i := range count {
			w.write(recordNamed("new"+string(rune('a'+i))), olena())
		}
		return w.chain
	}
	signedBy := func(by *signing, changes []*merge.Change) []*merge.Change {
		by.signed(changes...)
		return changes
	}
	long := signedBy(petro, fresh(20, "petro", 3))
	flipped := signedBy(petro, fresh(21, "petro", 1))
	flipped[0].Signed.Bytes = bytes.Clone(flipped[0].Signed.Bytes)
	flipped[0].Signed.Bytes[17] ^= 4
	for name, batch := range map[string][]byte{
		"nobody has signed it":                   forged(petro, fresh(22, "petro", 1)...),
		"a signature with one bit altered":       forged(petro, flipped...),
		"another person's device":                forged(petro, signedBy(petro, fresh(23, "oksana", 1))...),
		"a device that it says, and is not":      forged(petro, under(&merge.Signature{Device: oksana.id, Bytes: long[0].Signed.Bytes}, fresh(24, "oksana", 1)...)...),
		"the word for something else":            forged(petro, under(sent[0].Signed, fresh(25, "oksana", 3)...)...),
		"the word for another replica":           forged(petro, under(long[0].Signed, fresh(26, "petro", 3)...)...),
		"the word for more than is sent":         forged(petro, under(long[0].Signed, long[:2]...)...),
		"the word for another space":             forged(petro, under(signedBy(elsewhere, elsewhere.chain)[0].Signed, fresh(27, "petro", 1)...)...),
		"the server's own word, which is not it": forged(petro, under(&merge.Signature{Bytes: long[0].Signed.Bytes}, fresh(28, "petro", 1)...)...),
	} {
		for _, byAuthors := range []bool{false, true} {
			up := wire.SpaceUp{Space: petro.space, Batches: [][]byte{batch}, ByAuthors: byAuthors}
			down, err := e.Sync(bg, petro.person, []wire.SpaceUp{up}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if kind := fault.KindOf(down[0].Err); kind != fault.FalseSignature || down[0].Err == nil {
				t.Errorf("%s, by authors %t: %v", name, byAuthors, down[0].Err)
			}
		}
	}
	if after, at, err := e.Digest(oksana.space); err != nil || after != before || at != position {
		t.Errorf("something was left: position %d after %d, %v", at, position, err)
	}
}

// What is served of a run in parts has the author's word all the same: here some of
// it is kept back, and released one after the other.
func TestWhatIsCutKeepsItsAuthorsWord(t *testing.T) {
	known := signers{}
	e, o := known.office(t, "oksana")
	a := known.newSigning(t, "oksana", "lyman", 1)
	for i := range 12 {
		if i%3 == 1 {
			a.raw(fat(merge.RecordID{1, byte(i)}, "zhurnal.records.v9.Later", 10, uint64(i)))
			continue
		}
		a.write(merge.RecordID{2, byte(i)}, olena())
	}
	a.push(e)
	if served := known.mustHold(t, e, "oksana", a.space); served != 8 {
		t.Fatalf("%d changes are served of 8", served)
	}
	e.Close()
	found := 0
	if _, err := syncengine.Check(bg, o, "", func(d syncengine.Damage) { found++; t.Error(d) }); err != nil || found > 0 {
		t.Fatal(err)
	}
}

// Who was without access and gets it has signed all the same: what is released is
// served one by one, or some at a time.
func TestWhatIsReleasedKeepsItsAuthorsWord(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "petro")
	a := known.newSigning(t, "oksana", "lyman", 1)
	for _, name := range []string{"olena", "ivan", "maria"} {
		a.write(recordNamed(name), olena())
	}
	out := a.push(e)
	mustVerdict(t, out, wire.Quarantined, wire.NoAccess)
	grant(t, e, "lyman", community, "oksana")
	if served := known.mustHold(t, e, "petro", a.space); served != 3 {
		t.Fatalf("%d changes are served of 3", served)
	}
}

// A replica is of the device that began it. What another one signs on it is a fork,
// told and kept, whoever's it is: nobody can hold up what others wrote by being
// faster.
func TestAttack12AnotherDeviceOnAReplicaIsAFork(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "oksana", "petro")
	a, again, other := known.newSigning(t, "oksana", "lyman", 1), known.newSigning(t, "oksana", "lyman", 2), known.newSigning(t, "petro", "lyman", 3)
	a.write(recordNamed("olena"), olena())
	mustVerdict(t, a.push(e), wire.Applied, 0)
	for _, d := range []*signing{again, other} { // enrolled anew, and somebody else
		d.replica = a.replica
		d.chain = append(d.chain, a.chain[0])
		d.write(recordNamed("by "+d.id.String()), olena())
		mustVerdict(t, d.push(e), wire.Flagged, wire.Forked)
	}
	a.write(recordNamed("ivan"), olena())
	out := a.push(e)
	mustVerdict(t, out, wire.Flagged, wire.Forked) // by its number, which others took
	a.write(recordNamed("maria"), olena())
	mustVerdict(t, a.push(e), wire.Applied, 0)
	known.mustHold(t, e, "petro", a.space)
}

// What a device signed that was turned away is kept back by its author's own word,
// also where a hub brings it, and merged when somebody who may write there brings it.
// Access given frees none of it.
func TestAttack14WhatARevokedDeviceSignedIsKeptForAPerson(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "oksana", "petro", "hub")
	a := known.newSigning(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	mustVerdict(t, a.push(e), wire.Applied, 0)
	known[a.id].LetIn = false
	a.write(recordNamed("ivan"), olena())
	late := a.signed(a.unsent...)
	relayed := func() []wire.Outcome {
		t.Helper()
		down, err := e.Sync(bg, personNamed("hub"), []wire.SpaceUp{{Space: a.space, Batches: late, ByAuthors: true}}, 0)
		if err != nil || down[0].Err != nil {
			t.Fatal(err, down[0].Err)
		}
		return down[0].Outcomes
	}
	out := relayed()
	mustVerdict(t, out, wire.Quarantined, wire.DeviceUnproven)
	if key := out[0].Findings[0].MessageKey; key != "device.revoked" {
		t.Errorf("the reason is %q", key)
	}
	grant(t, e, "lyman", community, "maria")
	mustVerdict(t, relayed(), wire.Quarantined, wire.DeviceUnproven)
	out, err := e.Push(bg, personNamed("petro"), a.space, late)
	if err != nil {
		t.Fatal(err)
	}
	mustVerdict(t, out, wire.Applied, 0)
	known.mustHold(t, e, "petro", a.space)
}

// What came while its device was let in counts, though the device is turned away
// before access frees it.
func TestWhatCameBeforeADeviceWasRevokedCounts(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "petro")
	a := known.newSigning(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	mustVerdict(t, a.push(e), wire.Quarantined, wire.NoAccess)
	known[a.id].LetIn = false
	grant(t, e, "lyman", community, "oksana")
	if served := known.mustHold(t, e, "petro", a.space); served != 1 {
		t.Errorf("%d changes are served of 1", served)
	}
}

// A server that was restored may not know a device that enrolled after the backup.
// What it signed is kept, and merged once the device is known, if it did sign it.
func TestADeviceThatIsNotKnownIsWaitedFor(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "oksana", "petro")
	a, false1 := known.newSigning(t, "oksana", "lyman", 1), known.newSigning(t, "oksana", "lyman", 2)
	as, false1s := known[a.id], known[false1.id]
	delete(known, a.id)
	delete(known, false1.id)
	a.write(recordNamed("olena"), olena())
	mustVerdict(t, a.push(e), wire.Quarantined, wire.DeviceUnproven)
	false1.key = a.key
	false1.write(recordNamed("ivan"), olena())
	mustVerdict(t, false1.push(e), wire.Quarantined, wire.DeviceUnproven)
	grant(t, e, "lyman", community, "maria") // nothing has changed for them
	known[a.id], known[false1.id] = as, false1s
	grant(t, e, "lyman", community, "ivan")
	if served := known.mustHold(t, e, "petro", a.space); served != 1 {
		t.Errorf("%d changes are served of 1", served)
	}
}

// The same where there is no such space yet.
func TestADeviceThatIsNotKnownIsWaitedForInASpaceThatIsNotThere(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "petro")
	a := known.newSigning(t, "oksana", "svatove", 1)
	as := known[a.id]
	delete(known, a.id)
	a.write(recordNamed("olena"), olena())
	mustVerdict(t, a.push(e), wire.Quarantined, wire.NoAccess)
	grant(t, e, "svatove", community, "petro", "oksana")
	if served := known.mustHold(t, e, "petro", a.space); served != 0 {
		t.Fatal("it is merged, and nobody knows who signed it")
	}
	known[a.id] = as
	grant(t, e, "svatove", community, "ivan")
	if served := known.mustHold(t, e, "petro", a.space); served != 1 {
		t.Errorf("%d changes are served of 1", served)
	}
}

// A hub lends nobody its access, and needs none to bring what others may write.
// What became of that is told without a reason to whom the space is not shown.
func TestAHubLendsNobodyItsAccess(t *testing.T) {
	known := signers{}
	e, _ := known.office(t, "hub", "petro")
	with, without := known.newSigning(t, "petro", "lyman", 1), known.newSigning(t, "oksana", "lyman", 2)
	with.write(recordNamed("olena"), olena())
	without.write(recordNamed("ivan"), olena())
	both := append(with.signed(with.unsent...), without.signed(without.unsent...)...)
	for _, hub := range []string{"hub", "another hub"} {
		down, err := e.Sync(bg, personNamed(hub), []wire.SpaceUp{{Space: with.space, Batches: both, ByAuthors: true}}, 0)
		if err != nil || len(down[0].Outcomes) != 2 {
			t.Fatalf("%+v, %v", down, err)
		}
		mustVerdict(t, down[0].Outcomes[:1], wire.Applied, 0)
		if o := down[0].Outcomes[1]; o.Verdict != wire.Quarantined {
			t.Errorf("who has no access by %s: %s", hub, o.Verdict)
		}
		if o := down[0].Outcomes; hub == "another hub" && (o[0].LastPosition > 0 || len(o[1].Findings) > 0) {
			t.Errorf("a stranger is told %+v", o)
		}
	}
}

// What a coordinator wrote at the server after the backup comes back from whoever
// has it, by the server's own word; nobody else makes such a word.
func TestARestoredServerKnowsWhatItWroteItself(t *testing.T) {
	known := signers{}
	e, o := known.office(t, "petro", "coordinator")
	petro := known.newSigning(t, "petro", "lyman", 1)
	petro.write(recordNamed("olena"), olena())
	petro.push(e)
	file := backedUp(t, e)
	msg, err := proto.Marshal(olena())
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := e.Write(bg, personNamed("coordinator"), petro.space, []syncengine.WriteRecord{{Type: participantType, Record: recordNamed("ivan"), Message: msg}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := e.PullEntries(bg, petro.person, petro.space, nil, 0)
	if err != nil || len(page.Entries) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	carried := page.Entries[1].Batch

	o.Memory, o.Random = store.NewMemory(), seeded(8)
	if _, err := syncengine.Restore(o, file, register.Contents{}); err != nil {
		t.Fatal(err)
	}
	again, err := syncengine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := again.Push(bg, petro.person, petro.space, [][]byte{carried})
	if err != nil {
		t.Fatal(err)
	}
	mustVerdict(t, out, wire.Applied, 0)
	forged := newDevice(t, "coordinator", "lyman", 9)
	forged.replica = id.Replica
	forged.write(recordNamed("maria"), olena())
	if err := wire.Sign(forged.space, merge.DeviceID{}, forged.chain, petro.key.Sign); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Push(bg, petro.person, petro.space, forged.batches(forged.chain...)); fault.KindOf(err) != fault.FalseSignature {
		t.Errorf("what the server did not sign: %v", err)
	}
	again.Close()
	if _, err := syncengine.Check(bg, o, "", func(d syncengine.Damage) { t.Error(d) }); err != nil {
		t.Error(err)
	}
}

// A check holds what is stored against the keys: it tells of a run that its device
// has not signed, and of one by a device that the directory has lost.
func TestCheckTellsOfFalseSignatures(t *testing.T) {
	known := signers{}
	e, o := known.office(t, "oksana", "petro")
	a, b := known.newSigning(t, "oksana", "lyman", 1), known.newSigning(t, "petro", "lyman", 2)
	for _, d := range []*signing{a, b} {
		d.write(recordNamed("olena"), olena())
		d.write(recordNamed("ivan"), olena())
		d.push(e)
	}
	e.Close()
	check := func() (found []string) {
		if _, err := syncengine.Check(bg, o, "", func(d syncengine.Damage) { found = append(found, d.String()) }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := check(); len(found) > 0 {
		t.Fatal(found)
	}
	known[a.id].Verify = b.key.Public().Verify
	if found := check(); len(found) != 1 || !strings.Contains(found[0], "its signature is not by the device") {
		t.Errorf("another key: %q", found)
	}
	delete(known, a.id)
	if found := check(); len(found) != 1 || !strings.Contains(found[0], "does not have the device") {
		t.Errorf("no key: %q", found)
	}
}
