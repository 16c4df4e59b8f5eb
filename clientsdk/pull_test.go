package clientsdk_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
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
	h.after = nil
	oksana.edit(ids[:3], 3)
	oksana.sync()
	petro.sync() // what was staged takes effect once
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

// An app and its background worker open one register, and sync at once.
func TestTwoProcessesOnOneRegister(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	worker := &tablet{t: t, line: oksana.line, clock: oksana.clock, space: oksana.space, dir: oksana.dir}
	worker.open(recordTypes())
	olena := oksana.register("Коваленко")
	petro.register("Бондар")
	h.after = func() error {
		h.after = nil
		worker.sync()
		worker.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
		petro.sync()
		worker.sync()
		return nil
	}
	oksana.sync()
	oksana.mustEqual(h)
	if s := oksana.status(); s.Saved != 2 || s.Confirmed != 2 {
		t.Fatalf("%+v", s)
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
	oksana.edit([]clientsdk.RecordID{oksana.register("Коваленко")}, 60)
	oksana.slow()
	h.alter = func(resp *syncv1.SyncResponse) {
		resp.Spaces[0].Outcomes, resp.Spaces[0].Page.Entries = nil, nil
		resp.Spaces[0].Page.Position = 0
	}
	result, err := oksana.Sync(t.Context(), oksana.line)
	if err != nil || fault.KindOf(result.Spaces[0].Err) != fault.Malformed || result.RoundTrips != 1 || oksana.status().Waiting != 61 {
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
	for _, end := range []error{nil, errCut} {
		ctx, cancel := context.WithCancel(t.Context())
		h.after = func() error { cancel(); return end }
		if _, err := oksana.Sync(ctx, oksana.line); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	h.after = nil
	if result := oksana.sync(); result.Resent != 1 {
		t.Fatalf("%+v", result)
	}
	oksana.mustEqual(h)
}
