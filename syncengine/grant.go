package syncengine

import (
	"context"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// SetAccess gives a person access to a space or takes it away. The first grant
// of a space creates it and fixes its kind. What the person pushed while there
// was no access is tried again when it is given; released says how many
// changes that freed.
func (e *Engine) SetAccess(ctx context.Context, by merge.PersonID, space merge.SpaceID, kind SpaceKind, person merge.PersonID, allowed bool) (released int, err error) {
	if err := e.gate.enter(); err != nil {
		return 0, err
	}
	defer e.gate.leave()
	if err := e.checkKind(space, kind); err != nil {
		return 0, err
	}
	if allowed { // however full the disk is: what must not be read any more is little
		if err := e.checkRoom(); err != nil {
			return 0, err
		}
	}
	body, err := proto.Marshal(&logv1.Grant{SpaceKind: kind, PersonId: person[:], Allowed: allowed})
	if err != nil {
		return 0, marshalFailed("grant", err)
	}
	if _, err := e.append(ctx, log.Entry{Kind: log.Grant, Space: space, Principal: by, Body: body, SizeBytes: len(body)}); err != nil {
		return 0, fault.New(fault.KindOf(err), "set access: %w", err)
	}
	if !allowed {
		return 0, nil
	}
	return e.releaseSpace(ctx, by, space)
}

func (e *Engine) checkKind(space merge.SpaceID, kind SpaceKind) error {
	if space == (merge.SpaceID{}) || kind == 0 {
		return fault.New(fault.Invalid, "set access: a space id that is not zero and the kind of the space are due")
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, err := snapshot.Head(space)
	if err != nil {
		return err
	}
	if head != nil && head.Kind != kind {
		return fault.New(fault.Invalid, "set access: space %s is of kind %s for ever; name that kind, or another space", space, head.Kind)
	}
	return nil
}

// AddSchema makes the record types of a FileDescriptorSet known, for good.
// Changes that waited for them are tried again; released says how many that
// freed.
func (e *Engine) AddSchema(ctx context.Context, by merge.PersonID, fileDescriptorSet []byte) (types []string, released int, err error) {
	if err := e.gate.enter(); err != nil {
		return nil, 0, err
	}
	defer e.gate.leave()
	if len(fileDescriptorSet) > limits.SchemaBytes {
		return nil, 0, fault.New(fault.TooLarge, "add schema: %d bytes; at most %d", len(fileDescriptorSet), limits.SchemaBytes)
	}
	if err := e.checkRoom(); err != nil {
		return nil, 0, err
	}
	types, err = e.extendSchema(ctx, by, fileDescriptorSet)
	if err != nil {
		return nil, 0, err
	}
	released, err = e.releaseAll(ctx, by)
	return types, released, err
}

func (e *Engine) extendSchema(ctx context.Context, by merge.PersonID, fileDescriptorSet []byte) ([]string, error) {
	e.changingSchema.Lock()
	defer e.changingSchema.Unlock()
	next, types, err := e.Schema().With(fileDescriptorSet)
	if err != nil {
		return nil, fault.New(fault.Invalid, "add schema: %w", err)
	}
	body, err := proto.Marshal(&logv1.Schema{FileDescriptorSet: fileDescriptorSet})
	if err != nil {
		return nil, marshalFailed("schema", err)
	}
	if _, err := e.append(ctx, log.Entry{Kind: log.Schema, Principal: by, Body: body, SizeBytes: len(body)}); err != nil {
		return nil, fault.New(fault.KindOf(err), "add schema: %w", err)
	}
	e.schema.Store(next)
	return types, nil
}
