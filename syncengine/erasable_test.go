package syncengine_test

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// canary stands in every value that is to be erased. Its bytes look like nothing
// else, so that no packing hides them.
const canary = "\u0416\u0443\u0440\u043d-7fQzX9kLmW2vR4tB8nY6"

// nadiya is the person who is erased: every field is filled, two of which stay.
func nadiya() *recordsv1.Participant {
	return &recordsv1.Participant{
		Code: "K7-" + canary, FamilyName: canary, GivenName: canary, Phone: canary, Languages: []string{canary},
		Sex: recordsv1.Sex_SEX_FEMALE, SexBasis: recordsv1.SexBasis_SEX_BASIS_DOCUMENT_SEEN,
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: 1961,
	}
}

func markOf(person merge.RecordID, day string, presence recordsv1.Presence) *recordsv1.AttendanceMark {
	session, recorder := recordNamed(day), personNamed("oksana")
	return &recordsv1.AttendanceMark{
		SessionId: session[:], ParticipantId: person[:], RecorderId: recorder[:],
		Presence: presence, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL, SheetLine: 4711,
	}
}

// erasable is a register with one person in every corner of it: in the state, in
// the log whole and in part, replaced, disagreed about, flagged, in quarantine,
// given back, void, and of a newer app.
type erasable struct {
	t       testing.TB
	e       *syncengine.Engine
	disk    *store.Memory
	a, b    *device
	person  merge.RecordID
	other   merge.RecordID
	options syncengine.Options
}

func newErasable(t testing.TB, o syncengine.Options) *erasable {
	t.Helper()
	e, err := syncengine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	grant(t, e, "lyman", community, "oksana", "petro", "coordinator")
	return &erasable{
		t: t, e: e, disk: o.Memory, a: newDevice(t, "oksana", "lyman", 1), b: newDevice(t, "petro", "lyman", 2),
		person: recordNamed("nadiya"), other: recordNamed("olena"), options: o,
	}
}

func inMemory() syncengine.Options {
	return syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(7)}
}

