package persons

import (
	"context"
	"fmt"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// spaceRead is of one space what is asked about, at a position.
type spaceRead struct {
	position      uint64
	registrations map[merge.RecordID]*registration
	links         map[merge.RecordID]Decision
}

// registration is one as it is shown, and as it is compared.
type registration struct {
	shown    *recordsv1.Participant
	compared *names.Prepared
}

// Decision is what somebody has decided about two registrations.
type Decision struct {
	fieldwork.Link
	Basis    string
	Space    merge.SpaceID
	AtMillis int64
}

// news is what a space has anew.
type news struct {
	registrations map[merge.RecordID]bool
	links         bool
}

// read brings what is kept of a space to where it is now, and tells the views.
func (f *Finder) read(space merge.SpaceID, position uint64) (*spaceRead, error) {
	r := f.spaces[space]
	if r != nil && r.position == position {
		return r, nil
	}
	if r == nil {
		r = &spaceRead{registrations: map[merge.RecordID]*registration{}, links: map[merge.RecordID]Decision{}}
	}
	var records []*merge.Record
	at, all, err := f.registers.Changed(space, r.position, func(rec *merge.Record) error {
		if rec.Type == participantType || rec.Type == linkType {
			records = append(records, rec)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("persons: %w", err)
	}
	changed := news{registrations: map[merge.RecordID]bool{}}
	if r.position = at; all {
		changed = r.forget()
	}
	for _, rec := range records {
		r.take(space, rec, f.registers, &changed)
	}
	f.spaces[space] = r
	for _, v := range f.views {
		v.hear(space, &changed)
	}
	return r, nil
}

// forget begins anew.
func (r *spaceRead) forget() news {
	was := news{registrations: map[merge.RecordID]bool{}, links: len(r.links) > 0}
	for id := range r.registrations {
		was.registrations[id] = true
	}
	clear(r.registrations)
	clear(r.links)
	return was
}

// Types of the records that are read.
var (
	participantType = string((*recordsv1.Participant)(nil).ProtoReflect().Descriptor().FullName())
	linkType        = string((*recordsv1.PersonLink)(nil).ProtoReflect().Descriptor().FullName())
)

// take puts a record in the place of what was known of it. It leaves out what is
// void, who is erased, of whom there is nothing left to show, and what cannot be
// read: a report counts that.
func (r *spaceRead) take(space merge.SpaceID, rec *merge.Record, registers Registers, changed *news) {
	gone := rec.Standing() == merge.Void || rec.Erased
	if rec.Type == participantType {
		if _, known := r.registrations[rec.ID]; known || !gone {
			changed.registrations[rec.ID] = true
		}
		if delete(r.registrations, rec.ID); !gone {
			shown := fieldwork.ShownOf(rec)
			r.registrations[rec.ID] = &registration{shown, names.Prepare(fieldwork.NamedBy(shown))}
		}
		return
	}
	changed.links = true
	delete(r.links, rec.ID)
	plan := registers.Schema().Plan(rec.Type)
	if gone || plan == nil {
		return
	}
	msg, err := plan.Join(rec)
	link, ok := msg.(*recordsv1.PersonLink)
	if err != nil || !ok || len(link.GetFirstPersonId()) != 16 || len(link.GetSecondPersonId()) != 16 {
		return
	}
	r.links[rec.ID] = Decision{fieldwork.LinkOf(link), link.GetBasis(), space, decidedAt(rec)}
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

// Refresh brings all that is kept to where it is now, without anybody asking: of
// whom is erased nothing shall stay until somebody does.
func (f *Finder) Refresh(ctx context.Context) error {
	end, err := f.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	defer f.settle()
	for space, r := range f.spaces {
		if _, err := f.read(space, r.position+1); err != nil { // it may have moved on
			return err
		}
	}
	return nil
}

// dropUnused drops what no view is of.
func (f *Finder) dropUnused() {
	for space := range f.spaces {
		if !slices.ContainsFunc(f.views, func(v *view) bool { return v.has(space) }) {
			delete(f.spaces, space)
		}
	}
}
