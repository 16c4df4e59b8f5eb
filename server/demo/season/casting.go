package season

// What happens to members of the groups, beside plain attendance. The numbers
// are those of the season at its default size; other sizes scale them.
const (
	duplicatesWhole = 15 // registered a second time on the other tablet
	disputesWhole   = 9  // recorders contradict each other, one of them about a duplicate
	overriddenWhole = 60 // "rest absent" of one recorder, a mark by hand of the other
	cellsWhole      = 20 // cells changed on both tablets at once
)

// Of the disputes and of the cells, the coordinator settles some.
const (
	disputesSettledWhole = 5
	cellsSettledWhole    = 10
)

// casting is how much of each happens in the season, and where.
type casting struct {
	options    Options
	duplicates int
	// disputes are those about people who are registered once; one more is
	// about a duplicate.
	disputes, disputesSettled int
	// overlooked are the overridden marks about people who are registered once.
	overlooked int
	// inTurnMost bounds how many of the others are about duplicates.
	inTurnMost          int
	cells, cellsSettled int
	cancelledIn         int // the community that has the cancelled day
}

func cast(o Options) casting {
	scaled := func(whole, least int) int {
		size, wholeSize := o.Communities*o.People, Default.Communities*Default.People
		return max(least, (2*whole*size+wholeSize)/(2*wholeSize)) // rounded
	}
	disputes := scaled(disputesWhole, 2)
	c := casting{
		options:         o,
		duplicates:      scaled(duplicatesWhole, 1),
		disputes:        disputes - 1,
		disputesSettled: min(scaled(disputesSettledWhole, 1), disputes-1),
		cells:           scaled(cellsWhole, 2),
		cellsSettled:    scaled(cellsSettledWhole, 1),
		cancelledIn:     o.Communities / 3,
	}
	overridden := scaled(overriddenWhole, 1)
	c.inTurnMost = overridden - 1
	c.overlooked = overridden - c.inTurn(c.duplicates)
	return c
}

// spread says how many of the whole fall to the i-th of so many parts.
func spread(whole, parts, i int) int { return before(whole, parts, i+1) - before(whole, parts, i) }

// before says how many of the whole fall to the parts before the i-th.
func before(whole, parts, i int) int { return whole * i / parts }

func (c *casting) share(whole, community int) int {
	return spread(whole, c.options.Communities, community)
}

func (c *casting) firstOf(whole, community int) int {
	return before(whole, c.options.Communities, community)
}

// communityOf is where the ordinal-th duplicate is.
func (c *casting) communityOf(ordinal int) int {
	for i := range c.options.Communities {
		if c.firstOf(c.duplicates, i+1) > ordinal {
			return i
		}
	}
	return c.options.Communities - 1
}

// A duplicate's second registration is used in one of these ways.
type duplicateUse uint8

const (
	// usedAlong: both tablets mark the person on all days, each its own
	// registration.
	usedAlong duplicateUse = iota
	// usedAgainst: the tablets contradict each other about a day, which only
	// shows once the registrations are linked.
	usedAgainst
	// usedInTurn: on the last day the first tablet has not seen the person, and
	// "rest absent" is overridden once the registrations are linked.
	usedInTurn
	// usedNever: registered after the last day, never marked.
	usedNever
)

// useOf says how the ordinal-th duplicate's second registration is used.
func (c *casting) useOf(ordinal int) duplicateUse {
	switch {
	case ordinal == 0:
		return usedAgainst
	case ordinal%2 == 1 && c.communityOf(ordinal) != c.cancelledIn && c.inTurn(ordinal) < c.inTurnMost:
		return usedInTurn
	case ordinal%5 == 4:
		return usedNever
	default:
		return usedAlong
	}
}

// inTurn counts those used in turn among the first so many duplicates.
func (c *casting) inTurn(ordinals int) int {
	n := 0
	for ordinal := 1; ordinal < ordinals; ordinal += 2 {
		if c.communityOf(ordinal) != c.cancelledIn && n < c.inTurnMost {
			n++
		}
	}
	return n
}

// settles says whether the ordinal-th of all is among those that are settled,
// which are spread over the whole.
func settles(ordinal, all, settled int) bool { return spread(settled, all, ordinal) > 0 }
