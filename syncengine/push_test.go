package syncengine_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

func olena() *recordsv1.Participant {
	return &recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена", Phone: "+380501112233"}
}

func recordNamed(name string) (id merge.RecordID) { copy(id[:], name); return id }

func mustVerdict(t *testing.T, outcomes []wire.Outcome, want wire.Verdict, cause wire.Cause) {
	t.Helper()
	for _, o := range outcomes {
		if o.Verdict != want {
			t.Fatalf("verdict %s, want %s: %+v", o.Verdict, want, outcomes)
		}
		if cause != 0 && (len(o.Findings) == 0 || o.Findings[0].Cause != cause) {
			t.Fatalf("findings %+v, want %s", o.Findings, cause)
		}
	}
	if len(outcomes) == 0 {
		t.Fatal("no verdict")
	}
}

func TestTwoTabletsShareOneRegister(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)

	a.write(recordNamed("olena"), olena())
	mustVerdict(t, a.push(e), wire.Applied, 0)
	b.pull(e, 0)
	b.write(recordNamed("olena"), &recordsv1.Participant{Phone: "+380679998877"}, "phone")
	b.push(e)
	a.pull(e, 0)
	b.pull(e, 0)

	a.mustEqual(e)
	b.mustEqual(e)
	got := read[*recordsv1.Participant](a, recordNamed("olena"))
	if got.GivenName != "Олена" || got.Phone != "+380679998877" {
		t.Fatalf("merged %v", got)
	}
	if d := a.types.Plan("zhurnal.records.v1.Participant").Disagreements(a.base[recordNamed("olena")]); len(d) != 0 {
		t.Fatalf("an edit that saw the value it replaced left a disagreement: %+v", d)
	}
}

func TestResendIsAnsweredWithThePresentVerdict(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	for range 5 {
		a.write(merge.RecordID{byte(len(a.chain) + 1)}, olena())
	}
	sent := a.batches(a.chain...)
	first := a.push(e)
	digest, position, err := e.Digest(a.space)
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.Push(context.Background(), a.person, a.space, sent)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 1 || len(again) != 1 || first[0].LastPosition != 5 || again[0].LastPosition != 5 || again[0].Verdict != wire.Applied {
		t.Fatalf("first %+v, again %+v", first, again)
	}
	digest2, position2, err := e.Digest(a.space)
	if err != nil || digest2 != digest || position2 != position {
		t.Fatalf("a resend changed the space: %v, position %d to %d", err, position, position2)
	}
}

func TestConcurrentNamesAreADisagreementUntilSettled(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro", "coordinator")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	id := recordNamed("olena")
	a.write(id, olena())
	a.push(e)
	a.pull(e, 0)
	b.pull(e, 0)
	a.write(id, &recordsv1.Participant{FamilyName: "Шевченко-Коваль", GivenName: "Олена"}, "family_name")
	b.write(id, &recordsv1.Participant{FamilyName: "Shevchenko", GivenName: "Elena"}, "family_name")
	a.push(e)
	b.push(e)

	list, next, err := e.Disagreements(context.Background(), personNamed("coordinator"), a.space, "")
	if err != nil || len(list) != 1 || next != "" || len(list[0].Cell.Values) != 2 {
		t.Fatalf("disagreements %+v, %q, %v", list, next, err)
	}
	settled := &recordsv1.Participant{FamilyName: "Шевченко-Коваль", GivenName: "Олена"}
	data, err := proto.Marshal(settled)
	if err != nil {
		t.Fatal(err)
	}
	write := syncengine.WriteRecord{Type: "zhurnal.records.v1.Participant", Record: id, Message: data, Fields: []uint32{list[0].Cell.Key.Field}}
	for _, v := range list[0].Cell.Values {
		write.Seen = append(write.Seen, v.Change)
	}
	if _, _, err := e.Write(context.Background(), personNamed("coordinator"), a.space, []syncengine.WriteRecord{write}); err != nil {
		t.Fatal(err)
	}
	a.pull(e, 0)
	a.mustEqual(e)
	if got := read[*recordsv1.Participant](a, id); got.FamilyName != "Шевченко-Коваль" || got.Phone != "+380501112233" {
		t.Fatalf("after settling %v", got)
	}
	if list, _, _ := e.Disagreements(context.Background(), personNamed("coordinator"), a.space, ""); len(list) != 0 {
		t.Fatalf("still %+v", list)
	}
}

