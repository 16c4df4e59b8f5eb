package syncengine_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// asDialled is how a person writes a phone number, and not how the rule wants
// it.
const asDialled = "0501112233"

// ruled is a community in which Oksana, Petro and a coordinator write, on a disk
// that can be checked.
type ruled struct {
	t                   *testing.T
	e                   *syncengine.Engine
	disk                *store.Memory
	oksana, petro, hall *device
}

func openRuled(t *testing.T) *ruled {
	t.Helper()
	r := &ruled{t: t, disk: store.NewMemory()}
	var err error
	r.e, err = syncengine.Open(syncengine.Options{Memory: r.disk, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(7)})
	if err != nil {
		t.Fatal(err)
	}
	grant(t, r.e, "lyman", community, "oksana", "petro", "coordinator")
	r.oksana, r.petro, r.hall = newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2), newDevice(t, "coordinator", "lyman", 3)
	return r
}

// send pushes what is unsent on a tablet that has everything else.
func (r *ruled) send(d *device) []wire.Outcome {
	r.t.Helper()
	outcomes := d.push(r.e)
	d.pull(r.e, 0)
	return outcomes
}

// mustBe asks the server, and looks at what the log has told.
func (r *ruled) mustBe(id merge.ID, want wire.Verdict) {
	r.t.Helper()
	outcomes, err := r.e.Verdicts(r.oksana.person, r.oksana.space, []merge.ID{id})
	if err != nil || len(outcomes) != 1 || outcomes[0].Verdict != want || (want == wire.Flagged) != (len(outcomes[0].Findings) > 0) {
		r.t.Fatalf("%s is due: %+v, %v", want, outcomes, err)
	}
	if told := r.told(id); told != want {
		r.t.Fatalf("the log has told %s, and it is %s", told, want)
	}
	r.hall.pull(r.e, 0)
	r.hall.mustEqual(r.e)
}

// told is what the log says of a merged change to who reads all of it.
func (r *ruled) told(id merge.ID) wire.Verdict {
	r.t.Helper()
	return toldOf(r.log(), id)
}

// log is all of it.
func (r *ruled) log() []wire.LogEntry {
	r.t.Helper()
	page, err := r.e.Pull(bg, r.hall.person, r.hall.space, nil, limits.PageBytesMax)
	if err != nil || page.More {
		r.t.Fatalf("more %t, %v", page.More, err)
	}
	return page.Entries
}

func toldOf(entries []wire.LogEntry, id merge.ID) wire.Verdict {
	told := wire.Applied
	for i := range entries {
		for _, o := range entries[i].Outcomes {
			if o.Replica == id.Replica && o.FirstSeq <= id.Seq && id.Seq <= o.LastSeq {
				told = o.Verdict
			}
		}
	}
	return told
}

// mustReplay checks that the log makes the same rows once more. It is the end.
func (r *ruled) mustReplay() {
	r.t.Helper()
	if err := r.e.Close(); err != nil {
		r.t.Fatal(err)
	}
	c, err := syncengine.Check(bg, syncengine.Options{Memory: r.disk}, "", func(d syncengine.Damage) { r.t.Error(d) })
	if err != nil || c.Damages > 0 {
		r.t.Fatalf("%+v, %v", c, err)
	}
}

// flagged has Oksana register somebody with a phone that breaks a rule, and
// everyone see it.
func (r *ruled) flagged(id merge.RecordID) *merge.Change {
	r.t.Helper()
	bad := olena()
	bad.Phone = asDialled
	c := r.oksana.write(id, bad)
	if outcomes := r.send(r.oksana); outcomes[0].Verdict != wire.Flagged || outcomes[0].Findings[0].MessageKey != "string.pattern" {
		r.t.Fatalf("%+v", outcomes)
	}
	r.petro.pull(r.e, 0)
	r.mustBe(c.ID, wire.Flagged)
	return c
}

// void calls a record a mistake, as it stands on the device.
func (d *device) void(id merge.RecordID) *merge.Change {
	rec := d.view(id)
	return d.raw(merge.RecordWrites{Type: rec.Type, Record: id, Header: rec.Header, Writes: []merge.Write{
		{Cell: merge.Lifecycle, Value: rec.LiveChanges().Encode(), Replaces: rec.Cell(merge.Lifecycle).Seen()},
	}})
}

// meant calls it meant again.
func (d *device) meant(id merge.RecordID) *merge.Change {
	rec := d.view(id)
	return d.raw(merge.RecordWrites{Type: rec.Type, Record: id, Header: rec.Header, Writes: []merge.Write{
		{Cell: merge.Lifecycle, Replaces: rec.Cell(merge.Lifecycle).Seen()},
	}})
}

