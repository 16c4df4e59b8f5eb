package wire

import (
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// PurgeBatch erases the content of writes in a batch, whose changes DecodeKeptBatch
// has given, and of these too. Runs stay what they were, with their hashes and what
// is signed of them; the batch is the same if nothing is erased.
func PurgeBatch(packed []byte, changes []*merge.Change, erase func(rec *merge.RecordWrites, w *merge.Write) bool) ([]byte, error) {
	total, purged := 0, make([]bool, len(changes))
	for i, c := range changes {
		n := c.Purge(erase)
		purged[i], total = n > 0, total+n
	}
	if total == 0 {
		return packed, nil
	}
	return replaceChanges(packed, changes, purged)
}

// replaceChanges puts changes in the places of those of a batch that were
// purged.
func replaceChanges(packed []byte, changes []*merge.Change, purged []bool) ([]byte, error) {
	plain, err := decompress(packed, limits.KeptBatchBytes)
	if err != nil {
		return nil, err
	}
	var m syncv1.Batch
	if err := proto.Unmarshal(plain, &m); err != nil {
		return nil, fault.New(fault.Malformed, "batch: %w", err)
	}
	i := 0
	for _, run := range m.Runs {
		for j := range run.Changes {
			if purged[i] {
				run.Changes[j] = changeToProto(changes[i])
			}
			i++
		}
	}
	if plain, err = proto.Marshal(&m); err != nil {
		return nil, fault.New(fault.Internal, "batch: %w", err)
	}
	if len(plain) > limits.KeptBatchBytes {
		return nil, fault.New(fault.TooLarge, "batch: %d bytes once purged; at most %d are kept", len(plain), limits.KeptBatchBytes)
	}
	return compress(plain), nil
}
