package syncengine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const participantType = "zhurnal.records.v1.Participant"

// Access is taken away, 500 edits are made offline, access is given back: all
// of them are applied, and nobody had to do anything on the tablet.
func TestQuarantineHealsItself(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	a.write(recordNamed("before"), olena())
	a.push(e)
	if _, err := e.SetAccess(context.Background(), personNamed("admin"), a.space, community, a.person, false); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		a.write(merge.RecordID{1, byte(i), byte(i >> 8)}, olena())
	}
	sent := a.batches(a.unsent...)
	mustVerdict(t, a.push(e), wire.Quarantined, wire.NoAccess)
	again, err := e.Push(context.Background(), a.person, a.space, sent)
	if err != nil {
		t.Fatal(err)
	}
	mustVerdict(t, again, wire.Quarantined, wire.NoAccess)
	b.pull(e, 0)
	if len(b.base) != 1 {
		t.Fatalf("others see %d records of a person without access", len(b.base))
	}

	released, err := e.SetAccess(context.Background(), personNamed("admin"), a.space, community, a.person, true)
	if err != nil || released != 500 {
		t.Fatalf("released %d, %v", released, err)
	}
	outcomes, err := e.Verdicts(a.person, a.space, []merge.ID{a.chain[1].ID, a.chain[500].ID})
	if err != nil {
		t.Fatal(err)
	}
	mustVerdict(t, outcomes, wire.Applied, 0)
	b.pull(e, 1000)
	b.mustEqual(e)
	a.pull(e, 0)
	a.mustEqual(e)
}

// One change that nothing explains does not hold up the 999 around it.
func TestOnePoisonChangeHoldsUpNothing(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	poisons := map[string]merge.RecordWrites{
		"unknown type":   {Type: "zhurnal.future.v1.Thing", Record: recordNamed("thing"), Writes: []merge.Write{{Cell: merge.CellKey{Field: 1}, Value: []byte{8, 1}}}},
		"unreadable":     {Type: participantType, Record: recordNamed("bad"), Writes: []merge.Write{{Cell: merge.CellKey{Field: 2}, Value: []byte{0xff}}}},
		"over a limit":   {Type: participantType, Record: recordNamed("long"), Writes: []merge.Write{{Cell: merge.CellKey{Field: 2}, Value: make([]byte, limits.RecordBytes+1)}}},
		"long type":      {Type: strings.Repeat("n", limits.TypeNameBytes+1), Record: recordNamed("named"), Writes: []merge.Write{{Cell: merge.Lifecycle}}},
		"many replaced":  {Type: participantType, Record: recordNamed("many"), Writes: []merge.Write{{Cell: merge.CellKey{Field: 2}, Replaces: manyIDs(limits.Replaces + 1)}}},
		"without header": {Type: "zhurnal.records.v1.TrainingDay", Record: recordNamed("day"), Writes: []merge.Write{{Cell: merge.Lifecycle}}},
		"wrong space":    {Type: "zhurnal.records.v1.Note", Record: recordNamed("note"), Writes: []merge.Write{{Cell: merge.Lifecycle}}},
	}
	n := 0
	for range 100 {
		n++
		a.write(merge.RecordID{byte(n)}, olena())
	}
	for _, poison := range poisons {
		a.raw(poison)
		n++
		a.write(merge.RecordID{byte(n)}, olena())
	}
	var applied, quarantined uint64
	for _, o := range a.push(e) {
		switch o.Verdict {
		case wire.Applied:
			applied += o.LastSeq - o.FirstSeq + 1
		case wire.Quarantined:
			quarantined += o.LastSeq - o.FirstSeq + 1
		default:
			t.Errorf("%+v", o)
		}
	}
	if applied != uint64(n) || quarantined != uint64(len(poisons)) {
		t.Fatalf("%d applied, %d quarantined; %d and %d are due", applied, quarantined, n, len(poisons))
	}
	b.pull(e, 0)
	b.mustEqual(e)
}

// manyIDs returns identities of changes, ascending.
func manyIDs(n int) []merge.ID {
	ids := make([]merge.ID, n)
	for i := range ids {
		ids[i] = merge.ID{Replica: merge.ReplicaID{9}, Seq: uint64(i + 1), Tag: merge.Tag{1}}
	}
	return ids
}

