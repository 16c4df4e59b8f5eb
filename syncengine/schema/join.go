package schema

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Join returns the message that a view shows of the record: its header and the
// shown value of every cell. Fields of which the plan has not heard are kept in
// it as unknown fields, byte for byte. The elements of a set come in the order
// of their bytes. Sealed cells are left empty. Whether the record is void is not
// looked at.
func (p *Plan) Join(rec *merge.Record) (proto.Message, error) { return p.JoinOpened(rec, nil) }

// JoinOpened is Join for whoever has keys. Sealed cells that it does not open, and
// all of them without it, are left empty.
func (p *Plan) JoinOpened(rec *merge.Record, open Open) (proto.Message, error) {
	if rec.Type != p.Name {
		return nil, fault.New(fault.Invalid, "a record of type %s is needed, this is %s", p.Name, rec.Type)
	}
	data := append(make([]byte, 0, 256), rec.Header...)
	for i := range rec.Cells {
		data = p.appendShown(data, &rec.Cells[i], open)
	}
	msg := p.NewMessage()
	if err := proto.Unmarshal(data, msg); err != nil {
		return nil, fault.New(fault.Invalid, "%s %s: %w", p.Name, rec.ID, err)
	}
	return msg, nil
}

// appendShown appends what the cell contributes to the message.
func (p *Plan) appendShown(data []byte, c *merge.Cell, open Open) []byte {
	if c.Key == merge.Lifecycle || len(c.Values) == 0 {
		return data
	}
	shown := &c.Values[0]
	if len(c.Values) > 1 {
		value, _ := c.Shown(p.Rule(c.Key))
		shown = &value
	}
	cell, known := p.cellAt(c.Key.Field)
	switch {
	case known && p.cells[cell].Sealed:
		if content, ok := open.content(&p.cells[cell], shown); ok {
			data = append(data, content...)
		}
		return data
	case c.Key.Element == "":
		return append(data, shown.Data...)
	case len(shown.Data) > 0:
		return append(data, c.Key.Element...)
	default:
		return data
	}
}

// Disagreement is a cell with more than one distinct value, or the lifecycle
// cell of a record whose void is contested.
type Disagreement struct {
	Key merge.CellKey
	// Name is that of the field or group; empty if the plan has not heard of it.
	Name string
	// Review says that a person is to settle it.
	Review bool
	// Values are all that are live, the shown one first. Several may have
	// equal data.
	Values []merge.Value
}

// Disagreements returns the cells of the record in which values disagree, in
// the order of the cells. A void record has none: nobody needs to settle what is
// a mistake. The lifecycle cell is none of them, since several people may call a
// record a mistake; see [ContestedVoid].
func (p *Plan) Disagreements(rec *merge.Record) []Disagreement {
	if !disagrees(rec) || rec.Standing() == merge.Void {
		return nil
	}
	var found []Disagreement
	for i := range rec.Cells {
		c := &rec.Cells[i]
		if !isDisagreement(c) {
			continue
		}
		d := Disagreement{Key: c.Key, Values: inShownOrder(c, p.Rule(c.Key))}
		if j, ok := p.cellAt(c.Key.Field); ok {
			d.Name, d.Review = p.cells[j].Name, p.cells[j].Rule.Review
		}
		found = append(found, d)
	}
	return found
}

// disagrees spares most records the question of where they stand.
func disagrees(rec *merge.Record) bool {
	for i := range rec.Cells {
		if isDisagreement(&rec.Cells[i]) {
			return true
		}
	}
	return false
}

func isDisagreement(c *merge.Cell) bool {
	return len(c.Values) > 1 && c.Key != merge.Lifecycle && c.Distinct() > 1
}

// ContestedVoid returns the lifecycle cell of a record that somebody called a
// mistake who had not seen all of it, to be reviewed by a person; false for
// every other record. It needs no plan.
func ContestedVoid(rec *merge.Record) (Disagreement, bool) {
	if rec.Standing() != merge.Contested {
		return Disagreement{}, false
	}
	return Disagreement{Key: merge.Lifecycle, Review: true, Values: inShownOrder(rec.Cell(merge.Lifecycle), merge.Rule{})}, true
}

// inShownOrder takes the shown value, then what would be shown without it, and
// so on: cells with many values are rare, and the rule stays in one place.
func inShownOrder(c *merge.Cell, rule merge.Rule) []merge.Value {
	rest := merge.Cell{Key: c.Key, Values: slices.Clone(c.Values)}
	ordered := make([]merge.Value, 0, len(rest.Values))
	for {
		shown, ok := rest.Shown(rule)
		if !ok {
			return ordered
		}
		ordered = append(ordered, shown)
		rest.Values = slices.DeleteFunc(rest.Values, func(v merge.Value) bool { return v.Change == shown.Change })
	}
}
