package persons

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

const (
	community = schemav1.SpaceKind_SPACE_KIND_COMMUNITY
	same      = recordsv1.LinkVerdict_LINK_VERDICT_SAME
	different = recordsv1.LinkVerdict_LINK_VERDICT_DIFFERENT
	unsure    = recordsv1.LinkVerdict_LINK_VERDICT_UNSURE
)

// Ids that a reader of a failure recognises.
func space(name string) (id merge.SpaceID)   { copy(id[:], name); return id }
func person(name string) (id merge.PersonID) { copy(id[:], name); return id }
func record(name string) (id merge.RecordID) { copy(id[:], name); return id }

// programme is an engine with two communities and a desk: Iryna and Maria
// coordinate both, Olena only takes the register of Lyman, Taras has the desk and
// Lyman. A third community is of another programme, which Iryna may read as well.
type programme struct {
	*syncengine.Engine
	t      testing.TB
	finder *Finder
	reads  int
}

func (p *programme) Changed(space merge.SpaceID, after uint64, each func(*merge.Record) error) (uint64, bool, error) {
	p.reads++
	return p.Engine.Changed(space, after, each)
}

func newProgramme(t testing.TB) *programme {
	t.Helper()
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := syncengine.Open(syncengine.Options{
		Memory: store.NewMemory(), Schema: types, Random: rand.Reader, Now: func() int64 { return 1_475_000_000_000 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &programme{Engine: engine, t: t}
	p.finder = New(p)
	p.grant("lyman", community, "olena", "iryna", "maria", "taras")
	p.grant("svatove", community, "iryna", "maria")
	p.grant("elsewhere", community, "iryna")
	p.grant("desk", schemav1.SpaceKind_SPACE_KIND_DESK, "iryna", "maria", "taras")
	p.grant("room", schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM, "iryna")
	return p
}

func (p *programme) grant(to string, kind schemav1.SpaceKind, people ...string) {
	p.t.Helper()
	for _, name := range people {
		if _, err := p.SetAccess(context.Background(), person("admin"), space(to), kind, person(name), true); err != nil {
			p.t.Fatal(err)
		}
	}
}

// register writes a participant: "Шевченко Олена", with the id that is its name
// and the place.
func (p *programme) register(where, name string, also ...*recordsv1.Participant) merge.RecordID {
	p.t.Helper()
	family, given, _ := strings.Cut(name, " ")
	msg := &recordsv1.Participant{FamilyName: family, GivenName: given}
	for _, more := range also {
		proto.Merge(msg, more)
	}
	data, err := proto.Marshal(msg)
	if err != nil {
		p.t.Fatal(err)
	}
	id := record(where[:2] + " " + names.Skeleton(name))
	p.write("iryna", where, syncengine.WriteRecord{Type: participantType, Record: id, Message: data})
	return id
}

func (p *programme) write(author, where string, w syncengine.WriteRecord) {
	p.t.Helper()
	if _, _, err := p.Write(p.t.Context(), person(author), space(where), []syncengine.WriteRecord{w}); err != nil {
		p.t.Fatal(err)
	}
}

// by is somebody who asks at the desk of the programme, or in a community.
func by(who, where string) Asker {
	return Asker{Person: person(who), Space: space(where), With: map[merge.SpaceID]bool{space("lyman"): true, space("svatove"): true, space("desk"): true}}
}

func (p *programme) list(a Asker, state State) []Pair {
	p.t.Helper()
	page, err := p.finder.List(p.t.Context(), a, state, "", 0)
	if err != nil {
		p.t.Fatal(err)
	}
	if page.Total != len(page.Pairs) || page.Next != "" {
		p.t.Errorf("%d pairs of %d, next %q", len(page.Pairs), page.Total, page.Next)
	}
	return page.Pairs
}

func (p *programme) decide(who string, one, other merge.RecordID, says recordsv1.LinkVerdict, basis string) Pair {
	p.t.Helper()
	pair, err := p.finder.Decide(p.t.Context(), by(who, "desk"), one, other, Verdict{says, basis})
	if err != nil {
		p.t.Fatal(err)
	}
	return pair
}

// links are the PersonLink records of a space.
func (p *programme) links(where string) (n int) {
	p.t.Helper()
	_, err := p.Engine.Records(space(where), func(rec *merge.Record) error {
		if rec.Type == linkType {
			n++
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

func TestADuplicateWaitsIsDecidedAndTakenBack(t *testing.T) {
	p := newProgramme(t)
	olena, elena := p.register("lyman", "Шевченко Олена"), p.register("lyman", "Shevchenko Elena")
	p.register("lyman", "Коваль Іван")
	waiting := p.list(by("iryna", "desk"), Waiting)
	if len(waiting) != 1 || waiting[0].Points == 0 || len(waiting[0].Reasons) < 2 || waiting[0].Linked || waiting[0].Decisions != nil {
		t.Fatalf("waiting %+v", waiting)
	}
	if two := sorted(olena, elena); waiting[0].First.ID != two[0] || waiting[0].Second.ID != two[1] || waiting[0].First.Space != space("lyman") {
		t.Errorf("waiting %+v", waiting[0])
	}

	pair := p.decide("iryna", elena, olena, same, "той самий паспорт")
	if !pair.Linked || len(pair.Decisions) != 1 || pair.First.Registrations != 2 {
		t.Errorf("decided %+v", pair)
	}
	d := pair.Decisions[0]
	if d.Decider != person("iryna") || d.Verdict != same || d.Basis != "той самий паспорт" || d.Space != space("lyman") || d.AtMillis == 0 {
		t.Errorf("decision %+v, want one that tablets of the community have", d)
	}
	if n, m := p.links("lyman"), p.links("desk"); n != 1 || m != 0 {
		t.Errorf("%d links in the community, %d at the desk", n, m)
	}
	if waiting, decided := p.list(by("iryna", "desk"), Waiting), p.list(by("maria", "lyman"), Decided); len(waiting) != 0 || len(decided) != 1 || !decided[0].Linked {
		t.Errorf("waiting %v, decided %v", waiting, decided)
	}

	pair = p.decide("iryna", olena, elena, TakenBack.Says, "")
	if pair.Linked || len(pair.Decisions) != 0 {
		t.Errorf("taken back %+v", pair)
	}
	if waiting := p.list(by("iryna", "desk"), Waiting); len(waiting) != 1 {
		t.Errorf("waiting %v, once it was taken back", waiting)
	}
	if p.decide("iryna", olena, elena, different, ""); p.links("lyman") != 1 {
		t.Error("another decision of one person is another record")
	}
}

func TestPeopleOfTwoCommunitiesAreLinkedAtTheDesk(t *testing.T) {
	p := newProgramme(t)
	one, other := p.register("lyman", "Шевченко Олена"), p.register("svatove", "Shevchenko Olena")
	p.register("elsewhere", "Шевченко Олена")
	if waiting := p.list(by("iryna", "desk"), Waiting); len(waiting) != 1 {
		t.Fatalf("waiting %v, want the two of the programme", waiting)
	}
	for name, a := range map[string]Asker{"in one community": by("iryna", "lyman"), "who may not read the other": by("taras", "desk")} {
		if waiting := p.list(a, Waiting); len(waiting) != 0 {
			t.Errorf("%s: waiting %v", name, waiting)
		}
		if _, err := p.finder.Decide(t.Context(), a, one, other, Verdict{Says: same}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: decided: %v", name, err)
		}
		if _, err := p.finder.Find(t.Context(), a, other); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: found: %v", name, err)
		}
	}
	p.decide("iryna", one, other, same, "")
	if n, m := p.links("lyman")+p.links("svatove"), p.links("desk"); n != 0 || m != 1 {
		t.Errorf("%d links in the communities, %d at the desk", n, m)
	}
	if decided := p.list(by("taras", "desk"), Decided); len(decided) != 0 {
		t.Errorf("decided %v, of which he may see one half", decided)
	}
}

func TestDecidersWhoContradictEachOther(t *testing.T) {
	p := newProgramme(t)
	one, other := p.register("lyman", "Шевченко Олена"), p.register("lyman", "Shevchenko Elena")
	p.decide("iryna", one, other, same, "")
	if pair := p.decide("maria", one, other, different, "дві сестри"); pair.Linked || len(pair.Decisions) != 2 {
		t.Errorf("decided %+v", pair)
	}
	if undecided := p.list(by("iryna", "desk"), Undecided); len(undecided) != 1 || undecided[0].Points == 0 {
		t.Errorf("undecided %v", undecided)
	}
	if pair := p.decide("maria", one, other, unsure, "спитати в Ірини"); !pair.Linked {
		t.Errorf("decided %+v, once nobody says that they differ", pair)
	}
	p.decide("iryna", one, other, TakenBack.Says, "")
	if undecided := p.list(by("iryna", "desk"), Undecided); len(undecided) != 1 || undecided[0].Linked {
		t.Errorf("undecided %v, while nobody is sure", undecided)
	}
}

func TestWhatIsNoDecision(t *testing.T) {
	p := newProgramme(t)
	one, other := p.register("lyman", "Шевченко Олена"), p.register("lyman", "Shevchenko Elena")
	for name, c := range map[string]struct {
		a          Asker
		one, other merge.RecordID
		v          Verdict
		want       fault.Kind
	}{
		"nothing to take back":        {by("iryna", "desk"), one, other, TakenBack, fault.Invalid},
		"unsure without a reason":     {by("iryna", "desk"), one, other, Verdict{Says: unsure}, fault.Invalid},
		"no such verdict":             {by("iryna", "desk"), one, other, Verdict{Says: 9}, fault.Invalid},
		"too long a reason":           {by("iryna", "desk"), one, other, Verdict{same, strings.Repeat("ї", basisMost+1)}, fault.TooLarge},
		"a reason that is no text":    {by("iryna", "desk"), one, other, Verdict{same, "\xff"}, fault.Invalid},
		"with itself":                 {by("iryna", "desk"), one, one, Verdict{Says: same}, fault.Invalid},
		"with nobody":                 {by("iryna", "desk"), one, record("nobody"), Verdict{Says: same}, fault.NotFound},
		"a desk that is not there":    {by("iryna", "another"), one, other, Verdict{Says: same}, fault.NoAccess},
		"a desk that is not for them": {by("olena", "desk"), one, other, Verdict{Says: same}, fault.NoAccess},
		"in a room":                   {by("iryna", "room"), one, other, Verdict{Says: same}, fault.Invalid},
	} {
		if _, err := p.finder.Decide(t.Context(), c.a, c.one, c.other, c.v); err == nil || fault.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.finder.Decide(t.Context(), by("iryna", "desk"), one, other, Verdict{same, strings.Repeat("ї", basisMost)}); err != nil {
		t.Errorf("as long a reason as there may be: %v", err)
	}
	p.decide("iryna", one, other, same, "")
	if pair := p.decide("iryna", one, other, same, ""); !pair.Linked {
		t.Errorf("said twice: %+v", pair)
	}
	if _, err := p.finder.List(t.Context(), by("iryna", "desk"), Waiting, "what", 0); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a token that is none: %v", err)
	}
}

func TestPagesHaveEachPairOnceWhileOthersAreDecided(t *testing.T) {
	p := newProgramme(t)
	for i := range 2*pageMost + 30 {
		name := fmt.Sprintf("Кова%cль%c Олена", 'а'+i%20, 'а'+i/20)
		p.register("lyman", name)
		p.register("svatove", name)
	}
	seen, token, pages := map[[2]merge.RecordID]bool{}, "", 0
	for {
		page, err := p.finder.List(t.Context(), by("iryna", "desk"), Waiting, token, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range page.Pairs {
			ids := sorted(pair.First.ID, pair.Second.ID)
			if seen[ids] {
				t.Errorf("%v is on two pages", ids)
			}
			seen[ids] = true
		}
		if pages++; page.Next == "" {
			break
		}
		first := page.Pairs[0]
		p.decide("iryna", first.First.ID, first.Second.ID, same, "")
		token = page.Next
	}
	if want := p.total(Waiting) + pages - 1; len(seen) < want {
		t.Errorf("%d pairs on %d pages, want %d", len(seen), pages, want)
	}
}

// total is how many pairs there are in a state.
func (p *programme) total(state State) int {
	page, err := p.finder.List(p.t.Context(), by("iryna", "desk"), state, "", 1)
	if err != nil {
		p.t.Fatal(err)
	}
	return page.Total
}

func TestASpaceIsReadAgainOnlyOnceItHasMoved(t *testing.T) {
	p := newProgramme(t)
	p.register("lyman", "Шевченко Олена")
	p.register("svatove", "Shevchenko Olena")
	p.list(by("iryna", "desk"), Waiting)
	before := p.reads
	p.list(by("iryna", "desk"), Waiting)
	p.list(by("maria", "desk"), Waiting)
	if p.reads != before {
		t.Errorf("read %d spaces again", p.reads-before)
	}
	p.register("lyman", "Коваль Іван")
	if p.list(by("iryna", "desk"), Waiting); p.reads != before+1 {
		t.Errorf("read %d spaces again, want the one that has moved", p.reads-before)
	}
}

func TestWhoIsErasedLeavesTheList(t *testing.T) {
	p := newProgramme(t)
	p.register("svatove", "Shevchenko Olena")
	id := p.register("lyman", "Шевченко Олена")
	if n := p.total(Waiting); n != 1 {
		t.Fatalf("%d waiting", n)
	}
	if _, err := p.Erase(t.Context(), person("dpo"), space("lyman"), id, nil); err != nil {
		t.Fatal(err)
	}
	if p.total(Waiting) != 0 {
		t.Error("still waiting")
	}
	if got, err := p.finder.Search(t.Context(), by("iryna", "desk"), "", "", 0); err != nil || got.Total != 1 {
		t.Errorf("found %+v, %v, want the one who is left", got, err)
	}
}

func TestFindingPeopleInAnyScript(t *testing.T) {
	p := newProgramme(t)
	olena := p.register("lyman", "Шевченко Олена", &recordsv1.Participant{Code: "K7-0412-9"})
	elena := p.register("svatove", "Shevchenko Elena")
	p.register("lyman", "Ґедзь Іван")
	p.register("lyman", "Гайда Іван")
	p.register("lyman", "Єнко Іван")
	p.decide("iryna", olena, elena, same, "")
	search := func(text string) (found []string) {
		got, err := p.finder.Search(t.Context(), by("iryna", "desk"), text, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, someone := range got.People {
			found = append(found, fmt.Sprintf("%s (%d)", someone.Registrations[0].Shown.GetFamilyName(), len(someone.Registrations)))
		}
		return found
	}
	for text, want := range map[string][]string{
		"шевч": {"Шевченко (2)"}, "Shevchenko Olena": {"Шевченко (2)"}, "елена": {"Шевченко (2)"}, "k7-0412-9": {"Шевченко (2)"}, "gedz": {"Ґедзь (1)"}, "ніхто": nil,
		"":     {"Гайда (1)", "Ґедзь (1)", "Єнко (1)", "Шевченко (2)"}, // Ґ after Г, Є after Е
		"Ivan": {"Гайда (1)", "Ґедзь (1)", "Єнко (1)"},
	} {
		if got := search(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	someone, err := p.finder.Find(t.Context(), by("iryna", "desk"), elena)
	if err != nil || len(someone.Registrations) != 2 || len(someone.Pairs) != 1 || !someone.Pairs[0].Linked || someone.Registrations[0].Latin() != "Shevchenko Olena" {
		t.Errorf("found %+v, %v", someone, err)
	}
}

func TestWhoGaveUpWaitsNoMore(t *testing.T) {
	p := newProgramme(t)
	p.finder.turn <- struct{}{} // somebody else's
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.finder.List(ctx, by("iryna", "desk"), Waiting, "", 0); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	<-p.finder.turn
}

// One woman, marked under two registrations in two communities.
func TestWhereAPersonWas(t *testing.T) {
	p := newProgramme(t)
	olena, elena := p.register("lyman", "Шевченко Олена"), p.register("svatove", "Shevchenko Elena")
	other := p.register("lyman", "Коваль Іван")
	p.decide("iryna", olena, elena, same, "")
	put := func(where string, id merge.RecordID, msg proto.Message) merge.RecordID {
		t.Helper()
		data, err := proto.Marshal(msg)
		if err != nil {
			t.Fatal(err)
		}
		name := string(msg.ProtoReflect().Descriptor().FullName())
		p.write("iryna", where, syncengine.WriteRecord{Type: name, Record: id, Message: data})
		if header, err := p.Schema().Plan(name).Header(msg); err == nil && len(header) > 0 {
			return merge.KeyedRecordID(space(where), name, header)
		}
		return id
	}
	training := record("first aid")
	put("lyman", training, &recordsv1.Training{TitleUk: "Домедична допомога", TitleEn: "First aid"})
	day := put("lyman", merge.RecordID{}, &recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 2, FieldDate: 20160802})
	recorder := person("olena")
	for _, who := range []merge.RecordID{olena, other} {
		put("lyman", merge.RecordID{}, &recordsv1.AttendanceMark{
			SessionId: day[:], ParticipantId: who[:], RecorderId: recorder[:],
			Presence: recordsv1.Presence_PRESENCE_LATE, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL,
		})
	}
	concert := record("concert")
	put("svatove", concert, &recordsv1.Event{TitleUk: "Концерт", DateStart: 20160910})
	put("svatove", merge.RecordID{}, &recordsv1.Participation{EventId: concert[:], ParticipantId: elena[:]})
	put("svatove", record("another"), &recordsv1.Event{TitleUk: "Виставка", DateStart: 20160911})

	someone, err := p.finder.Find(t.Context(), by("iryna", "desk"), elena)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.finder.Attended(t.Context(), &someone)
	want := []Attended{
		{Activity: fieldwork.Ref{Space: space("svatove"), Record: concert}, Event: true, TitleUk: "Концерт", Date: 20160910, Outcome: fieldwork.Present},
		{Activity: fieldwork.Ref{Space: space("lyman"), Record: training}, TitleUk: "Домедична допомога", TitleEn: "First aid", Day: 2, Date: 20160802, Outcome: fieldwork.Late},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("attended %+v, %v\nwant     %+v", got, err, want)
	}
}
