package store

import (
	"bytes"
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// spanBytes bounds one value, so that none leaves the LSM tree for the value
// log, whose collector has brought deleted values back.
const spanBytes = 256 << 10

// ErrFoldTooBig says that what was folded does not fit one transaction; nothing
// of it is stored. Fewer entries at a time may fit.
var ErrFoldTooBig = errors.New("more than one transaction holds")

// Fold collects what several entries write and stores it in one transaction.
// Rows that are read keep what earlier entries of the fold wrote. A Fold is
// used by one goroutine, and ends with Commit or Discard.
type Fold struct {
	rows
	store   *Store
	txn     update
	records map[spaceRecord]*foldedRecord
	heads   map[merge.SpaceID]*logv1.SpaceHead
	blocks  map[blockID]*foldedBlock
	// partitions are the heads of the logs that were appended to.
	partitions map[uint16]*logv1.PartitionHead
	// Only what was changed is in these two.
	findings map[spaceChange][]wire.Finding
	waiting  map[spaceAwaited]*waiters
	grown    int
	err      error  // of the first row that could not be written
	scratch  []byte // in which rows are encoded
}

type spaceChange struct {
	space  merge.SpaceID
	change merge.ID
}

type spaceRecord struct {
	space  merge.SpaceID
	record merge.RecordID
}

type blockID struct {
	space   merge.SpaceID
	replica merge.ReplicaID
	number  uint64
}

type foldedRecord struct {
	rec   *merge.Record // nil: there is none
	row   []byte        // as it was read; nil if there was none
	dirty bool
}

type foldedBlock struct {
	block Block
	dirty bool
}

// Fold begins a fold. There is one at a time.
func (s *Store) Fold() *Fold {
	txn := s.backend.update()
	return &Fold{
		rows: rows{txn}, store: s, txn: txn, // rows that were set are seen
		records: map[spaceRecord]*foldedRecord{}, heads: map[merge.SpaceID]*logv1.SpaceHead{}, blocks: map[blockID]*foldedBlock{},
		partitions: map[uint16]*logv1.PartitionHead{},
		findings:   map[spaceChange][]wire.Finding{}, waiting: map[spaceAwaited]*waiters{},
	}
}

// Grow says that about so many bytes were added to rows that are not yet
// encoded.
func (f *Fold) Grow(sizeBytes int) { f.grown += sizeBytes }

// SizeBytes estimates how much of a transaction the fold takes.
func (f *Fold) SizeBytes() int { return f.grown }

// set writes a row, and keeps its key and value. Its error is Commit's.
func (f *Fold) set(key, value []byte) {
	f.grown += len(key) + len(value) + sealedBytes
	if err := f.txn.set(key, value); err != nil && f.err == nil {
		f.err = fault.New(fault.Internal, "write row %x: %w", key, err)
	}
}

func (f *Fold) setMessage(key []byte, m proto.Message) error {
	data, err := proto.Marshal(m)
	if err != nil {
		return fault.New(fault.Internal, "row %x: %w", key, err)
	}
	f.set(key, data)
	return nil
}

// Head returns the head of a space, to be changed in place; nil if there is no
// such space.
func (f *Fold) Head(space merge.SpaceID) (*logv1.SpaceHead, error) {
	if head, ok := f.heads[space]; ok {
		return head, nil
	}
	head, err := f.rows.Head(space)
	if err != nil {
		return nil, err
	}
	if head != nil {
		f.heads[space] = head
	}
	return head, nil
}

// NewHead makes a space.
func (f *Fold) NewHead(space merge.SpaceID, head *logv1.SpaceHead) { f.heads[space] = head }

// Record returns a record to be changed in place and marked by Touch; nil if
// there is none.
func (f *Fold) Record(space merge.SpaceID, id merge.RecordID) (*merge.Record, error) {
	if folded, ok := f.records[spaceRecord{space, id}]; ok {
		return folded.rec, nil
	}
	row, err := f.recordRow(space, id)
	if err != nil {
		return nil, err
	}
	folded := &foldedRecord{row: row}
	if row != nil {
		if folded.rec, err = parseRecord(id, row); err != nil {
			return nil, err
		}
	}
	f.records[spaceRecord{space, id}] = folded
	return folded.rec, nil
}

// NewRecord adds a record that is not there.
func (f *Fold) NewRecord(space merge.SpaceID, rec *merge.Record) {
	f.records[spaceRecord{space, rec.ID}] = &foldedRecord{rec: rec, dirty: true}
	f.grown += 64
}

// Touch marks a record that was changed in place.
func (f *Fold) Touch(space merge.SpaceID, id merge.RecordID) {
	folded := f.records[spaceRecord{space, id}]
	if !folded.dirty {
		folded.dirty = true
		f.grown += len(folded.row)
	}
}

// Known returns what is known of a change, nil if it was never received, and
// whether another one with the same sequence number is merged.
func (f *Fold) Known(space merge.SpaceID, id merge.ID) (known *Known, forked bool, err error) {
	folded, err := f.block(space, id)
	if err != nil {
		return nil, false, err
	}
	known, forked = folded.block.find(id.Seq, id.Tag)
	return known, forked, nil
}

// SetKnown notes what was made of a change.
func (f *Fold) SetKnown(space merge.SpaceID, id merge.ID, verdict wire.Verdict, position uint64) error {
	folded, err := f.block(space, id)
	if err != nil {
		return err
	}
	if !folded.dirty {
		folded.dirty = true
		f.grown += len(folded.block) * 14
	}
	f.grown += 14
	folded.block.put(Known{Seq: id.Seq, Tag: id.Tag, Verdict: verdict, Position: position})
	return nil
}

func (f *Fold) block(space merge.SpaceID, id merge.ID) (*foldedBlock, error) {
	key := blockID{space, id.Replica, id.Seq / blockSeqs}
	if folded, ok := f.blocks[key]; ok {
		return folded, nil
	}
	block, err := f.rows.block(space, id.Replica, key.number)
	if err != nil {
		return nil, err
	}
	folded := &foldedBlock{block: block}
	f.blocks[key] = folded
	return folded, nil
}

// Discard ends the fold without storing anything.
func (f *Fold) Discard() { f.txn.discard() }

// Commit stores all of it durably, or nothing. It ends the fold.
func (f *Fold) Commit() error {
	defer f.txn.discard()
	if err := f.encode(); err != nil {
		return err
	}
	err := f.err
	if err == nil {
		f.store.committing.Lock()
		err = commitFault(f.txn.commit())
		f.store.committing.Unlock()
	}
	if errors.Is(err, ErrFoldTooBig) {
		return ErrFoldTooBig
	}
	return err
}

func commitFault(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.Unavailable, "commit: %w", err)
}