// Settling replaces what the coordinator saw: what came meanwhile stays.
func TestSettlingKeepsWhatItHasNotSeen(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro", "coordinator")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	id := recordNamed("olena")
	a.write(id, olena())
	first := a.chain[0].ID
	a.push(e)
	b.write(id, &recordsv1.Participant{FamilyName: "Shevchenko"}, "family_name")
	b.push(e)
	data, _ := proto.Marshal(&recordsv1.Participant{FamilyName: "Шевченко"})
	_, _, err := e.Write(context.Background(), personNamed("coordinator"), a.space, []syncengine.WriteRecord{
		{Type: "zhurnal.records.v1.Participant", Record: id, Message: data, Fields: []uint32{2}, Seen: []merge.ID{first}},
	})
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := e.Disagreements(context.Background(), personNamed("coordinator"), a.space, "")
	if err != nil || len(list) != 1 {
		t.Fatalf("the value that was not seen is gone: %+v, %v", list, err)
	}
}

func packed(t *testing.T, m *syncv1.Batch) []byte {
	t.Helper()
	plain, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return zstded(t, plain)
}

func zstded(t *testing.T, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

// malformedBatch is a batch that is refused, and with what.
type malformedBatch struct {
	name  string
	batch []byte
	kind  fault.Kind
}

func TestMalformedBatchesAreRefusedAndNothingIsStored(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	for range 3 {
		a.write(merge.RecordID{byte(len(a.chain) + 1)}, olena())
	}
	whole := a.batches(a.chain...)[0]
	for _, c := range malformed(t, whole) {
		t.Run(c.name, func(t *testing.T) {
			_, err := e.Push(context.Background(), a.person, a.space, [][]byte{whole, c.batch})
			if err == nil || fault.KindOf(err) != c.kind {
				t.Fatalf("error %v of kind %d, want kind %d", err, fault.KindOf(err), c.kind)
			}
			if _, position, err := e.Digest(a.space); err != nil || position != 0 {
				t.Fatalf("something was stored: position %d, %v", position, err)
			}
		})
	}
	mustVerdict(t, a.push(e), wire.Applied, 0)
}

// unpacked is the message in a batch.
func unpacked(t *testing.T, batch []byte) *syncv1.Batch {
	t.Helper()
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	plain, err := r.DecodeAll(batch, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := new(syncv1.Batch)
	if err := proto.Unmarshal(plain, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// malformed are the ways in which a whole batch of three changes is spoilt.
func malformed(t *testing.T, whole []byte) []malformedBatch {
	t.Helper()
	altered := func(change func(m *syncv1.Batch)) []byte {
		m := unpacked(t, whole)
		change(m)
		return packed(t, m)
	}
	return []malformedBatch{
		{"nothing", nil, fault.Malformed},
		{"not compressed", []byte("hello"), fault.Malformed},
		{"cut short", whole[:len(whole)/2], fault.Malformed},
		{"not a batch", zstded(t, bytes.Repeat([]byte{0xff}, 50)), fault.Malformed},
		{"too large", zstded(t, make([]byte, limits.BatchBytes+1)), fault.TooLarge},
		{"a bomb", zstded(t, make([]byte, 1<<28)), fault.TooLarge},
		{"no runs", altered(func(m *syncv1.Batch) { m.Runs = nil }), fault.Malformed},
		{"another space", altered(func(m *syncv1.Batch) { m.SpaceId[0]++ }), fault.Malformed},
		{"short replica", altered(func(m *syncv1.Batch) { m.Runs[0].Replica = m.Runs[0].Replica[:15] }), fault.Malformed},
		{"short author", altered(func(m *syncv1.Batch) { m.Runs[0].Author = nil }), fault.Malformed},
		{"no changes", altered(func(m *syncv1.Batch) { m.Runs[0].Changes = nil }), fault.Malformed},
		{"a gap", altered(func(m *syncv1.Batch) { m.Runs[0].Changes = append(m.Runs[0].Changes[:1], m.Runs[0].Changes[2]) }), fault.Malformed},
		{"sequence number 0", altered(func(m *syncv1.Batch) { m.Runs[0].Changes[0].Seq = 0 }), fault.Malformed},
		{"previous hash of nothing", altered(func(m *syncv1.Batch) { m.Runs[0].PreviousHash = make([]byte, 32) }), fault.Malformed},
		{"false last hash", altered(func(m *syncv1.Batch) { m.Runs[0].LastHash[5] ^= 1 }), fault.FalseHash},
		{"altered value", altered(func(m *syncv1.Batch) { m.Runs[0].Changes[1].Records[0].Cells[0].Value[3] ^= 1 }), fault.FalseHash},
		{"altered stamp", altered(func(m *syncv1.Batch) { m.Runs[0].Changes[2].StampMillis++ }), fault.FalseHash},
		{"altered replica", altered(func(m *syncv1.Batch) { m.Runs[0].Replica[7] ^= 1 }), fault.FalseHash},
		{"altered salt", altered(func(m *syncv1.Batch) { m.Runs[0].Changes[1].Salt[0] ^= 1 }), fault.FalseHash},
		{"short record id", altered(func(m *syncv1.Batch) { m.Runs[0].Changes[0].Records[0].RecordId = []byte{1} }), fault.Malformed},
		{"no cells", altered(func(m *syncv1.Batch) { m.Runs[0].Changes[0].Records[0].Cells = nil }), fault.Malformed},
		{"no type", altered(func(m *syncv1.Batch) { m.Runs[0].Changes[0].Records[0].Type = "" }), fault.Malformed},
		{"cell written twice", altered(func(m *syncv1.Batch) {
			r := m.Runs[0].Changes[0].Records[0]
			r.Cells = append(r.Cells, r.Cells[len(r.Cells)-1])
		}), fault.Malformed},
		{"short tag", altered(func(m *syncv1.Batch) {
			m.Runs[0].Changes[0].Records[0].Cells[0].Replaces = []*syncv1.ChangeID{{Replica: make([]byte, 16), Seq: 1, Tag: make([]byte, 7)}}
		}), fault.Malformed},
	}
}

func TestAFullDiskRefusesBeforeItIsFull(t *testing.T) {
	free := uint64(1 << 30)
	e, err := syncengine.Open(syncengine.Options{
		Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(1),
		FreeBytes: func() (uint64, error) { return free, nil }, FreeBytesMin: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	free = 1<<20 - 1
	if _, err := e.Push(context.Background(), a.person, a.space, a.batches(a.unsent...)); fault.KindOf(err) != fault.NoRoom {
		t.Fatalf("error %v", err)
	}
	free = 1 << 30
	mustVerdict(t, a.push(e), wire.Applied, 0)
}

func TestSyncSaysWhatIsWrongWithOneSpaceAndServesTheOthers(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	grant(t, e, "svatove", community, "oksana")
	grant(t, e, "troitske", community, "oksana")
	down, err := e.Sync(context.Background(), a.person, []wire.SpaceUp{
		{Space: spaceNamed("svatove"), Batches: [][]byte{[]byte("rubbish")}},
		{Space: spaceNamed("lyman"), Batches: a.batches(a.unsent...)},
		{Space: spaceNamed("nowhere")},
		{Space: spaceNamed("troitske"), Cursor: []byte("made up")},
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := []fault.Kind{fault.Malformed, 0, fault.NoAccess, fault.BadCursor}
	for i, want := range kinds {
		if want == 0 {
			if down[i].Err != nil || down[i].Page == nil || down[i].Page.Position != 1 {
				t.Errorf("space %d: %+v", i, down[i])
			}
			continue
		}
		if down[i].Err == nil || fault.KindOf(down[i].Err) != want {
			t.Errorf("space %d: error %v, want kind %d", i, down[i].Err, want)
		}
	}
	twice := []wire.SpaceUp{{Space: a.space}, {Space: a.space}}
	if _, err := e.Sync(context.Background(), a.person, twice, 0); fault.KindOf(err) != fault.Malformed {
		t.Errorf("a space named twice: %v", err)
	}
}

func TestSpaceThatIsNotThereAndSpaceThatIsNotYoursLookTheSame(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "room", community, "psychologist")
	_, errForbidden := e.Pull(context.Background(), personNamed("oksana"), spaceNamed("room"), nil, 0)
	_, errAbsent := e.Pull(context.Background(), personNamed("oksana"), spaceNamed("rooM"), nil, 0)
	if errForbidden == nil || errAbsent == nil {
		t.Fatal("served")
	}
	var a, b *fault.Error
	if !errors.As(errForbidden, &a) || !errors.As(errAbsent, &b) || a.Kind != b.Kind || len(a.Error()) != len(b.Error()) {
		t.Fatalf("%v\n%v", errForbidden, errAbsent)
	}
}

// Tablets come home at once, each with more batches than may be decoded at a
// time: none waits for ever for another, and all is stored.
func TestManyLargePushesAtOnce(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	var pushing sync.WaitGroup
	for i := range 6 {
		d := newDevice(t, "oksana", "lyman", byte(i+1))
		var batches [][]byte
		for n := range limits.PushBatches {
			batches = append(batches, d.batches(d.write(merge.RecordID{byte(i + 1), byte(n)}, olena()))...)
			d.unsent = nil
		}
		pushing.Go(func() {
			outcomes, err := e.Push(t.Context(), d.person, d.space, batches)
			if err != nil || len(outcomes) != 1 || outcomes[0].LastSeq != limits.PushBatches || outcomes[0].Verdict != wire.Applied {
				t.Errorf("tablet %d: %+v, %v", i, outcomes, err)
			}
		})
	}
	pushing.Wait()
	if _, position, err := e.Digest(spaceNamed("lyman")); err != nil || position != 6*limits.PushBatches {
		t.Fatalf("position %d, %v", position, err)
	}
}
