package syncengine

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// releaseBatch bounds the changes that one entry tries again, so that applying
// it is bounded work.
const releaseBatch = 256

// releaseOwed releases what a crash or a full disk has cut off. It costs nothing
// while nothing is owed. What stays owed is tried again with the next Sync.
func (e *Engine) releaseOwed(ctx context.Context) error {
	if !e.owed.CompareAndSwap(true, false) {
		return nil
	}
	_, err := e.releaseAll(ctx, merge.PersonID{})
	return err
}

func (e *Engine) releaseAll(ctx context.Context, by merge.PersonID) (released int, err error) {
	spaces, err := spacesOf(e.store)
	if err != nil {
		return 0, err
	}
	for _, space := range spaces {
		n, err := e.releaseSpace(ctx, by, space)
		released += n
		if err != nil {
			return released, err
		}
	}
	return released, nil
}

// releaseSpace tries the quarantined changes of a space again that have a
// chance now, and returns how many were applied. Where the disk has no room for
// it, the rest is owed.
func (e *Engine) releaseSpace(ctx context.Context, by merge.PersonID, space merge.SpaceID) (released int, err error) {
	ready, err := e.releasable(space)
	if err != nil {
		return 0, err
	}
	released, err = e.appendReleases(ctx, by, space, ready, false)
	if fault.KindOf(err) == fault.Unavailable {
		e.owed.Store(true)
		return released, nil
	}
	return released, err
}

// appendReleases tries changes again, by the access of who sent them, or of by, who
// vouches for them. One that is too big alone stays, and holds up nothing.
func (e *Engine) appendReleases(ctx context.Context, by merge.PersonID, space merge.SpaceID, ready []*logv1.ReleasedChange, vouched bool) (released int, err error) {
	err = inParts(ready, releaseBatch, func(part []*logv1.ReleasedChange) error {
		merged, err := e.appendRelease(ctx, by, space, &logv1.Release{Changes: part, Vouched: vouched})
		released += merged
		if errors.Is(err, store.ErrFoldTooBig) && len(part) == 1 {
			return nil
		}
		return err
	})
	return released, err
}

func (e *Engine) appendRelease(ctx context.Context, by merge.PersonID, space merge.SpaceID, m *logv1.Release) (released int, err error) {
	body, err := proto.Marshal(m)
	if err != nil {
		return 0, marshalFailed("release", err)
	}
	outcome, err := e.append(ctx, log.Entry{Kind: log.Release, Space: space, Principal: by, Body: body, SizeBytes: len(m.Changes) * limits.RecordBytes / 8})
	if err != nil {
		return 0, fault.New(fault.KindOf(err), "release: %w", err)
	}
	e.eraseOwed.Store(outcome.Erases || e.eraseOwed.Load())
	for _, o := range outcome.Outcomes {
		if o.Verdict.Merged() {
			released += int(o.LastSeq - o.FirstSeq + 1)
		}
	}
	return released, nil
}

// releasable lists the quarantined changes that access and schema, as they are
// now, no longer keep back. Applying the entry decides.
func (e *Engine) releasable(space merge.SpaceID) ([]*logv1.ReleasedChange, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	judge, err := e.newJudge(snapshot, space)
	if err != nil {
		return nil, err
	}
	judge.again = true
	proving := e.newProving(snapshot, space)
	var ready []*logv1.ReleasedChange
	err = snapshot.QuarantinedChanges(space, merge.ID{}, func(id merge.ID, q *logv1.Quarantined) error {
		sender := merge.PersonID(q.Principal)
		access, err := snapshot.Access(space, sender)
		if err != nil || !access.Allowed {
			return err
		}
		findings, err := judge.kept(proving, q, id, sender)
		if err != nil || slices.ContainsFunc(findings, quarantines) {
			return err
		}
		ready = append(ready, &logv1.ReleasedChange{Change: wire.ChangeIDToProto(id), Findings: wire.FindingsToProto(findings)})
		return nil
	})
	return ready, err
}
