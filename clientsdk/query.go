package clientsdk

import (
	"bytes"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/schema/compat"
)

// Where narrows or orders what a query returns.
type Where func(*query) error

// query is a question about the records of one type in one space.
type query struct {
	plan *schema.Plan
	// index is a reference to look up; its field is zero if there is none.
	index   reference
	matches []func(protoreflect.Message) bool
	order   func(a, b protoreflect.Message) int
	void    bool
}

type reference struct {
	field  uint32
	target RecordID
}

// Refers keeps the records whose field holds this id, such as the marks of a
// day. For fields that the schema calls references it is an index lookup.
func Refers(field string, id RecordID) Where {
	return func(q *query) error {
		fd, err := fieldNamed(q.plan, field)
		if err != nil {
			return err
		}
		if q.index.field == 0 && len(compat.FieldOf(fd).GetReference()) > 0 {
			q.index = reference{uint32(fd.Number()), id}
		}
		return Equals(field, id)(q)
	}
}

// Equals keeps the records whose field has this value: a string, bytes, an id,
// a bool, a number, or an enum value. A repeated field is asked whether it
// holds the value. It reads all records that are left by Refers.
func Equals(field string, value any) Where {
	return func(q *query) error {
		fd, err := fieldNamed(q.plan, field)
		if err != nil {
			return err
		}
		want, err := wanted(fd, value)
		if err != nil {
			return err
		}
		q.matches = append(q.matches, func(m protoreflect.Message) bool { return holds(m, fd.Number(), want) })
		return nil
	}
}

// OrderBy sorts by a single field, ascending; text by code point, which is not
// the alphabet of any language. Without it records come in the order of their
// ids, which is the same on every tablet and means nothing.
func OrderBy(field string) Where {
	return func(q *query) error {
		fd, err := fieldNamed(q.plan, field)
		if err != nil {
			return err
		}
		if fd.IsList() || fd.Message() != nil {
			return fault.New(fault.Invalid, "%s.%s is not a single number, text or enum: it cannot be ordered by", q.plan.Name, field)
		}
		q.order = func(a, b protoreflect.Message) int { return compareField(a, b, fd.Number()) }
		return nil
	}
}

// Descending turns round the order of the OrderBy before it.
func Descending() Where {
	return func(q *query) error {
		order := q.order
		if order == nil {
			return fault.New(fault.Invalid, "Descending without an OrderBy before it")
		}
		q.order = func(a, b protoreflect.Message) int { return order(b, a) }
		return nil
	}
}

// WithVoid also returns the records that were entered by mistake.
func WithVoid() Where {
	return func(q *query) error {
		q.void = true
		return nil
	}
}

// Query returns the records of a type that meet all conditions, all of one
// moment.
func Query[T proto.Message](ctx context.Context, from Reader, space SpaceID, where ...Where) ([]Row[T], error) {
	return ask[T](ctx, from, space, typeName[T](), where)
}

// QueryNamed is Query for a type that the app was not built with, by its full
// name.
func QueryNamed(ctx context.Context, from Reader, space SpaceID, name string, where ...Where) ([]Row[proto.Message], error) {
	return ask[proto.Message](ctx, from, space, name, where)
}

func ask[T proto.Message](ctx context.Context, from Reader, space SpaceID, name string, where []Where) ([]Row[T], error) {
	var rows []Row[T]
	err := from.read(ctx, func(tx localstore.Tx, known *schema.Schema) error {
		q, err := newQuery(known, name, where)
		if err != nil {
			return err
		}
		found, err := q.find(tx, space)
		if err != nil {
			return err
		}
		rows = make([]Row[T], 0, len(found))
		for i := range found {
			row, err := rowOf[T](newOpening(from.keys(), q.plan, space, found[i].ID), &found[i])
			if err != nil {
				return err
			}
			if q.keeps(row.Message.ProtoReflect()) {
				rows = append(rows, row)
			}
		}
		sortRows(rows, q.order)
		return nil
	})
	return rows, about(err, "query %s", name)
}

func sortRows[T proto.Message](rows []Row[T], order func(a, b protoreflect.Message) int) {
	slices.SortFunc(rows, func(a, b Row[T]) int {
		if order != nil {
			if c := order(a.Message.ProtoReflect(), b.Message.ProtoReflect()); c != 0 {
				return c
			}
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
}

func newQuery(known *schema.Schema, name string, where []Where) (*query, error) {
	plan, err := planNamed(known, name)
	if err != nil {
		return nil, err
	}
	q := &query{plan: plan}
	for _, w := range where {
		if err := w(q); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// find returns the records that the store can find, void ones only if they are
// asked for.
func (q *query) find(tx localstore.Tx, id SpaceID) ([]localstore.Record, error) {
	space, err := spaceOf(tx, id)
	if err != nil {
		return nil, err
	}
	var found []localstore.Record
	if q.index.field == 0 {
		found, err = tx.RecordsOfType(space.N, q.plan.Name)
	} else {
		found, err = tx.RecordsReferring(space.N, q.plan.Name, q.index.field, q.index.target)
	}
	if !q.void {
		found = slices.DeleteFunc(found, func(r localstore.Record) bool { return r.Standing == merge.Void })
	}
	return found, err
}

func (q *query) keeps(m protoreflect.Message) bool {
	for _, matches := range q.matches {
		if !matches(m) {
			return false
		}
	}
	return true
}
