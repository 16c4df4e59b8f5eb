package season_test

import (
	"bytes"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// registrations are those that tablets make, as they first make them.
func registrations(s *season.Season) map[merge.RecordID]*recordsv1.Participant {
	all := map[merge.RecordID]*recordsv1.Participant{}
	for i := range s.Tablets {
		for _, steps := range [][]season.Step{s.Tablets[i].Opening, s.Tablets[i].Season} {
			for _, step := range steps {
				for _, act := range step.Acts {
					if p, ok := act.Message.(*recordsv1.Participant); ok && all[act.ID(step.Space)] == nil {
						all[act.ID(step.Space)] = p
					}
				}
			}
		}
	}
	return all
}

// Whom the coordinator links the server would have suggested, and of whom the
// coordinator says that they are two it would not have suggested anybody.
func TestTheSeasonsDuplicatesAreSuggested(t *testing.T) {
	s := plan(t, season.Default)
	shown := registrations(s)
	mustBe(t, "registrations", len(shown), s.Expected().PeopleRegistered)
	suggested := map[[2]merge.RecordID]bool{}
	duplicates := fieldwork.NewDuplicates()
	duplicates.Read(shown)
	for _, found := range duplicates.Possible() {
		suggested[[2]merge.RecordID{found.First, found.Second}] = true
	}
	linked, found := 0, 0
	for _, link := range s.Links {
		first, second := link.First.Record(), link.Second.Record()
		if bytes.Compare(first[:], second[:]) > 0 {
			first, second = second, first
		}
		is := suggested[[2]merge.RecordID{first, second}]
		if link.Same {
			linked++
		}
		if is {
			found++
		}
		if is != link.Same {
			t.Errorf("%v and %v: suggested %v, and they are one: %v", shown[first], shown[second], is, link.Same)
		}
	}
	t.Logf("%d of %d duplicates suggested, and %d others", found, linked, len(suggested)-found)
}
