package expiry

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Engine is what is asked of the engine.
type Engine interface {
	Schema() *schema.Schema
	Spaces() ([]syncengine.SpaceInfo, error)
	Records(space merge.SpaceID, each func(rec *merge.Record) error) (position uint64, err error)
	Expire(ctx context.Context, by merge.PersonID, space merge.SpaceID, records []wire.ErasedRecord) (syncengine.Erased, error)
}

// Expired is what is due of one type in one space: how many records there are, and
// what of them.
type Expired struct {
	Space merge.SpaceID
	Type  string
	// Records is how many there are, ErasedBefore those that were erased before.
	Records, ErasedBefore int
	// Of those whose time is over Held are held, Disputed wait until it is settled
	// whether they are a mistake, and Erased are erased now.
	Held, Disputed, Erased int
}

// Run erases in all spaces what is due on a day, or with rehearse only counts it.
// The list is ordered by space and type. After an error part of it may be done.
func Run(ctx context.Context, engine Engine, by merge.PersonID, rules Rules, day Day, rehearse bool) (list []Expired, err error) {
	if _, ok := day.date(); !ok {
		return nil, fault.New(fault.Invalid, "the calendar has no day %d: yyyymmdd is due", day)
	}
	byType, err := rules.against(engine.Schema())
	if err != nil {
		return nil, err
	}
	spaces, err := engine.Spaces()
	if err != nil {
		return nil, err
	}
	isHeld := rules.held(engine.Schema())
	slices.SortFunc(spaces, func(a, b syncengine.SpaceInfo) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, space := range spaces {
		found, records, err := look(engine, space.ID, byType, isHeld, day)
		if err != nil {
			return list, err
		}
		if !rehearse {
			if _, err := engine.Expire(ctx, by, space.ID, records); err != nil {
				return list, fault.New(fault.KindOf(err), "space %s: %w", space.ID, err)
			}
		}
		list = append(list, found...)
	}
	return list, nil
}

// look finds what is due in a space.
func look(engine Engine, space merge.SpaceID, byType map[string]kept, isHeld func(*merge.Record) bool, day Day) (list []Expired, records []wire.ErasedRecord, err error) {
	counts := map[string]*Expired{}
	heard, err := lastHeardOf(engine, space, byType)
	if err != nil {
		return nil, nil, err
	}
	_, err = engine.Records(space, func(rec *merge.Record) error {
		k, ruled := byType[rec.Type]
		if !ruled {
			return nil
		}
		count := counts[rec.Type]
		if count == nil {
			count = &Expired{Space: space, Type: rec.Type}
			counts[rec.Type] = count
		}
		count.Records++
		switch k.judge(rec, heard[rec.ID], day, isHeld(rec)) {
		case erasedBefore:
			count.ErasedBefore++
		case held:
			count.Held++
		case disputed:
			count.Disputed++
		case due:
			count.Erased++
			records = append(records, wire.ErasedRecord{Record: rec.ID, Kept: k.cells})
		}
		return nil
	})
	for _, count := range counts {
		list = append(list, *count)
	}
	slices.SortFunc(list, func(a, b Expired) int { return strings.Compare(a.Type, b.Type) })
	return list, records, err
}

// lastHeardOf tells when something was last written about each person of a space:
// who comes to trainings is not forgotten because nobody has edited the name. It is
// nil where no rule is for persons.
func lastHeardOf(engine Engine, space merge.SpaceID, byType map[string]kept) (map[merge.RecordID]int64, error) {
	types := engine.Schema()
	persons := slices.ContainsFunc(slices.Collect(maps.Values(byType)), func(k kept) bool { _, self := k.plan.Subject(); return self })
	if !persons {
		return nil, nil
	}
	heard := map[merge.RecordID]int64{}
	_, err := engine.Records(space, func(rec *merge.Record) error {
		plan := types.Plan(rec.Type)
		if plan == nil {
			return nil
		}
		if field, _ := plan.Subject(); field != 0 {
			if msg, err := plan.Join(rec); err == nil {
				m := msg.ProtoReflect()
				if id := m.Get(m.Descriptor().Fields().ByNumber(field)).Bytes(); len(id) == len(merge.RecordID{}) {
					heard[merge.RecordID(id)] = max(heard[merge.RecordID(id)], writtenMillis(rec))
				}
			}
		}
		return nil
	})
	return heard, err
}

// held returns what tells of a record whether it is held, or a held person's.
func (r *Rules) held(types *schema.Schema) func(*merge.Record) bool {
	persons, rules := make([]merge.Erasure, len(r.Held)), types.ErasureRules()
	for i, id := range r.Held {
		persons[i] = merge.Erasure{Subject: merge.RecordID(id), Rules: rules}
	}
	return func(rec *merge.Record) bool {
		return slices.ContainsFunc(persons, func(p merge.Erasure) bool { return p.Subject == rec.ID || p.Concerns(rec) != nil })
	}
}
