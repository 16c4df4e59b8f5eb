package syncengine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// rowsDigest is the digest of a copy, computed from its rows.
func rowsDigest(base map[merge.RecordID]*merge.Record) (buckets wire.Buckets) {
	for id, rec := range base {
		buckets.Add(id, merge.DigestRow(id, merge.AppendRecord(nil, rec)))
	}
	return buckets
}

// The last page says the digest of all rows, after whatever came in whatever
// pieces, and no page before it does.
func TestTheLastPageSaysTheDigest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := openEngine(t, "")
		grant(t, e, "lyman", community, "oksana", "petro")
		writer, reader := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
		for range rapid.IntRange(0, 12).Draw(rt, "pushes") {
			for range rapid.IntRange(1, 5).Draw(rt, "changes") {
				id := numbered(int(rapid.Byte().Draw(rt, "record") % 7))
				writer.write(id, &recordsv1.Participant{FamilyName: fmt.Sprint(len(writer.chain))}, "family_name")
			}
			writer.push(e)
			for more := true; more; {
				page, err := e.Pull(bg, reader.person, reader.space, reader.cursor, rapid.IntRange(0, 300).Draw(rt, "page"))
				if err != nil {
					rt.Fatal(err)
				}
				reader.take(page)
				more = page.More
				switch whole := rowsDigest(reader.base); {
				case (page.Digest != nil) != (page.Consistent && !page.More):
					rt.Fatalf("consistent %v, more %v, digest %v", page.Consistent, page.More, page.Digest)
				case page.Digest != nil && *page.Digest != whole.Whole():
					rt.Fatalf("the page says %x, the rows are %x", *page.Digest, whole.Whole())
				}
			}
		}
	})
}

// numbered gives ids of which every 256th begins alike.
func numbered(i int) merge.RecordID { return merge.RecordID{byte(i), byte(i >> 8), 15: 1} }

// copied is a space with records, and a copy of it.
func copied(t *testing.T, records int) (*syncengine.Engine, *device) {
	t.Helper()
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	for i := range records {
		a.write(numbered(i), olena())
		if len(a.unsent) == 100 {
			a.push(e)
		}
	}
	a.push(e)
	a.pull(e, 0)
	return e, a
}

// ask asks as the device does, with the buckets of its copy or for records.
func (d *device) ask(records ...merge.RecordID) wire.RepairAsk {
	var buckets *wire.Buckets
	if len(records) == 0 {
		made := rowsDigest(d.base)
		buckets = &made
	}
	ask, err := wire.RepairAskFromProto(wire.RepairAskToProto(d.space, d.cursor, buckets, records))
	if err != nil {
		d.t.Fatal(err)
	}
	return ask
}

func TestRepairNamesTheRecordsThatDiffer(t *testing.T) {
	e, a := copied(t, 600)
	answer, err := e.Repair(bg, a.person, a.ask())
	if err != nil || answer.MovedOn || len(answer.Buckets) > 0 {
		t.Fatalf("of a whole copy: %+v, %v", answer, err)
	}
	altered, gone, added := numbered(256+7), numbered(200), merge.RecordID{9, 9}
	a.base[altered].Position++
	delete(a.base, gone)
	a.base[added] = a.base[numbered(9)]
	if answer, err = e.Repair(bg, a.person, a.ask()); err != nil {
		t.Fatal(err)
	}
	var firsts []byte
	for _, b := range answer.Buckets {
		firsts = append(firsts, b.First)
		want := 3 // of 600, in 256 buckets
		if b.First >= 600-2*256 {
			want = 2
		}
		if len(b.Records) != want {
			t.Errorf("bucket %d lists %d records, want %d", b.First, len(b.Records), want)
		}
	}
	if !slices.Equal(firsts, []byte{7, 9, 200}) {
		t.Fatalf("buckets %v", firsts)
	}
	answer, err = e.Repair(bg, a.person, a.ask(altered, added, gone))
	if err != nil || answer.Answered != 3 || len(answer.Rows) != 2 || answer.Rows[0].Record != altered || answer.Rows[1].Record != gone {
		t.Fatalf("%+v, %v", answer, err)
	}
	a.write(numbered(1), &recordsv1.Participant{FamilyName: "Бондар"}, "family_name")
	a.push(e)
	for _, ask := range []wire.RepairAsk{a.ask(), a.ask(altered)} {
		if answer, err := e.Repair(bg, a.person, ask); err != nil || !answer.MovedOn || len(answer.Buckets)+len(answer.Rows) > 0 {
			t.Fatalf("behind the head: %+v, %v", answer, err)
		}
	}
}

