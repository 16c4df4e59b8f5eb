package fieldwork

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// members holds the memberships of each person, under whichever of the person's
// registrations they stand.
type members map[merge.RecordID][]memberOf

type memberOf struct {
	kind         recordsv1.GroupKind
	joined, left int32
	status       recordsv1.MembershipStatus
}

func (m members) add(person merge.RecordID, kind recordsv1.GroupKind, membership *recordsv1.Membership) {
	m[person] = append(m[person], memberOf{kind, membership.GetJoinedOn(), membership.GetLeftOn(), membership.GetStatus()})
}

// active tells whether the person was in a group of the kind on the day.
func (m members) active(person merge.RecordID, kind recordsv1.GroupKind, day int32) bool {
	for _, of := range m[person] {
		if of.kind == kind && of.activeOn(day) {
			return true
		}
	}
	return false
}

// activeOn takes both ends as days of membership. Who has left, nobody knows
// when, is not counted; nor is who was only invited. On a day that is not known
// only the present status speaks.
func (m memberOf) activeOn(day int32) bool {
	switch m.status {
	case recordsv1.MembershipStatus_MEMBERSHIP_STATUS_INVITED:
		return false
	case recordsv1.MembershipStatus_MEMBERSHIP_STATUS_LEFT:
		if m.left == 0 || day == 0 {
			return false
		}
	}
	return day == 0 || m.joined <= day && (m.left == 0 || day <= m.left)
}
