package season

import (
	"strings"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// tally counts a plan. Its rules are written for what the plan contains: two
// recorders in a community, links of two registrations, one group and one
// training each. Ids are stand-ins.
type tally struct {
	labels map[Name]string // of spaces
	tablet map[string]bool // persons with tablets, to those who were heard

	registered map[string]Name   // registration to space
	person     map[string]string // second registration to first
	links      int
	member     map[string]bool
	listed     map[string]bool // registrations named at an event

	days    map[merge.RecordID]*sessionTally // training days
	events  map[merge.RecordID]*eventTally
	marks   map[merge.RecordID]*recordsv1.AttendanceMark // the last of each
	settled map[attendanceKey]recordsv1.Presence

	rooms, individual, group int
}

type sessionTally struct {
	space                         Name
	saidHeld, cancelled, attended bool
}

type eventTally struct {
	category      string
	saidHeld      bool
	named         int
	points        map[string]int // the lowest total of each place
	includesNamed bool
}

// attendanceKey is a person at a session.
type attendanceKey struct {
	session merge.RecordID
	person  string
}

func newTally(s *Season, m Moment) *tally {
	t := &tally{
		labels: map[Name]string{}, tablet: map[string]bool{},
		registered: map[string]Name{}, person: map[string]string{}, member: map[string]bool{}, listed: map[string]bool{},
		days: map[merge.RecordID]*sessionTally{}, events: map[merge.RecordID]*eventTally{},
		marks: map[merge.RecordID]*recordsv1.AttendanceMark{}, settled: map[attendanceKey]recordsv1.Presence{},
	}
	for i := range s.Spaces {
		t.labels[s.Spaces[i].Name] = s.Spaces[i].Label
	}
	for i := range s.Tablets {
		tab := &s.Tablets[i]
		t.tablet[string(tab.Name)] = len(tab.Opening) > 0 || tab.Name != m.Without && len(tab.Season) > 0
	}
	return t
}

// add takes a step into the count.
func (t *tally) add(step *Step) {
	for i := range step.Acts {
		id := step.Acts[i].ID(step.Space)
		switch m := step.Acts[i].Message.(type) {
		case *recordsv1.Participant:
			t.registered[string(id[:])] = step.Space
		case *recordsv1.PersonLink:
			t.link(m)
		case *recordsv1.Membership:
			t.member[string(m.ParticipantId)] = true
		case *recordsv1.TrainingDay:
			t.day(step.Space, id, m)
		case *recordsv1.AttendanceMark:
			t.mark(id, m)
		case *recordsv1.Event:
			t.event(id, m)
		case *recordsv1.Participation:
			t.eventAt(merge.RecordID(m.EventId)).named++
			t.listed[string(m.ParticipantId)] = true
		case *recordsv1.HeadCountSheet:
			t.eventAt(merge.RecordID(m.EventId)).count(m)
		case *recordsv1.CounsellingRoom:
			t.rooms++ // all are opened in one write, and stay open
		case *recordsv1.CounsellingSession:
			t.session(m)
		}
	}
}

func (t *tally) link(m *recordsv1.PersonLink) {
	if m.Verdict == recordsv1.LinkVerdict_LINK_VERDICT_SAME {
		t.links++
		t.person[string(m.SecondPersonId)] = string(m.FirstPersonId)
	}
}

// who returns the registration under which a person is counted.
func (t *tally) who(registration string) string {
	if first, linked := t.person[registration]; linked {
		return first
	}
	return registration
}

func (t *tally) day(space Name, id merge.RecordID, m *recordsv1.TrainingDay) {
	if t.days[id] == nil {
		t.days[id] = &sessionTally{space: space}
	}
	t.days[id].saidHeld = t.days[id].saidHeld || m.Status == held
	t.days[id].cancelled = t.days[id].cancelled || m.Status == calledOff
}

func (t *tally) mark(id merge.RecordID, m *recordsv1.AttendanceMark) {
	if m.Evidence == recordsv1.Evidence_EVIDENCE_SETTLED {
		t.settled[attendanceKey{merge.RecordID(m.SessionId), t.who(string(m.ParticipantId))}] = m.Presence
	}
	t.marks[id] = m
}

func (t *tally) eventAt(id merge.RecordID) *eventTally {
	if t.events[id] == nil {
		t.events[id] = &eventTally{points: map[string]int{}}
	}
	return t.events[id]
}

func (t *tally) event(id merge.RecordID, m *recordsv1.Event) {
	e := t.eventAt(id)
	if m.Category != 0 {
		e.category = strings.ToLower(strings.TrimPrefix(m.Category.String(), "EVENT_CATEGORY_"))
	}
	e.saidHeld = e.saidHeld || m.Status == held
}

func (e *eventTally) count(m *recordsv1.HeadCountSheet) {
	if lowest, counted := e.points[m.CountPoint]; !counted || int(m.GetTotal()) < lowest {
		e.points[m.CountPoint] = int(m.GetTotal())
	}
	e.includesNamed = e.includesNamed || m.IncludesNamed
}

func (e *eventTally) held() bool { return e.saidHeld || e.named > 0 || len(e.points) > 0 }

// attendances is the heads of all places, and the named where the heads leave
// them out.
func (e *eventTally) attendances() int {
	total := 0
	for _, lowest := range e.points {
		total += lowest
	}
	if e.includesNamed {
		return max(total, e.named)
	}
	return total + e.named
}

func (t *tally) session(m *recordsv1.CounsellingSession) {
	switch {
	case m.Status != recordsv1.CounsellingStatus_COUNSELLING_STATUS_HELD:
	case m.Kind == recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL:
		t.individual++
	case m.Kind == recordsv1.SessionKind_SESSION_KIND_GROUP:
		t.group++
	}
}
