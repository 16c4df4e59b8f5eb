package report

import (
	"strings"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// season puts the figures together, on a calendar day.
func (g *gathered) season(q Query, madeOn int32) *reportv1.SeasonReport {
	r := g.book.Reckon()
	look := lookAt(r, madeOn)
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

		Doubts:       g.doubts(r, events, look),
		Completeness: g.completeness(q.Expected, madeOn, look),
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
