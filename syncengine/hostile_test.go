package syncengine_test

import (
	"context"
	"math"
	"testing"
	"time"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var bg = context.Background()

func noise(n int, seed uint64) []byte { b := make([]byte, n); seeded(seed).Read(b); return b }

// a future field keeps bytes readable: field 900 bytes, cell 900
func fat(id merge.RecordID, typ string, n int, seed uint64) merge.RecordWrites {
	v := []byte{0xA2, 0x38} // field 900, bytes
	data := noise(n, seed)
	v = append(v, byte(n&0x7f|0x80), byte(n>>7&0x7f|0x80), byte(n>>14))
	v = append(v, data...)
	return merge.RecordWrites{Type: typ, Record: id, Writes: []merge.Write{{Cell: merge.CellKey{Field: 900}, Value: v}}}
}

// Otherwise neither the grant nor the next start would succeed.
func TestAReleaseLargerThanATransactionIsSplit(t *testing.T) {
	dir := t.TempDir()
	e, err := reopen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	grant(t, e, "lyman", community, "petro")
	a := newDevice(t, "oksana", "lyman", 1)
	for i := range 200 {
		a.raw(fat(merge.RecordID{1, byte(i)}, participantType, 30000, uint64(i)))
	}
	sent := a.batches(a.unsent...)
	for len(sent) > 0 {
		n := min(len(sent), limits.PushBatches)
		if _, err := e.Push(bg, a.person, a.space, sent[:n]); err != nil {
			t.Fatal(err)
		}
		sent = sent[n:]
	}
	n, err := e.SetAccess(bg, personNamed("admin"), a.space, community, a.person, true)
	if err != nil || n != 200 {
		t.Errorf("released %d of 200: %v", n, err)
	}
	e.Close()
	e, err = reopen(t, dir)
	if err != nil {
		t.Fatal("REOPEN: ", err)
	}
	e.Close()
}

// A tablet that two people share: the one who has access frees what the other could not send.
func TestSomebodyWithAccessSendsWhatIsQuarantined(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("x"), olena())
	sent := a.batches(a.unsent...)
	a.push(e)
	out, err := e.Push(bg, personNamed("petro"), a.space, sent)
	if err != nil {
		t.Fatal(err)
	}
	mustVerdict(t, out, wire.Applied, 0)
}

// The server's replica is in every change of a coordinator, for all to see.
func TestNobodyWritesOnTheServersReplica(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro", "coord")
	w := func(id string) (merge.ID, error) {
		msg, _ := proto.Marshal(olena())
		c, _, err := e.Write(bg, personNamed("coord"), spaceNamed("lyman"), []syncengine.WriteRecord{{Type: participantType, Record: recordNamed(id), Message: msg}})
		return c, err
	}
	id, err := w("one")
	if err != nil {
		t.Fatal(err)
	}
	a := newDevice(t, "petro", "lyman", 9)
	a.replica = id.Replica
	c := &merge.Change{
		ID: merge.ID{Replica: id.Replica, Seq: math.MaxUint64}, Previous: merge.Hash{1}, Stamp: 1, Author: a.person,
		Salt: merge.Salt{1}, Records: []merge.RecordWrites{{Type: participantType, Record: recordNamed("z"), Writes: []merge.Write{{Cell: merge.Lifecycle}}}},
	}
	c.Seal(a.space)
	honest := newDevice(t, "petro", "lyman", 10)
	honest.write(recordNamed("olena"), olena())
	for range 2 {
		out, err := e.Push(bg, a.person, a.space, append(a.batches(c), honest.batches(honest.unsent...)...))
		if err != nil || len(out) != 2 || out[1].Verdict != wire.Applied {
			t.Fatalf("what is beside it: %+v, %v", out, err)
		}
		mustVerdict(t, out[:1], wire.Quarantined, wire.ForeignReplica)
	}
	grant(t, e, "lyman", community, "oksana") // access given frees it no more than a resend
	if out, err := e.Verdicts(a.person, a.space, []merge.ID{c.ID}); err != nil || len(out) != 1 || out[0].Verdict != wire.Quarantined {
		t.Fatalf("%+v, %v", out, err)
	}
	if _, err := w("two"); err != nil {
		t.Fatal(err)
	}
}

