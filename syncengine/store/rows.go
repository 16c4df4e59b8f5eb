package store

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// rows reads typed rows; a Snapshot and a Fold are rows.
type rows struct{ getter }

// message reads a row into m and tells whether it is there.
func (r rows) message(key []byte, m proto.Message) (bool, error) {
	data, err := r.get(key)
	if err != nil || len(data) == 0 {
		return false, err
	}
	if err := proto.Unmarshal(data, m); err != nil {
		return false, fault.New(fault.Damaged, "row %x: %w: the store is damaged; restore it from a backup", key, err)
	}
	return true, nil
}

// Head returns the head of a space, nil if there is no such space.
func (r rows) Head(space merge.SpaceID) (*logv1.SpaceHead, error) {
	head := new(logv1.SpaceHead)
	ok, err := r.message(spaceKey(space, kindHead), head)
	if !ok {
		return nil, err
	}
	return head, nil
}

// Access returns a person's access to a space; not allowed if there was never
// a grant.
func (r rows) Access(space merge.SpaceID, person merge.PersonID) (*logv1.Access, error) {
	access := new(logv1.Access)
	_, err := r.message(append(spaceKey(space, kindAccess), person[:]...), access)
	return access, err
}

// Quarantined returns a quarantined change, nil if it is not.
func (r rows) Quarantined(space merge.SpaceID, id merge.ID) (*logv1.Quarantined, error) {
	q := new(logv1.Quarantined)
	ok, err := r.message(changeKey(space, kindQuarantine, id), q)
	if !ok {
		return nil, err
	}
	return q, nil
}

// Findings returns what is open about a flagged change; nil if nothing is. The
// list is not to be changed in place.
func (r rows) Findings(space merge.SpaceID, id merge.ID) ([]wire.Finding, error) {
	var j logv1.Judgement
	key := changeKey(space, kindFindings, id)
	if _, err := r.message(key, &j); err != nil {
		return nil, err
	}
	findings, err := wire.FindingsFromProto(j.Findings)
	if err != nil {
		return nil, fault.New(fault.Damaged, "row %x: %w: the store is damaged; restore it from a backup", key, err)
	}
	return findings, nil
}

// OwnChain returns the head of the server's own replica in a space.
func (r rows) OwnChain(space merge.SpaceID) (*logv1.OwnChain, error) {
	chain := new(logv1.OwnChain)
	_, err := r.message(spaceKey(space, kindOwnChain), chain)
	return chain, err
}

// block returns what is known of the changes around a sequence number.
func (r rows) block(space merge.SpaceID, replica merge.ReplicaID, number uint64) (Block, error) {
	data, err := r.get(blockKey(space, replica, number))
	if err != nil {
		return nil, err
	}
	return parseBlock(number, data)
}

// recordRow returns the encoded record, nil if there is none. A row longer
// than spanBytes lies in several keys.
func (r rows) recordRow(space merge.SpaceID, id merge.RecordID) ([]byte, error) {
	key := recordKey(space, id)
	first, err := r.get(key)
	if err != nil || first == nil {
		return nil, err
	}
	return r.joinSpans(key, first)
}

func parseRecord(id merge.RecordID, row []byte) (*merge.Record, error) {
	rec, err := merge.ParseRecord(id, row)
	if err != nil {
		return nil, fault.New(fault.Damaged, "record %s: %w: the store is damaged; restore it from a backup", id, err)
	}
	return rec, nil
}

func (r rows) joinSpans(key, first []byte) ([]byte, error) {
	spans, n := binary.Uvarint(first)
	if n <= 0 {
		return nil, fault.New(fault.Damaged, "row %x: cut short: the store is damaged; restore it from a backup", key)
	}
	row := first[n:]
	for span := range spans {
		part, err := r.get(spanKey(key, span))
		if err != nil {
			return nil, err
		}
		if part == nil {
			return nil, fault.New(fault.Damaged, "row %x: span %d of %d is not there: the store is damaged; restore it from a backup", key, span+1, spans)
		}
		row = append(row, part...)
	}
	return row, nil
}

func spanKey(key []byte, span uint64) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, len(key)+4), key...), uint32(span))
}
