package persons

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// State is where a pair of registrations stands.
type State uint8

// The states.
const (
	Waiting   State = iota // nobody has decided anything about the two people
	Undecided              // deciders contradict each other, or nobody was sure
	Decided                // one person or two, by all who have decided
)

// Pair is two registrations that may be, or are, one person.
type Pair struct {
	First, Second Registration
	// Match says why; it is zero where too little speaks for it, and somebody has
	// decided all the same.
	names.Match
	Decisions []Decision
	// Linked says that the two are counted as one person.
	Linked bool
}

// Registration is one as it is shown beside another.
type Registration struct {
	ID    merge.RecordID
	Space merge.SpaceID
	// Shown has name, code, sex, birth, residence and telephone.
	Shown *recordsv1.Participant
	// Registrations is how many the person has by now.
	Registrations int
}

// Latin is the whole name in Latin letters: of the passport, or by the official
// romanisation.
func (r *Registration) Latin() string {
	if latin := r.Shown.GetNameLatin(); latin != "" {
		return latin
	}
	return names.Romanise(nameOf(r.Shown))
}

// Page is a page of pairs.
type Page struct {
	Pairs []Pair
	// Next begins the next page; empty after the last.
	Next string
	// Total is how many pairs there are on all pages.
	Total int
}

// pageMost bounds a page.
const pageMost = 100

// place is where a pair stands in a list: more points first, then by ids.
type place struct {
	points int
	ids    [2]merge.RecordID
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(q.points, p.points), bytes.Compare(p.ids[0][:], q.ids[0][:]), bytes.Compare(p.ids[1][:], q.ids[1][:]))
}

// List gives a page of pairs in a state, at most so many or, for zero, as many as a
// page may have. The token of a page begins the next; a
// pair that is decided meanwhile moves no other to another page.
func (f *Finder) List(ctx context.Context, a Asker, state State, token string, most int) (Page, error) {
	after, err := readToken(token)
	if err != nil {
		return Page{}, err
	}
	end, err := f.begin(ctx)
	if err != nil {
		return Page{}, err
	}
	defer end()
	v, err := f.viewFor(ctx, &a)
	if err != nil {
		return Page{}, err
	}
	places := v.places(state)
	page := Page{Total: len(places)}
	from := 0
	if after != nil {
		var found bool
		if from, found = slices.BinarySearchFunc(places, *after, place.compare); found {
			from++
		}
	}
	if most <= 0 || most > pageMost {
		most = pageMost
	}
	to := min(len(places), from+most)
	for _, at := range places[from:to] {
		page.Pairs = append(page.Pairs, v.pair(at.ids))
	}
	if to < len(places) {
		page.Next = places[to-1].token()
	}
	return page, nil
}

// Waiting returns how many pairs wait for a decision.
func (f *Finder) Waiting(ctx context.Context, a Asker) (int, error) {
	page, err := f.List(ctx, a, Waiting, "", 1)
	return page.Total, err
}

// places lists the pairs in a state of which both registrations are here. The caller
// must not alter the slice.
func (v *view) places(state State) (list []place) {
	if state == Waiting {
		return v.waiting
	}
	for _, p := range v.persons.Pairs() {
		if p.Undecided() == (state == Undecided) && v.shown[p.First] != nil && v.shown[p.Second] != nil {
			list = append(list, place{ids: [2]merge.RecordID{p.First, p.Second}})
		}
	}
	return list
}

// pair puts together what is shown of two registrations.
func (v *view) pair(ids [2]merge.RecordID) Pair {
	p := Pair{First: v.registration(ids[0]), Second: v.registration(ids[1])}
	if m, ok := v.duplicates.Compare(ids[0], ids[1]); ok {
		p.Match = m
	}
	for _, d := range v.decisions[ids] {
		if d.Verdict != recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED {
			p.Decisions = append(p.Decisions, d)
		}
	}
	p.Linked = v.persons.Canonical(ids[0]) == v.persons.Canonical(ids[1])
	return p
}

func (v *view) registration(id merge.RecordID) Registration {
	return Registration{ID: id, Space: v.of[id], Shown: v.shown[id], Registrations: len(v.persons.Registrations(id))}
}

func (p place) token() string {
	data := binary.BigEndian.AppendUint32(nil, uint32(p.points))
	return hex.EncodeToString(slices.Concat(data, p.ids[0][:], p.ids[1][:]))
}

func readToken(token string) (*place, error) {
	if token == "" {
		return nil, nil
	}
	data, err := hex.DecodeString(token)
	if err != nil || len(data) != 4+16+16 {
		return nil, fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
	}
	return &place{int(binary.BigEndian.Uint32(data)), [2]merge.RecordID{merge.RecordID(data[4:20]), merge.RecordID(data[20:])}}, nil
}
