package clientsdk

import (
	"bytes"
	"context"
	"crypto/sha256"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// propertySchema is the print of the schema by which the references, and which
// records are open, were worked out.
const propertySchema = "schema_print"

// reindex works out again what hangs on the schema, if the app brought another
// one. Records themselves do not: a type or field that was unknown is merged
// and kept all the same.
func (r *Register) reindex(ctx context.Context) error {
	now, err := schemaPrint(r.options.Schema)
	if err != nil {
		return err
	}
	fresh := false
	err = r.store.Read(ctx, func(tx localstore.Tx) error {
		was, err := tx.Property(propertySchema)
		fresh = bytes.Equal(was, now)
		return err
	})
	if err != nil || fresh {
		return err
	}
	return r.store.Write(ctx, func(tx localstore.Tx) error {
		if err := tx.DropReferences(); err != nil {
			return err
		}
		spaces, err := tx.Spaces()
		if err != nil {
			return err
		}
		for i := range spaces {
			if err := r.reindexSpace(tx, &spaces[i]); err != nil {
				return err
			}
		}
		return tx.SetProperty(propertySchema, now)
	})
}

func (r *Register) reindexSpace(tx localstore.Tx, space *localstore.Space) error {
	ids, err := tx.RecordIDs(space.N)
	if err != nil {
		return err
	}
	w := newWorkspace(r.options.Schema, tx, space)
	for _, id := range ids {
		if err := w.reindexRecord(id); err != nil {
			return err
		}
	}
	return nil
}

func (w *workspace) reindexRecord(id merge.RecordID) error {
	row, err := w.tx.Record(w.space.N, id)
	if err != nil {
		return err
	}
	rec, err := parseRow(id, row.Row())
	if err != nil {
		return nil // the next sync mends it, if the register can be opened
	}
	if open := isOpen(w.schema, rec); open != row.Open {
		row.Open = open
		if err := w.tx.SaveRecord(w.space.N, row); err != nil {
			return err
		}
	}
	return w.saveReferences(&held{row: *row}, w.referencesOf(rec))
}

// schemaPrint returns a hash over all that the schema says of its types.
func schemaPrint(known *schema.Schema) ([]byte, error) {
	hash := sha256.New()
	for _, name := range known.Types() {
		md := protodesc.ToDescriptorProto(known.Plan(name).Descriptor())
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(md)
		if err != nil {
			return nil, fault.New(fault.Internal, "schema: %s: %w", name, err)
		}
		size := len(data)
		hash.Write([]byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
		hash.Write(data)
	}
	return hash.Sum(nil), nil
}
