package report

import (
	"bytes"
	"context"
	"slices"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// gathered is what one pass over all records leaves.
type gathered struct {
	book *fieldwork.Book
	// readable are the spaces that the caller may read, and rooms those of
	// counselling.
	readable, rooms map[merge.SpaceID]bool
	positions       []*reportv1.SpacePosition
	// recorders and replicas have at least one value standing.
	recorders map[merge.PersonID]bool
	replicas  map[merge.ReplicaID]bool
	// siblings is the number of cells with several distinct values.
	siblings int
	// unreadable is the number of records that the schema cannot join.
	unreadable int
}

func (r *Reporter) gather(ctx context.Context, readable, counted map[merge.SpaceID]bool) (*gathered, error) {
	spaces, err := r.registers.Spaces()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(spaces, func(a, b syncengine.SpaceInfo) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	g := &gathered{
		book:      fieldwork.NewBook(),
		readable:  readable,
		rooms:     map[merge.SpaceID]bool{},
		recorders: map[merge.PersonID]bool{},
		replicas:  map[merge.ReplicaID]bool{},
	}
	for _, info := range spaces {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g.rooms[info.ID] = info.Kind == schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM
		if counted != nil && !counted[info.ID] {
			continue
		}
		position, err := r.registers.Records(info.ID, func(rec *merge.Record) error {
			g.take(info.ID, rec, r.registers.Schema().Plan(rec.Type))
			return nil
		})
		if err != nil {
			return nil, err
		}
		g.positions = append(g.positions, g.spaceAt(info, position))
	}
	return g, nil
}

// named tells whether a space may be named: a counselling room only to who may
// read it. For everyone else that it exists is a number among others, and how far
// its log has come is told to nobody, since every note moves it.
func (g *gathered) named(space merge.SpaceID) bool { return g.readable[space] || !g.rooms[space] }

func (g *gathered) spaceAt(info syncengine.SpaceInfo, position uint64) *reportv1.SpacePosition {
	at := &reportv1.SpacePosition{Kind: info.Kind}
	if g.named(info.ID) {
		at.SpaceId, at.Position = bytes.Clone(info.ID[:]), position
	}
	return at
}

// take counts one record. A type that no schema explains was never merged; a
// plan is missing only where the program was started with fewer types than
// before. Of a room that the caller may not read nothing counts that holds what is
// sealed, not even that somebody has written, and no disagreement: they are for
// the room's own people.
func (g *gathered) take(space merge.SpaceID, rec *merge.Record, plan *schema.Plan) {
	if plan != nil && plan.HasSealed() && !g.named(space) {
		return
	}
	for i := range rec.Cells {
		for j := range rec.Cells[i].Values {
			v := &rec.Cells[i].Values[j]
			g.recorders[v.Author] = true
			g.replicas[v.Change.Replica] = true
		}
	}
	if plan == nil {
		g.unreadable++
		return
	}
	if g.named(space) {
		g.siblings += len(plan.Disagreements(rec))
	}
	msg, err := plan.Join(rec)
	if err != nil {
		g.unreadable++
		return
	}
	g.book.Add(space, rec, msg)
}
