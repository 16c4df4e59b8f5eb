package log

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// home is the partition into which the desk appends.
const home = 5

var errBad = errors.New("this entry cannot be applied")

// scribe applies entries by their bodies, and notes what it was asked to apply.
type scribe struct {
	// folds holds the bodies that were applied in each fold.
	folds []string
	last  *store.Fold
	// An entry "hold" tells held that it is being applied, and waits for goOn.
	held, goOn chan struct{}
}

func (s *scribe) Apply(fold *store.Fold, partition uint16, seq uint64, e *Entry) (Outcome, error) {
	if fold == s.last {
		s.folds[len(s.folds)-1] += " " + string(e.Body)
	} else {
		s.folds, s.last = append(s.folds, string(e.Body)), fold
	}
	switch string(e.Body) {
	case "hold":
		s.held <- struct{}{}
		<-s.goOn
	case "bad":
		return Outcome{Recorded: true}, errBad
	case "again":
		return Outcome{Position: seq - 1}, nil
	case "large":
		putRecord(fold, seq, 700_000)
	case "huge":
		putRecord(fold, seq, 3_000_000)
	case "weighed":
		putRecord(fold, seq, 700_000)
		fold.Grow(700_000)
	}
	return Outcome{Recorded: true, Position: seq}, nil
}

// putRecord adds a record of which the fold does not know that it is large.
func putRecord(fold *store.Fold, seq uint64, sizeBytes int) {
	space := merge.SpaceID{byte(seq)}
	fold.NewHead(space, &logv1.SpaceHead{Kind: 1})
	fold.NewRecord(space, &merge.Record{Type: "t.Person", Cells: []merge.Cell{{
		Key: merge.CellKey{Field: 1}, Values: []merge.Value{{Data: bytes.Repeat([]byte{1}, sizeBytes)}},
	}}})
}

// desk is a log with what it stands on, and people who append to it.
type desk struct {
	t      *testing.T
	memory *store.Memory
	store  *store.Store
	scribe *scribe
	log    *Local
}

type result struct {
	outcome Outcome
	err     error
}

// queue holds the committer up, and has entries with these bodies wait behind
// it, in this order, until release. results waits for the answers.
func (d *desk) queue(bodies ...string) (results func() []result) {
	return d.queueFor(d.t.Context(), bodies...)
}

func (d *desk) queueFor(ctx context.Context, bodies ...string) (results func() []result) {
	d.append(d.t.Context(), "hold")
	<-d.scribe.held
	answers := make([]chan result, len(bodies))
	for i, body := range bodies {
		answers[i] = d.append(ctx, body)
		for len(d.log.waiting) != i+1 {
			runtime.Gosched()
		}
	}
	return func() []result {
		results := make([]result, len(answers))
		for i, answer := range answers {
			results[i] = <-answer
		}
		return results
	}
}

func (d *desk) append(ctx context.Context, body string) chan result {
	answer := make(chan result, 1)
	go func() {
		outcome, err := d.log.Append(ctx, home, Entry{Body: []byte(body)})
		answer <- result{outcome, err}
	}()
	return answer
}

func (d *desk) release() { d.scribe.goOn <- struct{}{} }

// together has entries with these bodies wait for one another, and returns what
// became of each.
func (d *desk) together(bodies ...string) []result {
	results := d.queue(bodies...)
	d.release()
	return results()
}

func (d *desk) mustAppend(body string) {
	d.t.Helper()
	if r := <-d.append(d.t.Context(), body); r.err != nil || !r.outcome.Recorded {
		d.t.Fatalf("%+v, %v", r.outcome, r.err)
	}
}

// refuses tells whether the log is closing.
func (d *desk) refuses() bool {
	d.log.mu.RLock()
	defer d.log.mu.RUnlock()
	return d.log.closed
}

// mustHold finds these bodies in the log, and nothing else.
func (d *desk) mustHold(bodies ...string) {
	d.t.Helper()
	var have []string
	err := d.log.Tail(d.t.Context(), home, 0, func(page []Sequenced) error {
		for i, s := range page {
			if s.Seq != uint64(len(have)+1) {
				d.t.Errorf("entry %d of a page has the place %d, want %d", i+1, s.Seq, len(have)+1)
			}
			have = append(have, string(s.Entry.Body))
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	mustBe(d.t, have, bodies...)
}
