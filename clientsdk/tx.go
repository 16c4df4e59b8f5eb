package clientsdk

import (
	"filippo.io/age"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Tx is a transaction that writes to one space. It is for the goroutine and for
// the time of the function that it was handed to. Reading through it ([Get],
// [Query]) sees what it has written.
type Tx struct {
	register *Register
	w        *workspace
	stamp    int64 // of the change to be: never back, whatever the clock says
	parts    []*part
	byRecord map[merge.RecordID]*part
	// recipients are those to whom sealed fields are sealed, nil before they are
	// asked for, and further the ones that the app has named.
	recipients []age.Recipient
	further    []string
}

func newTx(r *Register, w *workspace) *Tx {
	return &Tx{register: r, w: w, stamp: max(r.options.Clock(), w.space.Chain.LastStamp), byRecord: make(map[merge.RecordID]*part)}
}

// Create makes a new record of a type without key, and returns its id. All
// populated fields are written.
func (tx *Tx) Create(msg proto.Message) (RecordID, error) {
	plan, err := tx.planOf(msg)
	if err != nil {
		return RecordID{}, err
	}
	if plan.Keyed() {
		return RecordID{}, fault.New(fault.Invalid, "create %s: its key fields make its id: use Put", plan.Name)
	}
	id, err := tx.register.drawID()
	if err != nil {
		return RecordID{}, err
	}
	return id, about(tx.compose(plan, id, msg, nil), "create %s", plan.Name)
}

// Put makes the record of a keyed type hold what the message says, whether it
// was there or not, and returns its id. Without fields all populated ones are
// written; otherwise those that are named, also where the message is empty
// there. A field of a group writes the whole group, and a set field all of the
// set. A void record is restored.
func (tx *Tx) Put(msg proto.Message, fields ...string) (RecordID, error) {
	plan, err := tx.planOf(msg)
	if err != nil {
		return RecordID{}, err
	}
	id, err := keyedID(plan, tx.w.space.ID, msg)
	if err != nil {
		return RecordID{}, err
	}
	return id, about(tx.compose(plan, id, msg, fields), "put %s", plan.Name)
}

// Update writes to a record that is there. Fields are as for Put; the key
// fields of the message may be left empty, and a void record is restored. A field that disagrees is always
// written, which settles it: the value replaces all that are live in the
// register now. To replace only what a person has had on the screen, use Save.
func (tx *Tx) Update(id RecordID, msg proto.Message, fields ...string) error {
	plan, err := tx.planOf(msg)
	if err != nil {
		return err
	}
	p, err := tx.part(plan, id)
	if err != nil {
		return err
	}
	if p.now() == nil {
		return fault.New(fault.NotFound, "update %s %s: there is no such record in the space", plan.Name, id)
	}
	return about(tx.compose(plan, id, msg, fields), "update %s %s", plan.Name, id)
}

// KeyedID returns the id of the record of a keyed type that has the key fields
// of the message, whether there is one or not.
func (r *Register) KeyedID(space SpaceID, msg proto.Message) (RecordID, error) {
	plan, err := planFor(r.options.Schema, msg)
	if err != nil {
		return RecordID{}, err
	}
	return keyedID(plan, space, msg)
}

func keyedID(plan *schema.Plan, space SpaceID, msg proto.Message) (RecordID, error) {
	if !plan.Keyed() {
		return RecordID{}, fault.New(fault.Invalid, "%s has no key fields: make a record with Create, and change it by its id with Update", plan.Name)
	}
	header, err := plan.Header(msg)
	if err != nil {
		return RecordID{}, err
	}
	return merge.KeyedRecordID(space, plan.Name, header), nil
}

// compose adds to the transaction what makes the record hold the message. Who
// enters a record that is void, and sees that it is, means it.
func (tx *Tx) compose(plan *schema.Plan, id RecordID, msg proto.Message, fields []string) error {
	p, err := tx.part(plan, id)
	if err != nil {
		return err
	}
	if p.current != nil && p.current.Standing() == merge.Void && !p.voids() {
		if err := tx.Restore(id); err != nil {
			return err
		}
	}
	numbers, err := fieldNumbers(plan, fields)
	if err != nil {
		return err
	}
	return tx.composeOn(p, p.now(), schema.Draft{Record: id, Message: msg, Fields: numbers})
}

// composeOn composes against what the author has seen of the record.
func (tx *Tx) composeOn(p *part, seen *merge.Record, draft schema.Draft) error {
	open := tx.opening(p.plan, draft.Record)
	draft.Seal, draft.Open = tx.sealValue(open), open.shown
	writes, err := p.plan.Compose(tx.w.space.ID, seen, draft)
	if err != nil {
		return err
	}
	if p.plan.AppendOnly() && p.current != nil && len(writes.Writes) > 0 {
		return fault.New(fault.Invalid, "records of this type are written once: write another one that names it")
	}
	return tx.add(p, writes)
}

func (tx *Tx) planOf(msg proto.Message) (*schema.Plan, error) {
	plan, err := planFor(tx.w.schema, msg)
	if err != nil {
		return nil, err
	}
	return plan, tx.checkSpace(plan)
}

func (tx *Tx) checkSpace(plan *schema.Plan) error {
	if kind := SpaceKind(tx.w.space.Kind); !plan.LivesIn(kind) {
		return fault.New(fault.Invalid, "%s: records of this type do not live in a space of kind %s", plan.Name, kind)
	}
	return nil
}

func planFor(known *schema.Schema, msg proto.Message) (*schema.Plan, error) {
	if msg == nil {
		return nil, fault.New(fault.Invalid, "the message is nil")
	}
	return planNamed(known, string(msg.ProtoReflect().Descriptor().FullName()))
}

func planNamed(known *schema.Schema, typeName string) (*schema.Plan, error) {
	if plan := known.Plan(typeName); plan != nil {
		return plan, nil
	}
	return nil, fault.New(fault.Invalid, "%s is no record type of the schema that the register was opened with", typeName)
}

func fieldNumbers(plan *schema.Plan, names []string) ([]protoreflect.FieldNumber, error) {
	var numbers []protoreflect.FieldNumber
	for _, name := range names {
		fd, err := fieldNamed(plan, name)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, fd.Number())
	}
	return numbers, nil
}

func fieldNamed(plan *schema.Plan, name string) (protoreflect.FieldDescriptor, error) {
	fd := plan.Descriptor().Fields().ByName(protoreflect.Name(name))
	if fd == nil {
		return nil, fault.New(fault.Invalid, "%s has no field %q", plan.Name, name)
	}
	return fd, nil
}

// fieldName returns the name of a cell or key field, empty if it is unknown.
func fieldName(plan *schema.Plan, field uint32) string {
	number := protoreflect.FieldNumber(field)
	if cell, ok := plan.Cell(number); ok {
		return cell.Name
	}
	if fd := plan.Descriptor().Fields().ByNumber(number); fd != nil {
		return string(fd.Name())
	}
	return ""
}
