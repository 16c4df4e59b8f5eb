package persons

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// view is what an asker is answered from: what some spaces have together.
type view struct {
	spaces []merge.SpaceID // sorted
	reads  []*spaceRead    // of spaces
	// shown are the registrations, and of are their spaces.
	shown      map[merge.RecordID]*recordsv1.Participant
	of         map[merge.RecordID]merge.SpaceID
	decisions  map[[2]merge.RecordID][]Decision
	persons    *fieldwork.Persons
	duplicates *fieldwork.Duplicates
	waiting    []place
	// unheard is what has changed since all this was worked out.
	unheard news
}

// viewsMost is how many views are kept: coordinators of so many programmes at once
// do not wait for each other's.
const viewsMost = 4

// viewFor returns a view of the asker's spaces as they are now. The caller has its
// turn.
func (f *Finder) viewFor(ctx context.Context, a *Asker) (*view, error) {
	scope, err := f.scope(a)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(scope, func(x, y syncengine.SpaceInfo) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	v, fresh := f.viewOf(scope)
	defer f.dropUnused()
	for i, info := range scope {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if v.reads[i], err = f.read(info.ID, info.Position); err != nil {
			return nil, err
		}
	}
	if fresh {
		v.hearAll()
	}
	f.keep(v)
	f.settle()
	return v, nil
}

// viewOf returns the view of these spaces that is kept, or a fresh one.
func (f *Finder) viewOf(scope []syncengine.SpaceInfo) (v *view, fresh bool) {
	spaces := make([]merge.SpaceID, len(scope))
	for i := range scope {
		spaces[i] = scope[i].ID
	}
	if at := slices.IndexFunc(f.views, func(v *view) bool { return slices.Equal(v.spaces, spaces) }); at >= 0 {
		return f.views[at], false
	}
	return &view{
		spaces: spaces, reads: make([]*spaceRead, len(scope)),
		shown: map[merge.RecordID]*recordsv1.Participant{}, of: map[merge.RecordID]merge.SpaceID{},
		persons: fieldwork.NewPersons(nil), duplicates: fieldwork.NewDuplicates(),
		unheard: news{registrations: map[merge.RecordID]bool{}},
	}, true
}

// keep makes it the view that was asked last, in the place of the one that nobody
// has asked for the longest time.
func (f *Finder) keep(v *view) {
	f.views = append(slices.DeleteFunc(f.views, func(other *view) bool { return other == v }), v)
	if len(f.views) > viewsMost {
		f.views = slices.Delete(f.views, 0, 1)
	}
}

// settle lets every view have what it has heard, so that of whoever was erased none
// keeps anything.
func (f *Finder) settle() {
	for _, v := range f.views {
		v.settle()
	}
}

func (v *view) has(space merge.SpaceID) bool { return slices.Contains(v.spaces, space) }

// hear notes what a space has anew.
func (v *view) hear(space merge.SpaceID, n *news) {
	if !v.has(space) {
		return
	}
	for id := range n.registrations {
		v.unheard.registrations[id] = true
	}
	v.unheard.links = v.unheard.links || n.links
}

// hearAll notes all that there is.
func (v *view) hearAll() {
	v.unheard.links = true
	for _, r := range v.reads {
		for id := range r.registrations {
			v.unheard.registrations[id] = true
		}
	}
}

func (v *view) settle() {
	if len(v.unheard.registrations) == 0 && !v.unheard.links {
		return
	}
	changed := make(map[merge.RecordID]*names.Prepared, len(v.unheard.registrations))
	for id := range v.unheard.registrations {
		changed[id] = v.show(id)
	}
	v.duplicates.Update(changed)
	if v.unheard.links {
		v.decide()
	}
	clear(v.waiting)
	v.waiting = v.waiting[:0]
	for _, s := range v.duplicates.Possible() {
		v.waiting = append(v.waiting, place{s.Points, [2]merge.RecordID{s.First, s.Second}})
	}
	v.unheard = news{registrations: map[merge.RecordID]bool{}}
}

// show shows a registration as the first space that has it does; it is nil if none
// does.
func (v *view) show(id merge.RecordID) *names.Prepared {
	for i, r := range v.reads {
		if one := r.registrations[id]; one != nil {
			v.shown[id], v.of[id] = one.shown, v.spaces[i]
			return one.compared
		}
	}
	delete(v.shown, id)
	delete(v.of, id)
	return nil
}

// decide reads all decisions.
func (v *view) decide() {
	v.decisions = map[[2]merge.RecordID][]Decision{}
	var links []fieldwork.Link
	for _, r := range v.reads {
		for _, d := range r.links {
			links = append(links, d.Link)
			at := sorted(d.First, d.Second)
			v.decisions[at] = append(v.decisions[at], d)
		}
	}
	for at := range v.decisions {
		slices.SortFunc(v.decisions[at], func(a, b Decision) int {
			return cmp.Or(bytes.Compare(a.Decider[:], b.Decider[:]), bytes.Compare(a.Space[:], b.Space[:]))
		})
	}
	v.persons = fieldwork.NewPersons(links)
	v.duplicates.Decide(v.persons)
}

// sorted puts the lower id first.
func sorted(a, b merge.RecordID) [2]merge.RecordID {
	if bytes.Compare(b[:], a[:]) < 0 {
		return [2]merge.RecordID{b, a}
	}
	return [2]merge.RecordID{a, b}
}
