package report

import (
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// QueryOf begins the query of somebody at a desk with what the directory says at
// a time: whether the figures are for the person, what is counted with the desk,
// and who is waited for.
func QueryOf(view *directory.View, caller merge.PersonID, desk merge.SpaceID, now int64) Query {
	q := Query{Caller: caller, Desk: desk, MayCount: view.MayCount(caller, desk, now), Spaces: view.CountedWith(desk)}
	if s := view.Space(desk); s != nil && len(s.ProgrammeId) == len(directory.ProgrammeID{}) {
		q.Programme = view.Programme(directory.ProgrammeID(s.ProgrammeId)).GetName()
	}
	for _, person := range view.WaitedFor(desk) {
		q.Expected = append(q.Expected, Recorder{person, view.User(person).GetName()})
	}
	return q
}
