package console

import (
	"cmp"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const (
	trainingsPath = "/trainings"
	eventsPath    = "/events"
)

// communityRoles are those of whoever reads registers of communities.
var communityRoles = []directory.Role{directory.Facilitator, directory.Coordinator}

// inCommunities is the rule of pages that have sense for who reads a community.
func inCommunities(view *directory.View, who auth.Principal, now int64) bool {
	return view.Has(who.Person, now, communityRoles...)
}

var trainingRoutes = []route{
	{pattern: "GET " + trainingsPath, asks: syncv1connect.DeskServiceListRecordsProcedure, only: inCommunities, text: "trainings.title", handle: showCommunities(trainingsPath, "trainings.title", "trainings.lead")},
	{pattern: "GET " + trainingsPath + "/{space}", asks: syncv1connect.DeskServiceListRecordsProcedure, only: inCommunities, handle: showTrainings},
	{pattern: "GET " + trainingsPath + "/{space}/{training}", asks: syncv1connect.DeskServiceListRecordsProcedure, only: inCommunities, handle: showGrid},
	{pattern: "GET " + eventsPath, asks: syncv1connect.DeskServiceListRecordsProcedure, only: inCommunities, text: "events.title", handle: showCommunities(eventsPath, "events.title", "events.lead")},
	{pattern: "GET " + eventsPath + "/{space}", asks: syncv1connect.DeskServiceListRecordsProcedure, only: inCommunities, handle: showEvents},
}

// communitiesPage is what communities.html is given.
type communitiesPage struct {
	Lead, Path  string
	Communities []board
	// Counted says that there are numbers beside the names.
	Counted bool
}

// showCommunities shows the way to the registers of each community; who may
// survey them sees how much there is.
func showCommunities(path, title, lead string) func(*visit) error {
	return func(v *visit) error {
		data := communitiesPage{Lead: lead, Path: path, Counted: v.open(syncv1connect.DeskServiceSurveyProcedure)}
		numbers, err := v.surveys()
		if err != nil {
			return err
		}
		for _, id := range v.spaces(communityRoles...) {
			if v.view.Space(id).Kind == schemav1.SpaceKind_SPACE_KIND_COMMUNITY {
				data.Communities = append(data.Communities, v.boardOf(id, numbers[id], nil))
			}
		}
		slices.SortFunc(data.Communities, func(a, b board) int { return compareNames(a.Name, b.Name) })
		return v.show(page.Page{Name: "communities", Title: title, Wide: true, Data: data})
	}
}

// community is the space in the address, and its register.
func (v *visit) community() (*register, error) {
	space, err := pathID[merge.SpaceID](v, "space")
	if err != nil {
		return nil, err
	}
	return v.register(space)
}

// trainingsPage is what trainings.html is given.
type trainingsPage struct {
	SpaceID   string
	Trainings []training
}

// training is one of a community.
type training struct {
	ID, Title string
	Status    word
	Days      []trainingDay
	People    int
	// Held is how many days were held of a training that nobody has called more than
	// planned: that says more of it. Else it is zero.
	Held int
}

type trainingDay struct {
	ID       string
	Number   int32
	Date     int32
	Held     bool
	Status   word
	Attended int
	Disputed int
	// Sheet is how many signed; Off, how many more are marked there, negative for
	// fewer; Counted, that somebody counted.
	Sheet   int32
	Off     int
	Counted bool
	// Odd are keys of texts that say what is odd about the day.
	Odd []string
}

func showTrainings(v *visit) error {
	r, err := v.community()
	if err != nil {
		return err
	}
	data := trainingsPage{SpaceID: r.space.String()}
	for _, t := range r.Trainings() {
		data.Trainings = append(data.Trainings, trainingOf(&t))
	}
	slices.SortFunc(data.Trainings, func(a, b training) int { return cmp.Compare(a.firstDay(), b.firstDay()) })
	return v.show(page.Page{Name: "trainings", Heading: v.spaceName(r.space), Wide: true, Data: data})
}

func (t *training) firstDay() int32 {
	if len(t.Days) == 0 {
		return 0
	}
	return t.Days[0].Date
}

func trainingOf(t *fieldwork.Training) training {
	one := training{ID: t.Ref.Record.String(), Title: titleOf(t.Message), Status: enumWord(t.Message.Status.Descriptor(), t.Message.Status.Number()), People: len(t.Attendees)}
	for i := range t.Days {
		one.Days = append(one.Days, dayOf(&t.Days[i]))
		if t.Days[i].Held() && t.Message.Status <= recordsv1.TrainingStatus_TRAINING_STATUS_PLANNED {
			one.Held++
		}
	}
	return one
}

func dayOf(d *fieldwork.Day) trainingDay {
	day := trainingDay{
		ID: d.Ref.Record.String(), Number: d.Message.DayNumber, Date: d.Date(), Held: d.Held(), Attended: d.Attended(), Sheet: d.Message.GetSheetCount(),
		Status: enumWord(d.Message.Status.Descriptor(), d.Message.Status.Number()),
	}
	day.Off, day.Counted = d.SheetDifference()
	for _, a := range d.Attendance {
		if a.Outcome == fieldwork.Disputed {
			day.Disputed++
		}
	}
	for key, is := range map[string]bool{
		"day.cancelled_attended": d.CancelledButAttended(), "day.voided_attended": d.VoidedButAttended(), "day.held_unmarked": d.HeldUnmarked(),
	} {
		if is {
			day.Odd = append(day.Odd, key)
		}
	}
	slices.Sort(day.Odd)
	return day
}

// gridPage is what grid.html is given.
type gridPage struct {
	training
	SpaceID, Space string
	Rows           []gridRow
}

// gridRow is a person, with a mark for each day.
type gridRow struct {
	ID, Name string
	Marks    []gridMark
	Days     int
	All      bool
	Enrolled bool
}

// gridMark is a sign, and the key of the text that says what it means.
type gridMark struct {
	Sign, Key, Class string
	// Settled is the mark by which somebody has settled what others disagreed about;
	// empty if there is none.
	Settled string
}

// signs are what outcomes are in a grid.
var signs = map[fieldwork.Outcome]gridMark{
	fieldwork.Unmarked:        {Sign: "·", Key: "outcome.unmarked", Class: "none"},
	fieldwork.Present:         {Sign: "✓", Key: "outcome.present", Class: "in"},
	fieldwork.Late:            {Sign: "◔", Key: "outcome.late", Class: "in"},
	fieldwork.LeftEarly:       {Sign: "◑", Key: "outcome.left_early", Class: "in"},
	fieldwork.AbsentConfirmed: {Sign: "✗", Key: "outcome.absent", Class: "out"},
	fieldwork.AbsentDefault:   {Sign: "–", Key: "outcome.absent_default", Class: "out"},
	fieldwork.Excused:         {Sign: "∅", Key: "outcome.excused", Class: "out"},
	fieldwork.Disputed:        {Sign: "?", Key: "outcome.disputed", Class: "doubt"},
}

// Signs are what is explained under the grid.
func (gridPage) Signs() (all []gridMark) {
	for o := fieldwork.Present; o <= fieldwork.Disputed; o++ {
		all = append(all, signs[o])
	}
	return append(all, signs[fieldwork.Unmarked])
}

// training finds the training in the address.
func (v *visit) training() (*register, *fieldwork.Training, error) {
	r, err := v.community()
	if err != nil {
		return nil, nil, err
	}
	id, err := pathID[merge.RecordID](v, "training")
	if err != nil {
		return nil, nil, err
	}
	trainings := r.Trainings()
	i := slices.IndexFunc(trainings, func(t fieldwork.Training) bool { return t.Ref.Record == id })
	if i < 0 {
		return nil, nil, errNoPage
	}
	return r, &trainings[i], nil
}

func showGrid(v *visit) error {
	r, t, err := v.training()
	if err != nil {
		return err
	}
	data := gridPage{training: trainingOf(t), SpaceID: r.space.String(), Space: v.spaceName(r.space)}
	settled := r.settledMarks()
	for i := range t.Attendees {
		data.Rows = append(data.Rows, rowOf(r, t, &t.Attendees[i], settled))
	}
	slices.SortFunc(data.Rows, func(a, b gridRow) int { return compareNames(a.Name, b.Name) })
	return v.show(page.Page{Name: "grid", Heading: cmp.Or(data.Title, data.Space), Section: trainingsPath, Wide: true, Data: data})
}

// settledMarks are the marks that settle, by their session and person.
func (r *register) settledMarks() map[[2]merge.RecordID]string {
	marks := map[[2]merge.RecordID]string{}
	for id, msg := range r.states {
		mark, ok := msg.(*recordsv1.AttendanceMark)
		if ok && mark.Evidence == recordsv1.Evidence_EVIDENCE_SETTLED && len(mark.SessionId) == 16 && len(mark.ParticipantId) == 16 {
			marks[[2]merge.RecordID{merge.RecordID(mark.SessionId), r.Persons().Canonical(merge.RecordID(mark.ParticipantId))}] = id.String()
		}
	}
	return marks
}

func rowOf(r *register, t *fieldwork.Training, a *fieldwork.Attendee, settled map[[2]merge.RecordID]string) gridRow {
	row := gridRow{ID: a.Person.String(), Name: r.person(a.Person), Days: a.Days, All: a.AllDays, Enrolled: a.Enrolled}
	for i := range t.Days {
		outcome := fieldwork.Unmarked
		for j := range t.Days[i].Attendance {
			if t.Days[i].Attendance[j].Person == a.Person {
				outcome = t.Days[i].Attendance[j].Outcome
			}
		}
		mark := signs[outcome]
		mark.Settled = settled[[2]merge.RecordID{t.Days[i].Ref.Record, a.Person}]
		row.Marks = append(row.Marks, mark)
	}
	return row
}

// eventsPage is what events.html is given.
type eventsPage struct {
	SpaceID string
	Events  []event
}

type event struct {
	ID, SpaceID, Title  string
	Category, Subtype   word
	Date                int32
	Held, Review        bool
	Came, Named, Heads  int
	Points              []eventPoint
	IncludesNamedDoubts bool
}

type eventPoint struct {
	Name   string
	Total  int
	Review bool
	Sheets int
}

func showEvents(v *visit) error {
	r, err := v.community()
	if err != nil {
		return err
	}
	data := eventsPage{SpaceID: r.space.String()}
	for _, e := range r.Events() {
		data.Events = append(data.Events, eventOf(r.space, &e))
	}
	slices.SortFunc(data.Events, func(a, b event) int { return cmp.Compare(a.Date, b.Date) })
	return v.show(page.Page{Name: "events", Heading: v.spaceName(r.space), Wide: true, Data: data})
}

func eventOf(space merge.SpaceID, e *fieldwork.Event) event {
	m := e.Message
	one := event{
		ID: e.Ref.Record.String(), SpaceID: space.String(), Title: titleOf(m), Date: e.Date(), Held: e.Held(), Review: e.Review(),
		Category: enumWord(m.Category.Descriptor(), m.Category.Number()), Came: e.Attendances(), Named: len(e.Named), Heads: e.HeadCount.Total,
		IncludesNamedDoubts: e.HeadCount.IncludesNamedDiffers,
	}
	if m.Subtype != recordsv1.EventSubtype_EVENT_SUBTYPE_UNSPECIFIED {
		one.Subtype = enumWord(m.Subtype.Descriptor(), m.Subtype.Number())
	}
	for i := range e.HeadCount.Points {
		p := &e.HeadCount.Points[i]
		one.Points = append(one.Points, eventPoint{p.Point, p.Total(), p.Review, len(p.Sheets)})
	}
	return one
}
