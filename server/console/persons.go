package console

import (
	"encoding/hex"
	"net/url"

	"connectrpc.com/connect"

	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const (
	duplicatesPath = "/duplicates"
	peoplePath     = "/people"
)

var personRoutes = []route{
	{pattern: "GET " + duplicatesPath, asks: personsv1connect.PersonsServiceListPairsProcedure, text: "duplicates.title", handle: showDuplicates},
	{pattern: "POST " + duplicatesPath, asks: personsv1connect.PersonsServiceDecideProcedure, handle: decidePair},
	{pattern: "GET " + peoplePath, asks: personsv1connect.PersonsServiceListPeopleProcedure, text: "people.title", handle: showPeople},
	{pattern: "GET " + peoplePath + "/{person}", asks: personsv1connect.PersonsServiceGetPersonProcedure, handle: showPerson},
}

// personRoles open a space to who looks at people.
var personRoles = rolesFor(personsv1connect.PersonsServiceListPairsProcedure)

// among is in which space a page about people looks, and which others there are.
type among struct {
	Space  string // in hexadecimal digits
	Places []placeOfPeople
}

// placeOfPeople is a desk, for all communities of its programme, or a community.
type placeOfPeople struct {
	ID, Name string
	Desk     bool
	Here     bool
}

// placesOfPeople are the desks and the communities in which the reader looks at
// people.
func (v *visit) placesOfPeople() (desks, communities []merge.SpaceID) {
	for _, space := range v.spaces(personRoles...) {
		switch v.view.Space(space).GetKind() {
		case schemav1.SpaceKind_SPACE_KIND_DESK:
			desks = append(desks, space)
		case schemav1.SpaceKind_SPACE_KIND_COMMUNITY:
			communities = append(communities, space)
		}
	}
	return desks, communities
}

// among reads which space is meant: the one that the address names, or else the
// first desk, or the first community.
func (v *visit) among() (a among, id merge.SpaceID, err error) {
	desks, communities := v.placesOfPeople()
	all := append(desks, communities...)
	switch asked := v.asked("in"); {
	case asked != "":
		if id, err = parseID[merge.SpaceID](asked); err != nil {
			return a, id, err
		}
	case len(all) == 0:
		return a, id, errNoPage
	default:
		id = all[0]
	}
	a.Space = id.String()
	for i, space := range all {
		a.Places = append(a.Places, placeOfPeople{space.String(), v.spaceName(space), i < len(desks), space == id})
	}
	return a, id, nil
}

// pairsShown is how many pairs a page has: so many can be looked through without a
// break, and the page is there at once also where 10,000 wait.
const pairsShown = 20

// duplicatesPage is what persons_duplicates.html is given.
type duplicatesPage struct {
	among
	State string
	Total int
	Pairs []pairShown
	More  more
	// Undo is the pair that was decided just now; nil if there was none.
	Undo *undo
}

type undo struct{ Space, First, Second string }

// states are those of pairs, by how addresses name them.
var states = map[string]personsv1.PairState{
	"": personsv1.PairState_PAIR_STATE_WAITING, "undecided": personsv1.PairState_PAIR_STATE_UNDECIDED, "decided": personsv1.PairState_PAIR_STATE_DECIDED,
}

func showDuplicates(v *visit) error {
	a, space, err := v.among()
	if err != nil {
		return err
	}
	data := duplicatesPage{among: a, State: v.asked("state")}
	state, ok := states[data.State]
	if !ok {
		return errNoPage
	}
	resp, err := v.calls.persons.ListPairs(v.ctx(), connect.NewRequest(&personsv1.ListPairsRequest{
		SpaceId: space[:], State: state, PageToken: v.asked(pageToken), PageSize: pairsShown,
	}))
	if err != nil {
		return err
	}
	data.Total, data.More = int(resp.Msg.Total), v.moreFrom(resp.Msg.NextPageToken)
	for i, p := range resp.Msg.Pairs {
		data.Pairs = append(data.Pairs, v.pairShown(a.Space, p, i == 0))
	}
	if first, second := v.asked("first"), v.asked("second"); first != "" && v.asked("done") != "taken_back" {
		data.Undo = &undo{a.Space, first, second}
	}
	return v.show(page.Page{Name: "persons_duplicates", Title: "duplicates.title", Wide: true, Data: data})
}

// verdictsSaid are what a form may say.
var verdictsSaid = map[string]recordsv1.LinkVerdict{
	"same": recordsv1.LinkVerdict_LINK_VERDICT_SAME, "different": recordsv1.LinkVerdict_LINK_VERDICT_DIFFERENT,
	"unsure": recordsv1.LinkVerdict_LINK_VERDICT_UNSURE, "taken_back": recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED,
}

// decidePair writes what was decided, and goes back to where the pair was.
func decidePair(v *visit) error {
	space, err := parseID[merge.SpaceID](v.asked("in"))
	if err != nil {
		return err
	}
	first, err := parseID[merge.RecordID](v.asked("first"))
	if err != nil {
		return err
	}
	second, err := parseID[merge.RecordID](v.asked("second"))
	if err != nil {
		return err
	}
	said := v.asked("verdict")
	verdict, ok := verdictsSaid[said]
	if !ok {
		return errNoID
	}
	req := &personsv1.DecideRequest{SpaceId: space[:], FirstPersonId: first[:], SecondPersonId: second[:], Verdict: verdict, Basis: v.asked("basis")}
	if _, err := v.calls.persons.Decide(v.ctx(), connect.NewRequest(req)); err != nil {
		return err
	}
	back, err := url.Parse(page.Within(v.asked("back"), duplicatesPath))
	if err != nil {
		return err
	}
	query := back.Query()
	query.Set("in", space.String())
	query.Set("first", first.String())
	query.Set("second", second.String())
	back.RawQuery = query.Encode()
	return v.done(back.String(), said)
}

// pairShown is a pair as a card shows it.
type pairShown struct {
	*personsv1.RegistrationPair
	Space     string
	Sides     [2]side
	Reasons   []names.Reason
	Decisions []decisionShown
	// Mine says that the reader has decided about the pair.
	Mine bool
	// Leading says that it is the first of the page, which the keys decide.
	Leading bool
}

// side is one of two registrations, or one in a list.
type side struct {
	*recordsv1.Participant
	ID, Space        string // in hexadecimal digits
	Latin, Community string
	Registrations    int
}

type decisionShown struct {
	*personsv1.LinkDecision
	Who string
	You bool
}

func (v *visit) pairShown(space string, p *personsv1.RegistrationPair, leading bool) pairShown {
	shown := pairShown{RegistrationPair: p, Space: space, Sides: [2]side{v.side(p.First), v.side(p.Second)}, Leading: leading}
	for _, key := range p.ReasonKeys {
		shown.Reasons = append(shown.Reasons, names.Reason(key))
	}
	for _, d := range p.Decisions {
		mine := string(d.DeciderId) == string(v.who.Person[:])
		shown.Mine = shown.Mine || mine
		shown.Decisions = append(shown.Decisions, decisionShown{d, v.userName(d.DeciderId), mine})
	}
	return shown
}

func (v *visit) side(r *personsv1.Registration) side {
	space := merge.SpaceID(r.SpaceId)
	return side{r.Participant, hex.EncodeToString(r.PersonId), space.String(), r.NameLatin, v.spaceName(space), int(r.Registrations)}
}

// Name is the whole name as it was entered.
func (s side) Name() string {
	name := ""
	for _, part := range []string{s.GetFamilyName(), s.GetGivenName(), s.GetPatronymic()} {
		if part != "" {
			name += " " + part
		}
	}
	if name == "" {
		return "—"
	}
	return name[1:]
}

// Age is the one that was told, in whole years.
func (s side) Age() int { return int(s.GetAgeYears()) }

// SexKey is the key of the text for the sex; empty where it was not entered.
func (s side) SexKey() string {
	switch s.GetSex() {
	case recordsv1.Sex_SEX_FEMALE:
		return "sex.female"
	case recordsv1.Sex_SEX_MALE:
		return "sex.male"
	case recordsv1.Sex_SEX_UNSPECIFIED:
		return ""
	default:
		return "sex.undisclosed"
	}
}

// Differ tells whether two registrations have something both, and not the same.
func (p pairShown) Differ(field string) bool {
	a, b := p.Sides[0].value(field), p.Sides[1].value(field)
	return a != "" && b != "" && a != b
}

func (s side) value(field string) string {
	switch field {
	case "sex":
		return s.SexKey()
	case "phone":
		return s.GetPhone()
	case "residence":
		return s.GetResidencePcode()
	default:
		return ""
	}
}

// VerdictKey is the key of the text for what a decider says.
func (d decisionShown) VerdictKey() string {
	switch d.Verdict {
	case recordsv1.LinkVerdict_LINK_VERDICT_SAME:
		return "verdict.same"
	case recordsv1.LinkVerdict_LINK_VERDICT_DIFFERENT:
		return "verdict.different"
	default:
		return "verdict.unsure"
	}
}
