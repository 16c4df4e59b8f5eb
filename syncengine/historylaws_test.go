package syncengine_test

import (
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Whatever is written, by whom, in whatever order and batches it comes, and
// whatever was in quarantine in between: a record made anew from its history is
// at every position what a copy that followed the log had there, and the
// history is what the log says of the record.
func TestHistoryIsWhatTheLogSays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := openEngine(t, "")
		defer e.Close()
		grant(t, e, "lyman", community, "p1", "p2", "p3")
		s := &scribes{T: rt, engine: e, records: []merge.RecordID{recordNamed("a"), recordNamed("b"), recordNamed("c")}}
		for i, person := range []string{"p1", "p2"} {
			s.devices = append(s.devices, newDevice(t, person, "lyman", byte(i+1)))
		}
		for range rapid.IntRange(3, 40).Draw(rt, "steps") {
			s.step()
		}
		kept := follow(t, e, newDevice(t, "p3", "lyman", 3))
		for _, id := range s.records {
			kept.checkRecordAt(rt, id)
			kept.checkHistory(rt, id, rapid.IntRange(1, 5).Draw(rt, "limit"))
		}
	})
}

// scribes write to a few records and send what they wrote in whatever order.
type scribes struct {
	*rapid.T
	engine  *syncengine.Engine
	devices []*device
	records []merge.RecordID
	onHold  [2][]*merge.Change
}

func (s *scribes) step() {
	i := rapid.IntRange(0, 1).Draw(s.T, "device")
	d := s.devices[i]
	switch rapid.IntRange(0, 9).Draw(s.T, "what") {
	case 0, 1, 2, 3:
		s.write(d)
	case 4:
		if len(d.unsent) > 0 {
			d.push(s.engine)
		}
	case 5:
		s.sync()
	case 6: // the network comes and goes: what was written first is sent last
		s.onHold[i], d.unsent = append(s.onHold[i], d.unsent...), nil
	case 7:
		for _, c := range slices.Backward(s.onHold[i]) {
			if _, err := s.engine.Push(bg, d.person, d.space, d.batches(c)); err != nil {
				s.Fatal(err)
			}
		}
		s.onHold[i] = nil
	case 8:
		allowed := rapid.Bool().Draw(s.T, "allowed")
		if _, err := s.engine.SetAccess(bg, personNamed("admin"), d.space, community, d.person, allowed); err != nil {
			s.Fatal(err)
		}
	case 9:
		s.pull(d)
	}
}

func (s *scribes) pull(d *device) {
	if page, err := s.engine.Pull(bg, d.person, d.space, nil, 4<<20); err == nil {
		d.take(page)
	}
}

// sync gives both the same to build on.
func (s *scribes) sync() {
	for _, d := range s.devices {
		if len(d.unsent) > 0 {
			d.push(s.engine)
		}
	}
	for _, d := range s.devices {
		s.pull(d)
	}
}

// write makes a change to one record or several.
func (s *scribes) write(d *device) {
	var parts []merge.RecordWrites
	plan := d.types.Plan(participantType)
	field := rapid.SampledFrom([]string{"phone", "family_name"}).Draw(s.T, "field")
	number := plan.Descriptor().Fields().ByName(protoreflect.Name(field)).Number()
	for _, id := range s.records {
		if !rapid.Bool().Draw(s.T, "writes") {
			continue
		}
		text := rapid.SampledFrom([]string{"Коваль", "Мельник", "Бондар"}).Draw(s.T, "text")
		draft := schema.Draft{Record: id, Message: &recordsv1.Participant{Phone: text, FamilyName: text}, Fields: []protoreflect.FieldNumber{number}}
		part, err := plan.Compose(d.space, d.view(id), draft)
		if err != nil {
			s.Fatal(err)
		}
		if len(part.Writes) > 0 {
			parts = append(parts, part)
		}
	}
	if len(parts) > 0 {
		d.raw(parts...)
	}
}

// keptLog is what a copy saw that followed a space's log from its beginning.
type keptLog struct {
	e    *syncengine.Engine
	d    *device
	head uint64
	// states are the rows of the records, by position, from the first on.
	states []map[merge.RecordID]string
	past   []keptChange
}

