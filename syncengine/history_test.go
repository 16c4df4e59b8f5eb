package syncengine_test

import (
	"slices"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// history pages through all of a record's history.
func history(t testing.TB, e *syncengine.Engine, d *device, record merge.RecordID, limit int) (all []syncengine.HistoryChange) {
	t.Helper()
	for before := uint64(0); ; {
		page, err := e.History(bg, d.person, d.space, record, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Changes) == 0 || limit > 0 && len(page.Changes) > limit || page.Record != record || page.Type == "" {
			t.Fatalf("a page of %d changes to %s %s where %d are due at most", len(page.Changes), page.Type, page.Record, limit)
		}
		all = append(all, page.Changes...)
		if page.Next == 0 {
			return all
		}
		before = page.Next
	}
}

// Two facilitators differ over a phone number, a coordinator settles it, and
// later it turns out that the other one was right: the value that lost is in
// the history, with who wrote it, and is written again as any value is.
func TestAValueThatLostIsFoundAndWrittenAgain(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro", "iryna")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	id, iryna := recordNamed("olena"), personNamed("iryna")
	a.write(id, olena())
	a.push(e)
	b.pull(e, 0)
	a.pull(e, 0)
	hers := a.write(id, &recordsv1.Participant{Phone: "+380670000001"}, "phone")
	his := b.write(id, &recordsv1.Participant{Phone: "+380670000002"}, "phone")
	a.push(e)
	b.push(e)
	phone := hers.Records[0].Writes[0].Cell
	settle := func(value []byte, seen ...merge.ID) merge.ID {
		t.Helper()
		change, _, err := e.Write(bg, iryna, a.space, []syncengine.WriteRecord{{
			Type: participantType, Record: id, Message: value, Fields: []uint32{phone.Field}, Seen: seen,
		}})
		if err != nil {
			t.Fatal(err)
		}
		return change
	}
	settled := settle(hers.Records[0].Writes[0].Value, hers.ID, his.ID)

	past := history(t, e, a, id, 0)
	if len(past) != 4 || past[0].Change != settled || past[1].Change != his.ID || past[2].Change != hers.ID {
		t.Fatalf("%+v", past)
	}
	lost := past[1]
	if lost.Author != b.person || lost.Stamp != his.Stamp || lost.Received <= past[2].Received || lost.Verdict != wire.Applied || lost.Writes[0].Live {
		t.Fatalf("%+v", lost)
	}
	if now := past[0].Writes[0]; !now.Live || len(now.Replaces) != 2 || past[0].Author != iryna {
		t.Fatalf("%+v", past[0])
	}
	if first := past[3]; !first.Writes[0].Live || len(first.Writes) < 2 {
		t.Fatalf("the name is live and the first phone number is not: %+v", first)
	}
	for _, w := range past[3].Writes {
		if w.Cell == phone && w.Live {
			t.Fatalf("a phone number that was replaced counts as live: %+v", w)
		}
	}
	settle(lost.Writes[0].Value)
	mustBeMadeAnew(t, e, b, id)
	b.mustEqual(e)
	if got := read[*recordsv1.Participant](b, id); got.Phone != "+380670000002" || got.FamilyName != "Шевченко" {
		t.Fatalf("%v", got)
	}
	before, err := e.RecordAt(bg, iryna, a.space, id, past[0].Position)
	if err != nil || len(before.Cell(phone).Values) != 1 || before.Cell(phone).Values[0].Change != settled {
		t.Fatalf("%+v, %v", before, err)
	}
}

func TestHistoryTellsStrangersNothing(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	a.push(e)
	ask := func(person, space string, record merge.RecordID) (texts [2]string, kinds [2]fault.Kind) {
		t.Helper()
		_, one := e.History(bg, personNamed(person), spaceNamed(space), record, 0, 0)
		_, two := e.RecordAt(bg, personNamed(person), spaceNamed(space), record, 0)
		for i, err := range []error{one, two} {
			if err == nil {
				t.Fatalf("%s reads %s of %s", person, record, space)
			}
			texts[i], kinds[i] = err.Error(), fault.KindOf(err)
		}
		return texts, kinds
	}
	there, kinds := ask("petro", "lyman", recordNamed("olena"))
	absent, _ := ask("petro", "lyman", recordNamed("nobody"))
	if there != absent || kinds != [2]fault.Kind{fault.NoAccess, fault.NoAccess} {
		t.Fatalf("a stranger is told of a record that is there %v, and of one that is not %v", there, absent)
	}
	if _, kinds := ask("petro", "nowhere", recordNamed("olena")); kinds != [2]fault.Kind{fault.NoAccess, fault.NoAccess} {
		t.Fatal(kinds)
	}
	if _, kinds := ask("oksana", "lyman", recordNamed("nobody")); kinds != [2]fault.Kind{fault.NotFound, fault.NotFound} {
		t.Fatal(kinds)
	}
	if _, err := e.SetAccess(bg, personNamed("admin"), a.space, community, a.person, false); err != nil {
		t.Fatal(err)
	}
	if _, kinds := ask("oksana", "lyman", recordNamed("olena")); kinds != [2]fault.Kind{fault.NoAccess, fault.NoAccess} {
		t.Fatal(kinds)
	}
}

func TestHistoryBeginsAtAnyPosition(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	one, two := recordNamed("one"), recordNamed("two")
	for _, id := range []merge.RecordID{two, one, two, one, two} { // at positions 1 to 5
		a.write(id, &recordsv1.Participant{Phone: string(rune('0' + len(a.chain)))}, "phone")
	}
	a.push(e)
	for before, want := range []uint64{4, 0, 0, 2, 2, 4, 4, 4} {
		page, err := e.History(bg, a.person, a.space, one, uint64(before), 1)
		if err != nil {
			t.Fatal(err)
		}
		var got uint64
		if len(page.Changes) > 0 {
			got = page.Changes[0].Position
		}
		if got != want || (page.Next != 0) != (want == 4) {
			t.Errorf("before %d: position %d and then %d; %d is due", before, got, page.Next, want)
		}
	}
	if _, err := e.RecordAt(bg, a.person, a.space, one, 1); fault.KindOf(err) != fault.NotFound {
		t.Fatalf("before it was made: %v", err)
	}
	if _, err := e.RecordAt(bg, a.person, a.space, one, 6); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("beyond the end of the log: %v", err)
	}
	now, err := e.RecordAt(bg, a.person, a.space, one, 0)
	if err != nil || now.Position != 4 {
		t.Fatalf("%+v, %v", now, err)
	}
}

