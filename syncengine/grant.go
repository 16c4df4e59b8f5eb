package syncengine

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// SetAccess gives a person access to a space or takes it away. The first grant
// of a space creates it and fixes its kind. What the person pushed while there
// was no access is tried again when it is given; released says how many
// changes that freed.
func (e *Engine) SetAccess(ctx context.Context, by merge.PersonID, space merge.SpaceID, kind SpaceKind, person merge.PersonID, allowed bool) (released int, err error) {
	if err := e.checkKind(space, kind); err != nil {
		return 0, err
	}
	if err := e.checkRoom(); err != nil {
		return 0, err
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

// releaseBatch bounds the changes that one entry tries again, so that applying
// it is bounded work.
const releaseBatch = 256

func (e *Engine) releaseAll(ctx context.Context, by merge.PersonID) (released int, err error) {
	spaces, err := e.Spaces()
	if err != nil {
		return 0, err
	}
	for _, info := range spaces {
		n, err := e.releaseSpace(ctx, by, info.ID)
		released += n
		if err != nil {
			return released, err
		}
	}
	return released, nil
}

// releaseSpace tries the quarantined changes of a space again that have a
// chance now, and returns how many were applied.
func (e *Engine) releaseSpace(ctx context.Context, by merge.PersonID, space merge.SpaceID) (released int, err error) {
	ready, err := e.releasable(space)
	if err != nil {
		return 0, err
	}
	limit := releaseBatch
	for len(ready) > 0 {
		n := min(len(ready), limit)
		body, err := proto.Marshal(&logv1.Release{Changes: ready[:n]})
		if err != nil {
			return released, marshalFailed("release", err)
		}
		outcome, err := e.append(ctx, log.Entry{Kind: log.Release, Space: space, Principal: by, Body: body, SizeBytes: n * limits.RecordBytes / 8})
		if errors.Is(err, store.ErrFoldTooBig) {
			if limit = n / 2; limit == 0 { // too big alone: it stays, and holds up nothing
				ready, limit = ready[1:], releaseBatch
			}
			continue
		}
		if err != nil {
			return released, fault.New(fault.KindOf(err), "release: %w", err)
		}
		for _, o := range outcome.Outcomes {
			if o.Verdict.Merged() {
				released += int(o.LastSeq - o.FirstSeq + 1)
			}
		}
		ready = ready[n:]
	}
	return released, nil
}

// releasable lists the quarantined changes that access and schema, as they are
// now, no longer keep back. Applying the entry decides.
func (e *Engine) releasable(space merge.SpaceID) ([]*logv1.ReleasedChange, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	judge, err := newJudge(e.Schema(), snapshot, space)
	if err != nil {
		return nil, err
	}
	var ready []*logv1.ReleasedChange
	err = snapshot.QuarantinedChanges(space, func(id merge.ID, q *logv1.Quarantined) error {
		access, err := snapshot.Access(space, merge.PersonID(q.Principal))
		if err != nil || !access.Allowed {
			return err
		}
		c, err := wire.ChangeFromRun(space, q.Run)
		if err != nil {
			return fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
		}
		findings, err := judge.change(c)
		if err != nil {
			return err
		}
		for _, f := range findings {
			if f.Cause.Quarantines() {
				return nil
			}
		}
		ready = append(ready, &logv1.ReleasedChange{Change: wire.ChangeIDToProto(id), Findings: wire.FindingsToProto(findings)})
		return nil
	})
	return ready, err
}

// SpaceInfo is a space in a list.
type SpaceInfo struct {
	ID       merge.SpaceID
	Kind     SpaceKind
	Position uint64
	Records  uint64
}

// Spaces lists all spaces in the order of their partitions.
func (e *Engine) Spaces() ([]SpaceInfo, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	var infos []SpaceInfo
	err := snapshot.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
		infos = append(infos, SpaceInfo{ID: space, Kind: schema.SpaceKind(head.Kind), Position: head.Position, Records: head.Records})
		return nil
	})
	return infos, err
}

// Accessible lists the spaces that a person may read.
func (e *Engine) Accessible(person merge.PersonID) ([]SpaceInfo, error) {
	all, err := e.Spaces()
	if err != nil {
		return nil, err
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	var infos []SpaceInfo
	for _, info := range all {
		access, err := snapshot.Access(info.ID, person)
		if err != nil {
			return nil, err
		}
		if access.Allowed {
			infos = append(infos, info)
		}
	}
	return infos, nil
}