func TestARuleFlagClosesWhenItsValueIsCorrected(t *testing.T) {
	id, phone := recordNamed("olena"), &recordsv1.Participant{Phone: "+380501112233"}
	for name, correct := range map[string]func(r *ruled){
		"by its author":         func(r *ruled) { r.oksana.write(id, phone, "phone"); r.send(r.oksana) },
		"by somebody else":      func(r *ruled) { r.petro.write(id, phone, "phone"); r.send(r.petro) },
		"by a coordinator":      func(r *ruled) { settleAs(r, id, phone) },
		"by clearing the field": func(r *ruled) { r.petro.write(id, &recordsv1.Participant{}, "phone"); r.send(r.petro) },
		"by a void":             func(r *ruled) { r.petro.void(id); r.send(r.petro) },
	} {
		t.Run(name, func(t *testing.T) {
			r := openRuled(t)
			bad := r.flagged(id)
			correct(r)
			r.mustBe(bad.ID, wire.Applied)
			r.mustReplay()
		})
	}
}

func settleAs(r *ruled, id merge.RecordID, msg proto.Message) {
	r.t.Helper()
	data, err := proto.Marshal(msg)
	if err != nil {
		r.t.Fatal(err)
	}
	plan := recordTypes().Plan(participantType)
	number := uint32(plan.Descriptor().Fields().ByName("phone").Number())
	if _, _, err := r.e.Write(bg, r.hall.person, r.hall.space, []syncengine.WriteRecord{{Type: participantType, Record: id, Message: data, Fields: []uint32{number}}}); err != nil {
		r.t.Fatal(err)
	}
}

// What is written beside the value, or without having seen it, corrects nothing.
// Who writes another that breaks the rule is asked in place of the first.
func TestARuleFlagStandsWhileItsValueDoes(t *testing.T) {
	r, id := openRuled(t), recordNamed("olena")
	blind := newDevice(t, "petro", "lyman", 4)
	bad := r.flagged(id)
	r.petro.write(id, &recordsv1.Participant{NameLatin: "Olena"}, "name_latin")
	r.send(r.petro)
	blind.write(id, &recordsv1.Participant{Phone: "+380501112233"}, "phone")
	r.send(blind)
	r.mustBe(bad.ID, wire.Flagged)
	again := r.petro.write(id, &recordsv1.Participant{Phone: "0671112233"}, "phone")
	mustVerdict(t, r.send(r.petro), wire.Flagged, wire.RuleFailed)
	r.mustBe(bad.ID, wire.Applied) // it is Petro's now
	r.mustBe(again.ID, wire.Flagged)
	r.oksana.pull(r.e, 0)
	r.oksana.write(id, &recordsv1.Participant{Phone: "+380671112233"}, "phone")
	r.send(r.oksana)
	r.mustBe(again.ID, wire.Applied)
	r.mustReplay()
}

// A correction that comes before what it corrects leaves nothing to ask.
func TestWhatComesCorrectedIsNotFlagged(t *testing.T) {
	r, id := openRuled(t), recordNamed("olena")
	bad := r.oksana.write(id, &recordsv1.Participant{FamilyName: "Шевченко", Phone: asDialled})
	good := r.oksana.write(id, &recordsv1.Participant{Phone: "+380501112233"}, "phone")
	r.oksana.unsent = []*merge.Change{good}
	mustVerdict(t, r.oksana.push(r.e), wire.Flagged, wire.PredecessorMissing)
	r.oksana.unsent = []*merge.Change{bad}
	mustVerdict(t, r.oksana.push(r.e), wire.Applied, 0)
	r.mustBe(bad.ID, wire.Applied)
	r.mustBe(good.ID, wire.Applied)
	r.mustReplay()
}

// So does a void that comes before what its author had seen.
func TestWhatComesIntoAVoidThatHasSeenItIsNotFlagged(t *testing.T) {
	r, id := openRuled(t), recordNamed("olena")
	bad := r.oksana.write(id, &recordsv1.Participant{FamilyName: "Шевченко", Phone: asDialled})
	void := r.oksana.void(id)
	r.oksana.unsent = []*merge.Change{void}
	mustVerdict(t, r.oksana.push(r.e), wire.Flagged, wire.PredecessorMissing)
	r.oksana.unsent = []*merge.Change{bad}
	mustVerdict(t, r.oksana.push(r.e), wire.Applied, 0)
	r.mustBe(bad.ID, wire.Applied)
	r.mustReplay()
}

