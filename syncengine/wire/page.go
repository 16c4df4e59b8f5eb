package wire

import (
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// EpochID tells an epoch of the home server from every other: 16 random bytes.
type EpochID [16]byte

// Page moves a copy of a space forward; see zhurnal.sync.v1.Page.
type Page struct {
	Entries     []LogEntry
	Rows        []StateRow
	Cursor      []byte
	Position    uint64
	Consistent  bool
	More        bool
	ReplacesAll bool
	// DurableThrough is the position up to which the log is in a verified
	// backup.
	DurableThrough uint64
	// ByRows says that rows bring the copy to the position, be there any or not.
	ByRows bool
	// Applied are the changes that the rows hold, on the last page of rows.
	Applied []AppliedRun
	// Digest is that of all rows at the position; nil where the page does not
	// say it.
	Digest *merge.Digest
	// Erasures are the persons who were erased since the copy's position, on the
	// last page of rows and where entries are gone from the log; there Erased are
	// the records.
	Erasures []merge.Erasure
	Erased   []ErasedRecord
}

// LogEntry is one entry of a space's log.
type LogEntry struct {
	FirstPosition uint64
	Positions     uint32
	Received      int64  // milliseconds since 1970
	Batch         []byte // compressed; empty if there are no changes
	Outcomes      []Outcome
	// Erased are the records that the entry erased, Erasures the persons.
	Erased   []ErasedRecord
	Erasures []merge.Erasure
}

// StateRow is the merged state of one record.
type StateRow struct {
	Record merge.RecordID
	Row    []byte // as merge.AppendRecord writes it
}

// ToProto returns the message. It shares the bytes of batches and rows.
func (p *Page) ToProto() *syncv1.Page {
	m := &syncv1.Page{
		Cursor: p.Cursor, Position: p.Position, Consistent: p.Consistent, More: p.More, ReplacesAll: p.ReplacesAll, DurableThrough: p.DurableThrough, ByRows: p.ByRows,
		Entries: make([]*syncv1.LogEntry, len(p.Entries)), Rows: make([]*syncv1.StateRow, len(p.Rows)), Applied: appliedToProto(p.Applied),
		Erasures: ErasuresToProto(p.Erasures), Erased: ErasedToProto(p.Erased),
	}
	if p.Digest != nil {
		m.Digest = p.Digest[:]
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		m.Entries[i] = &syncv1.LogEntry{
			FirstPosition: e.FirstPosition, Positions: e.Positions, ReceivedMillis: e.Received,
			Batch: e.Batch, Outcomes: OutcomesToProto(e.Outcomes), Erased: ErasedToProto(e.Erased), Erasures: ErasuresToProto(e.Erasures),
		}
	}
	for i := range p.Rows {
		m.Rows[i] = &syncv1.StateRow{RecordId: p.Rows[i].Record[:], Row: p.Rows[i].Row}
	}
	return m
}

// PageFromProto checks and converts.
func PageFromProto(m *syncv1.Page) (Page, error) {
	p := Page{
		Cursor: m.Cursor, Position: m.Position, Consistent: m.Consistent, More: m.More, ReplacesAll: m.ReplacesAll, DurableThrough: m.DurableThrough, ByRows: m.ByRows,
		Entries: make([]LogEntry, len(m.Entries)), Rows: make([]StateRow, len(m.Rows)),
	}
	if len(m.Digest) > 0 {
		digest, err := ID16[merge.Digest](m.Digest, "digest")
		if err != nil {
			return Page{}, err
		}
		p.Digest = &digest
	}
	for i, e := range m.Entries {
		var err error
		if p.Entries[i], err = entryFromProto(e); err != nil {
			return Page{}, err
		}
	}
	for i, r := range m.Rows {
		id, err := ID16[merge.RecordID](r.RecordId, "row")
		if err != nil {
			return Page{}, err
		}
		p.Rows[i] = StateRow{Record: id, Row: r.Row}
	}
	var err error
	if p.Erasures, err = ErasuresFromProto(m.Erasures); err != nil {
		return Page{}, err
	}
	if p.Erased, err = ErasedFromProto(m.Erased); err != nil {
		return Page{}, err
	}
	p.Applied, err = appliedFromProto(m.Applied)
	return p, err
}

func entryFromProto(m *syncv1.LogEntry) (e LogEntry, err error) {
	e = LogEntry{FirstPosition: m.FirstPosition, Positions: m.Positions, Received: m.ReceivedMillis, Batch: m.Batch}
	if e.Outcomes, err = OutcomesFromProto(m.Outcomes); err != nil {
		return e, err
	}
	if e.Erased, err = ErasedFromProto(m.Erased); err != nil {
		return e, err
	}
	e.Erasures, err = ErasuresFromProto(m.Erasures)
	return e, err
}
