package clientsdk_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// edit writes n changes over few records that do not compress, so that the rows
// of the space are much shorter than its log.
func (tab *tablet) edit(ids []clientsdk.RecordID, n int) {
	tab.t.Helper()
	random := seeded(uint64(tab.clock.now()))
	for i := range n {
		noise := make([]byte, 190)
		_, _ = random.Read(noise)
		tab.update(ids[i%len(ids)], &recordsv1.Participant{NameLatin: hex.EncodeToString(noise)})
	}
}

func (h *home) last() *syncv1.SyncRequest { return h.seen[len(h.seen)-1] }

// A tablet that was away for long gets rows in place of the log, in several
// pages with cuts and restarts between, while it has work of its own, and its
// views stay at one moment until all of it has come.
func TestRowsInPlaceOfALongLog(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	var ids []clientsdk.RecordID
	for i := range 12 {
		ids = append(ids, oksana.register(fmt.Sprint("Прізвище ", i)))
	}
	oksana.sync()
	petro.sync()
	petro.update(ids[0], &recordsv1.Participant{Phone: "+380501112233"})
	mine := petro.register("Бондар")

	oksana.edit(ids, 400)
	oksana.sync()
	h.pageBytes = 400
	before := petro.person(ids[1]).Message
	cuts, rows := 0, 0
	h.after = func() error {
		if cuts++; cuts%3 != 0 {
			return errCut
		}
		return nil
	}
	for i := 0; ; i++ {
		result, err := petro.Sync(t.Context(), petro.line)
		rows += result.Rows
		if err == nil {
			if err := result.Err(); err != nil {
				t.Fatal(err)
			}
			break
		}
		if now := petro.person(ids[1]).Message; !proto.Equal(now, before) {
			t.Fatal("a view has moved before the copy was consistent")
		}
		if row := petro.person(ids[0]); row.Message.Phone == "" || petro.person(mine).Message.FamilyName != "Бондар" {
			t.Fatal("own work is not in the view")
		}
		if i == 4 {
			oksana.edit(ids[:2], 5) // the log goes on meanwhile
			h.after, h.pageBytes = nil, 0
			oksana.sync()
			h.after, h.pageBytes = func() error {
				if cuts++; cuts%3 != 0 {
					return errCut
				}
				return nil
			}, 400
		}
		if i == 6 {
			if err := petro.Close(); err != nil {
				t.Fatal(err)
			}
			petro.open(recordTypes())
		}
	}
	if rows == 0 {
		t.Fatal("the log came whole: the test proves nothing")
	}
	petro.mustEqual(h)
	if row := petro.person(ids[0]); row.Message.Phone == "" || row.Provisional {
		t.Fatalf("%+v", row)
	}
	if people := petro.people(); len(people) != 13 {
		t.Fatalf("%d people", len(people))
	}
}

// A space that is begun anew by rows has no record that home does not have.
func TestANewTabletGetsRows(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	ids := []clientsdk.RecordID{oksana.register("a"), oksana.register("b"), oksana.register("c")}
	oksana.edit(ids, 400)
	oksana.sync()
	h.pageBytes = 300
	petro := newTablet(t, h, "petro", "lyman")
	petro.register("d")
	result := petro.sync()
	if result.Rows != 4 || result.RoundTrips < 2 {
		t.Fatalf("%+v", result)
	}
	petro.mustEqual(h)
}

