package store

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Every key starts with a class. A space's keys go on with the partition and
// the space, so a space, and a partition, is one contiguous range.
const (
	classMeta      = 'm' // name
	classDirectory = 'd' // kind, id: a row of the directory
	classEntry     = 'e' // partition, sequence number: an entry of the log
	classSpace     = 's' // partition, space, kind, …
	// These are beneath the other rows, behind which they sort.
	classScrub   = 0xfe // of a row that is only there while the files are scrubbed
	classDataKey = 0xff // space: its key, wrapped
)

// The kinds of row that a space has, in the order in which they lie.
const (
	kindAccess     = 'a' // person
	kindBlock      = 'b' // replica, sequence number / 256: verdicts over changes
	kindDelivery   = 'd' // first position: an entry of the space's own log
	kindEpochs     = 'e' // where epochs began in the space
	kindFindings   = 'f' // change: what is open about a flagged change
	kindHead       = 'h' // the head of the space
	kindOwnChain   = 'o' // the server's own replica in the space
	kindReplica    = 'p' // replica: the device that writes on it
	kindQuarantine = 'q' // change
	kindRecord     = 'r' // record [, span]
	kindUpstream   = 'u' // how far a hub has come with the home server
	kindWaiting    = 'w' // what is awaited [, page]: the flagged changes that wait for it
	kindErasures   = 'x' // who was erased
)

// Partition returns the partition that a space lives in, fixed for ever.
func Partition(space merge.SpaceID) uint16 {
	sum := sha256.Sum256(space[:])
	return uint16(sum[0])
}

func metaKey(name string) []byte { return append([]byte{classMeta}, name...) }

func entryKey(partition uint16, seq uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{classEntry, byte(partition)}, seq)
}

// spaceKey leaves room for the longest tail.
func spaceKey(space merge.SpaceID, kind byte) []byte {
	key := make([]byte, 0, 2+16+1+1+changeBytes+4)
	key = append(key, classSpace, byte(Partition(space)))
	key = append(key, space[:]...)
	return append(key, kind)
}

func recordKey(space merge.SpaceID, record merge.RecordID) []byte {
	return append(spaceKey(space, kindRecord), record[:]...)
}

func deliveryKey(space merge.SpaceID, position uint64) []byte {
	return binary.BigEndian.AppendUint64(spaceKey(space, kindDelivery), position)
}

func blockKey(space merge.SpaceID, replica merge.ReplicaID, block uint64) []byte {
	return binary.BigEndian.AppendUint64(append(spaceKey(space, kindBlock), replica[:]...), block)
}

func replicaKey(space merge.SpaceID, replica merge.ReplicaID) []byte {
	return append(spaceKey(space, kindReplica), replica[:]...)
}

func changeKey(space merge.SpaceID, kind byte, id merge.ID) []byte {
	return appendChange(spaceKey(space, kind), id)
}

func appendChange(key []byte, id merge.ID) []byte {
	key = append(key, id.Replica[:]...)
	key = binary.BigEndian.AppendUint64(key, id.Seq)
	return append(key, id.Tag[:]...)
}

// changeBytes is what appendChange takes.
const changeBytes = 16 + 8 + 8

// parseChange reads what appendChange wrote.
func parseChange(tail []byte) merge.ID {
	return merge.ID{Replica: merge.ReplicaID(tail[:16]), Seq: binary.BigEndian.Uint64(tail[16:]), Tag: merge.Tag(tail[24:changeBytes])}
}

// Awaited names what flagged changes wait for: a thing that has not come, or a
// correction.
type Awaited struct {
	Change merge.ID       // a change, if it is one
	Record merge.RecordID // a record otherwise
	// Corrected says that the record is there, and that they wait for values of
	// theirs in it to be replaced.
	Corrected bool
}

func waitingKey(space merge.SpaceID, what Awaited) []byte {
	key := spaceKey(space, kindWaiting)
	if what.Change != (merge.ID{}) {
		return appendChange(append(key, 'c'), what.Change)
	}
	if what.Corrected {
		return append(append(key, 'v'), what.Record[:]...)
	}
	return append(append(key, 'r'), what.Record[:]...)
}
