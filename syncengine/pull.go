package syncengine

import (
	"context"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Pull returns what a space's log holds beyond a cursor, about pageBytes of it
// at most but always something, if there is something; empty starts from the
// beginning. Where the rows that were written to since are shorter than the tail
// of the log, or the log no longer has it, rows are returned instead.
func (e *Engine) Pull(_ context.Context, person merge.PersonID, space merge.SpaceID, sealed []byte, pageBytes int) (wire.Page, error) {
	if err := e.gate.enter(); err != nil {
		return wire.Page{}, err
	}
	defer e.gate.leave()
	budgetBytes := pageBudget(pageBytes)
	return e.pull(person, &wire.SpaceUp{Space: space, Cursor: sealed}, &budgetBytes)
}

// PullEntries is Pull for who keeps originals: it is given the log, as far back
// as there is any, and never rows.
func (e *Engine) PullEntries(_ context.Context, person merge.PersonID, space merge.SpaceID, sealed []byte, pageBytes int) (wire.Page, error) {
	if err := e.gate.enter(); err != nil {
		return wire.Page{}, err
	}
	defer e.gate.leave()
	budgetBytes := pageBudget(pageBytes)
	return e.pull(person, &wire.SpaceUp{Space: space, Cursor: sealed, EntriesOnly: true}, &budgetBytes)
}

// pull fills a page from the budget, which its first entry or row may overdraw.
// Where nothing is left of it, and something is due, the space is put off: the
// page is empty, with the cursor that was sent, not consistent, and says that
// there is more.
func (e *Engine) pull(person merge.PersonID, up *wire.SpaceUp, budgetBytes *int) (wire.Page, error) {
	space := up.Space
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, access, err := readable(snapshot, space, person)
	if err != nil {
		return wire.Page{}, err
	}
	p := &pulling{snapshot: snapshot, space: space, epoch: e.epoch.id, head: head, entriesOnly: up.EntriesOnly, budgetBytes: budgetBytes}
	if err := p.open(e.sealer, up.Cursor, access); err != nil {
		return wire.Page{}, err
	}
	if *budgetBytes <= 0 && p.due() {
		return wire.Page{Cursor: up.Cursor, Position: p.at.position, More: true}, nil
	}
	if err := p.fill(); err != nil {
		return wire.Page{}, err
	}
	p.page.Position, p.page.DurableThrough = p.at.position, head.DurableThrough
	p.page.Consistent = !p.at.rows && p.at.position >= p.at.target
	p.page.More = p.due()
	if err := p.sayDigest(); err != nil {
		return wire.Page{}, err
	}
	p.page.Cursor, err = e.sealer.seal(space, &p.at)
	return p.page, err
}

func pageBudget(pageBytes int) int {
	if pageBytes <= 0 {
		return limits.PageBytes
	}
	return min(pageBytes, limits.PageBytesMax)
}

// pulling is the making of one page.
type pulling struct {
	snapshot    *store.Snapshot
	space       merge.SpaceID
	epoch       wire.EpochID // the present one
	head        *logv1.SpaceHead
	entriesOnly bool // rows are of no use to who asks
	at          cursor
	page        wire.Page
	budgetBytes *int
}

// open finds out where the copy is.
func (p *pulling) open(s *sealer, sealed []byte, access *logv1.Access) (err error) {
	if len(sealed) == 0 {
		p.at, p.page.ReplacesAll = cursor{epoch: p.epoch, grant: access.Grant}, true
		return nil
	}
	if p.at, err = s.open(p.space, sealed); err != nil {
		return err
	}
	if p.at.grant != access.Grant || p.at.position > p.head.Position {
		return errBadCursor
	}
	if p.at.epoch != p.epoch {
		return p.crossEpochs()
	}
	return nil
}

// due tells whether the copy lacks anything.
func (p *pulling) due() bool { return p.at.rows || p.at.position < p.head.Position }

func (p *pulling) fill() error {
	if err := p.choose(); err != nil {
		return err
	}
	if p.at.rows {
		return p.rows()
	}
	return p.tail()
}

// tail adds entries of the log, whole ones.
func (p *pulling) tail() error {
	return p.snapshot.Deliveries(p.space, p.at.position, func(first uint64, d *logv1.Delivery) error {
		entry, err := p.entry(first, d)
		if err != nil {
			return err
		}
		sizeBytes := len(entry.Batch) + 64 + 128*len(entry.Outcomes)
		if len(p.page.Entries) > 0 && sizeBytes > *p.budgetBytes {
			return store.ErrStop
		}
		p.page.Entries = append(p.page.Entries, entry)
		*p.budgetBytes -= sizeBytes
		p.at.position = first + uint64(d.Positions) - 1
		return nil
	})
}

func (p *pulling) entry(first uint64, d *logv1.Delivery) (wire.LogEntry, error) {
	outcomes, err := wire.OutcomesFromProto(d.Outcomes)
	if err != nil {
		return wire.LogEntry{}, fault.New(fault.Damaged, "log of space %s at %d: %w", p.space, first, err)
	}
	entry := wire.LogEntry{FirstPosition: first, Positions: d.Positions, Received: d.ReceivedMillis, Batch: d.Batch, Outcomes: outcomes}
	for _, r := range d.Erased {
		entry.Erased = append(entry.Erased, wire.ErasedRecord{Record: merge.RecordID(r.RecordId), Kept: r.Kept})
	}
	if entry.Erasures, err = wire.ErasuresFromProto(d.Erasures); err != nil {
		return wire.LogEntry{}, fault.New(fault.Damaged, "log of space %s at %d: %w", p.space, first, err)
	}
	if !d.Whole {
		return entry, nil
	}
	whole, err := p.snapshot.Entry(store.Partition(p.space), d.EntrySeq)
	if err != nil {
		return wire.LogEntry{}, err
	}
	var body logv1.Push
	if err := proto.Unmarshal(whole.Body, &body); err != nil {
		return wire.LogEntry{}, fault.New(fault.Damaged, "log of space %s at %d: %w", p.space, first, err)
	}
	entry.Batch = body.Batch
	return entry, nil
}

// rows adds rows that were touched after `since`. While pages of them are
// served the log goes on, so a row may be newer than the position that the copy
// will have; each row says which position it reflects, and the copy is
// consistent once it has the log up to the last of them.
func (p *pulling) rows() error {
	done := true
	p.page.ByRows = true
	err := p.snapshot.RecordRows(p.space, p.at.next, func(id merge.RecordID, row []byte) error {
		position, err := rowPosition(id, row)
		if err != nil {
			return err
		}
		if position <= p.at.since {
			return nil
		}
		if len(p.page.Rows) > 0 && len(row) > *p.budgetBytes {
			done, p.at.next = false, id
			return store.ErrStop
		}
		p.page.Rows = append(p.page.Rows, wire.StateRow{Record: id, Row: row})
		*p.budgetBytes -= len(row) + 24
		return nil
	})
	if err != nil || !done {
		return err
	}
	if p.page.Applied, err = p.snapshot.AppliedRuns(p.space, p.at.position); err != nil {
		return err
	}
	if p.page.Erasures, err = p.erasedSince(p.at.since); err != nil {
		return err
	}
	p.at.rows, p.at.next, p.at.target = false, merge.RecordID{}, p.head.Position
	return nil
}

// erasedSince lists who was erased after a position.
func (p *pulling) erasedSince(position uint64) (since []merge.Erasure, err error) {
	stored, err := p.snapshot.Erasures(p.space)
	if err != nil {
		return nil, err
	}
	list, err := wire.ErasuresFromProto(stored.GetErasures())
	for i := range list {
		if stored.Positions[i] > position {
			since = append(since, list[i])
		}
	}
	return since, err
}

// sayDigest lets the last page say what the rows of a copy at its position have
// for a digest. The server keeps that of the head alone.
func (p *pulling) sayDigest() error {
	if !p.page.Consistent || p.page.More || p.at.position != p.head.Position {
		return nil
	}
	digest, err := headDigest(p.space, p.head)
	p.page.Digest = &digest
	return err
}

// headDigest is the digest of all rows of a space at its head.
func headDigest(space merge.SpaceID, head *logv1.SpaceHead) (digest merge.Digest, err error) {
	switch len(head.Digest) {
	case 0: // there is no record
	case len(digest):
		digest = merge.Digest(head.Digest)
	default:
		err = fault.New(fault.Damaged, "the head of space %s has a digest of %d bytes: the store is damaged; restore it from a backup", space, len(head.Digest))
	}
	return digest, err
}