func TestAccessLostAndRegained(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	theirs := oksana.register("Коваленко")
	oksana.sync()
	petro.register("Бондар")
	petro.sync()
	h.access(petro.space, community, false, "petro")
	unsent := petro.register("Мельник")
	petro.syncWithFault(fault.NoAccess)
	if people := petro.people(); len(people) != 1 || people[0].ID != unsent || !people[0].Quarantined {
		t.Fatalf("only what he wrote and home has not merged may be left: %v", people)
	}
	if s := petro.status(); s.Readable || s.Confirmed != 1 || s.Quarantined != 1 {
		t.Fatalf("%+v", s)
	}
	petro.syncWithFault(fault.NoAccess)

	h.access(petro.space, community, true, "petro")
	petro.sync()
	if row := petro.person(theirs); row.Message.FamilyName != "Коваленко" {
		t.Fatal(row)
	}
	if s := petro.status(); !s.Readable || s.Confirmed != 2 {
		t.Fatalf("%+v", s)
	}
	petro.mustEqual(h)
}

// Access that is taken and given between two syncs makes the cursor void.
func TestABadCursorBeginsTheSpaceAnew(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	olena := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	petro.sync()
	h.access(petro.space, community, false, "petro")
	h.access(petro.space, community, true, "petro")
	petro.update(olena, &recordsv1.Participant{Phone: "+380501112233"})
	result := petro.sync()
	if result.Resent != 2 || result.Sent != 1 {
		t.Fatalf("%+v", result)
	}
	petro.mustEqual(h)
	if s := petro.status(); s.Confirmed != 2 || s.Waiting != 0 {
		t.Fatalf("%+v", s)
	}
}

// The server's disk is lost, and an empty server takes its place. What the
// tablets wrote comes back from them.
func TestAnEmptyServerGetsEverythingBack(t *testing.T) {
	old := newHome(t)
	oksana, petro := newTablet(t, old, "oksana", "lyman"), newTablet(t, old, "petro", "lyman")
	old.access(oksana.space, community, true, "oksana", "petro")
	olena := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	petro.sync()
	oksana.sync()
	want, _ := old.digest(oksana.space)

	fresh := newHome(t)
	fresh.access(oksana.space, community, true, "oksana", "petro")
	oksana.line, petro.line = fresh.line("oksana"), fresh.line("petro")
	petro.sync()
	if row := petro.person(olena); row.Message.NameLatin != "Olena" {
		t.Fatalf("%+v", row)
	}
	oksana.sync()
	petro.sync()
	oksana.mustEqual(fresh)
	petro.mustEqual(fresh)
	if got, _ := fresh.digest(oksana.space); got != want {
		t.Fatal("something is missing at home")
	}
	if open := append(petro.attention(), oksana.attention()...); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
}

// A page that arrives twice, or is not what it should be, does not harm the
// copy.
func TestPagesThatAreNotWhatTheyShouldBe(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	var pages []*syncv1.Page
	for i := range 3 {
		oksana.register(fmt.Sprint("Прізвище ", i))
		h.alter = func(resp *syncv1.SyncResponse) { pages = append(pages, proto.CloneOf(resp.Spaces[0].Page)) }
		oksana.sync()
		petro.sync()
	}
	digest, _ := petro.Digest(t.Context(), petro.space)
	for name, spoil := range map[string]func(p *syncv1.Page){
		"an old entry again": func(p *syncv1.Page) { p.Entries = append(pages[3].Entries, pages[5].Entries...) },
		"all entries again": func(p *syncv1.Page) {
			p.Entries = append(append(pages[1].Entries, pages[3].Entries...), pages[5].Entries...)
		},
		"a gap":                    func(p *syncv1.Page) { p.Entries[0].FirstPosition += 2 },
		"a false position":         func(p *syncv1.Page) { p.Position += 3 },
		"an altered batch":         func(p *syncv1.Page) { p.Entries[0].Batch[9] ^= 1 },
		"a row that is none":       func(p *syncv1.Page) { p.Rows = []*syncv1.StateRow{{RecordId: make([]byte, 16), Row: []byte{9}}} },
		"a row of a short id":      func(p *syncv1.Page) { p.Rows = []*syncv1.StateRow{{RecordId: make([]byte, 3)}} },
		"more, but not where":      func(p *syncv1.Page) { p.More, p.Cursor = true, h.last().Spaces[0].Cursor },
		"positions without change": func(p *syncv1.Page) { p.Entries[0].Positions = 5; p.Position += 4 },
	} {
		t.Log(name)
		h.alter = nil
		oksana.register(name)
		oksana.sync()
		h.alter = func(resp *syncv1.SyncResponse) { spoil(resp.Spaces[0].Page) }
		result, err := petro.Sync(t.Context(), petro.line)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		now, err := petro.Digest(t.Context(), petro.space)
		if err != nil || now.View != now.Base {
			t.Fatalf("%s: %v", name, err)
		}
		if result.Err() != nil && now != digest && name != "more, but not where" {
			t.Fatalf("%s: %v, and yet the copy has moved", name, result.Err())
		}
		h.alter = nil
		petro.sync()
		petro.mustEqual(h)
		digest, _ = petro.Digest(t.Context(), petro.space)
	}
}

