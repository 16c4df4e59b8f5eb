package syncengine

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"sync/atomic"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Options say what an engine is made of.
type Options struct {
	Dir string
	// Memory is where the store is instead of in Dir, for tests.
	Memory *store.Memory
	// Master is the key under which the store in Dir is sealed.
	Master keyring.Master
	// Existing says that a store that is not there is an error, not a new one.
	Existing bool
	// Unsynced commits without waiting for the disk; only for the test that
	// shows what it loses.
	Unsynced bool
	// Schema holds the record types that the program was built with.
	Schema *schema.Schema
	// Now is the clock in milliseconds since 1970.
	Now func() int64
	// Random gives unguessable bytes.
	Random io.Reader
	// FreeBytes returns the free space of the store's disk; nil for no guard.
	// Badger writes through a memory map, and a full disk would end the process
	// by a signal instead of an error.
	FreeBytes func() (uint64, error)
	// FreeBytesMin is the free space below which nothing is accepted.
	FreeBytesMin uint64
	// Register is told of what must outlive a restore before it is confirmed, and
	// keeps it outside of the store and its backups; nil for none.
	Register Register
	// Beside is what lies beside the store, for Backup and Restore; nil for nothing.
	Beside Beside
	// Device returns a device that signs, by what the rows of the directory say of
	// it; nil if it is not known. Without it signatures are kept and not looked at,
	// and whoever brings changes is believed: for tests, and for Restore.
	Device func(id merge.DeviceID, row func(DirectoryKey) ([]byte, error)) (*Device, error)
	// Identities open backups that are sealed, for Restore and Check.
	Identities []backup.Identity
	// EndRow is for Restore: it returns a row of the directory as it is when what
	// it stands for has ended, at a time in milliseconds since 1970; empty, if it
	// has ended already. It must be there if the register has any End.
	EndRow func(key DirectoryKey, row []byte, now int64) ([]byte, error)
}

// Register is what must outlive the restore of an older backup. See package
// register.
type Register interface {
	Add(dismissals []register.Dismissal) error
	AddErasure(e register.Erasure) error
	AddEnds(ends []register.End) error
}

// Engine is the home server's side of a set of spaces. It is safe for
// concurrent use.
type Engine struct {
	options  Options
	store    *store.Store
	log      log.Log
	epoch    epoch
	taken    taken
	schema   atomic.Pointer[schema.Schema]
	watchers *watchers
	// directory is who is known to the server; see ChangeDirectory.
	directory directory
	sealer    *sealer
	room      *room
	gate      gate
	// comparing holds a token while a space is compared with a copy.
	comparing chan struct{}
	// writing serialises the server's own changes, which form one chain per
	// space.
	writing sync.Mutex
	// cutting serialises cuts of the log.
	cutting sync.Mutex
	// erasing serialises erasures.
	erasing sync.Mutex
	// changingSchema serialises schema entries.
	changingSchema sync.Mutex
	// owed says that quarantined changes may be free to be released.
	owed atomic.Bool
	// eraseOwed says that there is more of an erased person.
	eraseOwed atomic.Bool
}

