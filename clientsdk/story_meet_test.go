package clientsdk_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

var meetingVerbs = []verb{
	{"{tablet}: sync", (*world).syncTablet},
	{"{tablet}: sync, cut {cut}", (*world).syncCut},
	{"{tablet}: sync twice at once", (*world).syncTwice},
	{"everyone syncs", (*world).everyoneSyncs},
	{"everyone syncs, in any order", (*world).everyoneSyncsInAnyOrder},
}

func (w *world) syncTablet(said words) error {
	tab, err := w.tablet(said["tablet"])
	if err != nil {
		return err
	}
	return tab.syncAllowed(w)
}

// syncAllowed syncs; only access to a space may be missing.
func (tab *storyTablet) syncAllowed(w *world) error {
	w.syncHomeClock()
	result, err := tab.Sync(context.Background(), tab.line)
	if err != nil {
		return err
	}
	for i := range result.Spaces {
		if err := result.Spaces[i].Err; err != nil && fault.KindOf(err) != fault.NoAccess {
			return err
		}
	}
	return nil
}

// syncCut loses the connection when the server has heard nothing, or when it
// has taken everything and its answer is on the way.
func (w *world) syncCut(said words) error {
	tab, err := w.tablet(said["tablet"])
	if err != nil {
		return err
	}
	cut := func() error { return errCut }
	if said["cut"] == "before the server hears" {
		w.home.before = cut
	} else {
		w.home.after = cut
	}
	w.syncHomeClock()
	_, err = tab.Sync(context.Background(), tab.line)
	w.home.before, w.home.after = nil, nil
	if err == nil {
		return errors.New("the connection was cut, and the tablet has not noticed")
	}
	return nil
}

func (w *world) syncTwice(said words) error {
	tab, err := w.tablet(said["tablet"])
	if err != nil {
		return err
	}
	w.syncHomeClock()
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		both.Go(func() { _, errs[i] = tab.Sync(context.Background(), tab.line) })
	}
	both.Wait()
	return errors.Join(errs...)
}

func (w *world) everyoneSyncs(words) error { return w.syncInOrder(w.tablets) }

// everyoneSyncsInAnyOrder leaves it open who comes first: the story is run in
// each order, and its answers must be the same.
func (w *world) everyoneSyncsInAnyOrder(words) error {
	if len(w.tablets) > 3 {
		return fmt.Errorf("%d tablets may come in %d orders: leave the order open for three at most", len(w.tablets), factorial(len(w.tablets)))
	}
	w.orders = max(w.orders, factorial(len(w.tablets)))
	return w.syncInOrder(permutation(w.tablets, w.order))
}

// syncInOrder has each tablet meet the server twice, so that the first ones
// also hear of what the last ones brought.
func (w *world) syncInOrder(tablets []*storyTablet) error {
	for range 2 {
		for _, tab := range tablets {
			w.nowMillis += minuteMillis
			if err := tab.syncAllowed(w); err != nil {
				return fmt.Errorf("tablet %s: %w", tab.name, err)
			}
		}
	}
	return nil
}