// Two tablets are one: the files were copied, or the device was restored from a
// backup. What both wrote is kept, and each goes on under a replica of its own.
func TestACopiedTablet(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	first := oksana.register("Коваленко")
	oksana.sync()
	unsent := oksana.register("Бондар")

	twin := &tablet{t: t, line: oksana.line, clock: &clock{millis: august2016}, space: oksana.space, dir: copyOf(t, oksana.dir)}
	twin.open(recordTypes())
	oksana.update(first, &recordsv1.Participant{NameLatin: "Olena"})
	twin.update(first, &recordsv1.Participant{NameLatin: "Helen"})
	twin.register("Мельник")
	for range 2 {
		oksana.sync()
		twin.sync()
	}
	oksana.mustEqual(h)
	twin.mustEqual(h)
	if row := twin.person(first); len(row.Disagreements) != 1 || twin.person(unsent).Provisional || len(twin.people()) != 3 {
		t.Fatalf("%+v", row)
	}
	a := oksana.write(func(tx *clientsdk.Tx) error { return tx.Update(first, &recordsv1.Participant{Code: "1"}) })
	b := twin.write(func(tx *clientsdk.Tx) error { return tx.Update(first, &recordsv1.Participant{Code: "2"}) })
	if a.Change.Replica == b.Change.Replica {
		t.Fatal("both go on under one replica")
	}
	oksana.sync()
	twin.sync()
	oksana.sync()
	oksana.mustEqual(h)
	twin.mustEqual(h)
}

func TestATabletRestoredFromABackup(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.sync()
	backup := copyOf(t, oksana.dir)
	oksana.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	lost := oksana.register("Бондар")
	oksana.sync()

	restored := &tablet{t: t, line: oksana.line, clock: &clock{millis: august2016}, space: oksana.space, dir: backup}
	restored.open(recordTypes())
	restored.sync() // before anything was written on it: the log tells
	if restored.person(lost).Message.FamilyName != "Бондар" {
		t.Fatal("what was synced is not there")
	}
	written := restored.write(func(tx *clientsdk.Tx) error { return tx.Update(olena, &recordsv1.Participant{Phone: "+380501112233"}) })
	if written.Change.Seq != 1 {
		t.Fatalf("change %s goes on where the backup was", written.Change)
	}
	restored.sync()
	restored.mustEqual(h)
	if open := restored.attention(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "register")
	copyInto(t, to, dir)
	return to
}

func copyInto(t testing.TB, to, dir string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}

