package syncengine_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
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

func TestErasedIsGoneFromEveryRow(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	r.a.pull(r.e, 0)
	r.erase()
	r.mustHoldNothing()

	// What totals need is there, under the same ids, and another's data is whole.
	for _, d := range []*device{r.a, newDevice(t, "petro", "lyman", 8)} {
		d.pull(r.e, 0)
		d.mustEqual(r.e)
		p := read[*recordsv1.Participant](d, r.person)
		if p.Sex != recordsv1.Sex_SEX_FEMALE || p.BirthYear != 1961 || p.Phone != "" || p.GivenName != "" || len(p.Languages) > 0 || len(p.ProtoReflect().GetUnknown()) > 0 {
			t.Fatalf("of the person there is left %v", p)
		}
		plan := recordTypes().Plan("zhurnal.records.v1.AttendanceMark")
		mark := markOf(r.person, "day 1", 0)
		header, err := plan.Header(mark)
		if err != nil {
			t.Fatal(err)
		}
		if m := read[*recordsv1.AttendanceMark](d, merge.KeyedRecordID(d.space, plan.Name, header)); m.Presence != recordsv1.Presence_PRESENCE_PRESENT || m.SheetLine != 0 {
			t.Fatalf("of the mark there is left %v", m)
		}
		if read[*recordsv1.Participant](d, r.other).Phone != "+380 66 000 00 00" {
			t.Fatal("another person's data was erased with it")
		}
	}
	r.e.Close()
	mustBeHealthy(t, r.disk)
}

// A check applies the log again, which has lost the values, and must come to the
// same rows: whatever was flagged, settled, kept back and released before.
func TestARegisterThatErasedIsChecked(t *testing.T) {
	for _, again := range []int{1, 2} {
		r := newErasable(t, inMemory())
		r.fill()
		for range again {
			r.erase()
		}
		// Those who come late, and what was kept back and comes free.
		r.b.pull(r.e, 0)
		r.b.write(r.person, &recordsv1.Participant{Phone: canary}, "phone")
		r.b.write(recordNamed("mark"), markOf(r.person, "day 3", recordsv1.Presence_PRESENCE_PRESENT))
		r.b.write(r.other, &recordsv1.Participant{Phone: "+380 67 000 00 00"}, "phone")
		r.b.push(r.e)
		grant(t, r.e, "lyman", community, "hanna")
		r.mustHoldNothing()
		r.a.pull(r.e, 0)
		r.a.mustEqual(r.e)
		r.e.Close()
		mustBeHealthy(t, r.disk)
	}
}

// A tablet that was away edits the person: its change is applied, its own chain
// goes on, and nobody ever sees the value.
func TestWhatComesLateIsPurgedAsItComes(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	r.b.pull(r.e, 0)
	edit := r.b.write(r.person, &recordsv1.Participant{Phone: canary + "late"}, "phone")
	quote := r.b.write(recordNamed("quote"), &recordsv1.Quote{Text: canary, SpeakerId: r.person[:]})
	more := r.b.write(recordNamed("quote"), &recordsv1.Quote{TranslationEn: canary}, "translation_en")
	unsent := r.b.unsent
	r.erase()
	r.b.push(r.e)
	for _, c := range []*merge.Change{edit, quote, more} {
		if o := verdictOf(t, r.e, r.b, c.ID); !o.Verdict.Merged() {
			t.Fatalf("%+v", o)
		}
	}
	r.mustHoldNothing()
	outcomes, err := r.e.Push(bg, r.b.person, r.b.space, r.b.batches(unsent...))
	if err != nil || len(outcomes) == 0 || !outcomes[0].Verdict.Merged() {
		t.Fatalf("the same, sent again: %+v, %v", outcomes, err)
	}
	r.b.write(r.other, &recordsv1.Participant{Phone: "+380 68 000 00 00"}, "phone")
	if o := r.b.push(r.e); !o[len(o)-1].Verdict.Merged() {
		t.Fatalf("what comes after it: %+v", o)
	}
	r.mustHoldNothing()
	r.e.Close()
	mustBeHealthy(t, r.disk)
}

// A quote is found to be the person's only by a later change: what came of it
// before is erased then, from the log too.
func TestARecordThatBecomesThePersonsIsErased(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	r.erase()
	r.a.pull(r.e, 0)
	r.a.write(recordNamed("quote"), &recordsv1.Quote{Text: canary})
	r.a.push(r.e)
	r.a.pull(r.e, 0)
	r.a.write(recordNamed("quote"), &recordsv1.Quote{SpeakerId: r.person[:]}, "speaker_id")
	r.a.push(r.e)
	r.mustHoldNothing()
	r.a.pull(r.e, 0)
	r.a.mustEqual(r.e)
	r.e.Close()
	mustBeHealthy(t, r.disk)
}

