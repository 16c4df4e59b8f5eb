package syncengine

import (
	"context"
	"encoding/hex"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// listedPage bounds one page of records.
const listedPage = 2000

// ListedRecord is the merged state of one record, encoded.
type ListedRecord struct {
	ID  merge.RecordID
	Row []byte
}

// ListRecords gives the records of a space that the person may read, in the order
// of their ids, and the position of which they are. The token of a page begins the
// next; empty for the first, and after the last.
func (e *Engine) ListRecords(ctx context.Context, person merge.PersonID, space merge.SpaceID, token string) (list []ListedRecord, next string, position uint64, err error) {
	if err := e.gate.enter(); err != nil {
		return nil, "", 0, err
	}
	defer e.gate.leave()
	var from merge.RecordID
	if token != "" {
		data, err := hex.DecodeString(token)
		if err != nil || len(data) != len(from) {
			return nil, "", 0, fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
		}
		from = merge.RecordID(data)
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, _, err := readable(snapshot, space, person)
	if err != nil {
		return nil, "", 0, err
	}
	err = snapshot.RecordRows(space, from, func(id merge.RecordID, row []byte) error {
		if len(list) == listedPage {
			next = id.String()
			return store.ErrStop
		}
		list = append(list, ListedRecord{id, row})
		return ctx.Err()
	})
	return list, next, head.Position, err
}