// What was in quarantine is delivered when it is released, in several batches
// if it does not fit one; its history runs through all of them.
func TestHistoryRunsThroughWhatWasReleased(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	id := recordNamed("olena")
	b.write(id, olena())
	b.push(e)
	var due []*merge.Change // those to the one record, further and further apart
	for i, next := 0, 0; i < 30; i++ {
		parts := []merge.RecordWrites{fat(recordNamed("other"), participantType, 20_000, uint64(i))}
		if i == next {
			parts = append(parts, fat(id, participantType, 1000, uint64(i)))
			next += len(due) + 1
		}
		if c := a.raw(parts...); len(parts) > 1 {
			due = append(due, c)
		}
	}
	a.push(e)
	if past := history(t, e, b, id, 0); len(past) != 1 {
		t.Fatalf("what is in quarantine is in the history: %+v", past)
	}
	grant(t, e, "lyman", community, "oksana")
	batches := 0
	page, err := e.Pull(bg, b.person, b.space, nil, 4<<20)
	for _, entry := range page.Entries {
		if len(entry.Batch) > 0 {
			batches++
		}
	}
	if err != nil || batches < 3 {
		t.Fatalf("%d batches, %v", batches, err)
	}
	past := history(t, e, b, id, 0)
	if len(due) != 8 || len(past) != 9 {
		t.Fatalf("%d changes of %d", len(past), len(due))
	}
	for i, c := range slices.Backward(due) {
		if got := past[7-i]; got.Change != c.ID || got.Position != c.ID.Seq+1 {
			t.Fatalf("%d: %s at %d where %s is due", i, got.Change, got.Position, c.ID)
		}
	}
	then, err := e.RecordAt(bg, b.person, b.space, id, past[3].Position)
	if err != nil || len(then.Cell(merge.CellKey{Field: 900}).Values) != 5 {
		t.Fatalf("%v, %v", then, err)
	}
}