// A quote that was thought to be the person's, and was put right since, is another's:
// it stays, and so does what the log has of it.
func TestARecordThatWasThePersonsIsNotErased(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	quote := recordNamed("quote")
	r.a.pull(r.e, 0)
	r.a.write(quote, &recordsv1.Quote{Text: "Taras said it", SpeakerId: r.person[:]})
	r.a.push(r.e)
	r.a.pull(r.e, 0)
	r.a.write(quote, &recordsv1.Quote{SpeakerId: r.other[:]}, "speaker_id")
	r.a.push(r.e)
	r.erase()
	r.mustHoldNothing()
	r.a.pull(r.e, 0)
	r.a.mustEqual(r.e)
	if got := read[*recordsv1.Quote](r.a, quote).Text; got != "Taras said it" {
		t.Fatalf("the quote says %q", got)
	}
	r.e.Close()
	mustBeHealthy(t, r.disk)
}

func TestHistoryOfAnErasedRecordSaysSo(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	before, err := r.e.History(bg, r.a.person, r.a.space, r.person, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.erase()
	after, err := r.e.History(bg, r.a.person, r.a.space, r.person, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !after.Erased || before.Erased || len(after.Changes) != len(before.Changes) {
		t.Fatalf("erased %t, %d changes; want those %d that there were", after.Erased, len(after.Changes), len(before.Changes))
	}
	for _, c := range after.Changes {
		for _, w := range c.Writes {
			if bytes.Contains(w.Value, []byte(canary)) {
				t.Fatalf("the history still tells the value of field %d", w.Cell.Field)
			}
		}
	}
	for _, c := range after.Changes {
		rec, err := r.e.RecordAt(bg, r.a.person, r.a.space, r.person, c.Position)
		if err != nil || !rec.Erased || bytes.Contains(merge.AppendRecord(nil, rec), []byte(canary)) {
			t.Fatalf("at %d: %+v, %v", c.Position, rec, err)
		}
	}
}

// A copy that is given rows in place of the log learns who was erased.
func TestRowsTellWhoWasErased(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	r.erase()
	away := newDevice(t, "petro", "lyman", 8)
	backedUp(t, r.e) // or the log is served
	for i := range 400 {
		r.a.write(recordNamed("busy"), &recordsv1.Participant{Phone: fmt.Sprint(i)}, "phone")
	}
	r.a.push(r.e)
	backedUp(t, r.e)
	page, err := r.e.Pull(bg, away.person, away.space, nil, 1<<20)
	if err != nil || !page.ByRows {
		t.Fatalf("by rows %t, %v: the test proves nothing", page.ByRows, err)
	}
	if len(page.Erasures) != 1 || page.Erasures[0].Subject != r.person || len(page.Erasures[0].Rules) == 0 {
		t.Fatalf("erasures %+v", page.Erasures)
	}
}

// The register outlives the store: a backup from before the erasure brings nobody
// back, nor do tablets with what they have.
func TestErasuresOutliveARestore(t *testing.T) {
	o := inMemory()
	name := filepath.Join(t.TempDir(), "register")
	kept, err := register.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	o.Register = kept
	r := newErasable(t, o)
	early := backedUp(t, r.e)
	r.fill()
	file := backedUp(t, r.e)
	r.erase()
	content, err := register.Read(name)
	if err != nil || len(content.Erasures) != 1 {
		t.Fatalf("%+v, %v", content, err)
	}
	for i, from := range []string{early, file} {
		again := inMemory()
		again.Random = seeded(uint64(20 + i))
		if _, err := syncengine.Restore(again, from, content); err != nil {
			t.Fatal(err)
		}
		home := *r
		if home.e, err = syncengine.Open(again); err != nil {
			t.Fatal(err)
		}
		home.disk = again.Memory
		home.mustHoldNothing()
		if _, err := home.e.Push(bg, r.a.person, r.a.space, r.a.batches(r.a.chain...)); err != nil {
			t.Fatal(err)
		}
		home.mustHoldNothing()
		d := newDevice(t, "petro", "lyman", 8)
		d.pull(home.e, 0)
		d.mustEqual(home.e)
		home.e.Close()
		mustBeHealthy(t, again.Memory)
	}
}

// Where the log was cut, a check compares from a backup, also one from before the
// erasure: which entries it has in common is told without what was purged.
func TestACutRegisterThatErasedIsChecked(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	file := backedUp(t, r.e)
	if _, err := r.e.Cut(bg, personNamed("admin"), syncengine.CutOptions{}); err != nil {
		t.Fatal(err)
	}
	r.a.pull(r.e, 0)
	r.a.write(r.person, &recordsv1.Participant{Phone: canary}, "phone")
	r.a.push(r.e)
	r.erase()
	r.mustHoldNothing()
	r.e.Close()
	var found []syncengine.Damage
	checked, err := syncengine.Check(bg, syncengine.Options{Memory: r.disk}, file, func(d syncengine.Damage) { found = append(found, d) })
	if err != nil || len(found) > 0 || checked.Uncompared > 0 {
		t.Fatalf("%v, %v, %+v", found, err, checked)
	}
}

// The disk may be full after any entry of an erasure: when there is room again, it
// is gone on with.
func TestACutOffErasureIsGoneOnWith(t *testing.T) {
	for freeBytes := uint64(500); ; freeBytes += 1500 {
		r := newErasable(t, inMemory())
		r.fill()
		r.disk.Fill(freeBytes)
		_, err := r.e.Erase(bg, personNamed("coordinator"), r.a.space, r.person, nil)
		r.disk.Fill(math.MaxUint64)
		begun := slices.ContainsFunc(rowsOf(t, r.e), func(row storedRow) bool { return len(row.key) == 19 && row.key[18] == 'x' })
		r.e.Close()
		if r.e, _ = syncengine.Open(r.options); r.e == nil {
			t.Fatal("it does not open")
		}
		if begun {
			r.mustHoldNothing()
		}
		r.e.Close()
		mustBeHealthy(t, r.disk)
		if err == nil {
			return
		}
	}
}

func TestWhoCannotBeErased(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	for _, c := range []struct {
		what    string
		by      merge.PersonID
		subject merge.RecordID
		want    fault.Kind
	}{
		{"by who may not read the space", personNamed("hanna"), r.person, fault.NoAccess},
		{"who is not there", r.a.person, recordNamed("nobody"), fault.NotFound},
	} {
		if _, err := r.e.Erase(bg, c.by, r.a.space, c.subject, nil); fault.KindOf(err) != c.want {
			t.Errorf("%s: %v; want kind %d", c.what, err, c.want)
		}
	}
}

// What was written over lies in the files until it is scrubbed: rows in the
// tables, the batch as it was sent in the log.
func TestNothingOfItIsLeftInTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	o := inMemory()
	o.Memory, o.Dir = nil, dir
	r := newErasable(t, o)
	first := r.a.write(r.person, nadiya())
	sent := r.a.batches(first)[0]
	r.fill2(sent)
	needles := [][]byte{[]byte(canary), sent[len(sent)/3:][:24]}
	for _, needle := range needles {
		if !inFiles(t, dir, needle) {
			t.Fatalf("%q is in no file before it is erased: the test proves nothing", needle)
		}
	}
	r.erase()
	for _, needle := range needles {
		if inFiles(t, dir, needle) {
			t.Errorf("%q is still in a file", needle)
		}
	}
	r.a.write(r.other, olena())
	r.a.push(r.e) // and the store goes on
	r.e.Close()
	for _, needle := range needles {
		if inFiles(t, dir, needle) {
			t.Errorf("%q is in a file again", needle)
		}
	}
	var found []syncengine.Damage
	if _, err := syncengine.Check(bg, syncengine.Options{Dir: dir}, "", func(d syncengine.Damage) { found = append(found, d) }); err != nil || len(found) > 0 {
		t.Fatalf("%v, %v", found, err)
	}
}

func (r *erasable) fill2(first []byte) {
	r.t.Helper()
	if _, err := r.e.Push(bg, r.a.person, r.a.space, [][]byte{first}); err != nil {
		r.t.Fatal(err)
	}
	r.a.unsent = nil
	for i := range 50 {
		r.a.pull(r.e, 0)
		r.a.write(r.person, &recordsv1.Participant{Phone: fmt.Sprint(canary, i)}, "phone")
		r.a.push(r.e)
	}
}

func inFiles(t *testing.T, dir string, needle []byte) (found bool) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		data, err := io.ReadAll(file)
		found = found || bytes.Contains(data, needle)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
