package directory

import (
	"bytes"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// OpenTo lists the spaces that one of the roles opens to a user at a time, in the
// order of their ids.
func (v *View) OpenTo(person merge.PersonID, now int64, roles ...Role) []merge.SpaceID {
	return list(v, directoryv1.RowKind_ROW_KIND_SPACE, func(id merge.SpaceID, _ *directoryv1.Space) bool {
		return v.HasIn(person, id, now, roles...)
	})
}

// WriterIn returns the name of whoever may have written in a space, empty for
// everybody else: who reads what is written there reads by whom.
func (v *View) WriterIn(person merge.PersonID, space merge.SpaceID) string {
	if !v.Knows(person, space) {
		return ""
	}
	return v.User(person).Name
}

// DeskOf returns the desk of the programme of a space; false if it has none, or
// several.
func (v *View) DeskOf(space merge.SpaceID) (found merge.SpaceID, ok bool) {
	of := v.Space(space)
	if of == nil {
		return found, false
	}
	desks := list(v, directoryv1.RowKind_ROW_KIND_SPACE, func(_ merge.SpaceID, s *directoryv1.Space) bool {
		return s.Kind == desk && bytes.Equal(s.ProgrammeId, of.ProgrammeId)
	})
	if len(desks) != 1 {
		return found, false
	}
	return desks[0], true
}
