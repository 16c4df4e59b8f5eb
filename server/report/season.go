package report

import (
	"bytes"
	"slices"
	"strings"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// season puts the figures together.
func (g *gathered) season(q Query) *reportv1.SeasonReport {
	r := g.book.Reckon()
	trained, events := r.Trained(q.Period), r.EventTotals(q.Period)
	disputes := r.Disputes()
	return &reportv1.SeasonReport{
		Communities:            int32(heldCommunities(r, q.Period)),
		CounsellingCommunities: int32(roomCommunities(r)),
		Spaces:                 int32(len(g.positions)),
		CommunityNames:         communityNames(r),

		PeopleRegistered:           int32(r.Registrations()),
		PeopleTrainedBeforeLinking: int32(g.book.ReckonUnlinked().Trained(q.Period).People),
		PersonLinks:                int32(linkedPairs(r)),
		PeopleTrained:              int32(trained.People),
		PeopleTrainedByCommunity:   int32s(trained.ByCommunity),
		AttendedAllDays:            int32(r.Completion(q.Period).AllDays),
		TrainingDaysHeld:           int32(r.TrainingTotals(q.Period).DaysHeld),
		DaysCancelledButAttended:   int32(len(r.CancelledButAttended())),
		Marks:                      int32(r.Marks()),
		AbsentDefaultOverridden:    int32(r.DefaultsOverridden()),

		DisputesFound:     int32(disputes.Found),
		DisputesSettled:   int32(disputes.Settled),
		Disputed:          int32(disputes.Open),
		CellsWithSiblings: int32(g.siblings),

		CounsellingRooms: int32(len(r.Rooms())),
		Sessions:         sessions(r.Counselling(q.Period)),
		Events:           byCategory(events),
		Attendances:      int32(events.Attendances),

		Doubts:       g.doubts(r, events),
		Completeness: g.completeness(q.Expected),
	}
}

func heldCommunities(r *fieldwork.Reckoning, p fieldwork.Period) int {
	communities := map[string]bool{}
	for _, t := range r.Trainings() {
		for i := range t.Days {
			if day := &t.Days[i]; t.Community != "" && day.Held() && p.Contains(day.Date()) {
				communities[t.Community] = true
			}
		}
	}
	return len(communities)
}

func roomCommunities(r *fieldwork.Reckoning) int {
	communities := map[string]bool{}
	for _, room := range r.Rooms() {
		if pcode := room.Message.GetCommunityPcode(); pcode != "" {
			communities[pcode] = true
		}
	}
	return len(communities)
}

func communityNames(r *fieldwork.Reckoning) map[string]string {
	names := map[string]string{}
	for _, pcode := range r.Communities() {
		community := r.Community(pcode)
		if names[pcode] = community.GetNameUk(); names[pcode] == "" {
			names[pcode] = community.GetNameEn()
		}
	}
	return names
}

func linkedPairs(r *fieldwork.Reckoning) int {
	n := 0
	for _, pair := range r.Persons().Pairs() {
		if pair.Linked() {
			n++
		}
	}
	return n
}

func sessions(c fieldwork.Counselling) *reportv1.CounsellingSessions {
	return &reportv1.CounsellingSessions{
		Individual:   int32(c.Sessions[recordsv1.SessionKind_SESSION_KIND_INDIVIDUAL]),
		CoupleFamily: int32(c.Sessions[recordsv1.SessionKind_SESSION_KIND_COUPLE_FAMILY]),
		Group:        int32(c.Sessions[recordsv1.SessionKind_SESSION_KIND_GROUP]),
	}
}

func byCategory(totals fieldwork.EventTotals) map[string]int32 {
	events := map[string]int32{}
	for category, n := range totals.ByCategory {
		events[strings.ToLower(strings.TrimPrefix(category.String(), "EVENT_CATEGORY_"))] = int32(n)
	}
	return events
}

func int32s(counts map[string]int) map[string]int32 {
	converted := make(map[string]int32, len(counts))
	for key, n := range counts {
		converted[key] = int32(n)
	}
	return converted
}

func (g *gathered) doubts(r *fieldwork.Reckoning, events fieldwork.EventTotals) *reportv1.Doubts {
	return &reportv1.Doubts{
		Orphans:        int32(len(r.Orphans())),
		Unreadable:     int32(g.unreadable + len(r.Unreadable())),
		SuspectDates:   int32(len(r.SuspectDates(0))),
		LinksUndecided: int32(len(r.Persons().Undecided())),
		EventsToReview: int32(len(events.Review)),
	}
}

func (g *gathered) completeness(expected []merge.PersonID) *reportv1.Completeness {
	expected = slices.Clone(expected)
	slices.SortFunc(expected, func(a, b merge.PersonID) int { return bytes.Compare(a[:], b[:]) })
	expected = slices.Compact(expected)
	c := &reportv1.Completeness{
		Spaces:             g.positions,
		RecordersHeardFrom: int32(len(g.recorders)),
		ReplicasHeardFrom:  int32(len(g.replicas)),
		RecordersExpected:  int32(len(expected)),
	}
	for _, person := range expected {
		if !g.recorders[person] {
			c.MissingRecorderIds = append(c.MissingRecorderIds, bytes.Clone(person[:]))
		}
	}
	return c
}
