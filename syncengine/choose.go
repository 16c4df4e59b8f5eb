package syncengine

import (
	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A copy is brought forward by the tail of the log, or by the rows that were
// written to since, whichever is the less to send. Both are estimated, since to
// make both would cost as much again: of the tail, its batches, which are
// compressed as they lie there; of the rows, how many there are, which the log
// says, and what a sample of them takes compressed.
//
// Who is served rows has the values, and not the changes as their authors made
// them: it can bring them back to no server that has lost them. So what is in no
// verified backup yet is served as it is, if it is not too much.
const (
	// rowsWorthBytes is the size of a tail below which rows are served only if
	// all of it is in a verified backup.
	rowsWorthBytes = 64 << 10
	// shortTailBytes is below which the tail is always served: rows could save no
	// more than that.
	shortTailBytes = 512
	// tailRowsMax bounds the rows of the log that are looked at; what is beyond
	// them is taken to be like them.
	tailRowsMax = 4096
	// sampleRows is how many rows are compressed, and sampleSeen among how many
	// they are looked for.
	sampleRows, sampleSeen = 64, 1024
	// sampleBytes is enough of a sample, however few rows it is.
	sampleBytes = 128 << 10
	// entryBytes and rowBytes are what stands around an entry and a row in a page.
	entryBytes, rowBytes = 16, 8
	// runBytes is what a run of applied changes takes: a replica and a tag, which
	// no compression makes shorter.
	runBytes = 32
)

// skipCut goes on where the log begins, and says who was erased in what it no
// longer has, and which records: what came of them later need not name anybody.
func (p *pulling) skipCut() (err error) {
	if p.at.position >= p.head.CutThrough {
		return nil
	}
	since := p.at.position
	p.at.position = p.head.CutThrough
	if all, err := p.erasedSince(0); err != nil || len(all) == 0 {
		return err
	}
	if p.page.Erasures, err = p.erasedSince(since); err != nil {
		return err
	}
	return p.snapshot.Records(p.space, merge.RecordID{}, func(rec *merge.Record) error {
		if rec.Erased && rec.Position > since {
			p.page.Erased = append(p.page.Erased, wire.ErasedRecord{Record: rec.ID, Kept: rec.Kept})
		}
		return nil
	})
}

// choose decides between the log's tail and rows.
func (p *pulling) choose() error {
	switch {
	case p.at.rows || !p.due():
		return nil
	case p.entriesOnly:
		return p.skipCut()
	case p.at.position < p.head.CutThrough: // the log no longer has what comes next
		p.beginRows()
		return nil
	case p.at.position < max(p.at.target, p.at.tail):
		return nil // in the midst of it
	}
	delivered, err := p.snapshot.LogBytesAt(p.space, p.at.position)
	if err != nil {
		return err
	}
	batchesBytes := p.head.LogBytes - delivered
	if batchesBytes < rowsWorthBytes && p.head.Position > p.head.DurableThrough {
		return nil
	}
	tail, err := p.measureTail(batchesBytes)
	if err != nil || tail.sizeBytes < shortTailBytes {
		return err
	}
	rowsBytes, err := p.estimateRows(tail.records)
	if err != nil {
		return err
	}
	if rowsBytes < tail.sizeBytes {
		runs, err := p.snapshot.AppliedRuns(p.space, p.head.Position) // which go with the rows
		if err != nil {
			return err
		}
		rowsBytes += runBytes * uint64(len(runs))
	}
	if rowsBytes < tail.sizeBytes {
		p.beginRows()
		return nil
	}
	p.at.tail = p.head.Position
	return nil
}

func (p *pulling) beginRows() {
	p.at.rows, p.at.since, p.at.position, p.at.next = true, p.at.position, p.head.Position, merge.RecordID{}
}

// tailMeasure is what the tail of a log takes, and how many records it writes to.
type tailMeasure struct{ sizeBytes, records uint64 }

func (p *pulling) measureTail(batchesBytes uint64) (m tailMeasure, err error) {
	since, seen, reached := p.at.position, 0, p.at.position
	err = p.snapshot.Deliveries(p.space, since, func(first uint64, d *logv1.Delivery) error {
		m.sizeBytes += entryBytes + outcomesBytes(d)
		m.records += recordsFirstIn(d, first, since)
		reached = first + uint64(d.Positions) - 1
		if seen++; seen == tailRowsMax {
			return store.ErrStop
		}
		return nil
	})
	if passed := reached - since; passed > 0 && reached < p.head.Position {
		m.sizeBytes = m.sizeBytes * (p.head.Position - since) / passed
		m.records = m.records * (p.head.Position - since) / passed
	}
	m.sizeBytes += batchesBytes
	m.records = min(m.records, p.head.Records)
	return m, err
}

// outcomesBytes is about what the verdicts of an entry take once the page is
// compressed: a third.
func outcomesBytes(d *logv1.Delivery) (sizeBytes uint64) {
	for _, o := range d.Outcomes {
		sizeBytes += uint64(proto.Size(o)) / 3
	}
	return sizeBytes
}

// recordsFirstIn counts the records that an entry writes to and that nothing has
// written to before it beyond a position. One entry's changes have the positions
// from first on; which of several records of one change stands where does not
// matter but at the edge.
func recordsFirstIn(d *logv1.Delivery, first, since uint64) uint64 {
	count := uint64(d.Records) - uint64(len(d.Previous)) // which were not there
	count += uint64(len(d.Erased))
	for i, back := range d.Previous {
		position := first + min(uint64(i), uint64(d.Positions)-1)
		if back == 0 || position-min(back, position) <= since {
			count++
		}
	}
	return count
}

// estimateRows is what so many rows take that were written to since the copy's
// position, compressed.
func (p *pulling) estimateRows(records uint64) (uint64, error) {
	var touched, others rowSample
	seen := 0
	err := p.snapshot.RecordRows(p.space, merge.RecordID{}, func(id merge.RecordID, row []byte) error {
		position, err := rowPosition(id, row)
		if err != nil {
			return err
		}
		if position > p.at.position {
			touched.add(id, row)
		} else {
			others.add(id, row)
		}
		if seen++; seen == sampleSeen || touched.full() {
			return store.ErrStop
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if touched.rows < min(records, sampleRows/4) { // too rare to be met: as large as the others
		touched.rows += others.rows
		touched.bytes = append(touched.bytes, others.bytes...)
	}
	return records * touched.packedBytes(), nil
}

// rowSample are rows as they would be sent, before compression.
type rowSample struct {
	rows  uint64
	bytes []byte
}

func (s *rowSample) full() bool { return s.rows == sampleRows || len(s.bytes) >= sampleBytes }

func (s *rowSample) add(id merge.RecordID, row []byte) {
	if !s.full() {
		s.rows++
		s.bytes = append(append(append(s.bytes, make([]byte, rowBytes)...), id[:]...), row...)
	}
}

// packedBytes is what one of them takes.
func (s *rowSample) packedBytes() uint64 {
	if s.rows == 0 {
		return 0
	}
	return uint64(wire.CompressedBytes(s.bytes)) / s.rows
}

func rowPosition(id merge.RecordID, row []byte) (uint64, error) {
	position, err := merge.RecordPosition(row)
	if err != nil {
		return 0, fault.New(fault.Damaged, "record %s: %w: the store is damaged; restore it from a backup", id, err)
	}
	return position, nil
}
