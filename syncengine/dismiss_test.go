package syncengine_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const enteredTwice = "draft.entered_twice"

// thing is of a type that nobody knows.
func thing(name string) merge.RecordWrites {
	return merge.RecordWrites{
		Type: "zhurnal.future.v1.Thing", Record: recordNamed(name),
		Writes: []merge.Write{{Cell: merge.CellKey{Field: 1}, Value: []byte{8, 1}}},
	}
}

func verdictOf(t testing.TB, e *syncengine.Engine, d *device, id merge.ID) wire.Outcome {
	t.Helper()
	outcomes, err := e.Verdicts(d.person, d.space, []merge.ID{id})
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("%+v, %v", outcomes, err)
	}
	return outcomes[0]
}

func mustBeDismissed(t testing.TB, outcomes ...wire.Outcome) {
	t.Helper()
	for _, o := range outcomes {
		if o.Verdict != wire.Dismissed || o.LastPosition != 0 || len(o.Findings) != 1 || o.Findings[0].Cause != wire.GivenBack || o.Findings[0].MessageKey != enteredTwice {
			t.Fatalf("%+v", o)
		}
	}
}

// A change is in quarantine for its type. A coordinator gives it back; from then
// on nothing brings it in, however often it is sent and whatever comes later.
func TestADismissedChangeStaysDismissed(t *testing.T) {
	dir := t.TempDir()
	e, err := reopen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	grant(t, e, "lyman", community, "oksana", "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	a.write(recordNamed("olena"), olena())
	poison := a.raw(thing("thing"))
	a.write(recordNamed("ivan"), olena())
	sent := a.batches(a.chain...)
	a.push(e)
	b.pull(e, 0)
	_, before, err := e.Digest(a.space)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the answer to the first was lost
		if err := e.Dismiss(bg, b.person, b.space, []merge.ID{poison.ID}, enteredTwice); err != nil {
			t.Fatal(err)
		}
	}
	if _, after, _ := e.Digest(a.space); after != before+1 {
		t.Fatalf("one position is due for two dismissals: %d after %d", after, before)
	}
	b.pull(e, 0)
	b.mustEqual(e)
	if b.seen[poison.ID] != wire.Dismissed {
		t.Fatalf("a copy was told %s", b.seen[poison.ID])
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = reopen(t, dir); err != nil {
		t.Fatal(err)
	}
	again, err := e.Push(bg, a.person, a.space, sent)
	if err != nil || len(again) != 3 {
		t.Fatalf("%+v, %v", again, err)
	}
	mustBeDismissed(t, again[1], verdictOf(t, e, a, poison.ID))
	for _, o := range []wire.Outcome{again[0], again[2]} {
		if o.Verdict != wire.Applied {
			t.Fatalf("%+v", o)
		}
	}
	if list, next, err := e.Quarantined(bg, b.person, b.space, ""); len(list) > 0 || next != "" || err != nil {
		t.Fatalf("%+v, %v", list, err)
	}
}

func TestNeitherAccessNorSchemaReleasesADismissedChange(t *testing.T) {
	few, err := schema.New(recordsv1.File_zhurnal_records_v1_place_proto)
	if err != nil {
		t.Fatal(err)
	}
	e, _ := hooked(t, few)
	grant(t, e, "lyman", community, "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	withoutAccess := a.write(recordNamed("a"), &recordsv1.Venue{NameUk: "Клуб"})
	a.push(e)
	withoutSchema, other := b.write(recordNamed("b"), olena()), b.write(recordNamed("c"), olena())
	b.push(e)
	if err := e.Dismiss(bg, b.person, b.space, []merge.ID{withoutAccess.ID, withoutSchema.ID}, enteredTwice); err != nil {
		t.Fatal(err)
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(recordsv1.File_zhurnal_records_v1_person_proto),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, released, err := e.AddSchema(bg, b.person, set); err != nil || released != 1 {
		t.Fatalf("released %d, %v", released, err)
	}
	if released, err := e.SetAccess(bg, b.person, a.space, community, a.person, true); err != nil || released != 0 {
		t.Fatalf("released %d, %v", released, err)
	}
	mustBeDismissed(t, verdictOf(t, e, a, withoutAccess.ID), verdictOf(t, e, b, withoutSchema.ID))
	if o := verdictOf(t, e, b, other.ID); o.Verdict != wire.Applied {
		t.Fatalf("%+v", o)
	}
	b.pull(e, 0)
	b.mustEqual(e)
	if len(b.base) != 1 {
		t.Fatalf("%d records", len(b.base))
	}
}

// The author has lost access: what became of the change is told, and not why.
func TestWhoMayNotReadIsToldTheVerdictOnly(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	c := a.write(recordNamed("olena"), olena())
	a.push(e)
	if err := e.Dismiss(bg, b.person, b.space, []merge.ID{c.ID}, enteredTwice); err != nil {
		t.Fatal(err)
	}
	if o := verdictOf(t, e, a, c.ID); o.Verdict != wire.Dismissed || len(o.Findings) > 0 {
		t.Fatalf("%+v", o)
	}
	mustBeDismissed(t, verdictOf(t, e, b, c.ID))
}

func TestWhatCannotBeDismissed(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro")
	a := newDevice(t, "oksana", "lyman", 1)
	merged, poison := a.write(recordNamed("olena"), olena()), a.raw(thing("thing"))
	a.push(e)
	unknown := merge.ID{Replica: a.replica, Seq: 9, Tag: merge.Tag{9}}
	for name, c := range map[string]struct {
		by, space, reason string
		changes           []merge.ID
		want              fault.Kind
	}{
		"merged":          {"petro", "lyman", enteredTwice, []merge.ID{poison.ID, merged.ID}, fault.Invalid},
		"never received":  {"petro", "lyman", enteredTwice, []merge.ID{poison.ID, unknown}, fault.NotFound},
		"without access":  {"iryna", "lyman", enteredTwice, []merge.ID{poison.ID}, fault.NoAccess},
		"no such space":   {"petro", "nowhere", enteredTwice, []merge.ID{poison.ID}, fault.NoAccess},
		"without changes": {"petro", "lyman", enteredTwice, nil, fault.Invalid},
		"too many":        {"petro", "lyman", enteredTwice, slices.Repeat([]merge.ID{poison.ID}, limits.Asks+1), fault.TooLarge},
		"without reason":  {"petro", "lyman", "", []merge.ID{poison.ID}, fault.Invalid},
		"a reason's text": {"petro", "lyman", "entered twice", []merge.ID{poison.ID}, fault.Invalid},
		"a long reason":   {"petro", "lyman", strings.Repeat("a", 129), []merge.ID{poison.ID}, fault.Invalid},
	} {
		err := e.Dismiss(bg, personNamed(c.by), spaceNamed(c.space), c.changes, c.reason)
		if err == nil || fault.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if o := verdictOf(t, e, a, poison.ID); o.Verdict != wire.Quarantined {
			t.Fatalf("%s: nothing is to be dismissed, and it is %s", name, o.Verdict)
		}
	}
	if _, _, err := e.Quarantined(bg, personNamed("iryna"), a.space, ""); fault.KindOf(err) != fault.NoAccess {
		t.Errorf("a stranger lists what is in quarantine: %v", err)
	}
	if _, _, err := e.Quarantined(bg, a.person, a.space, "next"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a made-up token: %v", err)
	}
}

// The change is released while somebody is about to dismiss it.
func TestAReleaseBetweenLookingAndDismissing(t *testing.T) {
	e, hook := hooked(t, recordTypes())
	grant(t, e, "lyman", community, "petro")
	a := newDevice(t, "oksana", "lyman", 1)
	c := a.write(recordNamed("olena"), olena())
	a.push(e)
	*hook = func() { grant(t, e, "lyman", community, "oksana") }
	if err := e.Dismiss(bg, personNamed("petro"), a.space, []merge.ID{c.ID}, enteredTwice); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("%v", err)
	}
	if o := verdictOf(t, e, a, c.ID); o.Verdict != wire.Applied {
		t.Fatalf("%+v", o)
	}
}

func partOfOlena(t testing.TB, d *device, id merge.RecordID) merge.RecordWrites {
	t.Helper()
	part, err := d.types.Plan(participantType).Compose(d.space, nil, schema.Draft{Record: id, Message: olena()})
	if err != nil {
		t.Fatal(err)
	}
	return part
}

// Nothing goes on waiting for values that will never come.
func TestDismissingClosesTheFlagsThatWaited(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	id := recordNamed("olena")
	first := a.raw(partOfOlena(t, a, id), thing("thing"))
	second := a.write(id, &recordsv1.Participant{Phone: "+380670000000"}, "phone")
	a.push(e)
	if o := verdictOf(t, e, a, second.ID); o.Verdict != wire.Flagged || o.Findings[0].Cause != wire.ReplacedMissing {
		t.Fatalf("%+v", o)
	}
	mustBeMadeAnew(t, e, b, id)
	if err := e.Dismiss(bg, b.person, b.space, []merge.ID{first.ID}, enteredTwice); err != nil {
		t.Fatal(err)
	}
	mustBeMadeAnew(t, e, b, id)
	if o := verdictOf(t, e, a, second.ID); o.Verdict != wire.Applied {
		t.Fatalf("%+v", o)
	}
	b.pull(e, 0)
	b.mustEqual(e)
	if b.seen[second.ID] != wire.Applied {
		t.Fatalf("the log did not say that the flag is closed: %s", b.seen[second.ID])
	}
}

// mustBeMadeAnew checks that a record's history leads to the record as it is.
func mustBeMadeAnew(t testing.TB, e *syncengine.Engine, d *device, id merge.RecordID) {
	t.Helper()
	d.pull(e, 0)
	anew, err := e.RecordAt(bg, d.person, d.space, id, 0)
	if err != nil || string(merge.AppendRecord(nil, anew)) != string(merge.AppendRecord(nil, d.base[id])) {
		t.Fatalf("%+v where %+v is due, %v", anew, d.base[id], err)
	}
}

func TestQuarantinedChangesAreListedForReview(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	b.raw(thing("thing"))
	for i := range 300 {
		a.write(merge.RecordID{1, byte(i), byte(i >> 8)}, olena())
	}
	a.raw(fat(recordNamed("fat"), participantType, 30_000, 1))
	a.push(e)
	b.push(e)
	var list []syncengine.QuarantinedChange
	for token, more := "", true; more; more = token != "" {
		page, next, err := e.Quarantined(bg, b.person, b.space, token)
		if err != nil || len(page) == 0 || len(page) > 100 {
			t.Fatalf("%d changes, %v", len(page), err)
		}
		list, token = append(list, page...), next
	}
	if len(list) != 302 {
		t.Fatalf("%d changes", len(list))
	}
	for i := range 301 {
		q, c := list[i], a.chain[i]
		if q.Change != c.ID || q.Author != a.person || q.Sender != a.person || q.Stamp != c.Stamp || q.Received == 0 || q.Findings[0].Cause != wire.NoAccess {
			t.Fatalf("%d: %+v", i, q)
		}
	}
	last := list[301]
	if last.Change != b.chain[0].ID || last.Sender != b.person || last.Findings[0].Cause != wire.UnknownType || last.Records[0].Type != thing("").Type {
		t.Fatalf("%+v", last)
	}
	var ids []merge.ID
	for i := range list {
		ids = append(ids, list[i].Change)
	}
	if err := e.Dismiss(bg, b.person, b.space, ids, enteredTwice); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		mustBeDismissed(t, verdictOf(t, e, b, id))
	}
	b.pull(e, 0)
	b.mustEqual(e)
}