// An answer holds whole buckets and rows up to a page, and always something.
func TestRepairAnswersWhatFits(t *testing.T) {
	e, a := copied(t, 6000)
	clear(a.base)
	answer, err := e.Repair(bg, a.person, a.ask(merge.RecordID{0xff, 0xff})) // rows first: not there is an answer too
	if err != nil || answer.Answered != 1 || len(answer.Rows) != 0 {
		t.Fatalf("%+v, %v", answer, err)
	}
	a.base[numbered(1)] = &merge.Record{ID: numbered(1)}
	if answer, err = e.Repair(bg, a.person, a.ask()); err != nil {
		t.Fatal(err)
	}
	listed := 0
	for _, b := range answer.Buckets {
		listed += len(b.Records)
	}
	if size := listed * wire.RecordDigestBytes; size > limits.PageBytes || size < limits.PageBytes/2 || len(answer.Buckets) == 256 {
		t.Fatalf("%d buckets of %d bytes", len(answer.Buckets), size)
	}
	var ids []merge.RecordID
	for i := range 1000 {
		ids = append(ids, numbered(i/4+256*(i%4)))
	}
	answer, err = e.Repair(bg, a.person, a.ask(ids...))
	if err != nil || answer.Answered < 100 || answer.Answered == 1000 || len(answer.Rows) != answer.Answered {
		t.Fatalf("%d rows for %d of 1000, %v", len(answer.Rows), answer.Answered, err)
	}
}

func TestRepairTellsAStrangerNothing(t *testing.T) {
	e, a := copied(t, 3)
	for _, ask := range []wire.RepairAsk{a.ask(), a.ask(merge.RecordID{1})} {
		_, there := e.Repair(bg, personNamed("stranger"), ask)
		ask.Space = spaceNamed("nowhere")
		_, absent := e.Repair(bg, personNamed("stranger"), ask)
		if fault.KindOf(there) != fault.NoAccess || fault.KindOf(absent) != fault.NoAccess {
			t.Fatalf("%v, %v", there, absent)
		}
		ask.Space, ask.Cursor = a.space, []byte("made up")
		if _, err := e.Repair(bg, a.person, ask); fault.KindOf(err) != fault.BadCursor {
			t.Fatal(err)
		}
	}
	ask := a.ask()
	if _, err := e.SetAccess(bg, personNamed("admin"), a.space, community, a.person, false); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Repair(bg, a.person, ask); fault.KindOf(err) != fault.NoAccess {
		t.Fatal(err)
	}
	grant(t, e, "lyman", community, "oksana")
	if _, err := e.Repair(bg, a.person, ask); fault.KindOf(err) != fault.BadCursor {
		t.Fatalf("a cursor from before access was taken: %v", err)
	}
}

// A whole space is read for one copy at a time; who does not want to wait goes
// away with an error that says so.
func TestRepairWaitsForTheOneBefore(t *testing.T) {
	e, a := copied(t, 3)
	gone, cancel := context.WithCancel(bg)
	cancel()
	for range 50 { // of a select with two ways
		if _, err := e.Repair(gone, a.person, a.ask()); err == nil {
			t.Fatal("read the space for somebody who has gone")
		}
	}
	if _, err := e.Repair(bg, a.person, a.ask()); err != nil {
		t.Fatal(err)
	}
}

// A server whose own rows are damaged mends no copy by them, and says so.
func TestDamagedRowsMendNothing(t *testing.T) {
	disk := store.NewMemory()
	options := syncengine.Options{Memory: disk, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(3)}
	e, err := syncengine.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	a.push(e)
	a.pull(e, 0)
	e.Close()
	options.Memory = nil
	eachRow(disk, func(key, value []byte) {
		if kindOf(key) == "sr" {
			altered := slices.Clone(value)
			altered[len(altered)-1] ^= 1
			options.Memory = damaged(disk, key, altered)
		}
	})
	if e, err = syncengine.Open(options); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if answer, err := e.Repair(bg, a.person, a.ask()); fault.KindOf(err) != fault.Damaged {
		t.Fatalf("%+v, %v", answer, err)
	}
}

func TestMalformedRepairRequestsAreRefused(t *testing.T) {
	space := spaceNamed("lyman")
	good := func() *syncv1.RepairRequest {
		return &syncv1.RepairRequest{SpaceId: space[:], Cursor: []byte("c"), Buckets: make([]byte, 2048)}
	}
	id := func(b byte) []byte { return append(make([]byte, 15), b) }
	for name, alter := range map[string]func(m *syncv1.RepairRequest){
		"no space":          func(m *syncv1.RepairRequest) { m.SpaceId = nil },
		"no cursor":         func(m *syncv1.RepairRequest) { m.Cursor = nil },
		"neither":           func(m *syncv1.RepairRequest) { m.Buckets = nil },
		"both":              func(m *syncv1.RepairRequest) { m.RecordIds = [][]byte{id(1)} },
		"buckets short":     func(m *syncv1.RepairRequest) { m.Buckets = m.Buckets[1:] },
		"buckets long":      func(m *syncv1.RepairRequest) { m.Buckets = append(m.Buckets, 0) },
		"half an id":        func(m *syncv1.RepairRequest) { m.Buckets, m.RecordIds = nil, [][]byte{{1}} },
		"ids out of order":  func(m *syncv1.RepairRequest) { m.Buckets, m.RecordIds = nil, [][]byte{id(2), id(1)} },
		"an id twice":       func(m *syncv1.RepairRequest) { m.Buckets, m.RecordIds = nil, [][]byte{id(2), id(2)} },
		"more than a limit": func(m *syncv1.RepairRequest) { m.Buckets, m.RecordIds = nil, make([][]byte, limits.RepairRows+1) },
	} {
		m := good()
		alter(m)
		if _, err := wire.RepairAskFromProto(m); fault.KindOf(err) != fault.Malformed && fault.KindOf(err) != fault.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := wire.RepairAskFromProto(good()); err != nil {
		t.Error(err)
	}
}
