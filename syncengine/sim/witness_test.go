package sim

import (
	"context"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// witness may read everything, and reads the home server's log as a tablet
// would, after each step. What it has read is what the season is judged by.
type witness struct {
	*fleet
	person merge.PersonID
	logs   map[merge.SpaceID]*spaceLog
	// held is the signature that was held against its device's key last.
	held *merge.Signature
}

// spaceLog is the log of a space as the witness has read it.
type spaceLog struct {
	cursor []byte
	// facts by position, from 1 on; without a change where a position has none.
	facts []mergetest.Fact
	// digests by position, of the state after it; from 0 on.
	digests []merge.Hash
	// rows is the digest of all rows at the last position.
	rows      merge.Digest
	positions map[merge.ID]uint64
	state     *mergetest.Space
	// erased are the records that were erased, and persons who was, in order.
	erased  []erasedAt
	persons []merge.Erasure
	// changed are the rows as who reads only what has changed knows them.
	changed follower
}

// erasedAt is a record that was erased, and at which position.
type erasedAt struct {
	position uint64
	wire.ErasedRecord
}

func (l *spaceLog) position() uint64 { return uint64(len(l.facts)) }

func newWitness(f *fleet) *witness {
	w := &witness{fleet: f, person: mergetest.ID16("witness"), logs: map[merge.SpaceID]*spaceLog{}}
	for _, space := range f.spaces {
		w.logs[space] = &spaceLog{positions: map[merge.ID]uint64{}, state: mergetest.NewSpace(), digests: make([]merge.Hash, 1)}
	}
	return w
}

// look reads what is new in all logs.
func (w *witness) look() {
	for _, space := range w.spaces {
		for more := true; more && w.failed == nil; {
			more = w.read(space)
		}
		if w.failed == nil {
			w.logs[space].changed.look(w.home, space)
		}
	}
	w.tally.Looks++
}

func (w *witness) read(space merge.SpaceID) (more bool) {
	l := w.logs[space]
	page, err := w.home.engine.PullEntries(context.Background(), w.person, space, l.cursor, 0)
	if err != nil {
		w.fail("the witness cannot read %s: %w", w.names[space], err)
		return false
	}
	if page.ReplacesAll && l.cursor != nil || len(page.Rows) > 0 {
		w.fail("the witness had all of %s and is made to begin anew", w.names[space])
		return false
	}
	for i := range page.Entries {
		w.enter(space, l, &page.Entries[i])
	}
	l.cursor = page.Cursor
	switch said := page.Digest; {
	case w.failed != nil:
	case (said == nil) != page.More:
		w.fail("%s: a page after which there is more, %t, says the digest, %t", w.names[space], page.More, said != nil)
	case said != nil && *said != l.rows:
		w.fail("%s: the server says another digest than the rows at position %d have", w.names[space], l.position())
	}
	if w.failed == nil && page.Position != l.position() {
		w.fail("%s: the page leads to position %d, its entries to %d", w.names[space], page.Position, l.position())
	}
	return page.More
}

// enter takes in an entry of the log. Positions are dense, and no change has
// two.
func (w *witness) enter(space merge.SpaceID, l *spaceLog, e *wire.LogEntry) {
	if e.FirstPosition != l.position()+1 {
		w.fail("%s: after position %d comes %d", w.names[space], l.position(), e.FirstPosition)
		return
	}
	var changes []*merge.Change
	if len(e.Batch) > 0 {
		var err error
		if changes, err = wire.DecodeKeptBatch(space, e.Batch); err != nil {
			w.fail("%s: entry at %d: %w", w.names[space], e.FirstPosition, err)
			return
		}
	}
	if want := max(len(changes), 1); int(e.Positions) != want {
		w.fail("%s: an entry of %d changes takes %d positions", w.names[space], len(changes), e.Positions)
		return
	}
	if len(changes) == 0 {
		l.append(mergetest.Fact{})
	}
	for _, c := range changes {
		w.authored(space, c)
		w.apply(space, l, c, e.Received)
	}
	w.erases(space, l, e, len(changes) == 0)
}

// erases takes in what an entry has erased.
func (w *witness) erases(space merge.SpaceID, l *spaceLog, e *wire.LogEntry, alone bool) {
	l.persons = append(l.persons, e.Erasures...)
	for _, r := range e.Erased {
		rec, _ := l.state.Record(r.Record)
		if rec == nil {
			w.fail("%s: record %s is erased at %d, and is not there", w.names[space], r.Record, l.position())
			return
		}
		last := &l.digests[len(l.digests)-1]
		*last = last.Combine(rec.Digest())
		l.rows = l.rows.Combine(l.rowDigestOf(rec.ID))
		rec.Erase(r.Kept)
		if alone {
			rec.Position = l.position()
		}
		*last = last.Combine(rec.Digest())
		l.rows = l.rows.Combine(l.rowDigestOf(rec.ID))
		l.erased = append(l.erased, erasedAt{l.position(), r})
	}
}

func (w *witness) apply(space merge.SpaceID, l *spaceLog, c *merge.Change, received int64) {
	if at := l.positions[c.ID]; at > 0 {
		w.fail("%s: change %s stands at %d and again at %d", w.names[space], c.ID, at, l.position()+1)
		return
	}
	if w.dismissed[c.ID] {
		w.fail("%s: change %s was dismissed and is merged at %d", w.names[space], c.ID, l.position()+1)
		return
	}
	before := l.digests[len(l.digests)-1]
	for i := range c.Records {
		before = before.Combine(l.digestOf(c.Records[i].Record))
		l.rows = l.rows.Combine(l.rowDigestOf(c.Records[i].Record))
	}
	if _, err := l.state.Apply(c, received, l.position()+1); err != nil {
		w.fail("%s: change %s: %w", w.names[space], c.ID, err)
		return
	}
	l.append(mergetest.Fact{Change: c, Received: received})
	l.positions[c.ID] = l.position()
	for i := range c.Records {
		before = before.Combine(l.digestOf(c.Records[i].Record))
		l.rows = l.rows.Combine(l.rowDigestOf(c.Records[i].Record))
	}
	l.digests[len(l.digests)-1] = before
	w.tally.Changes++
}

func (l *spaceLog) append(f mergetest.Fact) {
	l.facts = append(l.facts, f)
	l.digests = append(l.digests, l.digests[len(l.digests)-1])
}

// digestOf is the digest of a record, nothing if there is none.
func (l *spaceLog) digestOf(id merge.RecordID) merge.Hash {
	if rec, _ := l.state.Record(id); rec != nil {
		return rec.Digest()
	}
	return merge.Hash{}
}

// rowDigestOf is the digest of a record's row, nothing if there is none.
func (l *spaceLog) rowDigestOf(id merge.RecordID) merge.Digest {
	if rec, _ := l.state.Record(id); rec != nil {
		return merge.DigestRow(id, merge.AppendRecord(nil, rec))
	}
	return merge.Digest{}
}

// promised notes what the server has answered, which the witness has looked at:
// a change that it calls merged is in the log, at a position that it names to
// whoever may read.
func (w *witness) promised(person merge.PersonID, down *wire.SpaceDown) {
	l, reads := w.logs[down.Space], w.home.allowed[down.Space][person]
	for i := range down.Outcomes {
		o := &down.Outcomes[i]
		at, merged := l.positions[o.Last()]
		switch {
		case o.Verdict.Merged() && (!merged || reads && at > o.LastPosition):
			w.fail("%s: the server says that %s is merged by position %d; in its log it is at %d", w.names[down.Space], o.Last(), o.LastPosition, at)
		case !o.Verdict.Merged() && merged:
			w.fail("%s: the server calls %s %s, and has it in its log at %d", w.names[down.Space], o.Last(), o.Verdict, at)
		}
		switch o.Verdict {
		case wire.Flagged:
			w.tally.Flagged++
		case wire.Quarantined:
			w.tally.Quarantined++
		}
	}
}
