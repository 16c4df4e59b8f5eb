package log

import (
	"context"
	"errors"
	"sync"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Local is the log in the server's own store: an entry, the rows it changes and
// its position are one synced transaction. One goroutine commits; it folds all
// entries that wait into one transaction, which is worth twenty times a
// transaction each.
type Local struct {
	store   *store.Store
	applier Applier
	waiting chan *appending
	done    chan struct{}
	// Entries are gathered up to half of a transaction by their estimated sizes,
	// and folded up to three quarters of it by what they really touch.
	gatherBytes, foldBytes int

	mu     sync.RWMutex // guards closed against a send on a closed channel
	closed bool
}

type appending struct {
	partition uint16
	entry     Entry
	outcome   Outcome
	err       error
	done      chan struct{}
}

// foldedMax bounds how many entries wait to be folded; who comes then waits to
// be let in.
const foldedMax = 256

// OpenLocal starts the log. Close it before the store.
func OpenLocal(st *store.Store, applier Applier) *Local {
	l := &Local{
		store: st, applier: applier, waiting: make(chan *appending, foldedMax), done: make(chan struct{}),
		gatherBytes: st.FoldBytes() / 2, foldBytes: st.FoldBytes() / 4 * 3,
	}
	go l.run()
	return l
}

// Append implements Log. A caller that gives up does not take the entry back:
// it may still be applied, and sending it again is harmless.
func (l *Local) Append(ctx context.Context, partition uint16, e Entry) (Outcome, error) {
	a := &appending{partition: partition, entry: e, done: make(chan struct{})}
	if err := l.enqueue(ctx, a); err != nil {
		return Outcome{}, err
	}
	select {
	case <-a.done:
		return a.outcome, a.err
	case <-ctx.Done():
		return Outcome{}, fault.New(fault.Unavailable, "append: %w; the changes may be stored, send them again to learn", ctx.Err())
	}
}

func (l *Local) enqueue(ctx context.Context, a *appending) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return fault.New(fault.Unavailable, "the server is stopping; try again later")
	}
	select {
	case l.waiting <- a:
		return nil
	case <-ctx.Done():
		return fault.New(fault.Unavailable, "append: %w; nothing was stored, try again", ctx.Err())
	}
}

// Close implements Log.
func (l *Local) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.waiting)
	}
	l.mu.Unlock()
	<-l.done
	return nil
}

func (l *Local) run() {
	defer close(l.done)
	for first := range l.waiting {
		fold, sizeBytes := []*appending{first}, first.entry.SizeBytes
		for sizeBytes < l.gatherBytes {
			next := l.poll()
			if next == nil {
				break
			}
			fold = append(fold, next)
			sizeBytes += next.entry.SizeBytes
		}
		l.commit(fold)
		for _, a := range fold {
			close(a.done)
		}
	}
}

func (l *Local) poll() *appending {
	select {
	case a, ok := <-l.waiting:
		if ok {
			return a
		}
	default:
	}
	return nil
}

// commit applies and stores the entries, in as few transactions as hold them.
func (l *Local) commit(entries []*appending) {
	fold := l.store.Fold()
	for i, a := range entries {
		if a.err = l.apply(fold, a); a.err != nil {
			fold.Discard()
			l.commitApart(entries)
			return
		}
		if fold.SizeBytes() > l.foldBytes && i+1 < len(entries) {
			l.commitFold(fold, entries[:i+1])
			l.commit(entries[i+1:])
			return
		}
	}
	l.commitFold(fold, entries)
}

// commitApart commits each entry alone, after one of them could not be applied,
// so that it is the only one to fail.
func (l *Local) commitApart(entries []*appending) {
	if len(entries) == 1 {
		entries[0].outcome = Outcome{}
		return
	}
	for i := range entries {
		l.commit(entries[i : i+1])
	}
}

// commitFold stores one fold. If it is more than a transaction holds, its halves
// are tried; an entry that is too big alone is the appender's to split.
func (l *Local) commitFold(fold *store.Fold, entries []*appending) {
	err := fold.Commit()
	switch {
	case err == nil:
		return
	case errors.Is(err, store.ErrFoldTooBig) && len(entries) > 1:
		half := len(entries) / 2
		l.commit(entries[:half])
		l.commit(entries[half:])
		return
	}
	for _, a := range entries {
		a.outcome, a.err = Outcome{}, err
	}
}

func (l *Local) apply(fold *store.Fold, a *appending) (err error) {
	entry := a.entry // as it was appended, for when this fold is not stored
	a.outcome, err = applyNext(fold, l.applier, a.partition, &entry)
	return err
}

// tailEntries bounds what one call of deliver gets.
const tailEntries = 64

// Tail implements Log.
func (l *Local) Tail(ctx context.Context, partition uint16, after uint64, deliver func([]Sequenced) error) error {
	for {
		page, err := l.page(partition, after)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := deliver(page); err != nil {
			return err
		}
		after = page[len(page)-1].Seq
	}
}

func (l *Local) page(partition uint16, after uint64) ([]Sequenced, error) {
	snapshot := l.store.Snapshot()
	defer snapshot.Close()
	head, err := snapshot.PartitionHead(partition)
	if err != nil {
		return nil, err
	}
	if after < head.CutThrough {
		return nil, fault.New(fault.NotFound, "log of partition %d after entry %d: the log begins after entry %d; begin with a backup", partition, after, head.CutThrough)
	}
	var page []Sequenced
	err = snapshot.Entries(partition, after, func(seq uint64, m *logv1.Entry) error {
		e, err := Decode(partition, seq, m)
		if err != nil {
			return err
		}
		page = append(page, Sequenced{Seq: seq, Entry: e})
		if len(page) == tailEntries {
			return store.ErrStop
		}
		return nil
	})
	return page, err
}
