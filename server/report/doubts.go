package report

import (
	"bytes"
	"slices"
	"time"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// sessionsMax bounds each list of sessions to about 100 kB of a report. Whoever
// has more to look at begins with these.
const sessionsMax = 1000

// toLookAt are the sessions at which somebody has to look, and why.
type toLookAt struct {
	suspectDates, unregistered, voidedButAttended []fieldwork.SessionRef
}

func lookAt(r *fieldwork.Reckoning, madeOn int32) toLookAt {
	return toLookAt{r.SuspectDates(madeOn), r.UnregisteredAt(), r.VoidedButAttended()}
}

// firstOfDay is where on Earth a day begins first. A session held there on the
// day is not held in the future, and nor is it anywhere else.
var firstOfDay = time.FixedZone("UTC+14", 14*60*60)

// dayOf is the calendar day, yyyymmdd, at a time in milliseconds since 1970.
func dayOf(nowMillis int64) int32 {
	year, month, day := time.UnixMilli(nowMillis).In(firstOfDay).Date()
	return int32(year)*1_00_00 + int32(month)*1_00 + int32(day)
}

func (g *gathered) doubts(r *fieldwork.Reckoning, events fieldwork.EventTotals, look toLookAt) *reportv1.Doubts {
	return &reportv1.Doubts{
		Orphans:           int32(len(r.Orphans())),
		Unreadable:        int32(g.unreadable + len(r.Unreadable())),
		SuspectDates:      int32(len(look.suspectDates)),
		LinksUndecided:    int32(len(r.Persons().Undecided())),
		EventsToReview:    int32(len(events.Review)),
		Unregistered:      int32(len(r.Unregistered())),
		VoidedButAttended: int32(len(look.voidedButAttended)),
	}
}

func (g *gathered) completeness(expected []merge.PersonID, madeOn int32, look toLookAt) *reportv1.Completeness {
	expected = slices.Clone(expected)
	slices.SortFunc(expected, func(a, b merge.PersonID) int { return bytes.Compare(a[:], b[:]) })
	expected = slices.Compact(expected)
	c := &reportv1.Completeness{
		Spaces:             g.positions,
		RecordersHeardFrom: int32(len(g.recorders)),
		ReplicasHeardFrom:  int32(len(g.replicas)),
		RecordersExpected:  int32(len(expected)),
		MadeOn:             madeOn,
		SuspectDates:       g.sessionRefs(look.suspectDates),
		Unregistered:       g.sessionRefs(look.unregistered),
		VoidedButAttended:  g.sessionRefs(look.voidedButAttended),
	}
	for _, person := range expected {
		if !g.recorders[person] {
			c.MissingRecorderIds = append(c.MissingRecorderIds, bytes.Clone(person[:]))
		}
	}
	return c
}

// sessionRefs leaves out sessions of rooms that the caller may not know of.
func (g *gathered) sessionRefs(sessions []fieldwork.SessionRef) []*reportv1.SessionRef {
	var refs []*reportv1.SessionRef
	for _, s := range sessions {
		if g.named(s.Space) {
			refs = append(refs, &reportv1.SessionRef{
				SpaceId: bytes.Clone(s.Space[:]), RecordId: bytes.Clone(s.Record[:]), Type: s.Type, Date: s.Date,
			})
		}
	}
	return atMost(refs)
}

func atMost(refs []*reportv1.SessionRef) []*reportv1.SessionRef {
	return refs[:min(len(refs), sessionsMax)]
}
