package clientsdk

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Row is a record as the tablet sees it.
type Row[T proto.Message] struct {
	ID RecordID
	// Message is the merged view. It is the caller's, to alter and to Save.
	Message T
	// Provisional says that it shows something that home has not confirmed yet.
	Provisional bool
	// Quarantined says that the server keeps a change that it shows in
	// quarantine: other tablets do not see it yet. See Attention.
	Quarantined bool
	// Erased says that the person whom the record is about was erased: what is not
	// there is not kept, and what is entered there is not either.
	Erased bool
	// Standing tells a record that is void from one that is not, and from one
	// over which people differ.
	Standing merge.Standing
	// Disagreements are the fields for which there are several values. The
	// message has the first of each.
	Disagreements []Disagreement
	// Sealed are the sealed fields that hold a value, also those that could not
	// be opened and that the message lacks.
	Sealed []SealedField

	record *merge.Record
}

// Record returns the cells behind the message, for rules that ask who wrote what
// and which values disagree: fieldwork.Book takes it. It is shared: not to be
// altered.
func (r Row[T]) Record() *merge.Record { return r.record }

func (r Row[T]) seen() (*merge.Record, proto.Message) { return r.record, r.Message }

// Reader is what records are read from: a [Register], where each call sees the
// latest; a [Snapshot], where all calls see one moment; or a [Tx], where they
// also see what the transaction has written.
type Reader interface {
	read(ctx context.Context, fn func(localstore.Tx, *schema.Schema) error) error
	keys() *sealing.Keys
}

func (r *Register) read(ctx context.Context, fn func(localstore.Tx, *schema.Schema) error) error {
	return r.show(ctx, func(tx localstore.Tx) error { return fn(tx, r.options.Schema) })
}

// show runs fn on a snapshot if what is in the register may be shown.
func (r *Register) show(ctx context.Context, fn func(localstore.Tx) error) error {
	if err := r.checkLease(ctx); err != nil {
		return err
	}
	return r.store.Read(ctx, func(tx localstore.Tx) error {
		if err := checkWipe(tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

func (r *Register) keys() *sealing.Keys { return r.options.Keys }

// Snapshot is a view of all spaces at one moment.
type Snapshot struct {
	register *Register
	tx       localstore.Tx
}

// Snapshot runs fn on a view of one moment: what is written and synced
// meanwhile is not in it. It holds back neither. fn reads through the snapshot
// only: the connections for reading are few, and reading through the register
// meanwhile may wait for one that fn itself holds.
func (r *Register) Snapshot(ctx context.Context, fn func(*Snapshot) error) error {
	return r.show(ctx, func(tx localstore.Tx) error { return fn(&Snapshot{r, tx}) })
}

func (s *Snapshot) read(_ context.Context, fn func(localstore.Tx, *schema.Schema) error) error {
	return fn(s.tx, s.register.options.Schema)
}

func (s *Snapshot) keys() *sealing.Keys { return s.register.options.Keys }

func (tx *Tx) keys() *sealing.Keys { return tx.register.options.Keys }

func (tx *Tx) read(_ context.Context, fn func(localstore.Tx, *schema.Schema) error) error {
	if err := tx.preview(); err != nil {
		return err
	}
	return fn(tx.w.tx, tx.w.schema)
}

// preview lets reading through the local transaction see what was written so
// far, under an identity that the change will not have. Committing writes the
// same rows again, with the one it has.
func (tx *Tx) preview() error {
	for _, p := range tx.parts {
		if p.preview == nil {
			continue
		}
		h := p.held
		h.row.Type, h.row.View = p.plan.Name, merge.AppendRecord(nil, p.preview)
		h.row.Standing, h.row.Open = p.preview.Standing(), isOpen(tx.w.schema, p.preview)
		if err := tx.w.tx.SaveRecord(tx.w.space.N, &h.row); err != nil {
			return err
		}
		if err := tx.w.saveReferences(h, tx.w.referencesOf(p.preview)); err != nil {
			return err
		}
	}
	return nil
}

// Get returns a record. A void one is returned too, and says so. The error is
// fault.NotFound if there is none of this type.
func Get[T proto.Message](ctx context.Context, from Reader, space SpaceID, id RecordID) (Row[T], error) {
	return get[T](ctx, from, space, typeName[T](), id)
}

// GetNamed is Get for a type that the app was not built with, by its full name.
func GetNamed(ctx context.Context, from Reader, space SpaceID, name string, id RecordID) (Row[proto.Message], error) {
	return get[proto.Message](ctx, from, space, name, id)
}

func get[T proto.Message](ctx context.Context, from Reader, space SpaceID, name string, id RecordID) (Row[T], error) {
	var row Row[T]
	err := from.read(ctx, func(tx localstore.Tx, known *schema.Schema) error {
		plan, err := planNamed(known, name)
		if err != nil {
			return err
		}
		held, err := spaceOf(tx, space)
		if err != nil {
			return err
		}
		rec, err := tx.Record(held.N, id)
		if err != nil {
			return err
		}
		if rec == nil || rec.Type != plan.Name {
			return fault.New(fault.NotFound, "there is no %s %s in space %s", plan.Name, id, space)
		}
		row, err = rowOf[T](newOpening(from.keys(), plan, space, id), rec)
		return err
	})
	return row, err
}

// typeName returns the full name of a generated message type.
func typeName[T proto.Message]() string {
	var none T
	return string(none.ProtoReflect().Descriptor().FullName())
}

// rowOf decodes a record for the caller.
func rowOf[T proto.Message](open *opening, rec *localstore.Record) (Row[T], error) {
	plan := open.plan
	merged, err := parseRow(rec.ID, rec.Row())
	if err != nil {
		return Row[T]{}, err
	}
	joined, err := plan.JoinOpened(merged, open.shown)
	if err != nil {
		return Row[T]{}, err
	}
	msg, ok := joined.(T)
	if !ok {
		return Row[T]{}, fault.New(fault.Invalid, "%s: the schema makes messages of Go type %T", plan.Name, joined)
	}
	return Row[T]{
		ID: rec.ID, Message: msg, Provisional: rec.View != nil, Quarantined: rec.Quarantined, Erased: merged.Erased,
		Standing: rec.Standing, Disagreements: open.disagreements(merged), Sealed: open.fields(merged), record: merged,
	}, nil
}
