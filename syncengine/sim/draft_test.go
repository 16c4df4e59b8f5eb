package sim

import (
	"bytes"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

const (
	typePlace  = "zhurnal.fixture.v1.Place"
	typePerson = "zhurnal.fixture.v1.Person"
	typeVisit  = "zhurnal.fixture.v1.Visit"
	typeParcel = "zhurnal.fixture.v1.Parcel" // only in the newer version
)

// writesSomething makes one of the things that a person does with a register,
// in one transaction.
func (d *doing) writesSomething(space merge.SpaceID) {
	t := d.tablet
	if len(t.forms) > 0 && d.IntN(4) == 0 {
		d.savesForm()
		return
	}
	t.transaction(space, func(tx *clientsdk.Tx) error {
		d.wrote = false
		err := d.writesOne(tx, space)
		if err != nil && d.wrote {
			d.listed = nil // what came into a list is taken back
		}
		return err
	})
}

func (d *doing) writesOne(tx *clientsdk.Tx, space merge.SpaceID) error {
	switch d.IntN(12) {
	case 0, 1:
		id, err := tx.Create(d.message(typePerson))
		d.lists(space, typePerson, id)
		return err
	case 2, 3, 4:
		return d.puts(tx, space)
	case 5:
		return d.voids(tx, space)
	case 6:
		return d.settles(tx, space)
	case 7, 8: // several records in one change
		if err := d.puts(tx, space); err != nil {
			return err
		}
		return d.updates(tx, space)
	default:
		return d.updates(tx, space)
	}
}

// puts writes to a record that others may have begun too.
func (d *doing) puts(tx *clientsdk.Tx, space merge.SpaceID) error {
	name := []string{typePlace, typeVisit, typeParcel}[d.IntN(3)]
	if d.plan(name) == nil {
		name = typePlace
	}
	id, err := tx.Put(d.message(name))
	d.lists(space, name, id)
	return err
}

func (d *doing) plan(name string) *schema.Plan { return recordTypes(d.tablet.newer).Plan(name) }

// row picks a record from what the tablet shows; false if it shows none.
func (d *doing) row(from clientsdk.Reader, space merge.SpaceID) (row clientsdk.Row[proto.Message], found bool) {
	for _, name := range []string{typePerson, typeVisit, typePlace}[d.IntN(3):] {
		ids, err := d.list(from, space, name)
		if d.isOfDamage(err) {
			return row, false
		}
		d.must(err, "%s reads", d.tablet)
		if len(ids) == 0 {
			continue
		}
		row, err := clientsdk.GetNamed(noCut, from, space, name, ids[d.IntN(len(ids))])
		d.must(err, "%s reads", d.tablet)
		return row, err == nil
	}
	return row, false
}

// listing names the records of one type in one space.
type listing struct {
	space merge.SpaceID
	name  string
}

// list returns the records of a type that the tablet shows, by id. While one
// step is taken nobody else writes there, so that they are read once: a large
// season would read all its people for each of ten thousand writes.
func (d *doing) list(from clientsdk.Reader, space merge.SpaceID, name string) ([]merge.RecordID, error) {
	of := listing{space, name}
	if ids, known := d.listed[of]; known {
		return ids, nil
	}
	rows, err := clientsdk.QueryNamed(noCut, from, space, name, clientsdk.WithVoid())
	if err != nil {
		return nil, err
	}
	ids := make([]merge.RecordID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	if d.listed == nil {
		d.listed = map[listing][]merge.RecordID{}
	}
	d.listed[of] = ids
	return ids, nil
}

// lists notes that the tablet has written to a record, which may be a new one.
func (d *doing) lists(space merge.SpaceID, name string, id merge.RecordID) {
	d.wrote = true
	of := listing{space, name}
	ids, known := d.listed[of]
	if i, found := slices.BinarySearchFunc(ids, id, compareIDs); known && !found {
		d.listed[of] = slices.Insert(ids, i, id)
	}
}

func compareIDs(a, b merge.RecordID) int { return bytes.Compare(a[:], b[:]) }

func (d *doing) updates(tx *clientsdk.Tx, space merge.SpaceID) error {
	row, found := d.row(tx, space)
	if !found {
		return errNothingToDo
	}
	fields := d.fill(row.Message.ProtoReflect(), d.plan(row.Record().Type))
	if len(fields) == 0 {
		return errNothingToDo
	}
	return tx.Update(row.ID, row.Message, fields...)
}

func (d *doing) voids(tx *clientsdk.Tx, space merge.SpaceID) error {
	row, found := d.row(tx, space)
	switch {
	case !found:
		return errNothingToDo
	case row.Standing == merge.Void:
		return tx.Restore(row.ID)
	}
	return tx.Void(row.ID)
}

func (d *doing) settles(tx *clientsdk.Tx, space merge.SpaceID) error {
	row, found := d.row(tx, space)
	if !found || len(row.Disagreements) == 0 {
		return errNothingToDo
	}
	about := row.Disagreements[d.IntN(len(row.Disagreements))]
	d.tally.Settled++
	return tx.Settle(row.ID, about, d.IntN(len(about.Values)))
}

// opensForm puts a record on the screen, to be saved when others may have
// changed it.
func (d *doing) opensForm(space merge.SpaceID) {
	if row, found := d.row(d.tablet.reg, space); found {
		d.tablet.forms = append(d.tablet.forms, form{space, row})
	}
}

func (d *doing) savesForm() {
	t := d.tablet
	f := t.forms[0]
	t.forms = t.forms[1:]
	d.fill(f.row.Message.ProtoReflect(), d.plan(f.row.Record().Type))
	t.transaction(f.space, func(tx *clientsdk.Tx) error {
		if _, err := clientsdk.GetNamed(noCut, tx, f.space, f.row.Record().Type, f.row.ID); err != nil {
			return errNothingToDo // access is gone, and the record with it
		}
		return tx.Save(f.row)
	})
}

// message draws a new record. Few keys and few values make people meet.
func (d *doing) message(name string) proto.Message {
	return d.messageOf(d.plan(name))
}

func (d *doing) messageOf(plan *schema.Plan) proto.Message {
	msg := plan.NewMessage()
	m := msg.ProtoReflect()
	switch plan.Name {
	case typePlace:
		set(m, "code", protoreflect.ValueOfString(fmt.Sprintf("UA000000%d", d.IntN(3))))
	case typeVisit:
		set(m, "person_id", protoreflect.ValueOfBytes(d.reference()))
		set(m, "day", protoreflect.ValueOfInt32(20160801+int32(d.IntN(3))))
	case typeParcel:
		set(m, "label", protoreflect.ValueOfUint64(1+d.Uint64N(3)))
	}
	d.fill(m, plan)
	return msg
}

func set(m protoreflect.Message, field protoreflect.Name, v protoreflect.Value) {
	m.Set(m.Descriptor().Fields().ByName(field), v)
}

// reference is the id of one of three records, which may be there or not.
func (d *doing) reference() []byte {
	id := mergetest.ID16(fmt.Sprint("somebody ", d.IntN(3)))
	return id[:]
}

// fill gives some of the fields that are not in the key other values, and
// returns their names.
func (d *doing) fill(m protoreflect.Message, plan *schema.Plan) (changed []string) {
	cells := plan.Cells()
	for range 1 + d.IntN(3) {
		cell := &cells[d.IntN(len(cells))]
		for _, fd := range cell.Fields {
			fd = m.Descriptor().Fields().ByNumber(fd.Number())
			if d.value(m, fd) {
				changed = append(changed, string(fd.Name()))
			}
		}
	}
	return changed
}

// value sets or clears one field; false where it leaves it alone.
func (d *doing) value(m protoreflect.Message, fd protoreflect.FieldDescriptor) bool {
	switch {
	case d.IntN(6) == 0:
		m.Clear(fd)
	case fd.IsMap():
		m.Mutable(fd).Map().Set(protoreflect.ValueOfString(d.word()).MapKey(), protoreflect.ValueOfInt64(d.Int64N(3)))
	case fd.IsList() && fd.Message() != nil, fd.Message() != nil:
		return false
	case fd.IsList():
		list := m.NewField(fd).List()
		for range d.IntN(4) {
			list.Append(d.scalar(fd))
		}
		m.Set(fd, protoreflect.ValueOfList(list))
	default:
		m.Set(fd, d.scalar(fd))
	}
	return true
}

func (d *doing) scalar(fd protoreflect.FieldDescriptor) protoreflect.Value {
	small := d.IntN(5)
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(d.word())
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(d.reference())
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(small))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(small > 2)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(small) / 2)
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(100 + 10*small)) // some ages are too high
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(small))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind:
		return protoreflect.ValueOfInt64(int64(small) - 1)
	default:
		return protoreflect.ValueOfInt32(int32(small) * 500) // some minutes are beyond the day
	}
}

func (d *doing) word() string { return []string{"", "Olena", "Halyna", "Lyman", "х"}[d.IntN(5)] }
