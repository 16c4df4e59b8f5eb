package syncengine_test

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

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

// The same where both changes are kept for want of access when the person is erased,
// and come to be merged later: what is released is what the log has of them.
func TestWhatIsHeldIsPurgedAsItsEntryIs(t *testing.T) {
	for _, together := range []bool{true, false} {
		r := newErasable(t, inMemory())
		r.fill()
		first, second := newDevice(t, "maria", "lyman", 77), newDevice(t, "maria", "lyman", 7)
		first.write(recordNamed("a quote of two"), &recordsv1.Quote{Text: "Taras said it", SpeakerId: r.other[:]})
		second.write(recordNamed("a quote of two"), &recordsv1.Quote{SpeakerId: r.person[:]}, "speaker_id")
		held := [][]*merge.Change{first.chain, second.chain}
		if together {
			held = [][]*merge.Change{append(first.chain, second.chain...)}
		}
		for _, changes := range held {
			out, err := r.e.Push(bg, first.person, first.space, first.batches(changes...))
			if err != nil {
				t.Fatal(err)
			}
			mustVerdict(t, out, wire.Quarantined, wire.NoAccess)
		}
		r.erase()
		mustComeOfIt(t, r, first)
	}
}

func mustComeOfIt(t *testing.T, r *erasable, held *device) {
	t.Helper()
	grant(t, r.e, "lyman", community, "maria")
	out, err := r.e.Verdicts(held.person, held.space, []merge.ID{held.chain[0].ID})
	if err != nil || len(out) != 1 || !out[0].Verdict.Merged() {
		t.Fatalf("%+v, %v", out, err)
	}
	r.e.Close()
	mustBeHealthy(t, r.disk)
}

// A hub hears of a record that the home server has erased before anything of it is
// merged here. What comes of it then names somebody else, and is purged for all that.
func TestARecordThatHomeErasedIsAwaited(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	quote := recordNamed("a quote that named the person at home")
	erasure := merge.Erasure{Subject: r.person, Rules: recordTypes().ErasureRules()}
	// Home may tell it twice, the second time of less that stays.
	for _, erased := range [][]wire.ErasedRecord{{{Record: quote, Kept: []uint32{2, 3}}}, {{Record: quote, Kept: []uint32{2, 3}}, {Record: quote}}} {
		if err := r.e.AdoptErasures(bg, personNamed("coordinator"), r.a.space, []merge.Erasure{erasure}, erased); err != nil {
			t.Fatal(err)
		}
	}
	r.a.pull(r.e, 0)
	r.a.write(quote, &recordsv1.Quote{Text: canary, SpeakerId: r.other[:]})
	r.a.push(r.e)
	r.a.write(quote, &recordsv1.Quote{TranslationEn: canary}, "translation_en")
	r.a.push(r.e)
	r.mustHoldNothing()
	r.a.pull(r.e, 0)
	r.a.mustEqual(r.e)
	marked := false
	if _, err := r.e.Records(r.a.space, func(rec *merge.Record) error {
		marked = marked || rec.ID == quote && rec.Erased
		return nil
	}); err != nil || !marked {
		t.Fatalf("the record is marked %t, %v", marked, err)
	}
	r.e.Close()
	mustBeHealthy(t, r.disk)
}

// A hub that comes when the log was cut is told which records were erased: nothing
// that it is given names the person any more.
func TestACutLogTellsWhichRecordsWereErased(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	r.erase()
	backedUp(t, r.e)
	if _, err := r.e.Cut(bg, personNamed("admin"), syncengine.CutOptions{}); err != nil {
		t.Fatal(err)
	}
	page, err := r.e.PullEntries(bg, r.a.person, r.a.space, nil, 0)
	if err != nil || len(page.Erasures) != 1 {
		t.Fatalf("%d persons, %v", len(page.Erasures), err)
	}
	told := map[merge.RecordID]bool{}
	for _, erased := range page.Erased {
		told[erased.Record] = true
	}
	if _, err := r.e.Records(r.a.space, func(rec *merge.Record) error {
		if told[rec.ID] != rec.Erased {
			t.Errorf("of record %s it is told %t that it was erased", rec.ID, told[rec.ID])
		}
		return nil
	}); err != nil || len(told) == 0 {
		t.Fatalf("%d records, %v", len(told), err)
	}
	if page, err = r.e.PullEntries(bg, r.a.person, r.a.space, page.Cursor, 0); err != nil || len(page.Erased) > 0 {
		t.Fatalf("it is told again: %d records, %v", len(page.Erased), err)
	}
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
	// Tablets that have a change which the restored log lacks, at a position that
	// the erasure gets there.
	r.a.write(r.other, &recordsv1.Participant{Phone: "+380 69 000 00 00"}, "phone")
	r.a.push(r.e)
	away := []*device{newDevice(t, "petro", "lyman", 8), newDevice(t, "petro", "lyman", 8)}
	for _, d := range away {
		d.pull(r.e, 0)
	}
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
		if _, err := home.e.Pull(bg, away[i].person, away[i].space, away[i].cursor, 0); fault.KindOf(err) == fault.BadCursor {
			away[i].cursor = nil
		}
		away[i].pull(home.e, 0)
		away[i].mustEqual(home.e)
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
	// What the log still has of the quarantine is purged in the log, before what it
	// lacks: changes of a replica that comes first and of the one in the backup.
	late := newDevice(t, "hanna", "lyman", 0)
	late.write(r.person, &recordsv1.Participant{GivenName: canary}, "given_name")
	late.push(r.e)
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
		{"who is not there", r.a.person, recordNamed("nobody"), fault.NotFound},
	} {
		if _, err := r.e.Erase(bg, c.by, r.a.space, c.subject, nil); fault.KindOf(err) != c.want {
			t.Errorf("%s: %v; want kind %d", c.what, err, c.want)
		}
	}
}

// What was written over lies in the files until it is scrubbed; see package store.
func TestTheFilesAreScrubbedWhenSomebodyWasErased(t *testing.T) {
	r := newErasable(t, inMemory())
	r.fill()
	before := r.disk.Scrubs()
	r.erase()
	if r.disk.Scrubs() == before {
		t.Fatal("what was written over is still there")
	}
}