func TestClocksThatAreWrong(t *testing.T) {
	const tenYears = 10 * 365 * 24 * 3600 * 1000
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	oksana.clock.set(august2016 + tenYears)
	olena := oksana.register("Коваленко")
	oksana.update(olena, &recordsv1.Participant{NameLatin: "from the future"})
	oksana.clock.set(august2016 - tenYears) // the battery was out
	oksana.update(olena, &recordsv1.Participant{Code: "from the past"})
	oksana.sync()
	petro.sync()
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena"}) // who has seen it
	petro.sync()
	oksana.sync()
	if row := oksana.person(olena); row.Message.NameLatin != "Olena" || row.Message.Code != "from the past" || len(row.Disagreements) != 0 {
		t.Fatalf("%+v", row)
	}
	status, err := oksana.Status(t.Context())
	if err != nil || status.ClockOffsetMillis < tenYears-60_000 || status.ClockOffsetMillis > tenYears+60_000 {
		t.Fatalf("%+v, %v", status, err)
	}
	// Two concurrent values: the future gains nothing over home's receipt.
	h.clock.set(august2016 + 3_600_000)
	oksana.clock.set(august2016 + tenYears)
	petro.clock.set(august2016 + 3_600_000)
	oksana.update(olena, &recordsv1.Participant{NameLatin: "Olena of 2026"})
	oksana.sync()
	h.clock.set(august2016 + 7_200_000)
	petro.clock.set(august2016 + 7_000_000)
	petro.update(olena, &recordsv1.Participant{NameLatin: "Olena of later"})
	petro.sync()
	oksana.sync()
	if row := oksana.person(olena); row.Message.NameLatin != "Olena of later" || len(row.Disagreements) != 1 {
		t.Fatalf("%+v", row)
	}
	oksana.mustEqual(h)
}

// The server says nothing of what it was sent. The tablet keeps it, says so,
// and does not send it for ever.
func TestAServerThatGivesNoVerdict(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	oksana.register("Коваленко")
	h.alter = func(resp *syncv1.SyncResponse) {
		resp.Spaces[0].Outcomes, resp.Spaces[0].Page.Entries = nil, nil
		resp.Spaces[0].Page.Position = 0
	}
	result, err := oksana.Sync(t.Context(), oksana.line)
	if err != nil || fault.KindOf(result.Spaces[0].Err) != fault.Malformed || result.RoundTrips > 3 || oksana.status().Waiting != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
}

func TestWhatIsWrongWithOneSpaceStopsNoOther(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	oksana.join("svatove", community)
	h.access(named[clientsdk.SpaceID]("svatove"), community, true, "oksana")
	oksana.space = named[clientsdk.SpaceID]("svatove")
	oksana.register("Бондар")
	for _, kind := range []syncv1.FaultKind{2, 4, 7, 8, 9, 12} {
		h.alter = func(resp *syncv1.SyncResponse) {
			resp.Spaces[0] = &syncv1.SpaceDown{SpaceId: resp.Spaces[0].SpaceId, Fault: &syncv1.Fault{Kind: kind, Message: "spoilt by the test"}}
		}
		oksana.register("Мельник")
		result, err := oksana.Sync(t.Context(), oksana.line)
		if err != nil || fault.KindOf(result.Spaces[0].Err) != fault.Kind(kind) || result.Spaces[1].Err != nil {
			t.Fatalf("%s: %+v, %v", kind, result, err)
		}
		oksana.mustEqual(h)
	}
}

func TestASyncThatIsCancelled(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	oksana.register("Коваленко")
	ctx, cancel := context.WithCancel(t.Context())
	h.after = func() error { cancel(); return nil }
	if _, err := oksana.Sync(ctx, oksana.line); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	h.after = nil
	oksana.sync()
	oksana.mustEqual(h)
}

// What is kept on the tablet is byte for byte what home has.
func TestBasesAreEqualByteForByte(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	roll(oksana, 10)
	oksana.sync()
	petro.sync()
	rows := petro.baseRows()
	if _, err := h.engine.Records(petro.space, func(rec *merge.Record) error {
		if string(rows[rec.ID]) != string(merge.AppendRecord(nil, rec)) {
			t.Errorf("record %s differs", rec.ID)
		}
		delete(rows, rec.ID)
		return nil
	}); err != nil || len(rows) != 0 {
		t.Fatalf("%d rows too many, %v", len(rows), err)
	}
}
