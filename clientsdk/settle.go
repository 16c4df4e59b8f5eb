package clientsdk

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Readable is a row that was read with Get or Query, of any type.
type Readable interface {
	seen() (*merge.Record, proto.Message)
}

// Save writes what differs between the message of a row and what the row was
// read with, and replaces only the values that were live then. A value that
// came since, by a sync behind the form, stays and the cell disagrees: nothing
// is overwritten that the person has not seen. Without fields all are compared;
// otherwise those that are named, and a named one that disagrees is settled.
func (tx *Tx) Save(row Readable, fields ...string) error {
	rec, msg := row.seen()
	plan, err := tx.planOf(msg)
	if err != nil {
		return err
	}
	p, err := tx.part(plan, rec.ID)
	if err != nil {
		return err
	}
	if p.current == nil || p.preview != nil {
		return fault.New(fault.Invalid, "save %s %s: the record is not there any more, or this transaction has written to it: read it again", plan.Name, rec.ID)
	}
	numbers, err := fieldNumbers(plan, fields)
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		if numbers, err = changedFields(tx.opening(plan, rec.ID), rec, msg); err != nil || len(numbers) == 0 {
			return err
		}
	}
	return about(tx.composeOn(p, rec, schema.Draft{Record: rec.ID, Message: msg, Fields: numbers}), "save %s %s", plan.Name, rec.ID)
}

// changedFields returns the fields of cells in which the message differs from
// what the record shows.
func changedFields(open *opening, rec *merge.Record, msg proto.Message) ([]protoreflect.FieldNumber, error) {
	was, err := open.plan.JoinOpened(rec, open.shown)
	if err != nil {
		return nil, err
	}
	var changed []protoreflect.FieldNumber
	cells := open.plan.Cells()
	for i := range cells {
		for _, fd := range cells[i].Fields {
			if !sameField(was.ProtoReflect(), msg.ProtoReflect(), fd.Number()) {
				changed = append(changed, fd.Number())
			}
		}
	}
	return changed, nil
}

// sameField compares by number, since the schema may be newer than the Go type.
func sameField(a, b protoreflect.Message, number protoreflect.FieldNumber) bool {
	fd := a.Descriptor().Fields().ByNumber(number)
	if fd == nil {
		return true
	}
	return a.Has(fd) == b.Has(fd) && a.Get(fd).Equal(b.Get(fd))
}

// Settle ends a disagreement with the choice-th of its values, 0 being the one
// that is shown. It replaces the values that are in the disagreement, which the
// person has looked at, and no other.
func (tx *Tx) Settle(id RecordID, d Disagreement, choice int) error {
	if choice < 0 || choice >= len(d.Values) {
		return fault.New(fault.Invalid, "settle: value %d of %d", choice, len(d.Values))
	}
	replaces := make([]merge.ID, len(d.Values))
	for i := range d.Values {
		replaces[i] = d.Values[i].Change
	}
	slices.SortFunc(replaces, merge.ID.Compare)
	data, err := tx.chosen(id, d, choice)
	if err == nil {
		err = tx.writeCell(id, d.Key, data, replaces)
	}
	return about(err, "settle record %s", id)
}

// chosen returns the data of the value that settles the disagreement.
func (tx *Tx) chosen(id RecordID, d Disagreement, choice int) ([]byte, error) {
	p, err := tx.existing(id)
	if err != nil {
		return nil, err
	}
	if c, known := p.plan.Cell(protowire.Number(d.Key.Field)); known && c.Sealed {
		return tx.resealed(p, c, d.Values[choice].Change)
	}
	return d.Values[choice].Data, nil
}

// Void says that a record was entered by mistake. It is hidden as long as
// nobody edits it without having seen that; nothing of it is lost, and Restore
// brings it back.
func (tx *Tx) Void(id RecordID) error {
	p, err := tx.existing(id)
	if err == nil && len(p.writes) > 0 {
		err = fault.New(fault.Invalid, "the transaction has written to the record, which says that it is meant: do one of the two")
	}
	if err == nil {
		err = tx.writeCell(id, merge.Lifecycle, p.current.LiveChanges().Encode(), p.current.Cell(merge.Lifecycle).Seen())
	}
	return about(err, "void record %s", id)
}

// Restore says that a record is meant after all.
func (tx *Tx) Restore(id RecordID) error {
	p, err := tx.existing(id)
	if err != nil {
		return about(err, "restore record %s", id)
	}
	if p.now().Standing() == merge.Active {
		return nil
	}
	return about(tx.writeCell(id, merge.Lifecycle, nil, p.now().Cell(merge.Lifecycle).Seen()), "restore record %s", id)
}

// writeCell writes one cell of a record that is there.
func (tx *Tx) writeCell(id RecordID, key merge.CellKey, value []byte, replaces []merge.ID) error {
	p, err := tx.existing(id)
	if err != nil {
		return err
	}
	return tx.add(p, merge.RecordWrites{Header: p.now().Header, Writes: []merge.Write{{Cell: key, Value: value, Replaces: replaces}}})
}

// existing returns the part of a record that is there, of whatever type.
func (tx *Tx) existing(id RecordID) (*part, error) {
	if p := tx.byRecord[id]; p != nil && p.now() != nil {
		return p, nil
	}
	h, err := tx.w.hold(id)
	if err != nil {
		return nil, err
	}
	if h.shown == nil {
		return nil, fault.New(fault.NotFound, "there is no such record in the space")
	}
	plan, err := planNamed(tx.w.schema, h.shown.Type)
	if err != nil {
		return nil, err
	}
	if err := tx.checkSpace(plan); err != nil {
		return nil, err
	}
	return tx.part(plan, id)
}
