package fieldwork

import "slices"

// Orphan is a row whose parent has not come: a mark before its day, a day
// before its training. It is in no figure until the parent comes.
type Orphan struct {
	Row, Parent Ref
}

// Orphans returns the rows whose parents have not come.
func (r *Reckoning) Orphans() []Orphan { return r.orphans }

func (b *Book) orphans() []Orphan {
	var list []Orphan
	check := func(row Ref, parent Ref, known bool) {
		if !known {
			list = append(list, Orphan{row, parent})
		}
	}
	for at := range b.marks {
		parent := b.marks[at].Session
		check(at, parent, has(b.days, parent) || has(b.events, parent))
	}
	for at, day := range b.days {
		parent := at.to(day.msg.GetTrainingId())
		check(at, parent, day.void || has(b.trainings, parent))
	}
	for at, m := range b.enrolments {
		parent := at.to(m.GetTrainingId())
		check(at, parent, has(b.trainings, parent))
	}
	for at, m := range b.participations {
		parent := at.to(m.GetEventId())
		check(at, parent, has(b.events, parent))
	}
	for at, sheet := range b.sheets {
		parent := at.to(sheet.Numbers.GetEventId())
		check(at, parent, has(b.events, parent))
	}
	for at, m := range b.memberships {
		parent := at.to(m.GetGroupId())
		check(at, parent, has(b.groups, parent))
	}
	slices.SortFunc(list, func(a, b Orphan) int { return a.Row.Compare(b.Row) })
	return list
}

func has[T any](m map[Ref]T, at Ref) bool {
	_, ok := m[at]
	return ok
}
