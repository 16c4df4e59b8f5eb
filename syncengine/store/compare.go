package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Difference is a row that is not what it should be.
type Difference struct {
	Row string // which, in words
	Why string
}

// Compare calls differ with every row of a partition that is not byte for byte
// what want has, and with every one that only one of the two has; where no space
// is said to live, that includes what belongs to none. What is not made by
// applying the log is left out: the format, the secret, and what a
// record that has become shorter has left behind.
func (s *Snapshot) Compare(want *Snapshot, partition uint16, differ func(Difference) error) error {
	for _, prefix := range prefixesOf(partition) {
		err := s.scan(prefix, prefix, func(key, value []byte) error {
			return s.compareRow(want, key, value, differ)
		})
		if err != nil {
			return err
		}
		err = want.scan(prefix, prefix, func(key, due []byte) error {
			if has, err := s.view.has(key); err != nil || has || isLeftOut(key) || nobodyWaits(key, due) {
				return err
			}
			return differ(Difference{describe(key), "it is missing"})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// HasPartition tells whether there is any row that Compare would look at.
func (s *Snapshot) HasPartition(partition uint16) (has bool, err error) {
	for _, prefix := range prefixesOf(partition) {
		err := s.scan(prefix, prefix, func(key, _ []byte) error {
			has = has || !isLeftOut(key)
			if has {
				return ErrStop
			}
			return nil
		})
		if err != nil {
			return has, err
		}
	}
	return has, nil
}

func prefixesOf(partition uint16) [][]byte {
	prefixes := [][]byte{{classEntry, byte(partition)}, {classSpace, byte(partition)}}
	if partition == Partition(merge.SpaceID{}) {
		prefixes = append(prefixes, []byte{classMeta}, []byte{classDirectory})
	}
	return prefixes
}

func (s *Snapshot) compareRow(want *Snapshot, key, value []byte, differ func(Difference) error) error {
	if isLeftOut(key) {
		return nil
	}
	due, err := want.get(key)
	if err != nil {
		return err
	}
	if due == nil && nobodyWaits(key, value) {
		return nil
	}
	if due == nil {
		return differ(Difference{describe(key), "the log does not make it"})
	}
	if isRecord(key) {
		if due, err = want.joinSpans(key, due); err != nil {
			return err
		}
		switch value, err = s.joinSpans(key, value); {
		case err != nil && fault.KindOf(err) == fault.Damaged:
			return differ(Difference{describe(key), err.Error()})
		case err != nil:
			return err
		}
	}
	if bytes.Equal(value, due) {
		return nil
	}
	return differ(Difference{describe(key), fmt.Sprintf("it is not what the log makes: %d bytes, of which the first to differ is at %d of %d", len(value), firstDifference(value, due), len(due))})
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// spaceKeyBytes is what spaceKey takes.
const spaceKeyBytes = 2 + 16 + 1

func isRecord(key []byte) bool {
	return len(key) == spaceKeyBytes+16 && key[0] == classSpace && key[spaceKeyBytes-1] == kindRecord
}

func isLeftOut(key []byte) bool {
	switch key[0] {
	case classMeta:
		return string(key[1:]) == metaFormat || string(key[1:]) == metaSecret
	case classSpace:
		return len(key) == spaceKeyBytes+16+4 && key[spaceKeyBytes-1] == kindRecord // a span, compared with its record
	}
	return false
}

// nobodyWaits tells whether a row says that nothing waits any more. Whether there is
// such a row, or none since nothing ever waited, depends on what an entry still told
// of itself when it was applied: one that is purged tells how it ended, and not what
// waited for what else came with it.
func nobodyWaits(key, value []byte) bool {
	return len(value) == 0 && len(key) >= spaceKeyBytes && key[0] == classSpace && key[spaceKeyBytes-1] == kindWaiting
}

// describe says which row a key is of.
func describe(key []byte) string {
	switch {
	case key[0] == classMeta:
		return fmt.Sprintf("row %q", key[1:])
	case key[0] == classDirectory && len(key) == 18:
		return fmt.Sprintf("row %s of the directory", DirectoryKey(key[1:]))
	case key[0] == classEntry && len(key) == 10:
		if seq := binary.BigEndian.Uint64(key[2:]); seq > 0 {
			return fmt.Sprintf("entry %d of partition %d", seq, key[1])
		}
		return fmt.Sprintf("the head of partition %d", key[1])
	case key[0] == classSpace && len(key) >= spaceKeyBytes:
		return fmt.Sprintf("space %s: %s", merge.SpaceID(key[2:18]), describeInSpace(key[18], key[19:]))
	}
	return fmt.Sprintf("row %x", key)
}

func describeInSpace(kind byte, tail []byte) string {
	what, ok := map[byte]string{
		kindAccess: "access of person", kindBlock: "verdicts over changes", kindDelivery: "log at position", kindEpochs: "epochs",
		kindFindings: "findings about change", kindHead: "head", kindOwnChain: "the server's own chain",
		kindQuarantine: "quarantined change", kindRecord: "record", kindUpstream: "how far it has come with the home server", kindWaiting: "what waits for",
		kindErasures: "who was erased",
	}[kind]
	switch {
	case !ok:
		return fmt.Sprintf("row %c %x", kind, tail)
	case len(tail) == 0:
		return what
	case kind == kindDelivery && len(tail) == 8:
		return fmt.Sprintf("%s %d", what, binary.BigEndian.Uint64(tail))
	case kind == kindBlock && len(tail) == 24:
		first := binary.BigEndian.Uint64(tail[16:]) * blockSeqs
		return fmt.Sprintf("%s %d to %d of replica %x", what, first, first+blockSeqs-1, tail[:16])
	case (kind == kindFindings || kind == kindQuarantine) && len(tail) == changeBytes:
		return fmt.Sprintf("%s %s", what, parseChange(tail))
	}
	return fmt.Sprintf("%s %x", what, tail)
}
