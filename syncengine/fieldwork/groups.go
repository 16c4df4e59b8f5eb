package fieldwork

import (
	"cmp"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Group is a group with everybody who ever belonged to it.
type Group struct {
	Ref     Ref
	Message *recordsv1.Group
	// Community is the p-code, empty where it is not known.
	Community string
	members   []groupMember
}

// groupMember is one membership, and whose it is.
type groupMember struct {
	person  merge.RecordID
	message *recordsv1.Membership
}

// Member is a person in a group, over all registrations of that person.
type Member struct {
	Person merge.RecordID
	// Role is the highest office, Represents are all for whom the person speaks.
	Role       recordsv1.MemberRole
	Represents []recordsv1.Constituency
}

// Groups returns all groups in the order of their ids.
func (r *Reckoning) Groups() []Group { return r.groups }

// MembersOn returns who belonged to the group on a day, each person once, in the
// order of their ids. Day zero asks who belongs to it now. Observers belong to it
// no more than guests do.
func (g *Group) MembersOn(day int32) []Member {
	people := map[merge.RecordID]*Member{}
	for i := range g.members {
		m := g.members[i].message
		of := memberOf{g.Message.GetKind(), m.GetJoinedOn(), m.GetLeftOn(), m.GetStatus()}
		if m.GetRole() == recordsv1.MemberRole_MEMBER_ROLE_OBSERVER || !of.activeOn(day) {
			continue
		}
		person := g.members[i].person
		if people[person] == nil {
			people[person] = &Member{Person: person}
		}
		people[person].take(m)
	}
	list := make([]Member, 0, len(people))
	for _, person := range sortedRecords(people) {
		list = append(list, *people[person])
	}
	return list
}

// People returns everybody who ever belonged to the group, observers and guests
// among them; somebody may be there twice.
func (g *Group) People() []merge.RecordID {
	people := make([]merge.RecordID, len(g.members))
	for i := range g.members {
		people[i] = g.members[i].person
	}
	return people
}

func (m *Member) take(of *recordsv1.Membership) {
	m.Role = max(m.Role, of.GetRole())
	m.Represents = append(m.Represents, of.GetRepresents()...)
	slices.SortFunc(m.Represents, func(a, b recordsv1.Constituency) int { return cmp.Compare(a, b) })
	m.Represents = slices.Compact(m.Represents)
}

// addMembers tells the reckoning who is in which kind of group.
func (r *Reckoning) addMembers(b *Book) {
	for _, at := range sortedRefs(b.memberships) {
		m := b.memberships[at]
		if group, ok := b.groups[at.to(m.GetGroupId())]; ok {
			r.members.add(r.persons.Canonical(recordID(m.GetParticipantId())), group.GetKind(), m)
		}
	}
}

func (r *Reckoning) readGroups(b *Book) []Group {
	byRef := map[Ref][]groupMember{}
	for _, at := range sortedRefs(b.memberships) {
		m := b.memberships[at]
		of := at.to(m.GetGroupId())
		byRef[of] = append(byRef[of], groupMember{r.persons.Canonical(recordID(m.GetParticipantId())), m})
	}
	var groups []Group
	for _, at := range sortedRefs(b.groups) {
		m := b.groups[at]
		groups = append(groups, Group{at, m, r.places.of(at.to(m.GetCommunityId())), byRef[at]})
	}
	return groups
}
