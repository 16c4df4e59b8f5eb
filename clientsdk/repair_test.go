package clientsdk_test

import (
	"bytes"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// damage alters what a tablet has stored, behind its back.
func (tab *tablet) damage(fn func(tx localstore.Tx, space int64) error) {
	tab.t.Helper()
	beside, err := localstore.Open(tab.t.Context(), tab.dir, tabletKey)
	if err != nil {
		tab.t.Fatal(err)
	}
	defer beside.Close()
	err = beside.Write(tab.t.Context(), func(tx localstore.Tx) error {
		space, err := tx.Space(tab.space)
		if err != nil {
			return err
		}
		return fn(tx, space.N)
	})
	if err != nil {
		tab.t.Fatal(err)
	}
}

// damageRow alters the rows of one record.
func (tab *tablet) damageRow(id clientsdk.RecordID, alter func(row []byte) []byte) {
	tab.t.Helper()
	tab.damage(func(tx localstore.Tx, space int64) error {
		rec, err := tx.Record(space, id)
		if err != nil {
			return err
		}
		rec.Base = alter(bytes.Clone(rec.Base))
		if rec.View != nil {
			rec.View = alter(bytes.Clone(rec.View))
		}
		return tx.SaveRecord(space, rec)
	})
}

// otherName is a row that parses and says something else.
func otherName(row []byte) []byte {
	altered := bytes.Replace(row, []byte("Коваленко"), []byte("Коваленка"), 1)
	if bytes.Equal(row, altered) {
		panic("the row does not hold the name")
	}
	return altered
}

func garbled([]byte) []byte { return []byte("what a block of the disk holds after it failed") }

// Whatever is wrong with a row of the base is found by the next sync, also by one
// that brings nothing, and mended.
func TestDamagedRecordsAreMended(t *testing.T) {
	for name, c := range map[string]struct {
		damage   func(tab *tablet, id clientsdk.RecordID)
		repaired int
	}{
		"a value is another": {func(tab *tablet, id clientsdk.RecordID) { tab.damageRow(id, otherName) }, 1},
		"it cannot be read":  {func(tab *tablet, id clientsdk.RecordID) { tab.damageRow(id, garbled) }, 1},
		"it is gone": {func(tab *tablet, id clientsdk.RecordID) {
			tab.damage(func(tx localstore.Tx, space int64) error { return tx.Erase(space, []merge.RecordID{id}) })
		}, 1},
		"one too many": {func(tab *tablet, id clientsdk.RecordID) {
			tab.damage(func(tx localstore.Tx, space int64) error { return addCopy(tx, space, id, merge.RecordID{0xab}) })
		}, 1},
		"one too many that cannot be read": {func(tab *tablet, id clientsdk.RecordID) {
			tab.damage(func(tx localstore.Tx, space int64) error { return addCopy(tx, space, id, merge.RecordID{0xab}) })
			tab.damageRow(merge.RecordID{0xab}, garbled)
		}, 1},
		"it has another id": {func(tab *tablet, id clientsdk.RecordID) {
			tab.damage(func(tx localstore.Tx, space int64) error {
				if err := addCopy(tx, space, id, merge.RecordID{0xab}); err != nil {
					return err
				}
				return tx.Erase(space, []merge.RecordID{id})
			})
		}, 2},
		"nothing": {func(*tablet, clientsdk.RecordID) {}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
			h.access(oksana.space, community, true, "oksana", "petro")
			id := oksana.register("Коваленко")
			oksana.register("Бондар")
			oksana.sync()
			petro.sync()
			for _, tab := range []*tablet{oksana, petro} { // who wrote it, and who did not
				c.damage(tab, id)
				if result := tab.sync(); result.Repaired != c.repaired || result.Spaces[0].Repaired != c.repaired {
					t.Fatalf("%s: repaired %d, want %d", tab.line.person, result.Repaired, c.repaired)
				}
				tab.mustEqual(h)
				if result := tab.sync(); result.Repaired != 0 || result.RoundTrips != 1 {
					t.Fatalf("a second sync: %+v", result)
				}
			}
		})
	}
}

func addCopy(tx localstore.Tx, space int64, id, copied merge.RecordID) error {
	rec, err := tx.Record(space, id)
	if err != nil {
		return err
	}
	rec.N, rec.ID = 0, copied
	return tx.SaveRecord(space, rec)
}