func (r *erasable) fill() {
	r.t.Helper()
	a, b, e := r.a, r.b, r.e
	a.write(r.person, nadiya())
	a.write(r.other, olena())
	a.push(e)
	b.pull(e, 0)
	// Replaced, and disagreed about.
	b.write(r.person, &recordsv1.Participant{Phone: canary + "1"}, "phone")
	a.write(r.person, &recordsv1.Participant{Phone: canary + "2"}, "phone")
	a.push(e)
	b.push(e)
	// A rule fails, is put right, and another fails and is not.
	a.pull(e, 0)
	a.write(r.person, &recordsv1.Participant{NameLatin: strings.Repeat(canary, 20)}, "name_latin")
	a.push(e)
	a.pull(e, 0)
	a.write(r.person, &recordsv1.Participant{NameLatin: canary}, "name_latin")
	a.push(e)
	a.write(r.person, &recordsv1.Participant{ResidencePcode: canary}, "residence_pcode")
	a.push(e)
	// Marks: of this person and of another, in one change.
	a.write(recordNamed("mark"), markOf(r.person, "day 1", recordsv1.Presence_PRESENCE_PRESENT))
	a.write(recordNamed("mark"), markOf(r.other, "day 1", recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED))
	a.push(e)
	// A field of a newer app, and a predecessor that comes after.
	a.raw(merge.RecordWrites{Type: "zhurnal.records.v1.Participant", Record: r.person, Writes: []merge.Write{
		{Cell: merge.CellKey{Field: 900}, Value: append([]byte{0xa2, 0x38, byte(len(canary))}, canary...)},
	}})
	a.write(r.other, &recordsv1.Participant{Phone: "+380 66 000 00 00"}, "phone")
	late := a.unsent[0]
	a.unsent = a.unsent[1:]
	a.push(e)
	a.unsent = []*merge.Change{late}
	a.push(e)
	// In quarantine: who has no access writes of the person, and one is given back.
	stranger := newDevice(r.t, "hanna", "lyman", 3)
	stranger.write(recordNamed("mark"), markOf(r.person, "day 2", recordsv1.Presence_PRESENCE_PRESENT))
	stranger.write(r.person, &recordsv1.Participant{GivenName: canary}, "given_name")
	dismissed := stranger.write(r.person, &recordsv1.Participant{FamilyName: canary}, "family_name")
	stranger.push(e)
	if err := e.Dismiss(bg, personNamed("coordinator"), a.space, []merge.ID{dismissed.ID}, enteredTwice); err != nil {
		r.t.Fatal(err)
	}
	// A coordinator's own write.
	data, err := proto.Marshal(&recordsv1.Participant{Phone: canary + "3"})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, _, err := e.Write(bg, personNamed("coordinator"), a.space, []syncengine.WriteRecord{{Type: "zhurnal.records.v1.Participant", Record: r.person, Message: data}}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *erasable) erase() {
	r.t.Helper()
	if _, err := r.e.Erase(bg, personNamed("coordinator"), r.a.space, r.person, nil); err != nil {
		r.t.Fatal(err)
	}
}

type storedRow struct{ key, value []byte }

// rowsOf returns all rows of a store.
func rowsOf(t testing.TB, e *syncengine.Engine) (rows []storedRow) {
	t.Helper()
	var file bytes.Buffer
	_, err := e.Backup(bg, &file)
	if err == nil {
		_, err = backup.Read(&file, func(key, value []byte) error {
			rows = append(rows, storedRow{bytes.Clone(key), bytes.Clone(value)})
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// eachPushed calls each with the changes of all pushes that the log has of a
// space.
func eachPushed(t testing.TB, e *syncengine.Engine, space merge.SpaceID, each func([]*merge.Change)) {
	t.Helper()
	for _, row := range rowsOf(t, e) {
		var entry logv1.Entry
		var body logv1.Push
		if row.key[0] != 'e' || bytes.HasSuffix(row.key, make([]byte, 8)) || // the head
			proto.Unmarshal(row.value, &entry) != nil || entry.Kind != logv1.EntryKind_ENTRY_KIND_PUSH {
			continue
		}
		err := proto.Unmarshal(entry.Body, &body)
		var changes []*merge.Change
		if err == nil {
			changes, err = wire.DecodeKeptBatch(space, body.Batch)
		}
		if err != nil {
			t.Fatal(err)
		}
		each(changes)
	}
}

// mustHoldNothing looks at every row, and at what is packed in it.
func (r *erasable) mustHoldNothing() {
	r.t.Helper()
	for _, row := range rowsOf(r.t, r.e) {
		if i := bytes.Index(row.value, []byte(canary)); i >= 0 {
			r.t.Errorf("row %q still has the value, near %q", row.key, row.value[max(0, i-60):i+30])
		}
	}
	reader := newDevice(r.t, "coordinator", "lyman", 9)
	for cursor := []byte(nil); ; {
		page, err := r.e.PullEntries(bg, reader.person, reader.space, cursor, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, entry := range page.Entries {
			if len(entry.Batch) > 0 {
				changes, err := wire.DecodeKeptBatch(reader.space, entry.Batch)
				if err != nil {
					r.t.Fatal(err)
				}
				mustNotSay(r.t, changes)
			}
		}
		if cursor = page.Cursor; !page.More {
			break
		}
	}
	held, _, err := r.e.Quarantined(bg, personNamed("coordinator"), reader.space, "")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, q := range held {
		mustNotSay(r.t, []*merge.Change{{ID: q.Change, Records: q.Records}})
	}
	eachPushed(r.t, r.e, reader.space, func(changes []*merge.Change) { mustNotSay(r.t, changes) })
}

func mustNotSay(t testing.TB, changes []*merge.Change) {
	t.Helper()
	for _, c := range changes {
		for _, rec := range c.Records {
			for _, w := range rec.Writes {
				if bytes.Contains(w.Value, []byte(canary)) || strings.Contains(w.Cell.Element, canary) {
					t.Errorf("change %s still has the value in field %d of %s", c.ID, w.Cell.Field, rec.Type)
				}
			}
		}
	}
}
