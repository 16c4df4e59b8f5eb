package syncengine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// takenMax is how many backups an engine remembers that are not confirmed.
const takenMax = 8

// taken are the backups that wait to be confirmed, the newest last.
type taken struct {
	mu   sync.Mutex
	list []takenBackup
}

// takenBackup is what a backup holds of each space: the position, and the last
// entry of the partition's log.
type takenBackup struct {
	written backup.Written
	holds   map[merge.SpaceID]*logv1.Durable
}

func (t *taken) add(b takenBackup) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, b)
	t.list = t.list[max(0, len(t.list)-takenMax):]
}

func (t *taken) find(id backup.ID) (takenBackup, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.list, func(b takenBackup) bool { return b.written.ID == id })
	if i < 0 {
		return takenBackup{}, false
	}
	return t.list[i], true
}

// Backup writes a backup of the store as it is now, and of what lies beside it;
// work goes on meanwhile. See
// package backup for its format. It is sealed to the recipients; without one it
// is not sealed. Once it is on a disk of its own, and compared there with what
// was written, ConfirmBackup is due.
func (e *Engine) Backup(ctx context.Context, to io.Writer, recipients ...backup.Recipient) (backup.Written, error) {
	if err := e.gate.enter(); err != nil {
		return backup.Written{}, err
	}
	defer e.gate.leave()
	header := backup.Header{TakenMillis: e.options.Now()}
	if _, err := io.ReadFull(e.options.Random, header.ID[:]); err != nil {
		return backup.Written{}, fault.New(fault.Internal, "random bytes for a backup: %w", err)
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	written, err := backup.Write(to, recipients, func(to io.Writer) (backup.Summary, error) {
		return e.writeBackup(ctx, snapshot, to, header)
	})
	if err != nil {
		return backup.Written{}, err
	}
	holds := map[merge.SpaceID]*logv1.Durable{}
	err = snapshot.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
		partition, err := snapshot.PartitionHead(store.Partition(space))
		holds[space] = &logv1.Durable{Position: head.Position, EntrySeq: partition.GetLast()}
		return err
	})
	if err != nil {
		return backup.Written{}, err
	}
	e.taken.add(takenBackup{written, holds})
	return written, nil
}

func (e *Engine) writeBackup(ctx context.Context, snapshot *store.Snapshot, to io.Writer, header backup.Header) (backup.Summary, error) {
	w, err := backup.NewWriter(to, header)
	if err != nil {
		return backup.Summary{}, err
	}
	err = snapshot.Rows(func(key, value []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.Row(key, value)
	})
	if err == nil {
		err = e.options.beside().Files(func(name string, from io.Reader) error { return errors.Join(ctx.Err(), w.File(name, from)) })
	}
	if err != nil {
		return backup.Summary{}, err
	}
	return w.Close()
}

// ConfirmBackup takes note that a backup is on a disk and was verified: it is
// named by its id and the SHA-256 of its file. Devices are told from then on
// that they need not keep what it holds. spaces says in how many that is more
// than before.
func (e *Engine) ConfirmBackup(_ context.Context, by merge.PersonID, id backup.ID, hash [32]byte) (spaces int, err error) {
	if err := e.gate.enter(); err != nil {
		return 0, err
	}
	defer e.gate.leave()
	if err := e.checkRoom(); err != nil {
		return 0, err
	}
	b, ok := e.taken.find(id)
	switch {
	case !ok:
		return 0, fault.New(fault.NotFound, "confirm backup %s: the server has given no such backup since it was started; take another one", id)
	case hash != b.written.FileHash:
		return 0, fault.New(fault.FalseHash, "confirm backup %s: what was verified is not what the server gave; take another one", id)
	}
	ahead, err := e.notYetDurable(b.holds)
	if err != nil {
		return 0, err
	}
	bodies := make(map[merge.SpaceID][]byte, len(ahead))
	for _, space := range ahead {
		if bodies[space], err = proto.Marshal(b.holds[space]); err != nil {
			return 0, marshalFailed("durable", err)
		}
	}
	now := e.options.Now()
	return len(ahead), appendEach(e.log, ahead, func(space merge.SpaceID) log.Entry {
		return log.Entry{Kind: log.Durable, Space: space, Received: now, Principal: by, Level: log.Level, Body: bodies[space], SizeBytes: 64}
	})
}

// notYetDurable returns the spaces whose position is more than is known to be in
// a verified backup, in the order of their ids.
func (e *Engine) notYetDurable(holds map[merge.SpaceID]*logv1.Durable) ([]merge.SpaceID, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	var ahead []merge.SpaceID
	for space, durable := range holds {
		head, err := snapshot.Head(space)
		if err != nil {
			return nil, err
		}
		if durable.Position > head.GetDurableThrough() {
			ahead = append(ahead, space)
		}
	}
	slices.SortFunc(ahead, func(a, b merge.SpaceID) int { return bytes.Compare(a[:], b[:]) })
	return ahead, nil
}

// durable notes how much of a space's log is in a verified backup.
func (a applier) durable(fold *store.Fold, e *log.Entry) (log.Outcome, error) {
	var body logv1.Durable
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "durable entry: %w", err)
	}
	head, err := fold.Head(e.Space)
	if err != nil || head == nil || body.Position <= head.DurableThrough || body.Position > head.Position {
		return log.Outcome{Position: head.GetPosition()}, err
	}
	head.DurableThrough = body.Position
	partition, err := fold.PartitionHead(store.Partition(e.Space))
	if err != nil {
		return log.Outcome{}, err
	}
	if body.EntrySeq <= partition.Last {
		partition.DurableThrough = max(partition.DurableThrough, body.EntrySeq)
	}
	return log.Outcome{Recorded: true, Position: head.Position}, nil
}
