package season

import (
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Moment is a time at which somebody asks what the register holds.
type Moment struct {
	// Without is a tablet that has not come back; empty: all have.
	Without Name
	// Linked and Settled say whether the coordinator has linked registrations,
	// and settled disputes and cells.
	Linked, Settled bool
}

// The moments of the season, in order.
func (s *Season) moments() (interim, complete, linked, settled Moment) {
	return Moment{Without: s.Last}, Moment{}, Moment{Linked: true}, Moment{Linked: true, Settled: true}
}

// A stage is a time in which nobody hears of what the others write. Each list
// is what one writer writes in it.
type stage [][]Step

// stages are what has happened by a moment.
func (s *Season) stages(m Moment) []stage {
	office, opening, season := stage{s.Office}, stage{}, stage{}
	for i := range s.Tablets {
		opening = append(opening, s.Tablets[i].Opening)
		if s.Tablets[i].Name != m.Without {
			season = append(season, s.Tablets[i].Season)
		}
	}
	stages := []stage{office, opening, season}
	if m.Linked {
		stages = append(stages, stage{s.linkSteps()})
	}
	if m.Settled {
		stages = append(stages, stage{s.settlingSteps()})
	}
	return stages
}

// steps visits everything that has been written by a moment.
func (s *Season) steps(m Moment, visit func(*Step)) {
	for _, stage := range s.stages(m) {
		for _, writer := range stage {
			for i := range writer {
				visit(&writer[i])
			}
		}
	}
}

func (s *Season) linkSteps() []Step {
	var steps []Step
	for i := range s.Links {
		l := &s.Links[i]
		msg := l.Message(l.First.Record(), l.Second.Record(), s.Coordinator.Person())
		steps = append(steps, Step{Space: l.Space, Acts: []Act{{Message: msg}}})
	}
	return steps
}

func (s *Season) settlingSteps() []Step {
	var steps []Step
	for i := range s.Disputes {
		d := &s.Disputes[i]
		var seen [][]byte
		for _, mark := range d.Marks {
			seen = append(seen, SeenStandIn(mark))
		}
		msg := d.Message(d.Session, d.Participant, s.Coordinator.Person(), seen)
		steps = append(steps, Step{Space: d.Space, Acts: []Act{{Message: msg}}})
	}
	for i := range s.Cells {
		steps = append(steps, Step{Space: s.Cells[i].Space, Acts: []Act{s.Cells[i].Act}})
	}
	return steps
}

// SeenStandIn is what a settled mark holds for a mark that was seen, in the
// world of stand-ins, where changes have no tags: the tag is zero.
func SeenStandIn(mark merge.RecordID) []byte {
	return append(mark[:], make([]byte, len(merge.Tag{}))...)
}

// Message is the record that holds the link. The ids may come in either order.
func (l *Link) Message(first, second merge.RecordID, decider merge.PersonID) *recordsv1.PersonLink {
	if compareRecords(second, first) < 0 {
		first, second = second, first
	}
	verdict := recordsv1.LinkVerdict_LINK_VERDICT_DIFFERENT
	if l.Same {
		verdict = recordsv1.LinkVerdict_LINK_VERDICT_SAME
	}
	return &recordsv1.PersonLink{FirstPersonId: first[:], SecondPersonId: second[:], DeciderId: decider[:], Verdict: verdict, Basis: l.Basis}
}

// Message is the mark by which the coordinator settles the dispute. Seen are
// the marks that were seen, 24 bytes each, in any order.
func (d *Settlement) Message(session, participant merge.RecordID, decider merge.PersonID, seen [][]byte) *recordsv1.AttendanceMark {
	presence := absentConfirmed
	if d.Present {
		presence = present
	}
	seen = slices.Clone(seen)
	slices.SortFunc(seen, slices.Compare[[]byte])
	return &recordsv1.AttendanceMark{
		SessionId: session[:], ParticipantId: participant[:], RecorderId: decider[:],
		Presence: presence, Evidence: recordsv1.Evidence_EVIDENCE_SETTLED, Seen: seen,
	}
}