func TestAFlagClosesByItselfWhenItsCauseGoes(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro")
	a, b, c := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2), newDevice(t, "petro", "lyman", 3)
	push := func(d *device, changes ...*merge.Change) []wire.Outcome {
		t.Helper()
		outcomes, err := e.Push(context.Background(), d.person, d.space, d.batches(changes...))
		if err != nil {
			t.Fatal(err)
		}
		return outcomes
	}
	verdict := func(id merge.ID) wire.Verdict {
		t.Helper()
		outcomes, err := e.Verdicts(a.person, a.space, []merge.ID{id})
		if err != nil || len(outcomes) != 1 {
			t.Fatalf("%+v, %v", outcomes, err)
		}
		return outcomes[0].Verdict
	}

	t.Run("predecessor and replaced value", func(t *testing.T) {
		id := recordNamed("olena")
		first := a.write(id, olena())
		second := a.write(id, &recordsv1.Participant{Phone: "+380670000000"}, "phone")
		outcomes := push(a, second)
		mustVerdict(t, outcomes, wire.Flagged, wire.PredecessorMissing)
		if n := len(outcomes[0].Findings); n != 2 || outcomes[0].Findings[1].Cause != wire.ReplacedMissing {
			t.Fatalf("findings %+v", outcomes[0].Findings)
		}
		b.pull(e, 0)
		b.mustEqual(e)
		mustVerdict(t, push(a, first), wire.Applied, 0)
		if v := verdict(second.ID); v != wire.Applied {
			t.Fatalf("still %s", v)
		}
		b.pull(e, 0)
		b.mustEqual(e)
		if b.seen[second.ID] != wire.Applied {
			t.Fatalf("the log did not say that the flag is closed: %s", b.seen[second.ID])
		}
		if got := read[*recordsv1.Participant](b, id); got.Phone != "+380670000000" || got.GivenName != "Олена" {
			t.Fatalf("merged %v", got)
		}
	})

	t.Run("reference", func(t *testing.T) {
		group, member := recordNamed("group"), recordNamed("member")
		membership := c.write(merge.RecordID{}, &recordsv1.Membership{GroupId: group[:], ParticipantId: member[:]})
		outcomes := push(c, membership)
		mustVerdict(t, outcomes, wire.Flagged, wire.ReferenceDangles)
		if n := len(outcomes[0].Findings); n != 2 {
			t.Fatalf("findings %+v", outcomes[0].Findings)
		}
		push(c, c.write(member, olena()))
		if v := verdict(membership.ID); v != wire.Flagged {
			t.Fatalf("%s though the group has not come", v)
		}
		push(c, c.write(group, &recordsv1.Group{NameUk: "Ініціативна група"}))
		if v := verdict(membership.ID); v != wire.Applied {
			t.Fatalf("still %s", v)
		}
	})
}

func TestAFailedRuleIsAFlagAndNotARefusal(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), &recordsv1.Participant{FamilyName: "Шевченко", BirthYear: 1492})
	outcomes := a.push(e)
	mustVerdict(t, outcomes, wire.Flagged, wire.RuleFailed)
	if f := outcomes[0].Findings[0]; f.MessageKey == "" || f.Record != recordNamed("olena") || f.Type != participantType || f.Field == 0 {
		t.Fatalf("finding %+v", f)
	}
	a.pull(e, 0)
	if got := read[*recordsv1.Participant](a, recordNamed("olena")); got.BirthYear != 1492 {
		t.Fatalf("what was recorded is lost: %v", got)
	}
}

// A tablet was cloned: both go on under one replica. Everything of both stays.
func TestBothSidesOfAForkAreKept(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	a.write(recordNamed("one"), olena())
	a.push(e)
	clone := newDevice(t, "oksana", "lyman", 1)
	clone.chain = append(clone.chain, a.chain...)
	clone.salt = 1000
	a.write(recordNamed("two"), olena())
	a.write(recordNamed("three"), olena())
	clone.write(recordNamed("four"), olena())
	clone.write(recordNamed("five"), olena())
	mustVerdict(t, a.push(e), wire.Applied, 0)
	mustVerdict(t, clone.push(e), wire.Flagged, wire.Forked)
	b.pull(e, 0)
	b.mustEqual(e)
	if len(b.base) != 5 {
		t.Fatalf("%d records of 5", len(b.base))
	}
}

// What is wrong with the key is told from what is wrong with a value, and is
// told alone.
func TestABadKeyIsToldFromABadValue(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	key, err := recordTypes().Plan("zhurnal.records.v1.TrainingDay").Header(&recordsv1.TrainingDay{TrainingId: make16(7), DayNumber: 3})
	if err != nil {
		t.Fatal(err)
	}
	badKey, value, badValue := slices.Concat(key[:len(key)-1], []byte{0x83, 0x00}), []byte{0x18, 0xd9, 0x9d, 0xd1, 0x09}, []byte{0xff}
	for _, c := range []struct {
		name       string
		key, value []byte
		causes     []wire.Cause
	}{
		{"both are good", key, value, []wire.Cause{wire.ReferenceDangles}},
		{"the key is not canonical", badKey, value, []wire.Cause{wire.KeyMismatch}},
		{"the value is cut short", key, badValue, []wire.Cause{wire.Unreadable}},
		{"neither is good", badKey, badValue, []wire.Cause{wire.KeyMismatch}},
	} {
		a := newDevice(t, "oksana", "lyman", byte(len(c.name)))
		a.raw(merge.RecordWrites{
			Type: "zhurnal.records.v1.TrainingDay", Header: c.key, Record: merge.KeyedRecordID(a.space, "zhurnal.records.v1.TrainingDay", c.key),
			Writes: []merge.Write{{Cell: merge.CellKey{Field: 3}, Value: c.value}},
		})
		outcomes := a.push(e)
		var causes []wire.Cause
		for _, f := range outcomes[0].Findings {
			causes = append(causes, f.Cause)
		}
		if !slices.Equal(causes, c.causes) {
			t.Errorf("%s: %v", c.name, causes)
		}
	}
}

func make16(b byte) []byte { return slices.Repeat([]byte{b}, 16) }
