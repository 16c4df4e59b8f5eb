package syncengine

import (
	"context"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// watchers tells who watches a space that it has moved. A watcher that is slow
// to listen learns the last position only; it misses no space.
type watchers struct {
	mu       sync.Mutex
	of       map[merge.SpaceID]map[*watcher]struct{}
	stopping chan struct{}
	stopped  bool
}

type watcher struct {
	mu    sync.Mutex
	moved map[merge.SpaceID]uint64
	wake  chan struct{} // of one: something is in moved
}

func newWatchers() *watchers {
	return &watchers{of: map[merge.SpaceID]map[*watcher]struct{}{}, stopping: make(chan struct{})}
}

func (w *watchers) add(spaces []merge.SpaceID) *watcher {
	one := &watcher{moved: map[merge.SpaceID]uint64{}, wake: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, space := range spaces {
		if w.of[space] == nil {
			w.of[space] = map[*watcher]struct{}{}
		}
		w.of[space][one] = struct{}{}
	}
	return one
}

func (w *watchers) remove(one *watcher, spaces []merge.SpaceID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, space := range spaces {
		delete(w.of[space], one)
		if len(w.of[space]) == 0 {
			delete(w.of, space)
		}
	}
}

func (w *watchers) moved(space merge.SpaceID, position uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.of[space] {
		one.note(space, position)
	}
}

func (w *watchers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.stopped = true
		close(w.stopping)
	}
}

func (one *watcher) note(space merge.SpaceID, position uint64) {
	one.mu.Lock()
	one.moved[space] = max(one.moved[space], position)
	one.mu.Unlock()
	select {
	case one.wake <- struct{}{}:
	default:
	}
}

func (one *watcher) take() map[merge.SpaceID]uint64 {
	one.mu.Lock()
	defer one.mu.Unlock()
	taken := one.moved
	one.moved = map[merge.SpaceID]uint64{}
	return taken
}

// Watch calls moved with the present position of each space that the person may
// read, and again when it has moved on, until ctx ends or moved returns an
// error. Access that is taken away ends a space's news without a word; given,
// it begins them.
func (e *Engine) Watch(ctx context.Context, person merge.PersonID, spaces []merge.SpaceID, moved func(space merge.SpaceID, position uint64) error) error {
	if len(spaces) > limits.WatchSpaces {
		return fault.New(fault.TooLarge, "watch: %d spaces; at most %d", len(spaces), limits.WatchSpaces)
	}
	one := e.watchers.add(spaces)
	defer e.watchers.remove(one, spaces)
	for _, space := range spaces {
		one.note(space, 0)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.watchers.stopping:
			return errStopping
		case <-one.wake:
		}
		if err := e.tell(person, one.take(), moved); err != nil {
			return err
		}
	}
}

func (e *Engine) tell(person merge.PersonID, news map[merge.SpaceID]uint64, moved func(space merge.SpaceID, position uint64) error) error {
	positions, err := e.positions(person, news)
	if err != nil {
		return err
	}
	for space, position := range positions {
		if err := moved(space, position); err != nil {
			return err
		}
	}
	return nil
}

// positions returns where those of the spaces are that the person may read.
// Nothing of the store is held when it returns: a listener may take hours over
// one message, and an open snapshot keeps all that is written meanwhile from
// being compacted.
func (e *Engine) positions(person merge.PersonID, news map[merge.SpaceID]uint64) (map[merge.SpaceID]uint64, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	positions := make(map[merge.SpaceID]uint64, len(news))
	for space := range news {
		switch head, _, err := readable(snapshot, space, person); {
		case err == nil:
			positions[space] = head.Position
		case fault.KindOf(err) != fault.NoAccess:
			return nil, err
		}
	}
	return positions, nil
}
