package console

import (
	"cmp"
	"maps"
	"slices"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const overviewPath = "/overview"

var overviewRoutes = []route{
	{pattern: "GET " + overviewPath, asks: syncv1connect.DeskServiceSurveyProcedure, text: "overview.title", handle: showOverview},
}

// overviewPage is what overview.html is given.
type overviewPage struct {
	Todo        []todo
	Communities []board
	Tablets     []tablet
	// Sum is over all spaces.
	Sum board
	// Duplicates are pairs that may be one person.
	Duplicates duplicates
	// Registers says that the reader may open those of trainings.
	Registers bool
}

// duplicates are how many pairs wait for a decision, and where the most of them do;
// an empty path for who decides about none.
type duplicates struct {
	Waiting int
	Path    string
}

// todo is something to do next: how much of it, and where.
type todo struct {
	Key  string // of a text that counts
	N    int
	Path string
	Bad  bool
}

// board is how one space stands.
type board struct {
	*syncv1.SpaceSurvey
	ID, Name string
	// Review is all that a person is to settle.
	Review int
	// Tablets are those of people who write there; Silent those of them that were
	// not heard from lately, Waiting what waits in them.
	Tablets, Silent, Waiting int
	// HeardMillis is when one of them was heard from last; zero for never.
	HeardMillis int64
}

func showOverview(v *visit) error {
	numbers, err := v.surveys()
	if err != nil {
		return err
	}
	tablets, err := v.tablets()
	if err != nil {
		return err
	}
	data := overviewPage{Tablets: tablets, Sum: board{SpaceSurvey: &syncv1.SpaceSurvey{}}}
	for _, id := range v.spaces(settlingRoles...) {
		b := v.boardOf(id, numbers[id], tablets)
		data.Sum.add(&b)
		if v.view.Space(id).Kind != schemav1.SpaceKind_SPACE_KIND_DESK {
			data.Communities = append(data.Communities, b)
		}
	}
	slices.SortStableFunc(data.Communities, func(a, b board) int {
		return cmp.Or(cmp.Compare(b.Review, a.Review), cmp.Compare(b.Silent, a.Silent), cmp.Compare(a.Name, b.Name))
	})
	data.Tablets = slices.DeleteFunc(tablets, func(t tablet) bool { return t.Status != directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE || t.AtDesk })
	data.Sum.Tablets, data.Sum.Silent, data.Sum.Waiting = len(data.Tablets), 0, 0
	for i := range data.Tablets {
		if data.Tablets[i].Silent() {
			data.Sum.Silent++
		}
		data.Sum.Waiting += int(data.Tablets[i].Contact.GetWaiting())
	}
	if data.Duplicates, err = v.duplicates(); err != nil {
		return err
	}
	data.Registers = inCommunities(v.view, v.who, v.o.Now())
	data.Todo = data.todo(v.open(directoryv1connect.DirectoryServiceListDevicesProcedure))
	return v.show(page.Page{Name: "overview", Title: "overview.title", Wide: true, Data: data})
}

// surveys are how the spaces stand in which the reader settles.
func (v *visit) surveys() (map[merge.SpaceID]*syncv1.SpaceSurvey, error) {
	ids := v.spaces(settlingRoles...)
	numbers := map[merge.SpaceID]*syncv1.SpaceSurvey{}
	if len(ids) == 0 {
		return numbers, nil
	}
	resp, err := v.calls.desk.Survey(v.ctx(), connect.NewRequest(&syncv1.SurveyRequest{SpaceIds: bytesOf(ids)}))
	if err != nil {
		return nil, err
	}
	for _, s := range resp.Msg.Spaces {
		numbers[merge.SpaceID(s.SpaceId)] = s
	}
	return numbers, nil
}

// duplicates counts the pairs that may be one person in all communities of the
// reader: of a desk at once, since two communities may have registered the same
// person, and of a community that is with none of these desks by itself.
func (v *visit) duplicates() (d duplicates, err error) {
	if !v.open(personsv1connect.PersonsServiceListPairsProcedure) {
		return d, nil
	}
	desks, communities := v.placesOfPeople()
	most, counted := -1, map[merge.SpaceID]bool{}
	for _, space := range append(desks, communities...) {
		if counted[space] {
			continue
		}
		maps.Copy(counted, v.view.CountedWith(space))
		resp, err := v.calls.persons.CountPairs(v.ctx(), connect.NewRequest(&personsv1.CountPairsRequest{SpaceId: space[:]}))
		if err != nil {
			return d, err
		}
		n := int(resp.Msg.Waiting)
		if d.Waiting += n; n > most {
			most, d.Path = n, duplicatesPath+"?in="+space.String()
		}
	}
	return d, nil
}

func bytesOf[ID ~[16]byte](ids []ID) (all [][]byte) {
	for i := range ids {
		id := ids[i]
		all = append(all, id[:])
	}
	return all
}

func (v *visit) boardOf(id merge.SpaceID, s *syncv1.SpaceSurvey, tablets []tablet) board {
	if s == nil { // nobody has written there
		s = &syncv1.SpaceSurvey{}
	}
	b := board{SpaceSurvey: s, ID: id.String(), Name: v.spaceName(id), Review: int(s.Disagreements + s.ContestedVoids + s.DisputedAttendances)}
	for i := range tablets {
		t := &tablets[i]
		if t.Status != directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE || t.AtDesk || !v.view.Knows(merge.PersonID(t.UserId), id) {
			continue
		}
		b.Tablets++
		b.Waiting += int(t.Contact.GetWaiting())
		b.HeardMillis = max(b.HeardMillis, t.Contact.GetAtMillis())
		if t.Silent() {
			b.Silent++
		}
	}
	return b
}

func (b *board) add(one *board) {
	b.Review += one.Review
	b.Quarantined += one.Quarantined
	b.DaysUnmarked += one.DaysUnmarked
	b.DaysUnlikeSheet += one.DaysUnlikeSheet
	b.SuspectDates += one.SuspectDates
	b.Orphans += one.Orphans
}

// todo is what to do next, the gravest first.
func (p *overviewPage) todo(devices bool) (list []todo) {
	b, registers := &p.Sum, p.Registers
	for _, t := range []todo{
		{"todo.review", b.Review, reviewPath, true},
		{"todo.quarantined", int(b.Quarantined), quarantinePath, true},
		{"todo.silent", b.Silent, devicesPath, true},
		{"todo.waiting", b.Waiting, devicesPath, false},
		{"todo.duplicates", p.Duplicates.Waiting, p.Duplicates.Path, false},
		{"todo.unmarked", int(b.DaysUnmarked), trainingsPath, false},
		{"todo.sheet", int(b.DaysUnlikeSheet), trainingsPath, false},
		{"todo.dates", int(b.SuspectDates), trainingsPath, false},
		{"todo.orphans", int(b.Orphans), "", false},
	} {
		if t.Path == devicesPath && !devices || t.Path == trainingsPath && !registers {
			continue
		}
		if t.N > 0 {
			list = append(list, t)
		}
	}
	return list
}
