package season

import (
	"maps"
)

// Figures are what a register comes to at a moment.
type Figures struct {
	PeopleRegistered, PeopleTrained int
	// TrainedByCommunity is by the community's English name.
	TrainedByCommunity map[string]int
	AttendedAllDays    int
	PersonLinks        int

	DaysHeld, DaysCancelledButAttended int
	Marks, DefaultsOverridden          int
	DisputesFound, DisputesSettled     int
	CellsDisagreeing                   int
	RoomsOpen                          int
	SessionsIndividual, SessionsGroup  int
	EventsByCategory                   map[string]int
	Attendances                        int
	// Unregistered came, and are registered on no tablet that was heard.
	Unregistered int
	// The plan dates everything within the season and calls nothing a mistake:
	// both are 0, and a report must say so.
	SuspectDates, VoidedButAttended int
	TabletsHeardFrom                int
}

// Figures counts the plan as it stands at a moment.
func (s *Season) Figures(m Moment) Figures {
	t := newTally(s, m)
	s.steps(m, t.add)
	f := t.figures()
	f.CellsDisagreeing = s.State(m).Disagreeing()
	return f
}

// Sessions are counselling sessions held, by kind.
type Sessions struct {
	Individual int `json:"individual"`
	Group      int `json:"group"`
}

// Report is what a season comes to, for a donor and for whoever checks it.
type Report struct {
	Communities              int            `json:"communities"`
	CounsellingCommunities   int            `json:"counselling_communities"`
	Spaces                   int            `json:"spaces"`
	Tablets                  int            `json:"tablets"`
	PeopleRegistered         int            `json:"people_registered"`
	TrainedBeforeLinking     int            `json:"people_trained_before_linking"`
	PersonLinks              int            `json:"person_links"`
	PeopleTrained            int            `json:"people_trained"`
	TrainedByCommunity       map[string]int `json:"people_trained_by_community"`
	AttendedAllDays          int            `json:"attended_all_days"`
	TrainingDaysHeld         int            `json:"training_days_held"`
	DaysCancelledButAttended int            `json:"days_cancelled_but_attended"`
	Marks                    int            `json:"marks"`
	AbsentDefaultOverridden  int            `json:"absent_default_overridden"`
	DisputesFound            int            `json:"disputes_found"`
	DisputesSettled          int            `json:"disputes_settled"`
	Disputed                 int            `json:"disputed"`
	CellsWithSiblings        int            `json:"cells_with_siblings"`
	CellsSettled             int            `json:"cells_settled"`
	CounsellingRooms         int            `json:"counselling_rooms"`
	Sessions                 Sessions       `json:"sessions"`
	Events                   map[string]int `json:"events"`
	Attendances              int            `json:"attendances"`
	Unregistered             int            `json:"unregistered"`
	SuspectDates             int            `json:"suspect_dates"`
	VoidedButAttended        int            `json:"voided_but_attended"`
	TabletsHeardFrom         int            `json:"tablets_heard_from"`
	TabletsHeardFromInterim  int            `json:"tablets_heard_from_interim"`
}

// Shape is what a season consists of.
type Shape struct {
	Communities, CounsellingCommunities, Spaces, Tablets int
}

// Timeline is what the register comes to at the moments of a season: before the
// last tablet came, when all had come, after the coordinator linked
// registrations, and after the disputes and cells were settled.
type Timeline struct {
	Interim, Complete, Linked, Settled Figures
}

// Shape counts the parts of the season.
func (s *Season) Shape() Shape {
	return Shape{
		Communities:            s.Options.Communities,
		CounsellingCommunities: counsellingCommunities(s.Options.Communities, s.Programme),
		Spaces:                 len(s.Spaces),
		Tablets:                len(s.Tablets),
	}
}

// Timeline counts the plan at the moments of the season.
func (s *Season) Timeline() Timeline {
	interim, complete, linked, settled := s.moments()
	return Timeline{s.Figures(interim), s.Figures(complete), s.Figures(linked), s.Figures(settled)}
}

// Expected is the report that playing the season must give.
func (s *Season) Expected() Report { return NewReport(s.Shape(), s.Timeline()) }

// NewReport puts together the report of a season from what was counted.
func NewReport(shape Shape, t Timeline) Report {
	end := &t.Settled
	return Report{
		Communities:              shape.Communities,
		CounsellingCommunities:   shape.CounsellingCommunities,
		Spaces:                   shape.Spaces,
		Tablets:                  shape.Tablets,
		PeopleRegistered:         end.PeopleRegistered,
		TrainedBeforeLinking:     t.Complete.PeopleTrained,
		PersonLinks:              end.PersonLinks,
		PeopleTrained:            end.PeopleTrained,
		TrainedByCommunity:       maps.Clone(end.TrainedByCommunity),
		AttendedAllDays:          end.AttendedAllDays,
		TrainingDaysHeld:         end.DaysHeld,
		DaysCancelledButAttended: end.DaysCancelledButAttended,
		Marks:                    end.Marks,
		AbsentDefaultOverridden:  end.DefaultsOverridden,
		DisputesFound:            end.DisputesFound,
		DisputesSettled:          end.DisputesSettled,
		Disputed:                 end.DisputesFound - end.DisputesSettled,
		CellsWithSiblings:        t.Linked.CellsDisagreeing,
		CellsSettled:             t.Linked.CellsDisagreeing - end.CellsDisagreeing,
		CounsellingRooms:         end.RoomsOpen,
		Sessions:                 Sessions{end.SessionsIndividual, end.SessionsGroup},
		Events:                   maps.Clone(end.EventsByCategory),
		Attendances:              end.Attendances,
		Unregistered:             end.Unregistered,
		SuspectDates:             end.SuspectDates,
		VoidedButAttended:        end.VoidedButAttended,
		TabletsHeardFrom:         end.TabletsHeardFrom,
		TabletsHeardFromInterim:  t.Interim.TabletsHeardFrom,
	}
}