// encode turns what was changed in place into rows.
func (f *Fold) encode() error {
	for key, folded := range f.records {
		if folded.dirty {
			f.setRecord(key.space, folded)
		}
	}
	for key, folded := range f.blocks {
		if folded.dirty {
			f.set(blockKey(key.space, key.replica, key.number), folded.block.encode())
		}
	}
	for key, findings := range f.findings {
		j := &logv1.Judgement{Findings: wire.FindingsToProto(findings)}
		if err := f.setMessage(changeKey(key.space, kindFindings, key.change), j); err != nil {
			return err
		}
	}
	for key, w := range f.waiting {
		f.set(waitingKey(key.space, key.what), w.encode())
	}
	for space, head := range f.heads {
		if err := f.setMessage(spaceKey(space, kindHead), head); err != nil {
			return err
		}
	}
	for partition, head := range f.partitions {
		if err := f.setMessage(partitionHeadKey(partition), head); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fold) setRecord(space merge.SpaceID, folded *foldedRecord) {
	f.scratch = merge.AppendRecord(append(f.scratch[:0], 0), folded.rec)
	row := bytes.Clone(f.scratch)
	sizeBytes := len(row) - 1
	head := f.heads[space]
	head.StateBytes += uint64(sizeBytes) - uint64(len(folded.row))
	digest := merge.DigestRow(folded.rec.ID, row[1:])
	if folded.row != nil {
		digest = digest.Combine(merge.DigestRow(folded.rec.ID, folded.row))
	} else {
		head.Records++
	}
	combineInto(head, digest)
	key := recordKey(space, folded.rec.ID)
	if sizeBytes <= spanBytes {
		f.set(key, row) // the first byte says that no spans follow
		return
	}
	spans := uint64((sizeBytes - 1) / spanBytes)
	first := binary.AppendUvarint(nil, spans)
	f.set(key, append(first, row[1:1+spanBytes]...))
	for span := range spans {
		from := 1 + int(span+1)*spanBytes
		f.set(spanKey(key, span), row[from:min(from+spanBytes, len(row))])
	}
}

// combineInto moves the digest of a space's rows on.
func combineInto(head *logv1.SpaceHead, digest merge.Digest) {
	if len(head.Digest) == 0 {
		head.Digest = make([]byte, len(digest))
	}
	for i := range digest {
		head.Digest[i] ^= digest[i]
	}
}
