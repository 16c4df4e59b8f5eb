package syncengine

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"io"
	"sync"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// epoch is what the server serves from since its store was made or restored.
// A restored server has lost what came after the backup, and devices hold parts
// of it: so it says by another epoch that they should offer them, and writes on
// another replica, since its own lost changes come back too.
type epoch struct {
	number  uint64
	id      wire.EpochID
	replica merge.ReplicaID // on which the server itself writes
	key     *credential.SoftwareKey
}

// Epoch returns the id of the present epoch.
func (e *Engine) Epoch() wire.EpochID { return e.epoch.id }

// findEpoch learns the present epoch, or begins the first.
func (e *Engine) findEpoch() error {
	epochs, err := epochsOf(e.store)
	if err != nil {
		return err
	}
	if len(epochs) == 0 {
		e.epoch, err = beginEpoch(e.store, e.log, e.options)
		return err
	}
	last := epochs[len(epochs)-1]
	if len(last.Id) != len(e.epoch.id) || len(last.Replica) != len(e.epoch.replica) {
		return fault.New(fault.Damaged, "epoch %d has lost its identity: the store is damaged; restore it from a backup", last.Number)
	}
	e.epoch = epoch{number: last.Number, id: wire.EpochID(last.Id), replica: merge.ReplicaID(last.Replica)}
	e.epoch.key, err = serverKey(last)
	return err
}

// serverKey is that by which the server signs what it writes itself.
func serverKey(epoch *logv1.Epoch) (*credential.SoftwareKey, error) {
	key, err := credential.NewSoftwareKey(bytes.NewReader(epoch.SigningSeed))
	if err != nil {
		return nil, fault.New(fault.Damaged, "epoch %d has lost the key by which the server signs: the store is damaged; restore it from a backup", epoch.Number)
	}
	return key, nil
}

func epochsOf(st *store.Store) ([]*logv1.Epoch, error) {
	snapshot := st.Snapshot()
	defer snapshot.Close()
	return snapshot.Epochs()
}

// beginEpoch begins the epoch after the last: in each space that there is, and
// then as a whole.
func beginEpoch(st *store.Store, lg log.Log, o Options) (epoch, error) {
	epochs, err := epochsOf(st)
	if err != nil {
		return epoch{}, err
	}
	begun := epoch{number: 1}
	var seed [ed25519.SeedSize]byte
	draw := [][]byte{begun.id[:], begun.replica[:], seed[:]}
	if n := len(epochs); n > 0 {
		begun.number = epochs[n-1].Number + 1
		copy(seed[:], epochs[n-1].SigningSeed)
		draw = draw[:2]
	}
	for _, drawn := range draw {
		if _, err := io.ReadFull(o.Random, drawn); err != nil {
			return epoch{}, fault.New(fault.Internal, "random bytes for an epoch: %w", err)
		}
	}
	whole := &logv1.Epoch{Number: begun.number, Id: begun.id[:], Replica: begun.replica[:], SigningSeed: seed[:]}
	if begun.key, err = serverKey(whole); err != nil {
		return epoch{}, err
	}
	body, err := proto.Marshal(&logv1.Epoch{Number: begun.number, Id: begun.id[:], Replica: begun.replica[:]})
	if err != nil {
		return epoch{}, marshalFailed("epoch", err)
	}
	spaces, err := spacesOf(st)
	if err != nil {
		return epoch{}, err
	}
	entry := log.Entry{Kind: log.Epoch, Received: o.Now(), Level: log.Level, Body: body, SizeBytes: len(body)}
	err = appendEach(lg, spaces, func(space merge.SpaceID) log.Entry {
		inSpace := entry
		inSpace.Space = space
		return inSpace
	})
	if err != nil {
		return epoch{}, err
	}
	if entry.Body, err = proto.Marshal(whole); err != nil {
		return epoch{}, marshalFailed("epoch", err)
	}
	_, err = lg.Append(context.Background(), store.Partition(merge.SpaceID{}), entry)
	return begun, err
}

// appendingAtOnce is how many entries wait for the disk together: the log folds
// them into one transaction.
const appendingAtOnce = 64

// appendEach appends an entry in each of the spaces. It returns the first error.
func appendEach(lg log.Log, spaces []merge.SpaceID, entryOf func(merge.SpaceID) log.Entry) error {
	var appending sync.WaitGroup
	slots := make(chan struct{}, appendingAtOnce)
	errs := make(chan error, len(spaces))
	for _, space := range spaces {
		slots <- struct{}{}
		appending.Go(func() {
			defer func() { <-slots }()
			if _, err := lg.Append(context.Background(), store.Partition(space), entryOf(space)); err != nil {
				errs <- err
			}
		})
	}
	appending.Wait()
	close(errs)
	return <-errs
}

// epoch begins an epoch, or keeps where it begins in a space.
func (a applier) epoch(fold *store.Fold, seq uint64, e *log.Entry) (log.Outcome, error) {
	var body logv1.Epoch
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "epoch entry: %w", err)
	}
	if e.Space == (merge.SpaceID{}) {
		return log.Outcome{Recorded: true}, fold.PutEpoch(&body)
	}
	head, err := fold.Head(e.Space)
	if err != nil || head == nil {
		return log.Outcome{}, err
	}
	epochs, err := fold.SpaceEpochs(e.Space)
	if err != nil {
		return log.Outcome{}, err
	}
	epochs.Begins = append(epochs.Begins, &logv1.EpochBegin{Number: body.Number, Position: head.Position, EntrySeq: seq})
	return log.Outcome{Recorded: true, Position: head.Position}, fold.PutSpaceEpochs(e.Space, epochs)
}

// crossEpochs takes over the cursor of an older epoch if the copy that it is of
// is a copy of this log too: if it goes no further than every epoch since has in
// common. A cursor that was given in the midst of rows is not taken over, since
// they may be of any later position.
func (p *pulling) crossEpochs() error {
	common, err := p.commonWith(p.at.epoch)
	if err != nil {
		return err
	}
	if p.at.rows || max(p.at.position, p.at.target) > common {
		return errBadCursor
	}
	p.at.epoch, p.at.tail = p.epoch, 0
	return nil
}

// commonWith returns the highest position up to which an epoch had the same log
// of the space as this one and all between: zero if it is not one of this
// store's, as that of a restore whose store was lost in its turn.
func (p *pulling) commonWith(id wire.EpochID) (position uint64, err error) {
	epochs, err := p.snapshot.Epochs()
	if err != nil {
		return 0, err
	}
	in, err := p.snapshot.SpaceEpochs(p.space)
	if err != nil {
		return 0, err
	}
	began := make(map[uint64]uint64, len(in.Begins))
	for _, b := range in.Begins {
		began[b.Number] = b.Position
	}
	position = p.head.Position
	for i := len(epochs) - 1; i >= 0; i-- {
		if wire.EpochID(epochs[i].Id) == id {
			return position, nil
		}
		// A space that was made after the epoch began had nothing in it then.
		position = min(position, began[epochs[i].Number])
	}
	return 0, nil
}

// ownChain returns where the server's own chain in a space goes on: from its
// beginning, if the last change on it was of another epoch. Its stamp goes on.
func (e *Engine) ownChain(snapshot *store.Snapshot, space merge.SpaceID) (*logv1.OwnChain, error) {
	chain, err := snapshot.OwnChain(space)
	if err != nil || string(chain.Replica) == string(e.epoch.replica[:]) {
		return chain, err
	}
	return &logv1.OwnChain{StampMillis: chain.StampMillis}, nil
}
