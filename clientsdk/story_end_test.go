package clientsdk_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// end is what has to be true after every story. All tablets sync once more.
// Then nothing waits; each copy of each space is home's, byte for byte, at
// home's position; every change that a tablet made or home took is in the log,
// or in quarantine; and home's state is what the changes of the log mean.
func (w *world) end() error {
	if err := w.syncInOrder(w.tablets); err != nil {
		return err
	}
	for _, space := range w.spaces {
		facts, err := w.log(space)
		if err != nil {
			return err
		}
		if err := w.stateFollows(space, facts); err != nil {
			return fmt.Errorf("%s at home: %w", space.name, err)
		}
		if err := w.nothingIsLost(space, facts); err != nil {
			return fmt.Errorf("%s: %w", space.name, err)
		}
	}
	for _, tab := range w.tablets {
		for _, space := range tab.spaces {
			if err := w.copyEquals(tab, space); err != nil {
				return fmt.Errorf("%s on tablet %s: %w", space.name, tab.name, err)
			}
		}
	}
	return nil
}

// log returns all changes of home's log, as somebody gets them who comes last.
func (w *world) log(space storySpace) ([]mergetest.Fact, error) {
	w.home.access(space.id, space.kind, true, "late")
	var facts []mergetest.Fact
	var cursor []byte
	for {
		page, err := w.home.engine.Pull(context.Background(), named[merge.PersonID]("late"), space.id, cursor, 0)
		if err != nil {
			return nil, err
		}
		if len(page.Rows) > 0 {
			return nil, fmt.Errorf("home serves rows in place of its log: the story is too long")
		}
		for i := range page.Entries {
			entry := &page.Entries[i]
			if len(entry.Batch) == 0 {
				continue
			}
			changes, err := wire.DecodeBatch(space.id, entry.Batch)
			if err != nil {
				return nil, err
			}
			for _, c := range changes {
				facts = append(facts, mergetest.Fact{Change: c, Received: entry.Received})
			}
		}
		if cursor = page.Cursor; !page.More {
			return facts, nil
		}
	}
}

func (w *world) stateFollows(space storySpace, facts []mergetest.Fact) error {
	var records []*merge.Record
	_, err := w.home.engine.Records(space.id, func(rec *merge.Record) error {
		records = append(records, rec.Clone())
		return nil
	})
	if err != nil {
		return err
	}
	return mergetest.Recompute(facts).Diff(records)
}

// nothingIsLost looks for the changes of all tablets that are not lost
// themselves, and for those of requests that home has taken.
func (w *world) nothingIsLost(space storySpace, facts []mergetest.Fact) error {
	missing := map[merge.ID]merge.PersonID{}
	for _, tab := range w.tablets {
		for _, id := range tab.written[space.id] {
			missing[id] = tab.line.person
		}
	}
	for _, req := range w.home.seen {
		for _, up := range req.Spaces {
			for _, batch := range up.Batches {
				changes, err := wire.DecodeBatch(space.id, batch)
				if err != nil {
					continue // of another space
				}
				for _, c := range changes {
					missing[c.ID] = c.Author
				}
			}
		}
	}
	for _, fact := range facts {
		delete(missing, fact.Change.ID)
	}
	for id, author := range missing {
		down, err := w.home.engine.Sync(context.Background(), author, []wire.SpaceUp{{Space: space.id, Asks: []merge.ID{id}}}, 0)
		if err != nil {
			return err
		}
		isIt := func(o wire.Outcome) bool { return o.Last() == id && o.Verdict == wire.Quarantined }
		if !slices.ContainsFunc(down[0].Outcomes, isIt) {
			return fmt.Errorf("change %s of %s is neither in the log nor in quarantine: %+v", id, w.nameOf(author[:]), down[0].Outcomes)
		}
	}
	return nil
}

func (w *world) copyEquals(tab *storyTablet, space storySpace) error {
	tab.space = space.id
	s := tab.status()
	switch {
	case s.Waiting != 0:
		return fmt.Errorf("%d changes wait for a verdict", s.Waiting)
	case s.Saved != len(tab.written[space.id]):
		return fmt.Errorf("%d changes are saved of %d that were written", s.Saved, len(tab.written[space.id]))
	case !s.Readable:
		rows, err := tab.BaseRows(context.Background(), space.id)
		if err == nil && len(rows) > 0 {
			err = fmt.Errorf("%d records are still there, after access was taken", len(rows))
		}
		return err
	case s.Quarantined > 0:
		tab.baseMustEqual(w.home)
	default:
		tab.mustEqual(w.home)
	}
	return nil
}
