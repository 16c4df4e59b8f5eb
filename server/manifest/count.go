package manifest

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// tally counts the records of one type.
type tally struct {
	*directoryv1.ManifestType
	plan *schema.Plan // nil for a type that the server does not know
	by   map[schemav1.Sensitivity]uint64
}

// count counts the records that a device has of a space.
func (m *Maker) count(space merge.SpaceID, of *directoryv1.ManifestSpace) error {
	tallies, known := map[string]*tally{}, m.Engine.Schema()
	position, err := m.Engine.Records(space, func(rec *merge.Record) error {
		if of.ServedThrough == 0 {
			return nil
		}
		t := tallies[rec.Type]
		if t == nil {
			t = &tally{&directoryv1.ManifestType{Type: rec.Type}, known.Plan(rec.Type), map[schemav1.Sensitivity]uint64{}}
			tallies[rec.Type] = t
		}
		t.add(rec, of.ServedThrough)
		return nil
	})
	switch {
	case fault.KindOf(err) == fault.NoAccess: // nothing was ever written to it
		return nil
	case err != nil:
		return err
	}
	of.Position = position
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		of.Types = append(of.Types, tallies[name].done())
	}
	return nil
}

func (t *tally) add(rec *merge.Record, servedThrough uint64) {
	if rec.Position <= servedThrough {
		t.Records++
	} else {
		t.ChangedSince++
	}
	if rec.Erased {
		t.Erased++
	}
	highest, sealed := t.holds(rec)
	t.by[highest]++
	if sealed {
		t.Sealed++
	}
}

// holds tells the highest sensitivity of what is in a record, and whether some of it
// is sealed. What the server does not know counts as the worst there is.
func (t *tally) holds(rec *merge.Record) (highest schemav1.Sensitivity, sealed bool) {
	highest = schemav1.Sensitivity_SENSITIVITY_PUBLIC
	for i := range rec.Cells {
		cell := &rec.Cells[i]
		if cell.Key.Field == 0 || !slices.ContainsFunc(cell.Values, func(v merge.Value) bool { return len(v.Data) > 0 }) {
			continue // the lifecycle, or emptied
		}
		of := schemav1.Sensitivity_SENSITIVITY_CLINICAL
		if t.plan != nil {
			if plan, ok := t.plan.Cell(protowire.Number(cell.Key.Field)); ok {
				of, sealed = plan.Sensitivity, sealed || plan.Sealed
			}
		}
		highest = max(highest, of)
	}
	return highest, sealed
}

// done returns the counts, the worst first.
func (t *tally) done() *directoryv1.ManifestType {
	for _, s := range slices.Backward(slices.Sorted(maps.Keys(t.by))) {
		t.Sensitivities = append(t.Sensitivities, &directoryv1.ManifestSensitivity{Sensitivity: s, Records: t.by[s]})
	}
	return t.ManifestType
}
