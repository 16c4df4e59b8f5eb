package store

import (
	"encoding/binary"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// PutAccess keeps a person's access to a space.
func (f *Fold) PutAccess(space merge.SpaceID, person merge.PersonID, access *logv1.Access) error {
	return f.setMessage(append(spaceKey(space, kindAccess), person[:]...), access)
}

// PutQuarantined keeps a change that is not applied.
func (f *Fold) PutQuarantined(space merge.SpaceID, id merge.ID, q *logv1.Quarantined) error {
	return f.setMessage(changeKey(space, kindQuarantine, id), q)
}

// EndQuarantine empties the row of a change that was quarantined.
func (f *Fold) EndQuarantine(space merge.SpaceID, id merge.ID) {
	f.set(changeKey(space, kindQuarantine, id), []byte{})
}

// Findings returns what is open about a flagged change, as the fold has it; nil
// if nothing is. The list is not to be changed in place.
func (f *Fold) Findings(space merge.SpaceID, id merge.ID) ([]wire.Finding, error) {
	if findings, ok := f.findings[spaceChange{space, id}]; ok {
		return findings, nil
	}
	return f.rows.Findings(space, id)
}

// PutFindings keeps what is open about a flagged change; nothing open empties
// the row. The fold keeps the list, and writes it once.
func (f *Fold) PutFindings(space merge.SpaceID, id merge.ID, findings []wire.Finding) {
	key := spaceChange{space, id}
	if before, ok := f.findings[key]; ok {
		f.grown -= findingsBytes(before)
	}
	f.findings[key] = findings
	f.grown += findingsBytes(findings)
}

// findingsBytes is about what a row takes, with its key.
func findingsBytes(findings []wire.Finding) int {
	sizeBytes := 64
	for i := range findings {
		sizeBytes += 64 + len(findings[i].Type) + len(findings[i].MessageKey) + 5*len(findings[i].Fields)
	}
	return sizeBytes
}

// PutOwnChain keeps the head of the server's own replica in a space.
func (f *Fold) PutOwnChain(space merge.SpaceID, chain *logv1.OwnChain) error {
	return f.setMessage(spaceKey(space, kindOwnChain), chain)
}

// PutDelivery keeps an entry of a space's own log.
func (f *Fold) PutDelivery(space merge.SpaceID, firstPosition uint64, d *logv1.Delivery) error {
	return f.setMessage(deliveryKey(space, firstPosition), d)
}

// PutSchema keeps record types that were made known.
func (f *Fold) PutSchema(seq uint64, fileDescriptorSet []byte) {
	f.set(binary.BigEndian.AppendUint64(metaKey(metaSchema), seq), fileDescriptorSet)
}

// NextEntrySeq returns the next place in the log of a partition.
func (f *Fold) NextEntrySeq(partition uint16) (uint64, error) {
	if head, ok := f.partitions[partition]; ok {
		return head.Last + 1, nil
	}
	head, err := f.rows.PartitionHead(partition)
	return head.GetLast() + 1, err
}

// PutEntry keeps an entry at the place that NextEntrySeq gave.
func (f *Fold) PutEntry(partition uint16, seq uint64, entry *logv1.Entry) error {
	head, err := f.PartitionHead(partition)
	if err != nil {
		return err
	}
	head.Last = seq
	return f.setMessage(entryKey(partition, seq), entry)
}

// partitionHeadKey sorts before the entries of the partition, whose sequence
// numbers begin at 1.
func partitionHeadKey(partition uint16) []byte { return entryKey(partition, 0) }
