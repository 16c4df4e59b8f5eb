package directory

import (
	"context"
	"math"
	"sync"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Who may read a space follows from roles, and from the time. The engine knows
// nothing of either: it has access, given and taken by entries of its log. So
// what it has is held to what roles say: after each change of the directory, and
// when the time has come at which an assignment begins or ends.

// settled is for which directory, and from when until when, the engine's access
// is what roles say.
type settled struct {
	version     uint64
	from, until int64
}

func (s *settled) holds(version uint64, now int64) bool {
	return s != nil && s.version == version && s.from <= now && now < s.until
}

// Settle gives and takes access where that is due now. It costs nothing where it
// is not. What cannot be taken is an error. What cannot be given, because the
// disk has no room, is tried again next time.
func (d *Directory) Settle(ctx context.Context) error {
	view, err := d.View()
	if err != nil || d.settled.Load().holds(view.version, d.now()) {
		return err
	}
	d.settling.Lock()
	defer d.settling.Unlock()
	if view, err = d.View(); err != nil {
		return err
	}
	now := d.now()
	if d.settled.Load().holds(view.version, now) {
		return nil
	}
	due, err := d.due(view, now)
	if err != nil {
		return fault.New(fault.KindOf(err), "directory: who has access: %w", err)
	}
	later, err := d.grant(ctx, due)
	if err != nil {
		return fault.New(fault.KindOf(err), "directory: access is not yet what roles say: %w", err)
	}
	if !later {
		from, until := view.bounds(now)
		d.settled.Store(&settled{view.version, from, until})
	}
	return nil
}

// bounds returns between which times no assignment begins or ends.
func (v *View) bounds(now int64) (from, until int64) {
	from, until = math.MinInt64, math.MaxInt64
	for _, row := range v.rows {
		user, ok := row.message.(*directoryv1.User)
		if !ok {
			continue
		}
		for _, a := range user.Assignments {
			for _, at := range []int64{a.FromMillis, a.UntilMillis} {
				switch {
				case at == 0:
				case at <= now:
					from = max(from, at)
				default:
					until = min(until, at)
				}
			}
		}
	}
	return from, until
}

// readers returns who may read a space at a time.
func (v *View) readers(id merge.SpaceID, s *directoryv1.Space, now int64) map[merge.PersonID]bool {
	readers := map[merge.PersonID]bool{}
	for key, row := range v.rows {
		user, ok := row.message.(*directoryv1.User)
		if !ok || user.Status != directoryv1.UserStatus_USER_STATUS_ACTIVE || string(user.OrganisationId) != string(s.OrganisationId) {
			continue
		}
		for _, a := range user.Assignments {
			if holds(a, now) && isFor(a, id, s) {
				readers[idOf[merge.PersonID](key)] = true
				break
			}
		}
	}
	return readers
}

// due compares what the engine has with what roles say. Of spaces that the
// directory does not know it has no say.
func (d *Directory) due(v *View, now int64) (due []dueGrant, err error) {
	for key, row := range v.rows {
		s, ok := row.message.(*directoryv1.Space)
		if !ok {
			continue
		}
		id := idOf[merge.SpaceID](key)
		readers := v.readers(id, s, now)
		have, err := d.engine.People(id)
		if err != nil {
			return nil, err
		}
		for _, person := range have {
			if !readers[person] {
				due = append(due, dueGrant{id, s, person, false})
			}
			delete(readers, person)
		}
		for person := range readers {
			due = append(due, dueGrant{id, s, person, true})
		}
	}
	return due, nil
}

// dueGrant is access that is not what roles say.
type dueGrant struct {
	id      merge.SpaceID
	space   *directoryv1.Space
	person  merge.PersonID
	allowed bool
}

// grantsAtOnce is how many wait for the disk together: the log folds them into
// one transaction.
const grantsAtOnce = 32

// grant gives and takes. later says that something could not be given yet.
func (d *Directory) grant(ctx context.Context, due []dueGrant) (later bool, err error) {
	var granting sync.WaitGroup
	var mu sync.Mutex // guards later and err
	slots := make(chan struct{}, grantsAtOnce)
	for _, g := range due {
		slots <- struct{}{}
		granting.Go(func() {
			defer func() { <-slots }()
			_, failed := d.engine.SetAccess(ctx, merge.PersonID{}, g.id, g.space.Kind, g.person, g.allowed)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case failed != nil && g.allowed && fault.KindOf(failed) == fault.NoRoom:
				later = true
			case failed != nil && err == nil:
				err = failed
			}
		})
	}
	granting.Wait()
	return later, err
}
