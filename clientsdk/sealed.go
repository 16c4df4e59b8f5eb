package clientsdk

import (
	"filippo.io/age"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// SealedField is a sealed field of a row that holds a value. Who sealed it and
// when is for everyone in the room to see.
type SealedField struct {
	// Name is that of the field or group.
	Name   string
	Author PersonID
	// AtMillis is when it was written, as for every value.
	AtMillis int64
	// Err says why the message lacks it, to be shown to the person; nil if it was
	// opened. See the errors of package sealing, and sealed.ErrMoved.
	Err error
}

// opening opens the sealed values of one record.
type opening struct {
	keys   *sealing.Keys
	plan   *schema.Plan
	space  SpaceID
	record RecordID
	// opened are the contents that were opened already: it takes a while.
	opened map[opened]content
}

type opened struct {
	field  uint32
	change ChangeID
}

type content struct {
	bytes []byte
	err   error
}

func newOpening(keys *sealing.Keys, plan *schema.Plan, space SpaceID, record RecordID) *opening {
	return &opening{keys: keys, plan: plan, space: space, record: record}
}

// value opens a value that is live in a sealed cell, and that the change wrote
// which the value names.
func (o *opening) value(c *schema.CellPlan, v *merge.Value) ([]byte, error) {
	key := opened{c.Field, v.Change}
	if known, ok := o.opened[key]; ok {
		return known.bytes, known.err
	}
	found, err := o.open(c, v)
	if o.opened == nil { // most records have nothing sealed
		o.opened = make(map[opened]content)
	}
	o.opened[key] = content{found, err}
	return found, err
}

func (o *opening) open(c *schema.CellPlan, v *merge.Value) ([]byte, error) {
	file, ok := sealed.Unwrap(c.Field, v.Data)
	if !ok {
		return nil, fault.New(fault.Damaged, "sealed: %w", sealing.ErrDamaged)
	}
	found, err := o.keys.Open(o.place(c, v.Author, v.Change), file)
	if err != nil {
		return nil, err
	}
	if err := o.plan.CheckContent(c, found); err != nil {
		return nil, err
	}
	return found, nil
}

func (o *opening) place(c *schema.CellPlan, author PersonID, change ChangeID) sealed.Place {
	return sealed.Place{
		Space: o.space, Record: o.record, Type: o.plan.Name, Field: c.Field,
		Author: author, Replica: change.Replica, Seq: change.Seq,
	}
}

// shown is what a plan joins and composes with.
func (o *opening) shown(c *schema.CellPlan, v *merge.Value) ([]byte, bool) {
	found, err := o.value(c, v)
	return found, err == nil
}

// written returns what a change writes into a cell: opened if it is sealed, and
// empty if it cannot be.
func (o *opening) written(c *merge.Change, w *merge.Write) []byte {
	if o.plan == nil {
		return w.Value
	}
	cell, known := o.plan.Cell(protowire.Number(w.Cell.Field))
	if !known || !cell.Sealed || len(w.Value) == 0 {
		return w.Value
	}
	found, _ := o.value(cell, &merge.Value{Change: c.ID, Author: c.Author, Data: w.Value})
	return found
}

// fields lists the sealed fields of a record that hold something.
func (o *opening) fields(rec *merge.Record) []SealedField {
	if !o.plan.HasSealed() {
		return nil
	}
	var list []SealedField
	cells := o.plan.Cells()
	for i := range cells {
		c := &cells[i]
		stored := rec.Cell(merge.CellKey{Field: c.Field})
		if !c.Sealed || stored == nil {
			continue
		}
		if v, ok := stored.Shown(c.Rule); ok && len(v.Data) > 0 {
			_, err := o.value(c, &v)
			list = append(list, SealedField{Name: c.Name, Author: v.Author, AtMillis: v.At, Err: err})
		}
	}
	return list
}

// disagreements opens the values that a person is to choose from; those that
// cannot be opened are left empty.
func (o *opening) disagreements(rec *merge.Record) []Disagreement {
	list := o.plan.Disagreements(rec)
	for i := range list {
		c, known := o.plan.Cell(protowire.Number(list[i].Key.Field))
		if !known || !c.Sealed {
			continue
		}
		for j := range list[i].Values {
			v := &list[i].Values[j]
			if len(v.Data) > 0 {
				v.Data, _ = o.value(c, v)
			}
		}
	}
	return list
}

// opening opens what the transaction finds in a record.
func (tx *Tx) opening(plan *schema.Plan, id RecordID) *opening {
	return newOpening(tx.register.options.Keys, plan, tx.w.space.ID, id)
}

// SealAlsoTo seals what the transaction writes from here on to further
// recipients, such as that of a psychologist who takes over. The app answers for
// them, as for those that it pins: take them from an announcement that
// Pins.Trusts, or from hand to hand.
func (tx *Tx) SealAlsoTo(recipients ...string) {
	tx.further = append(tx.further, recipients...)
	tx.recipients = nil
}

// sealValue makes the value of a sealed cell.
func (tx *Tx) sealValue(o *opening) func(c *schema.CellPlan, content []byte) ([]byte, error) {
	return func(c *schema.CellPlan, content []byte) ([]byte, error) {
		to, err := tx.sealTo()
		if err != nil {
			return nil, about(err, "%s", c.Name)
		}
		file, err := sealing.Seal(o.place(c, tx.register.options.Author, tx.before()), content, to)
		if err != nil {
			return nil, about(err, "%s", c.Name)
		}
		return sealed.Wrap(c.Field, file), nil
	}
}

func (tx *Tx) sealTo() (_ []age.Recipient, err error) {
	if tx.recipients == nil {
		announced, err := announcedKeys(tx.w.tx, tx.w.schema, tx.w.space)
		if err != nil {
			return nil, err
		}
		keys := make([]*schemav1.SealingKey, len(announced))
		for i := range announced {
			keys[i] = announced[i].key
		}
		if tx.recipients, err = tx.register.options.Keys.Recipients(tx.w.space.ID, keys, tx.further); err != nil {
			return nil, err
		}
	}
	return tx.recipients, nil
}

// resealed returns the value by which a disagreement of a sealed cell is settled:
// what the chosen one holds, sealed for its new place.
func (tx *Tx) resealed(p *part, c *schema.CellPlan, change ChangeID) ([]byte, error) {
	stored := p.now().Cell(merge.CellKey{Field: c.Field})
	o := tx.opening(p.plan, p.held.row.ID)
	for i := range stored.Values {
		v := &stored.Values[i]
		if v.Change != change || len(v.Data) == 0 {
			continue
		}
		content, err := o.value(c, v)
		if err != nil {
			return nil, err
		}
		return tx.sealValue(o)(c, content)
	}
	return nil, fault.New(fault.Invalid, "the sealed value is not there any more: read the record again")
}

// announced is a key that a record of the room announces.
type announced struct {
	plan   *schema.Plan
	field  uint32
	record RecordID
	key    *schemav1.SealingKey
}

// announcedKeys returns all keys that records of the space announce, in any value
// that is live: which of several is shown, and whether somebody has called the
// record a mistake, must not decide to whom is sealed.
func announcedKeys(tx localstore.Tx, known *schema.Schema, space *localstore.Space) ([]announced, error) {
	var list []announced
	for _, plan := range known.SealingKeyTypes() {
		records, err := tx.RecordsOfType(space.N, plan.Name)
		if err != nil {
			return nil, err
		}
		for i := range records {
			rec, err := parseRow(records[i].ID, records[i].Row())
			if err != nil {
				return nil, err
			}
			list = append(list, keysIn(plan, rec)...)
		}
	}
	return list, nil
}

func keysIn(plan *schema.Plan, rec *merge.Record) []announced {
	field := uint32(plan.SealingKeyField())
	stored := rec.Cell(merge.CellKey{Field: field})
	if stored == nil {
		return nil
	}
	var list []announced
	for i := range stored.Values {
		if key := sealingKey(plan, stored.Values[i].Data); key != nil {
			list = append(list, announced{plan, field, rec.ID, key})
		}
	}
	return list
}

// sealingKey reads the key out of the value of its cell, nil if there is none.
func sealingKey(plan *schema.Plan, value []byte) *schemav1.SealingKey {
	msg := plan.NewMessage()
	if proto.Unmarshal(value, msg) != nil {
		return nil
	}
	m := msg.ProtoReflect()
	fd := m.Descriptor().Fields().ByNumber(plan.SealingKeyField())
	if fd == nil || !m.Has(fd) {
		return nil
	}
	data, err := proto.Marshal(m.Get(fd).Message().Interface())
	key := new(schemav1.SealingKey)
	if err != nil || proto.Unmarshal(data, key) != nil {
		return nil
	}
	return key
}

// keys lists the announcements that are not believed.
func (a *attending) keys() error {
	if a.sealing == nil || SpaceKind(a.space.Kind) != schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM {
		return nil
	}
	announced, err := announcedKeys(a.tx, a.schema, a.space)
	if err != nil {
		return err
	}
	for _, k := range announced {
		if !a.sealing.Rooms[a.space.ID].Trusts(a.space.ID, k.key) {
			a.list = append(a.list, Attention{
				Space: a.space.ID, Type: k.plan.Name, Record: k.record, Field: fieldName(k.plan, k.field), Key: KeyUntrustedKey,
			})
		}
	}
	return nil
}
