package names

import (
	"slices"
	"strings"
)

// Match is how much speaks for two registrations being one person.
type Match struct {
	// Points are those of the reasons together.
	Points int
	// Reasons are what speaks for it and against it: surname, given name,
	// patronymic, birth, and what else there is.
	Reasons []Reason
}

// The points from which a pair is put before a person, and from which it is
// likely.
const (
	PointsPossible = 55
	PointsLikely   = 80
)

// weighed are reasons and what they weigh together. It holds as many as two people
// can have, so that comparing those who are not alike costs no memory.
type weighed struct {
	points int
	n      int
	list   [8]Reason
}

// add adds a reason; the empty one is none.
func (w *weighed) add(r Reason) {
	if r == "" {
		return
	}
	w.list[w.n] = r
	w.n++
	w.points += r.Points()
}

func (w *weighed) match() Match { return Match{w.points, slices.Clone(w.list[:w.n])} }

// compare takes of all ways to read the two names that for which most speaks. It is
// false where the given names are two, or one has no surname or given name.
func (r *read) compare(s *read) (best weighed, ok bool) {
	var beside weighed
	for i := range r.readings {
		for j := range s.readings {
			w, fits := r.readings[i].compare(&s.readings[j])
			if !fits || w.list[0] == FamilyOther && !mayHaveMarried(r, s, w.list[2]) {
				continue
			}
			if beside.n == 0 { // most are not alike so far
				beside = r.beside(s)
			}
			for _, reason := range beside.list[:beside.n] {
				w.add(reason)
			}
			if !ok || w.points > best.points {
				best, ok = w, true
			}
		}
	}
	return best, ok
}

// mayHaveMarried tells whether two with different surnames are compared at all:
// women, or people of whom that is not known, of one given name, patronymic and
// day of birth.
func mayHaveMarried(r, s *read, patronymic Reason) bool {
	father := patronymic == PatronymicSame || patronymic == PatronymicSpelling
	return father && r.sex != Male && s.sex != Male && r.birth.compare(&s.birth) == BornSameDay
}

// compare compares names: surname, given name and, if both are known, patronymic.
// It is false where the given names are two.
func (r *reading) compare(s *reading) (w weighed, ok bool) {
	given := r.compareGiven(s)
	if given == "" {
		return w, false
	}
	w.add(r.family.compare(&s.family))
	w.add(given)
	w.add(r.patronymic.compare(&s.patronymic))
	return w, true
}

// compareGiven is empty where two given names are two.
func (r *reading) compareGiven(s *reading) Reason {
	switch {
	case r.initial || s.initial:
		if r.mayBegin(s) || s.mayBegin(r) {
			return GivenInitial
		}
		return ""
	case r.given == s.given:
		return GivenSame
	case r.skeleton == s.skeleton:
		return GivenSpelling
	case len(r.names) == 0 || len(s.names) == 0:
		return r.compareUnknown(s)
	}
	best := Reason("")
	for _, a := range r.names {
		for _, b := range s.names {
			if a.name != b.name {
				continue
			}
			reason := GivenVariant
			switch {
			case r.near || s.near:
				reason = GivenNear
			case a.short || b.short:
				reason = GivenShort
			}
			if best == "" || reason.Points() > best.Points() {
				best = reason
			}
		}
	}
	return best
}

// compareUnknown compares names of which one is in no table. A last -a makes a
// woman's name of a man's.
func (r *reading) compareUnknown(s *reading) Reason {
	x, y := r.skeleton, s.skeleton
	if strings.TrimSuffix(x, "a") == strings.TrimSuffix(y, "a") || min(len(x), len(y)) < 4 || !within1(x, y) {
		return ""
	}
	return GivenNear
}

// mayBegin tells whether an initial is that of a name, in the one language or the
// other: Е. for Олена.
func (r *reading) mayBegin(s *reading) bool {
	if !r.initial {
		return false
	}
	return strings.Contains(s.initials(), r.skeleton)
}

// initials are the letters with which the given name may be written short.
func (r *reading) initials() string {
	all := r.skeleton[:1]
	for _, c := range r.names {
		all += givenNames().names[c.name].initials
	}
	return all
}

// beside compares what is not the name.
func (r *read) beside(s *read) (w weighed) {
	w.add(r.birth.compare(&s.birth))
	if r.sex != Unknown && s.sex != Unknown && r.sex != s.sex {
		w.add(SexOther)
	}
	if r.phone != "" && r.phone == s.phone {
		w.add(PhoneSame)
	}
	if len(r.place) == settlementCode && r.place == s.place {
		w.add(ResidenceSame)
	}
	return w
}

// settlementCode is how long the p-code of a settlement is; shorter ones are those
// of whole communities.
const settlementCode = 12