// A sync that moves a damaged record mends it too, whether it can be read or not,
// and own changes that go up meanwhile are not lost.
func TestADamagedRecordThatMoves(t *testing.T) {
	for name, alter := range map[string]func([]byte) []byte{"another value": otherName, "garbled": garbled} {
		for _, who := range []string{"others", "own"} {
			t.Run(name+", "+who, func(t *testing.T) {
				h := newHome(t)
				oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
				h.access(oksana.space, community, true, "oksana", "petro")
				id := oksana.register("Коваленко")
				oksana.sync()
				petro.sync()
				if who == "own" {
					petro.update(id, &recordsv1.Participant{NameLatin: "Kovalenko"}, "name_latin")
				} else {
					oksana.update(id, &recordsv1.Participant{NameLatin: "Kovalenko"}, "name_latin")
					oksana.sync()
				}
				petro.damageRow(id, alter)
				if result := petro.sync(); result.Repaired != 1 {
					t.Fatalf("repaired %d", result.Repaired)
				}
				petro.mustEqual(h)
				if got := petro.person(id).Message; got.NameLatin != "Kovalenko" || got.FamilyName != "Коваленко" {
					t.Fatalf("%v", got)
				}
			})
		}
	}
}

// What the tablet writes while it mends a record stays on top of it.
func TestMendingUnderAnOwnChange(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	id := oksana.register("Коваленко")
	oksana.sync()
	oksana.damageRow(id, otherName)
	h.beforeRepair = func() {
		h.beforeRepair = nil
		oksana.update(id, &recordsv1.Participant{NameLatin: "Kovalenko"}, "name_latin")
	}
	if result := oksana.sync(); result.Repaired != 1 {
		t.Fatalf("repaired %d", result.Repaired)
	}
	oksana.baseMustEqual(h)
	if err := oksana.Audit(t.Context(), oksana.space); err != nil {
		t.Fatal(err)
	}
	row := oksana.person(id)
	if !row.Provisional || row.Message.NameLatin != "Kovalenko" || row.Message.FamilyName != "Коваленко" {
		t.Fatalf("%+v", row)
	}
	oksana.sync()
	oksana.mustEqual(h)
}

// A record is gone from the tablet together with what lay on top of it, and the
// base begins anew before that shows: what is not sent yet is on top again.
func TestWhatIsUnsentIsShownWhenTheBaseBeginsAnew(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	id := oksana.register("Коваленко")
	oksana.sync()
	oksana.slow()
	for range 300 { // more than goes up at a time
		oksana.register("Мельник")
	}
	oksana.update(id, &recordsv1.Participant{NameLatin: "Kovalenko"}, "name_latin")
	oksana.damage(func(tx localstore.Tx, space int64) error { return tx.Erase(space, []merge.RecordID{id}) })
	h.access(oksana.space, community, false, "oksana") // which makes the cursor void
	h.access(oksana.space, community, true, "oksana")
	requests := 0
	h.before = func() error {
		if requests++; requests > 2 {
			return errCut
		}
		return nil
	}
	if _, err := oksana.Sync(t.Context(), oksana.line); err == nil {
		t.Fatal("all of it went up")
	}
	if err := oksana.Audit(t.Context(), oksana.space); err != nil {
		t.Fatal(err)
	}
	if row := oksana.person(id); !row.Provisional || row.Message.NameLatin != "Kovalenko" || row.Message.FamilyName != "Коваленко" {
		t.Fatalf("%+v", row)
	}
	h.before = nil
	oksana.sync()
	oksana.mustEqual(h)
}

// Where home moves on while a copy is mended, it is pulled and mended then.
func TestHomeMovesOnWhileACopyIsMended(t *testing.T) {
	for question := range 2 { // which of the two finds it moved
		h := newHome(t)
		oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
		h.access(oksana.space, community, true, "oksana", "petro")
		id := oksana.register("Коваленко")
		oksana.sync()
		petro.sync()
		petro.damageRow(id, otherName)
		asked := 0
		h.beforeRepair = func() {
			if asked++; asked == question+1 {
				oksana.register("Бондар")
				oksana.sync()
			}
		}
		if result := petro.sync(); result.Repaired != 1 {
			t.Fatalf("repaired %d", result.Repaired)
		}
		petro.mustEqual(h)
	}
}

// A home that never stands still is given up on until the next sync.
func TestHomeAlwaysMovesOn(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	id := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()
	petro.damageRow(id, otherName)
	h.beforeRepair = func() {
		oksana.register("Бондар")
		oksana.sync()
	}
	result, err := petro.Sync(t.Context(), petro.line)
	if err != nil || fault.KindOf(result.Err()) != fault.Unavailable || result.RoundTrips > 30 {
		t.Fatalf("%+v, %v", result, err)
	}
	h.beforeRepair = nil
	if result := petro.sync(); result.Repaired != 1 {
		t.Fatalf("repaired %d", result.Repaired)
	}
	petro.mustEqual(h)
}

