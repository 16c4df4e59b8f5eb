package console

import (
	"encoding/hex"

	"connectrpc.com/connect"

	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// peoplePage is what persons_people.html is given.
type peoplePage struct {
	among
	Query  string
	Total  int
	People []personShown
	More   more
}

// peopleShown is how many people a page has.
const peopleShown = 50

// personShown is a person in a list: the first registration, and how many more.
type personShown struct {
	side
	Communities []string
	Count       int
}

func showPeople(v *visit) error {
	a, space, err := v.among()
	if err != nil {
		return err
	}
	data := peoplePage{among: a, Query: v.asked("q")}
	resp, err := v.calls.persons.ListPeople(v.ctx(), connect.NewRequest(&personsv1.ListPeopleRequest{
		SpaceId: space[:], Query: data.Query, PageToken: v.asked(pageToken), PageSize: peopleShown,
	}))
	if err != nil {
		return err
	}
	data.Total, data.More = int(resp.Msg.Total), v.moreFrom(resp.Msg.NextPageToken)
	for _, p := range resp.Msg.People {
		data.People = append(data.People, v.personShown(p))
	}
	return v.show(page.Page{Name: "persons_people", Title: "people.title", Wide: true, Data: data})
}

func (v *visit) personShown(p *personsv1.RegisteredPerson) personShown {
	shown := personShown{side: v.side(p.Registrations[0]), Count: len(p.Registrations)}
	seen := map[string]bool{}
	for _, r := range p.Registrations {
		if name := v.spaceName(merge.SpaceID(r.SpaceId)); !seen[name] {
			seen[name] = true
			shown.Communities = append(shown.Communities, name)
		}
	}
	return shown
}

// personPage is what persons_one.html is given.
type personPage struct {
	among
	Registrations []side
	Pairs         []pairShown
	Attended      []attended
	Undo          *undo
	// Rights says that the reader sees to people's rights.
	Rights bool
}

// attended is a row of what somebody was at.
type attended struct {
	*personsv1.Attended
	Community string
	// Path is the register of the training, or the events of the community.
	Path string
}

func showPerson(v *visit) error {
	a, space, err := v.among()
	if err != nil {
		return err
	}
	id, err := pathID[merge.RecordID](v, "person")
	if err != nil {
		return err
	}
	resp, err := v.calls.persons.GetPerson(v.ctx(), connect.NewRequest(&personsv1.GetPersonRequest{SpaceId: space[:], PersonId: id[:]}))
	if err != nil {
		return err
	}
	data := personPage{among: a, Rights: v.open(syncv1connect.RightsServiceExportProcedure)}
	for _, r := range resp.Msg.Person.Registrations {
		data.Registrations = append(data.Registrations, v.side(r))
	}
	for _, p := range resp.Msg.Pairs {
		data.Pairs = append(data.Pairs, v.pairShown(a.Space, p, false))
	}
	for _, at := range resp.Msg.Attended {
		space := merge.SpaceID(at.SpaceId)
		path := eventsPath + "/" + space.String()
		if !at.Event {
			path = trainingsPath + "/" + space.String() + "/" + hex.EncodeToString(at.ActivityId)
		}
		data.Attended = append(data.Attended, attended{at, v.spaceName(space), path})
	}
	if first, second := v.asked("first"), v.asked("second"); first != "" && v.asked("done") != "taken_back" {
		data.Undo = &undo{a.Space, first, second}
	}
	return v.show(page.Page{Name: "persons_one", Title: "people.one", Heading: data.Registrations[0].Name(), Wide: true, Data: data})
}

// Title is that of the training or event, in the reader's language if it has one in
// it.
func (a attended) Title(language string) string {
	first, second := a.TitleUk, a.TitleEn
	if language != "uk" {
		first, second = second, first
	}
	if first != "" {
		return first
	}
	return second
}

// OutcomeKey is the key of the text for what the marks come to.
func (a attended) OutcomeKey() string {
	switch a.Outcome {
	case personsv1.AttendanceOutcome_ATTENDANCE_OUTCOME_PRESENT:
		return "outcome.present"
	case personsv1.AttendanceOutcome_ATTENDANCE_OUTCOME_LATE:
		return "outcome.late"
	case personsv1.AttendanceOutcome_ATTENDANCE_OUTCOME_LEFT_EARLY:
		return "outcome.left_early"
	case personsv1.AttendanceOutcome_ATTENDANCE_OUTCOME_ABSENT_CONFIRMED, personsv1.AttendanceOutcome_ATTENDANCE_OUTCOME_ABSENT_DEFAULT:
		return "outcome.absent"
	case personsv1.AttendanceOutcome_ATTENDANCE_OUTCOME_EXCUSED:
		return "outcome.excused"
	case personsv1.AttendanceOutcome_ATTENDANCE_OUTCOME_DISPUTED:
		return "outcome.disputed"
	default:
		return "unknown"
	}
}
