package report

import (
	"bytes"
	"context"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// portion is what one pass over a space leaves, at a position.
type portion struct {
	info     syncengine.SpaceInfo
	position uint64
	types    *schema.Schema
	book     *fieldwork.Book
	// open is what everybody counts, sealed what records tell that hold something
	// sealed: for the room's own people.
	open, sealed account
	// people is over all registrations and links between them.
	people merge.Hash
}

// account is what records tell beside what they say.
type account struct {
	// recorders have a value standing; each with the time of the newest, in
	// milliseconds since 1970.
	recorders map[merge.PersonID]int64
	// replicas have one, too.
	replicas map[merge.ReplicaID]bool
	// siblings is the number of cells with several distinct values.
	siblings int
	// unreadable is the number of records that the schema cannot join.
	unreadable int
}

func newAccount() account {
	return account{recorders: map[merge.PersonID]int64{}, replicas: map[merge.ReplicaID]bool{}}
}

// counselling tells whether it is a room's.
func (p *portion) counselling() bool {
	return p.info.Kind == schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
}

// portions reads the spaces that are counted, in the order of their ids. What did
// not move since it was read last is not read again.
func (r *Reporter) portions(ctx context.Context, counted map[merge.SpaceID]bool) ([]*portion, error) {
	spaces, err := r.registers.Spaces()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(spaces, func(a, b syncengine.SpaceInfo) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var all []*portion
	for _, info := range spaces {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if counted != nil && !counted[info.ID] {
			continue
		}
		p := r.read[info.ID]
		if p == nil || p.position != info.Position || p.types != r.registers.Schema() {
			if p, err = r.readPortion(info); err != nil {
				return nil, err
			}
			r.read[info.ID] = p
		}
		all = append(all, p)
	}
	return all, nil
}

func (r *Reporter) readPortion(info syncengine.SpaceInfo) (_ *portion, err error) {
	p := &portion{info: info, types: r.registers.Schema(), book: fieldwork.NewBook(), open: newAccount(), sealed: newAccount()}
	p.position, err = r.registers.Records(info.ID, func(rec *merge.Record) error {
		p.take(rec, p.types.Plan(rec.Type))
		return nil
	})
	return p, err
}

// take counts one record. A type that no schema explains was never merged; a
// plan is missing only where the program was started with fewer types than
// before.
func (p *portion) take(rec *merge.Record, plan *schema.Plan) {
	to := &p.open
	if plan != nil && plan.HasSealed() {
		to = &p.sealed
	}
	for i := range rec.Cells {
		for j := range rec.Cells[i].Values {
			v := &rec.Cells[i].Values[j]
			to.recorders[v.Author] = max(to.recorders[v.Author], v.At)
			to.replicas[v.Change.Replica] = true
		}
	}
	if plan == nil {
		to.unreadable++
		return
	}
	to.siblings += len(plan.Disagreements(rec))
	msg, err := plan.Join(rec)
	if err != nil {
		to.unreadable++
		return
	}
	switch msg.(type) {
	case *recordsv1.Participant, *recordsv1.PersonLink:
		p.people = p.people.Combine(rec.Digest())
	}
	p.book.Add(p.info.ID, rec, msg)
}