// A home that has lost changes, and does not know that it did, is offered them
// before a copy takes over what it has: by who wrote them, and by who only
// carries them. Two homes made of the same random bytes give the same cursors.
func TestMendingDeletesNothingThatHomeLacks(t *testing.T) {
	for _, who := range []string{"oksana", "petro"} {
		t.Run(who, func(t *testing.T) {
			before, after := newHome(t), openHome(t, store.NewMemory(), seeded(1))
			oksana, petro := newTablet(t, before, "oksana", "lyman"), newTablet(t, before, "petro", "lyman")
			nadia := newTablet(t, after, "nadia", "lyman")
			for _, h := range []*home{before, after} {
				h.access(oksana.space, community, true, "oksana", "petro", "nadia")
			}
			lost := []clientsdk.RecordID{oksana.register("Коваленко"), oksana.register("Бондар")}
			oksana.sync()
			petro.sync()
			nadia.register("Мельник")
			nadia.register("Шевченко")
			nadia.sync()

			back := map[string]*tablet{"oksana": oksana, "petro": petro}[who]
			back.line.home = after
			if result := back.sync(); result.Repaired == 0 {
				t.Fatal("no difference was found")
			}
			back.mustEqual(after)
			nadia.sync()
			nadia.mustEqual(after)
			for _, id := range lost {
				nadia.person(id)
			}
		})
	}
}

// A server that gives other rows than it says, or none, or leads round in
// circles, makes the tablet neither lose nor take over anything.
func TestServersThatMendNothing(t *testing.T) {
	for name, alter := range map[string]func(*syncv1.RepairResponse){
		"no bucket":        func(m *syncv1.RepairResponse) { m.Buckets = nil },
		"another row":      func(m *syncv1.RepairResponse) { eachRow(m, func(r *syncv1.StateRow) { r.Row = append(r.Row, 0) }) },
		"another record":   func(m *syncv1.RepairResponse) { eachRow(m, func(r *syncv1.StateRow) { r.RecordId[3] ^= 1 }) },
		"half an id":       func(m *syncv1.RepairResponse) { eachRow(m, func(r *syncv1.StateRow) { r.RecordId = r.RecordId[:8] }) },
		"no row":           func(m *syncv1.RepairResponse) { m.Rows = nil },
		"answers nothing":  func(m *syncv1.RepairResponse) { m.Answered = 0 },
		"answers too much": func(m *syncv1.RepairResponse) { m.Answered = 7 },
		"half a digest": func(m *syncv1.RepairResponse) {
			for _, b := range m.Buckets {
				b.Records = append(b.Records, 1)
			}
		},
		"a bucket of 257": func(m *syncv1.RepairResponse) { m.Buckets = append(m.Buckets, &syncv1.RepairBucket{FirstByte: 256}) },
		"a record out of place": func(m *syncv1.RepairResponse) {
			for _, b := range m.Buckets {
				b.FirstByte ^= 1
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			oksana := newTablet(t, h, "oksana", "lyman")
			h.access(oksana.space, community, true, "oksana")
			id := oksana.register("Коваленко")
			oksana.sync()
			oksana.damageRow(id, otherName)
			h.alterRepair = alter
			result, err := oksana.Sync(t.Context(), oksana.line)
			if err != nil || fault.KindOf(result.Err()) != fault.Malformed || result.Repaired != 0 {
				t.Fatalf("%+v, %v", result, err)
			}
			if err := oksana.Audit(t.Context(), oksana.space); err != nil {
				t.Fatal(err)
			}
			h.alterRepair = nil
			if result := oksana.sync(); result.Repaired != 1 {
				t.Fatalf("repaired %d", result.Repaired)
			}
			oksana.mustEqual(h)
		})
	}
}

func eachRow(m *syncv1.RepairResponse, fn func(*syncv1.StateRow)) {
	for _, r := range m.Rows {
		fn(r)
	}
}

// An app with other record types works out anew what hangs on them. A row that
// nobody can read is no reason not to open: the sync that mends it needs that.
func TestADamagedRegisterOpensWithAnotherApp(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	id := oksana.register("Коваленко")
	oksana.sync()
	oksana.damageRow(id, garbled)
	oksana.Close()
	other, err := schema.New(
		recordsv1.File_zhurnal_records_v1_place_proto, recordsv1.File_zhurnal_records_v1_group_proto, recordsv1.File_zhurnal_records_v1_person_proto,
	)
	if err != nil {
		t.Fatal(err)
	}
	oksana.open(other)
	if result := oksana.sync(); result.Repaired != 1 {
		t.Fatalf("repaired %d", result.Repaired)
	}
	oksana.mustEqual(h)
}
