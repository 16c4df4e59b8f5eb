package clientsdk_test

import (
	"fmt"
	"slices"
	"strings"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Figures come from the same rules that reports use, over what the viewer has.
var figureQuestions = []question{
	{"{viewer} counts attendance at {session}", (*world).askAttendance},
	{"{viewer} counts completion of {training}", (*world).askCompletion},
	{"{viewer} counts heads at {event}", (*world).askHeads},
	{"{viewer} counts people", (*world).askPeople},
	{"{viewer} counts counselling", (*world).askCounselling},
	{"{viewer} counts from {from} to {to}", (*world).askPeriod},
	{"{viewer} reports on {person}", (*world).askProfile},
}

// reckon works out what all records of a viewer come to.
func (w *world) reckon(who string) (*fieldwork.Reckoning, error) {
	all, err := w.look(who)
	if err != nil {
		return nil, err
	}
	book := fieldwork.NewBook()
	for i := range all {
		book.Add(all[i].space.id, all[i].rec, all[i].msg)
	}
	return book.Reckon(), nil
}

// counted writes a number of things.
func counted(n int, one string) string {
	switch {
	case n == 1:
		return "1 " + one
	case one == "person":
		return fmt.Sprintf("%d people", n)
	default:
		return fmt.Sprintf("%d %ss", n, one)
	}
}

// askOf asks about one record: all who hold its space.
func (w *world) askOf(viewer, record string, answer func(r *fieldwork.Reckoning, id merge.RecordID) []string) ([]string, error) {
	rec, err := w.record(record)
	if err != nil {
		return nil, err
	}
	return w.askAll(viewer, holding(rec.space), func(who string) ([]string, error) {
		r, err := w.reckon(who)
		if err != nil {
			return nil, err
		}
		return orNothing(answer(r, rec.id)), nil
	})
}

func (w *world) askFigures(viewer string, answer func(r *fieldwork.Reckoning) []string) ([]string, error) {
	return w.askAll(viewer, anySpace, func(who string) ([]string, error) {
		r, err := w.reckon(who)
		if err != nil {
			return nil, err
		}
		return orNothing(answer(r)), nil
	})
}

// personName names a person by all registrations, in the order of the story.
func (w *world) personName(r *fieldwork.Reckoning, id merge.RecordID) string {
	var list []string
	for _, registration := range r.Persons().Registrations(id) {
		list = append(list, w.nameOf(registration[:]))
	}
	slices.SortFunc(list, func(a, b string) int { return slices.Index(w.recordNames, a) - slices.Index(w.recordNames, b) })
	return strings.Join(list, " = ")
}

// eachSession visits the training days and events that are counted.
func eachSession(r *fieldwork.Reckoning, visit func(id merge.RecordID, attendance []fieldwork.Attendance, state fieldwork.SessionState)) {
	for _, training := range r.Trainings() {
		for i := range training.Days {
			visit(training.Days[i].Ref.Record, training.Days[i].Attendance, training.Days[i].SessionState)
		}
	}
	for _, event := range r.Events() {
		visit(event.Ref.Record, event.Attendance, event.SessionState)
	}
}

func attendanceAt(r *fieldwork.Reckoning, session merge.RecordID) (found []fieldwork.Attendance) {
	eachSession(r, func(id merge.RecordID, attendance []fieldwork.Attendance, _ fieldwork.SessionState) {
		if id == session {
			found = attendance
		}
	})
	return found
}

func (w *world) askAttendance(said words) ([]string, error) {
	return w.askOf(said["viewer"], said["session"], func(r *fieldwork.Reckoning, session merge.RecordID) []string {
		var lines []string
		eachSession(r, func(id merge.RecordID, attendance []fieldwork.Attendance, state fieldwork.SessionState) {
			if id == session {
				for i := range attendance {
					lines = append(lines, w.attendance(r, &attendance[i]))
				}
				slices.Sort(lines)
				lines = append(lines, sessionState(state))
			}
		})
		return append(lines, sheetDifference(r, session)...)
	})
}

// attendance tells what was decided about a person, and from which marks.
func (w *world) attendance(r *fieldwork.Reckoning, a *fieldwork.Attendance) string {
	var marks []string
	for i := range a.Marks {
		m := &a.Marks[i]
		recorder, registration := w.nameOf(m.Recorder[:]), w.nameOf(m.Participant[:])
		evidence := strings.ToLower(strings.TrimPrefix(m.Evidence.String(), "EVIDENCE_"))
		presence := strings.ToLower(strings.TrimPrefix(m.Presence.String(), "PRESENCE_"))
		if len(r.Persons().Registrations(a.Person)) > 1 {
			recorder += " of " + registration
		}
		mark := fmt.Sprintf("%s: %s by %s", recorder, presence, evidence)
		if m.Evidence == recordsv1.Evidence_EVIDENCE_SETTLED {
			mark = fmt.Sprintf("%s decided: %s", recorder, presence)
		}
		marks = append(marks, mark)
	}
	slices.Sort(marks)
	outcome := a.Outcome.String()
	if a.Minutes != nil {
		outcome += fmt.Sprintf(", %d minutes", *a.Minutes)
	}
	if a.Dispute == fieldwork.DisputeSettled {
		outcome += ", settled"
	}
	return fmt.Sprintf("%s: %s (%s)", w.personName(r, a.Person), outcome, strings.Join(marks, "; "))
}

func sessionState(s fieldwork.SessionState) string {
	text := "not held"
	if s.Held() {
		text = "held"
	}
	if s.HeldUnmarked() {
		text += ", nobody is marked"
	}
	if s.CancelledButAttended() {
		text += ", called off although people were there: to review"
	}
	if s.VoidedButAttended() {
		text += ", called a mistake although people were there: to review"
	}
	return text
}

func sheetDifference(r *fieldwork.Reckoning, session merge.RecordID) []string {
	for _, training := range r.Trainings() {
		for i := range training.Days {
			day := &training.Days[i]
			if difference, counted := day.SheetDifference(); counted && day.Ref.Record == session {
				return []string{fmt.Sprintf("%+d against the paper sheet", difference)}
			}
		}
	}
	return nil
}

func (w *world) askCompletion(said words) ([]string, error) {
	return w.askOf(said["viewer"], said["training"], func(r *fieldwork.Reckoning, id merge.RecordID) []string {
		var lines []string
		for _, training := range r.Trainings() {
			if training.Ref.Record != id {
				continue
			}
			for _, a := range training.Attendees {
				line := fmt.Sprintf("%s: %d of %s", w.personName(r, a.Person), a.Days, counted(training.HeldDays(), "day"))
				lines = append(lines, line+standingOf(&a))
			}
		}
		slices.Sort(lines)
		return lines
	})
}

func standingOf(a *fieldwork.Attendee) (text string) {
	for _, part := range []struct {
		is   bool
		what string
	}{
		{a.AllDays, "all days"},
		{a.Completed, "completed"},
		{a.Disputed > 0, fmt.Sprintf("%d disputed", a.Disputed)},
		{!a.Enrolled, "not enrolled"},
	} {
		if part.is {
			text += ", " + part.what
		}
	}
	return text
}

func (w *world) askHeads(said words) ([]string, error) {
	return w.askOf(said["viewer"], said["event"], func(r *fieldwork.Reckoning, id merge.RecordID) []string {
		var lines []string
		for _, event := range r.Events() {
			if event.Ref.Record == id {
				lines = heads(&event)
			}
		}
		return lines
	})
}

func heads(event *fieldwork.Event) []string {
	var lines []string
	for _, p := range event.HeadCount.Points {
		var counts []string
		for i := range p.Sheets {
			counts = append(counts, fmt.Sprint(p.Sheets[i].Total()))
		}
		line := fmt.Sprintf("%s: %d, counted as %s", p.Point, p.Total(), strings.Join(counts, " and "))
		if p.Review {
			line += ": to review"
		}
		lines = append(lines, line)
	}
	if event.HeadCount.IncludesNamedDiffers {
		lines = append(lines, "the sheets differ in whether the named are among the heads: to review")
	}
	lines = append(lines, fmt.Sprintf("%d came, %d of them named", event.Attendances(), len(event.Named)))
	return append(lines, sessionState(event.SessionState))
}

func (w *world) askPeople(said words) ([]string, error) {
	return w.askFigures(said["viewer"], func(r *fieldwork.Reckoning) []string {
		people := r.People()
		lines := []string{fmt.Sprintf("%s, %s", counted(r.Registrations(), "registration"), counted(len(people), "person"))}
		for _, id := range people {
			if len(r.Persons().Registrations(id)) > 1 {
				lines = append(lines, w.personName(r, id))
			}
		}
		for _, pair := range r.Persons().Undecided() {
			names := []string{w.nameOf(pair.First[:]), w.nameOf(pair.Second[:])}
			slices.Sort(names)
			lines = append(lines, fmt.Sprintf("to decide: %s and %s (same: %s; different: %s; unsure: %s)",
				names[0], names[1], w.personList(pair.Same), w.personList(pair.Different), w.personList(pair.Unsure)))
		}
		slices.Sort(lines[1:])
		return lines
	})
}

func (w *world) personList(ids []merge.PersonID) string {
	if len(ids) == 0 {
		return "nobody"
	}
	var list []string
	for _, id := range ids {
		list = append(list, w.nameOf(id[:]))
	}
	return strings.Join(list, ", ")
}

func (w *world) askCounselling(said words) ([]string, error) {
	return w.askFigures(said["viewer"], func(r *fieldwork.Reckoning) []string {
		totals := r.Counselling(fieldwork.Period{})
		var lines []string
		for kind, n := range totals.Sessions {
			lines = append(lines, counted(n, strings.ToLower(strings.TrimPrefix(kind.String(), "SESSION_KIND_"))+" session")+" held")
		}
		slices.Sort(lines)
		return append(lines, fmt.Sprintf("%s listed, %d came unlisted", counted(totals.Clients, "client"), totals.Anonymous))
	})
}

func (w *world) askPeriod(said words) ([]string, error) {
	p := fieldwork.Period{From: int32(atoi(dateDigits(said["from"]))), To: int32(atoi(dateDigits(said["to"])))}
	return w.askFigures(said["viewer"], func(r *fieldwork.Reckoning) []string {
		trainings, events := r.TrainingTotals(p), r.EventTotals(p)
		lines := []string{
			fmt.Sprintf("%s held on %s, %s trained, %s", counted(trainings.Held, "training"), counted(trainings.DaysHeld, "day"),
				counted(r.Trained(p).People, "person"), counted(trainings.PersonDays, "person-day")),
			fmt.Sprintf("%s held, %s, %s named", counted(events.Held, "event"), counted(events.Attendances, "attendance"), counted(events.Named, "person")),
		}
		if d := r.Disputes(); d.Found > 0 {
			lines = append(lines, fmt.Sprintf("disputes: %d open, %d settled", d.Open, d.Settled))
		}
		if n := r.DefaultsOverridden(); n > 0 {
			lines = append(lines, fmt.Sprintf("%d \"rest absent\" overruled", n))
		}
		for _, orphan := range r.Orphans() {
			lines = append(lines, fmt.Sprintf("%s waits for %s", w.nameOf(orphan.Row.Record[:]), w.nameOf(orphan.Parent.Record[:])))
		}
		for _, at := range r.SuspectDates(p.To) {
			lines = append(lines, fmt.Sprintf("%s has a day that cannot be", w.nameOf(at.Record[:])))
		}
		for _, id := range r.Unregistered() {
			lines = append(lines, fmt.Sprintf("%s was there, and is not registered", w.nameOf(id[:])))
		}
		slices.Sort(lines[2:])
		return lines
	})
}

// profileDay is the day on which a story asks for ages.
const profileDay = 2016_08_31

func (w *world) askProfile(said words) ([]string, error) {
	return w.askOf(said["viewer"], said["person"], func(r *fieldwork.Reckoning, id merge.RecordID) []string {
		p := r.Profile(id)
		plan, err := planOf("participant")
		if err != nil {
			return []string{err.Error()}
		}
		var lines []string
		for _, cell := range plan.Cells() {
			if text := w.shown(p.Shown.ProtoReflect(), cell.Fields); text != "empty" {
				lines = append(lines, "a screen shows "+text)
			}
		}
		if age, known := p.AgeOn(profileDay); known {
			lines = append(lines, fmt.Sprintf("%d years old on %s", age, number(profileDay)))
		}
		sex, displacement := strings.ToLower(p.Sex.String()), strings.ToLower(p.Displacement.String())
		return append(lines, fmt.Sprintf("reports say %s, %s", strings.Replace(sex, "_", " ", 1), strings.Replace(displacement, "_", " ", 1)))
	})
}
