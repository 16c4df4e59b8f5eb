package persons

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// spaceRead is of one space what is asked about, at a position.
type spaceRead struct {
	position      uint64
	registrations map[merge.RecordID]*recordsv1.Participant
	links         []Decision
}

// Decision is what somebody has decided about two registrations.
type Decision struct {
	fieldwork.Link
	Basis    string
	Space    merge.SpaceID
	AtMillis int64
}

// view is what an asker is answered from. It does not change.
type view struct {
	scope []syncengine.SpaceInfo // with the positions at which they were read
	// shown are the registrations, and of are their spaces.
	shown      map[merge.RecordID]*recordsv1.Participant
	of         map[merge.RecordID]merge.SpaceID
	decisions  map[[2]merge.RecordID][]Decision
	persons    *fieldwork.Persons
	duplicates *fieldwork.Duplicates
	waiting    []fieldwork.Suggestion
}

// viewsMost is how many askers' views are kept: coordinators of so many programmes
// at once do not wait for each other's.
const viewsMost = 4

// viewFor returns a view at the present positions of the asker's spaces. The
// caller has its turn.
func (f *Finder) viewFor(ctx context.Context, a *Asker) (*view, error) {
	scope, err := f.scope(a)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(scope, func(x, y syncengine.SpaceInfo) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	read := make([]*spaceRead, len(scope))
	for i := range scope {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if read[i], err = f.read(scope[i]); err != nil {
			return nil, fmt.Errorf("persons: %w", err)
		}
		scope[i] = syncengine.SpaceInfo{ID: scope[i].ID, Kind: scope[i].Kind, Position: read[i].position}
	}
	if at := slices.IndexFunc(f.views, func(v *view) bool { return slices.Equal(v.scope, scope) }); at >= 0 {
		return f.views[at], nil
	}
	v := newView(scope, read)
	if f.views = append(f.views, v); len(f.views) > viewsMost {
		f.views = slices.Delete(f.views, 0, 1)
	}
	return v, nil
}

// read returns what is asked about a space, read anew if the space has moved on.
func (f *Finder) read(info syncengine.SpaceInfo) (*spaceRead, error) {
	if kept := f.spaces[info.ID]; kept != nil && kept.position == info.Position {
		return kept, nil
	}
	r := &spaceRead{registrations: map[merge.RecordID]*recordsv1.Participant{}}
	var err error
	r.position, err = f.registers.Records(info.ID, func(rec *merge.Record) error {
		r.take(info.ID, rec, f.registers)
		return nil
	})
	if err != nil {
		return nil, err
	}
	f.spaces[info.ID] = r
	return r, nil
}

// Types of the records that are read.
var (
	participantType = string((*recordsv1.Participant)(nil).ProtoReflect().Descriptor().FullName())
	linkType        = string((*recordsv1.PersonLink)(nil).ProtoReflect().Descriptor().FullName())
)

// take leaves out what is void, who is erased, of whom there is nothing left to show,
// and what cannot be read: a report counts that.
func (r *spaceRead) take(space merge.SpaceID, rec *merge.Record, registers Registers) {
	if rec.Type != participantType && rec.Type != linkType || rec.Standing() == merge.Void || rec.Erased {
		return
	}
	plan := registers.Schema().Plan(rec.Type)
	if plan == nil {
		return
	}
	if rec.Type == participantType {
		r.registrations[rec.ID] = fieldwork.ShownOf(rec)
		return
	}
	msg, err := plan.Join(rec)
	link, ok := msg.(*recordsv1.PersonLink)
	if err != nil || !ok || len(link.GetFirstPersonId()) != 16 || len(link.GetSecondPersonId()) != 16 {
		return
	}
	r.links = append(r.links, Decision{fieldwork.LinkOf(link), link.GetBasis(), space, decidedAt(rec)})
}

// decidedAt is when the verdict that is shown was written.
func decidedAt(rec *merge.Record) (atMillis int64) {
	if cell := rec.Cell(merge.CellKey{Field: verdictField}); cell != nil {
		for i := range cell.Values {
			atMillis = max(atMillis, cell.Values[i].At)
		}
	}
	return atMillis
}

// The fields of a PersonLink that a decision writes: they are one group.
const (
	verdictField = 4
	basisField   = 5
)

func newView(scope []syncengine.SpaceInfo, read []*spaceRead) *view {
	v := &view{
		scope: scope, shown: map[merge.RecordID]*recordsv1.Participant{}, of: map[merge.RecordID]merge.SpaceID{},
		decisions: map[[2]merge.RecordID][]Decision{},
	}
	var links []fieldwork.Link
	for i, r := range read {
		for id, shown := range r.registrations {
			if _, known := v.of[id]; !known {
				v.shown[id], v.of[id] = shown, scope[i].ID
			}
		}
		for _, d := range r.links {
			links = append(links, d.Link)
			at := sorted(d.First, d.Second)
			v.decisions[at] = append(v.decisions[at], d)
		}
	}
	v.persons = fieldwork.NewPersons(links)
	v.duplicates = fieldwork.NewDuplicates(v.shown, v.persons)
	v.waiting = v.duplicates.Possible()
	for at := range v.decisions {
		slices.SortFunc(v.decisions[at], func(a, b Decision) int {
			return cmp.Or(bytes.Compare(a.Decider[:], b.Decider[:]), bytes.Compare(a.Space[:], b.Space[:]))
		})
	}
	return v
}

// sorted puts the lower id first.
func sorted(a, b merge.RecordID) [2]merge.RecordID {
	if bytes.Compare(b[:], a[:]) < 0 {
		return [2]merge.RecordID{b, a}
	}
	return [2]merge.RecordID{a, b}
}