// Open opens the engine on the store in a directory, or makes one.
func Open(o Options) (*Engine, error) {
	st, err := store.Open(store.Options{Dir: o.Dir, Memory: o.Memory, Master: o.Master, Existing: o.Existing, Unsynced: o.Unsynced, Random: o.Random})
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o, store: st, watchers: newWatchers(), room: newRoom(roomBatches), comparing: make(chan struct{}, 1)}
	if err := e.prepare(); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	e.log = log.OpenLocal(st, applier{})
	if err := e.findEpoch(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.owed.Store(true) // a crash may have come between a grant, or a device, and what it frees
	if err := e.releaseOwed(context.Background()); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.goOnErasing(context.Background()); err != nil && fault.KindOf(err) != fault.Unavailable {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) prepare() (err error) {
	if e.sealer, err = newSealer(e.store.Secret(), e.options.Random); err != nil {
		return err
	}
	if err := e.loadDirectory(); err != nil {
		return err
	}
	return e.loadSchema()
}

// loadSchema adds the record types that were made known to the compiled ones.
func (e *Engine) loadSchema() error {
	sets, err := e.store.Schemas()
	if err != nil {
		return err
	}
	known := e.options.Schema
	for i, set := range sets {
		if known, _, err = known.With(set); err != nil {
			return fault.New(fault.Damaged, "stored schema %d of %d: %w: this program was built with record types that contradict it; use the program that wrote the store", i+1, len(sets), err)
		}
	}
	e.schema.Store(known)
	return nil
}

// Close refuses what comes from now on with an error of kind Unavailable,
// finishes what runs, and closes the store. It must not be called from a
// function that was handed to Records.
func (e *Engine) Close() error {
	e.watchers.close()
	e.gate.close()
	if err := e.log.Close(); err != nil {
		return err
	}
	return e.store.Close()
}

// gate keeps the store open while somebody reads it or writes to it: a closed
// Badger panics under an open snapshot. Every exported method that touches the
// store enters, once.
type gate struct {
	mu     sync.Mutex // guards closed, and that nobody is added once it is set
	closed bool
	inside sync.WaitGroup
}

var errStopping = fault.New(fault.Unavailable, "the server is stopping; try again later")

func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errStopping
	}
	g.inside.Add(1)
	return nil
}

func (g *gate) leave() { g.inside.Done() }

// close lets nobody in any more and waits for those inside.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.inside.Wait()
}

// Schema returns the record types that the engine knows now.
func (e *Engine) Schema() *schema.Schema { return e.schema.Load() }

// append puts an entry of a space into the log and tells the watchers.
func (e *Engine) append(ctx context.Context, entry log.Entry) (log.Outcome, error) {
	entry.Received = e.options.Now()
	entry.Level = log.Level
	// From here on it happens: a caller who gives up must not leave others
	// untold, or the server's own chain behind what is in it.
	outcome, err := e.log.Append(context.WithoutCancel(ctx), store.Partition(entry.Space), entry)
	if err != nil {
		return log.Outcome{}, err
	}
	if outcome.Recorded {
		e.watchers.moved(entry.Space, outcome.Position)
	}
	return outcome, nil
}

// freeBytes measures the store's disk; one without a guard is never full.
func (o *Options) freeBytes() (uint64, error) {
	if o.FreeBytes == nil {
		return math.MaxUint64, nil
	}
	free, err := o.FreeBytes()
	if err != nil {
		return 0, fault.New(fault.Unavailable, "free space of the store's disk: %w", err)
	}
	return free, nil
}

// checkRoom refuses work before the disk is full.
func (e *Engine) checkRoom() error {
	free, err := e.options.freeBytes()
	if err != nil {
		return err
	}
	if free < e.options.FreeBytesMin {
		return fault.New(fault.NoRoom, "the server's disk is nearly full; nothing was stored, keep it and try again later")
	}
	return nil
}

// errNoAccess does not tell a space that is not there from one that is not for
// the caller.
func errNoAccess(space merge.SpaceID) error {
	return fault.New(fault.NoAccess, "space %s: there is none, or it is not for you; ask a coordinator for access", space)
}

// readable returns the head of a space that the person may read.
func readable(snapshot *store.Snapshot, space merge.SpaceID, person merge.PersonID) (*logv1.SpaceHead, *logv1.Access, error) {
	head, err := snapshot.Head(space)
	if err != nil {
		return nil, nil, err
	}
	access, err := snapshot.Access(space, person)
	if err != nil {
		return nil, nil, err
	}
	if head == nil || !access.Allowed {
		return nil, nil, errNoAccess(space)
	}
	return head, access, nil
}

// marshalFailed is for the body of an entry, and happens only by a defect.
func marshalFailed(what string, err error) error {
	return fault.New(fault.Internal, "encode %s: %w", what, err)
}