// A void closes what it has seen, for good; what it has not seen is flagged.
func TestAVoidClosesRuleFlagsForGood(t *testing.T) {
	r, id := openRuled(t), recordNamed("olena")
	bad := r.flagged(id)
	r.petro.void(id)
	unseen := r.oksana.write(id, &recordsv1.Participant{Phone: "067"}, "phone")
	r.send(r.petro)
	r.mustBe(bad.ID, wire.Applied)
	mustVerdict(t, r.send(r.oksana), wire.Flagged, wire.RuleFailed)
	r.mustBe(unseen.ID, wire.Flagged) // the void is contested
	r.petro.pull(r.e, 0)
	r.petro.void(id)
	r.send(r.petro)
	r.mustBe(unseen.ID, wire.Applied)
	r.petro.meant(id)
	r.send(r.petro)
	r.mustBe(unseen.ID, wire.Applied)
	r.mustReplay()
}

// The fixture's fare is for visits that were made: a rule over two cells. It
// closes with either of them, and with no other.
func TestARuleOverSeveralCellsClosesWithOneOfThem(t *testing.T) {
	types, visit := withVisits(t)
	for field, value := range map[string]string{"outcome": "outcome: OUTCOME_MET", "fare_minor": "fare_minor: 0"} {
		r := openRuled(t)
		if _, _, err := r.e.AddSchema(bg, r.oksana.person, fixture(t)); err != nil {
			t.Fatal(err)
		}
		r.oksana.types, r.petro.types = types, types
		broken := r.oksana.write(merge.RecordID{}, visit("outcome: OUTCOME_REFUSED fare_minor: 500 rank: 2"))
		r.send(r.oksana)
		r.petro.pull(r.e, 0)
		r.petro.write(merge.RecordID{}, visit("rank: 3"), "rank")
		r.send(r.petro)
		if fares := r.findings(broken.ID, "visit.fare"); len(fares) != 1 || fares[0].Field != 0 || !slices.Equal(fares[0].Fields, []uint32{5, 8}) {
			t.Errorf("%s: %+v", field, fares)
		}
		r.petro.write(merge.RecordID{}, visit(value), field)
		r.send(r.petro)
		if fares := r.findings(broken.ID, "visit.fare"); len(fares) != 0 {
			t.Errorf("%s is corrected, and the flag stands: %+v", field, fares)
		}
		r.mustReplay()
	}
}

// findings are those about the change that are open under a key.
func (r *ruled) findings(id merge.ID, key string) []wire.Finding {
	r.t.Helper()
	outcomes, err := r.e.Verdicts(r.oksana.person, r.oksana.space, []merge.ID{id})
	if err != nil || len(outcomes) != 1 {
		r.t.Fatalf("%+v, %v", outcomes, err)
	}
	return slices.DeleteFunc(outcomes[0].Findings, func(f wire.Finding) bool { return f.MessageKey != key })
}

// fixture is the descriptor image of the types that the schema's tests use.
func fixture(t *testing.T) []byte {
	t.Helper()
	image, err := os.ReadFile("schema/testdata/newer.binpb")
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// withVisits knows the fixture's visits too, and reads one person's of one day.
func withVisits(t *testing.T) (*schema.Schema, func(text string) proto.Message) {
	t.Helper()
	types, _, err := recordTypes().With(fixture(t))
	if err != nil {
		t.Fatal(err)
	}
	plan := types.Plan("zhurnal.fixture.v1.Visit")
	return types, func(text string) proto.Message {
		msg := plan.NewMessage()
		if err := prototext.Unmarshal([]byte(`day: 20260801 person_id: "olena-olena-olen" `+text), msg); err != nil {
			t.Fatal(err)
		}
		return msg
	}
}

const phoneField = 30 // of Participant

// A change that waits for many things which come in one entry is told of twice:
// as it was applied, by which every copy applies it, and as the entry leaves it.
func TestManyArrivalsInOneEntryAreToldOnce(t *testing.T) {
	r := openRuled(t)
	const persons = 300
	var records []merge.RecordWrites
	for i := range persons {
		id := recordNamed(fmt.Sprint("person", i))
		first := r.oksana.write(id, olena())
		w := merge.RecordWrites{Type: participantType, Record: id, Writes: []merge.Write{{Cell: merge.CellKey{Field: phoneField}, Replaces: []merge.ID{first.ID}}}}
		records = append(records, w)
	}
	seen := r.oksana.unsent
	r.oksana.unsent = nil
	r.petro.raw(records...)
	r.petro.push(r.e)
	r.oksana.unsent = seen
	r.oksana.push(r.e)
	entries := r.log()
	told, findings := 0, 0
	for _, entry := range entries {
		for _, o := range entry.Outcomes {
			told++
			findings += len(o.Findings)
		}
	}
	if told > 2+len(entries) || findings > persons*len(entries) {
		t.Errorf("%d outcomes with %d findings in %d entries", told, findings, len(entries))
	}
	r.mustBe(r.petro.chain[0].ID, wire.Applied)
	r.mustReplay()
}
