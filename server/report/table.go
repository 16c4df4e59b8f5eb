package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
)

// WriteTable writes the report for a person: numbers in one aligned column,
// what is in doubt and what is missing at the end. Lines of zeros that only
// matter when they are not zero are left out.
func WriteTable(w io.Writer, r *reportv1.SeasonReport) error {
	t := new(table)
	t.trainings(r)
	t.disagreements(r)
	t.counselling(r)
	t.events(r)
	t.doubts(r.GetDoubts())
	t.completeness(r)
	if _, err := t.WriteTo(w); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// table is rows of a label and a number.
type table struct{ bytes.Buffer }

// labelLetters is the width of the column of labels: with the numbers it fits a
// terminal of 80 columns.
const labelLetters = 56

func (t *table) title(text string) { fmt.Fprintf(t, "\n%s\n", text) }

func (t *table) row(label string, n int32) { fmt.Fprintf(t, "  %-*s%8d\n", labelLetters, label, n) }

// rowIf leaves out what is only worth a line when there is some.
func (t *table) rowIf(label string, n int32) {
	if n != 0 {
		t.row(label, n)
	}
}

func (t *table) trainings(r *reportv1.SeasonReport) {
	fmt.Fprintln(t, "Trainings")
	t.row("communities with a training day held", r.Communities)
	t.row("training days held", r.TrainingDaysHeld)
	t.row("people trained, each counted once", r.PeopleTrained)
	for _, pcode := range slices.Sorted(maps.Keys(r.PeopleTrainedByCommunity)) {
		t.row("  "+place(r, pcode), r.PeopleTrainedByCommunity[pcode])
	}
	t.row("of them at every day of a training", r.AttendedAllDays)
	t.row("registrations", r.PeopleRegistered)
	t.row("pairs of registrations that are one person", r.PersonLinks)
	t.row("people trained, had nobody linked them", r.PeopleTrainedBeforeLinking)
	t.row("attendance marks", r.Marks)
	t.row("\"rest absent\" outweighed by a mark by name", r.AbsentDefaultOverridden)
	t.rowIf("days and events called off on one tablet and attended", r.DaysCancelledButAttended)
}

func place(r *reportv1.SeasonReport, pcode string) string {
	switch name := r.CommunityNames[pcode]; {
	case pcode == "":
		return "community not known"
	case name == "":
		return pcode
	default:
		return name + " " + pcode
	}
}

func (t *table) disagreements(r *reportv1.SeasonReport) {
	t.title("Disagreements")
	t.row("attendances that recorders dispute", r.DisputesFound)
	t.row("  settled", r.DisputesSettled)
	t.row("  open, counted as not there", r.Disputed)
	t.row("fields with several values", r.CellsWithSiblings)
}

func (t *table) counselling(r *reportv1.SeasonReport) {
	t.title("Counselling")
	t.row("communities with a room", r.CounsellingCommunities)
	t.row("rooms", r.CounsellingRooms)
	t.row("sessions with one person", r.GetSessions().GetIndividual())
	t.rowIf("sessions with a couple or family", r.GetSessions().GetCoupleFamily())
	t.row("sessions with a group", r.GetSessions().GetGroup())
}

func (t *table) events(r *reportv1.SeasonReport) {
	t.title("Events held")
	for _, category := range slices.Sorted(maps.Keys(r.Events)) {
		t.row(category, r.Events[category])
	}
	t.row("attendances, who came twice counted twice", r.Attendances)
}

func (t *table) doubts(d *reportv1.Doubts) {
	if proto.Size(d) == 0 {
		return
	}
	t.title("In doubt until somebody looks")
	t.rowIf("rows whose parent has not come, in no figure", d.GetOrphans())
	t.rowIf("records that cannot be read, in no figure", d.GetUnreadable())
	t.rowIf("held on a day that cannot be, in no period", d.GetSuspectDates())
	t.rowIf("pairs of registrations not decided", d.GetLinksUndecided())
	t.rowIf("people who were there and are registered nowhere", d.GetUnregistered())
	t.rowIf("days and events called a mistake and attended", d.GetVoidedButAttended())
	t.rowIf("events whose lists or counts contradict each other", d.GetEventsToReview())
}

func (t *table) completeness(r *reportv1.SeasonReport) {
	c := r.GetCompleteness()
	t.title("Made from")
	t.row("spaces", r.Spaces)
	t.row("recorders heard from", c.GetRecordersHeardFrom())
	if c.GetRecordersExpected() > 0 {
		t.expected(c)
	}
	t.sessions("held on a day that cannot be", c.GetSuspectDates())
	t.sessions("somebody was there who is registered nowhere", c.GetUnregistered())
	t.sessions("called a mistake and attended", c.GetVoidedButAttended())
}

func (t *table) expected(c *reportv1.Completeness) {
	missing := c.GetMissingRecorderIds()
	t.row("recorders expected", c.GetRecordersExpected())
	t.row("  not heard from yet", int32(len(missing)))
	for _, id := range missing {
		fmt.Fprintf(t, "    %x\n", id)
	}
	if len(missing) > 0 {
		fmt.Fprintln(t, "  these figures may grow when they sync")
	}
}

// sessionsShown is how many sessions of a list a person gets to read.
const sessionsShown = 20

// sessions lists where to look, if there is anything to look at.
func (t *table) sessions(why string, list []*reportv1.SessionRef) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(t, "  %s: day, space/record\n", why)
	for _, s := range list[:min(len(list), sessionsShown)] {
		fmt.Fprintf(t, "    %08d %x/%x\n", s.GetDate(), s.GetSpaceId(), s.GetRecordId())
	}
	if more := len(list) - sessionsShown; more > 0 {
		fmt.Fprintf(t, "    and %d more: report --json has them\n", more)
	}
}