type keptChange struct {
	*merge.Change
	position uint64
	received int64
}

// follow applies the log one change at a time.
func follow(t testing.TB, e *syncengine.Engine, d *device) *keptLog {
	k := &keptLog{e: e, d: d}
	page, err := e.Pull(bg, d.person, d.space, nil, 4<<20)
	if err != nil || page.More || len(page.Rows) > 0 {
		t.Fatalf("the log is due in one page: %v", err)
	}
	k.head = page.Position
	for _, entry := range page.Entries {
		if len(entry.Batch) == 0 {
			k.states = append(k.states, k.rows())
			continue
		}
		changes, err := wire.DecodeBatch(d.space, entry.Batch)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range changes {
			position := entry.FirstPosition + uint64(i)
			d.missing = missingOf(c.ID, entry.Outcomes)
			if _, err := merge.Apply(baseRows{d}, c, entry.Received, position); err != nil {
				t.Fatal(err)
			}
			k.past = append(k.past, keptChange{c, position, entry.Received})
			k.states = append(k.states, k.rows())
		}
	}
	if uint64(len(k.states)) != k.head {
		t.Fatalf("%d positions of %d", len(k.states), k.head)
	}
	d.mustEqual(e)
	return k
}

func missingOf(id merge.ID, outcomes []wire.Outcome) map[merge.ID]bool {
	missing := map[merge.ID]bool{}
	for _, o := range outcomes {
		for _, f := range o.Findings {
			if o.Last() == id && f.Cause == wire.ReplacedMissing {
				missing[f.MissingChange] = true
			}
		}
	}
	return missing
}

func (k *keptLog) rows() map[merge.RecordID]string {
	rows := map[merge.RecordID]string{}
	for id, rec := range k.d.base {
		rows[id] = string(merge.AppendRecord(nil, rec))
	}
	return rows
}

func (k *keptLog) checkRecordAt(rt *rapid.T, id merge.RecordID) {
	for position := uint64(1); position <= k.head; position++ {
		want, there := k.states[position-1][id]
		rec, err := k.e.RecordAt(bg, k.d.person, k.d.space, id, position)
		switch {
		case !there && fault.KindOf(err) == fault.NotFound:
		case err != nil || !there:
			rt.Fatalf("%s at %d, where there is one: %v: %v, %v", id, position, there, rec, err)
		case string(merge.AppendRecord(nil, rec)) != want:
			rt.Fatalf("%s at %d differs:\n log     %x\n history %x", id, position, want, merge.AppendRecord(nil, rec))
		}
	}
}

func (k *keptLog) checkHistory(rt *rapid.T, id merge.RecordID, limit int) {
	now := k.d.base[id]
	if now == nil {
		return
	}
	past := history(k.d.t, k.e, k.d, id, limit)
	for _, c := range slices.Backward(k.past) {
		i := slices.IndexFunc(c.Records, func(w merge.RecordWrites) bool { return w.Record == id })
		if i < 0 {
			continue
		}
		if len(past) == 0 {
			rt.Fatalf("the change at %d is not in the history", c.position)
		}
		k.checkChange(rt, &past[0], &c, c.Records[i].Writes, now)
		past = past[1:]
	}
	if len(past) > 0 {
		rt.Fatalf("the history goes on with %+v", past)
	}
}

func (k *keptLog) checkChange(rt *rapid.T, got *syncengine.HistoryChange, c *keptChange, writes []merge.Write, now *merge.Record) {
	want := syncengine.HistoryChange{Change: c.ID, Author: c.Author, Stamp: c.Stamp, Received: c.received, Position: c.position}
	for _, w := range writes {
		want.Writes = append(want.Writes, syncengine.HistoryWrite{Write: w, Live: slices.Contains(now.Cell(w.Cell).Seen(), c.ID)})
	}
	outcomes, err := k.e.Verdicts(k.d.person, k.d.space, []merge.ID{c.ID})
	if err != nil {
		rt.Fatal(err)
	}
	want.Verdict, want.Findings = outcomes[0].Verdict, outcomes[0].Findings
	if !reflect.DeepEqual(*got, want) {
		rt.Fatalf("the history says %+v\nthe log says     %+v", *got, want)
	}
}
