package console

import (
	"maps"
	"slices"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// contactNow is how the tablets of a programme stand by their last contact. It is
// beside a report and not in it: a report follows from the register alone, so that
// it can be made again, and the register does not have when a tablet was heard
// from. A tablet that syncs and has nothing to bring is heard from all the same.
type contactNow struct {
	Tablets, Silent, Waiting int
	// Longest is the tablet that was heard from longest ago, or never; nil if there
	// is no tablet.
	Longest *tablet
}

// contactNow is for the programme of a form's desk.
func (v *visit) contactNow(form *reportForm) (*contactNow, error) {
	desk, err := chosenDesk(form.Desks)
	if err != nil || form.Public {
		return nil, err
	}
	tablets, err := v.tablets()
	if err != nil || tablets == nil {
		return nil, err
	}
	spaces := slices.Collect(maps.Keys(v.view.CountedWith(desk)))
	now := &contactNow{}
	for i := range tablets { // whoever was heard from longest ago is first
		t := &tablets[i]
		if t.Status != directoryv1.DeviceStatus_DEVICE_STATUS_ACTIVE || t.AtDesk || !v.knowsAny(t.UserId, spaces) {
			continue
		}
		if now.Longest == nil {
			now.Longest = t
		}
		now.Tablets++
		now.Waiting += int(t.Contact.GetWaiting())
		if t.Silent() {
			now.Silent++
		}
	}
	return now, nil
}

// knowsAny tells whether one of the spaces is, was or will be for a user.
func (v *visit) knowsAny(user []byte, spaces []merge.SpaceID) bool {
	return slices.ContainsFunc(spaces, func(space merge.SpaceID) bool { return v.view.Knows(merge.PersonID(user), space) })
}