// What the server wrote comes back to it, by a hub or by whoever got it there.
func TestTheServersOwnChangesComeBackToIt(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro", "coord")
	msg, _ := proto.Marshal(olena())
	_, position, err := e.Write(bg, personNamed("coord"), spaceNamed("lyman"), []syncengine.WriteRecord{{Type: participantType, Record: recordNamed("one"), Message: msg}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := e.Pull(bg, personNamed("petro"), spaceNamed("lyman"), nil, 0)
	if err != nil || len(page.Entries) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	out, err := e.Push(bg, personNamed("petro"), spaceNamed("lyman"), [][]byte{page.Entries[0].Batch})
	if err != nil || len(out) != 1 || out[0].Verdict != wire.Applied || out[0].LastPosition != position {
		t.Fatalf("%+v, %v", out, err)
	}
}

// A record that has outgrown a transaction quarantines what touches it.
func TestAFullRecordHoldsUpNothing(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro", "oksana")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	var last []wire.Outcome
	for i := range 100 {
		c := a.raw(fat(recordNamed("x"), participantType, 30000, uint64(i)))
		var err error
		if last, err = e.Push(bg, a.person, a.space, a.batches(c)); err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
	mustVerdict(t, last, wire.Quarantined, wire.OverLimit)
	b.raw(fat(recordNamed("x"), participantType, 30000, 1000))
	b.write(recordNamed("y"), olena())
	outcomes, err := e.Push(bg, b.person, b.space, b.batches(b.unsent...))
	if err != nil || len(outcomes) != 2 || outcomes[0].Verdict != wire.Quarantined || outcomes[1].Verdict != wire.Applied {
		t.Fatalf("what is behind the full record: %+v, %v", outcomes, err)
	}
}

// A write that does not fit the record leaves the server's chain as it was.
func TestAWriteOfAnotherTypeForksNothing(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "coord")
	w := func(typ, id string, m proto.Message) (merge.ID, error) {
		msg, _ := proto.Marshal(m)
		c, _, err := e.Write(bg, personNamed("coord"), spaceNamed("lyman"), []syncengine.WriteRecord{{Type: typ, Record: recordNamed(id), Message: msg}})
		return c, err
	}
	if _, err := w(participantType, "one", olena()); err != nil {
		t.Fatal(err)
	}
	if _, err := w("zhurnal.records.v1.Venue", "one", venue()); err == nil {
		t.Fatal("a venue was written over a participant")
	}
	id, err := w(participantType, "two", olena())
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Verdicts(personNamed("coord"), spaceNamed("lyman"), []merge.ID{id})
	if err != nil {
		t.Fatal(err)
	}
	mustVerdict(t, out, wire.Applied, 0)
}

// The caller of a write gave up; the next write follows it all the same.
func TestAWriteGivenUpForksNothing(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "coord")
	msg, _ := proto.Marshal(olena())
	for i := range 400 {
		ctx, cancel := context.WithCancel(bg)
		if i%2 == 0 {
			go cancel()
		}
		id, _, err := e.Write(ctx, personNamed("coord"), spaceNamed("lyman"), []syncengine.WriteRecord{{Type: participantType, Record: merge.RecordID{5, byte(i), byte(i >> 8)}, Message: msg}})
		cancel()
		if err != nil {
			continue
		}
		out, _ := e.Verdicts(personNamed("oksana"), spaceNamed("lyman"), []merge.ID{id})
		if out[0].Verdict != wire.Applied {
			t.Fatalf("write %d: %+v", i, out[0])
		}
	}
}

// The link broke before the answer: others learn of the changes.
func TestAPushGivenUpIsToldToWatchers(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	told := make(chan uint64, 1000)
	go e.Watch(bg, personNamed("petro"), []merge.SpaceID{spaceNamed("lyman")}, func(_ merge.SpaceID, p uint64) error { told <- p; return nil })
	<-told
	a := newDevice(t, "petro", "lyman", 1)
	for range 300 {
		c := a.write(merge.RecordID{1, byte(len(a.chain)), byte(len(a.chain) >> 8)}, olena())
		a.unsent = nil
		ctx, cancel := context.WithCancel(bg)
		go cancel()
		_, err := e.Push(ctx, a.person, a.space, a.batches(c))
		if err == nil {
			for len(told) > 0 {
				<-told
			}
			continue
		}
		time.Sleep(20 * time.Millisecond)
		v, _ := e.Verdicts(a.person, a.space, []merge.ID{c.ID})
		if len(v) == 0 {
			a.push2(e, c)
			continue
		}
		select {
		case <-told:
			for len(told) > 0 {
				<-told
			}
			// may be from the push before; check position
			_, pos, _ := e.Digest(a.space)
			_ = pos
		case <-time.After(300 * time.Millisecond):
			t.Fatalf("change %s is stored and nobody was told", c.ID)
		}
	}
}

func (d *device) push2(e *syncengine.Engine, c *merge.Change) {
	e.Push(bg, d.person, d.space, d.batches(c))
	time.Sleep(5 * time.Millisecond)
}

func venue() proto.Message {
	m := &recordsv1.Venue{}
	fds := m.ProtoReflect().Descriptor().Fields()
	for i := range fds.Len() {
		if fds.Get(i).Kind().String() == "string" {
			m.ProtoReflect().Set(fds.Get(i), protoreflect.ValueOfString("g"))
			break
		}
	}
	return m
}
