package sim

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const community = syncengine.SpaceKind(1)

// home is the home server: the real engine on a disk in memory.
type home struct {
	*fleet
	engine  *syncengine.Engine
	disk    *store.Memory
	newer   bool // knows the newer record types
	allowed map[merge.SpaceID]map[merge.PersonID]bool
	admin   merge.PersonID
	random  *seededBytes
	backups []homeBackup
	// verified are the files of backups that were confirmed, and confirmed says up
	// to which positions they have the logs; both of what the server came from.
	verified  []string
	confirmed map[merge.SpaceID]uint64
	// register outlives the disk.
	register register.Contents
}

// Add implements syncengine.Register.
func (h *home) Add(dismissals []register.Dismissal) error {
	h.register.Dismissals = append(h.register.Dismissals, dismissals...)
	return nil
}

// AddErasure implements syncengine.Register.
func (h *home) AddErasure(e register.Erasure) error {
	h.register.Erasures = append(h.register.Erasures, e)
	return nil
}

// AddEnds implements syncengine.Register.
func (h *home) AddEnds(ends []register.End) error {
	h.register.Ends = append(h.register.Ends, ends...)
	return nil
}

func newHome(f *fleet) *home {
	h := &home{
		fleet: f, disk: store.NewMemory(), newer: !f.HomeBehind, admin: mergetest.ID16("administrator"),
		allowed: map[merge.SpaceID]map[merge.PersonID]bool{}, random: newSeededBytes(f.Seed, "home"),
	}
	for _, space := range f.spaces {
		h.allowed[space] = map[merge.PersonID]bool{}
	}
	h.open()
	return h
}

func (h *home) open() {
	engine, err := syncengine.Open(h.options())
	h.must(err, "open the home server")
	h.engine = engine
}

func (h *home) options() syncengine.Options {
	return syncengine.Options{
		Memory: h.disk, Schema: recordTypes(h.newer), Random: h.random,
		Register: h, Device: h.device, Now: func() int64 { return h.now }, FreeBytes: h.disk.FreeBytes, FreeBytesMin: roomBytesMin,
	}
}

func (h *home) close() {
	if h.engine != nil {
		h.must(h.engine.Close(), "close the home server")
	}
}

// restart ends the server in good order and starts it again.
func (h *home) restart() {
	h.close()
	h.open()
}

// crash ends the server as a power cut does: what is not on its disk is gone.
func (h *home) crash() {
	h.disk.Crash()
	_ = h.engine.Close() // what it still wanted to write comes too late
	h.open()
}

func (h *home) allow(person merge.PersonID, space merge.SpaceID, allowed bool) {
	_, err := h.engine.SetAccess(noCut, h.admin, space, community, person, allowed)
	if h.isFull() && (fault.KindOf(err) == fault.NoRoom || fault.KindOf(err) == fault.Unavailable) {
		return
	}
	h.must(err, "set access")
	h.allowed[space][person] = allowed
}

// roomBytesMin is how much room the server wants to see before it accepts
// anything.
const roomBytesMin = 1000

// isFull tells whether the disk may be too full for what is asked.
func (h *home) isFull() bool {
	free, _ := h.disk.FreeBytes()
	return free < 1<<30
}

// serve answers a request as the server's handler does, and holds the answer to
// what a person without access may learn: nothing.
func (h *home) serve(person merge.PersonID, req *syncv1.SyncRequest) (*syncv1.SyncResponse, error) {
	if h.failed != nil {
		return nil, errSeasonOver
	}
	ups, err := wire.SpacesUpFromProto(req.Spaces)
	if err != nil {
		return nil, err
	}
	downs, err := oneByOne(h.engine.Sync, person, ups, int(req.PageBytes))
	if err != nil {
		return nil, err
	}
	h.witness.look()
	for i := range downs {
		if downs[i].Page != nil && !h.allowed[downs[i].Space][person] {
			h.fail("the server shows %s to someone who may not read it", h.names[downs[i].Space])
		}
		h.witness.promised(person, &downs[i])
	}
	return wire.SyncResponse(downs, h.engine.Epoch(), h.now, func(err error) *syncv1.Fault {
		return &syncv1.Fault{Kind: syncv1.FaultKind(fault.KindOf(err)), Message: err.Error()}
	}), nil
}

// oneByOne serves the spaces one after the other where several bring changes: the
// engine takes those at the same time, and which of them then finds the disk
// full is for no seed to say.
func oneByOne(sync func(context.Context, merge.PersonID, []wire.SpaceUp, int) ([]wire.SpaceDown, error),
	person merge.PersonID, ups []wire.SpaceUp, pageBytes int,
) (downs []wire.SpaceDown, err error) {
	pushing := 0
	for i := range ups {
		if len(ups[i].Batches) > 0 {
			pushing++
		}
	}
	if pushing < 2 {
		return sync(noCut, person, ups, pageBytes)
	}
	for i := range ups {
		down, err := sync(noCut, person, ups[i:i+1], pageBytes)
		if err != nil {
			return nil, err
		}
		downs = append(downs, down...)
	}
	return downs, nil
}

// recordTypes are those of the schema package's fixture, in the older or the
// newer version of an app.
func recordTypes(newer bool) *schema.Schema {
	if newer {
		return newerTypes()
	}
	return olderTypes()
}

var (
	olderTypes = sync.OnceValue(func() *schema.Schema { return fixture("older") })
	newerTypes = sync.OnceValue(func() *schema.Schema { return fixture("newer") })
)

func fixture(version string) *schema.Schema {
	image, err := os.ReadFile("../schema/testdata/" + version + ".binpb")
	if err != nil {
		panic(err)
	}
	none, err := schema.New()
	if err != nil {
		panic(err)
	}
	known, _, err := none.With(image)
	if err != nil {
		panic(err)
	}
	return known
}

// seededBytes is a source of bytes that is the same for the same seed and name.
type seededBytes struct {
	mu    sync.Mutex // the engine draws from several goroutines
	draws *rand.ChaCha8
}

func newSeededBytes(seed uint64, name string) *seededBytes {
	var key [32]byte
	id := mergetest.ID16(name)
	copy(key[:], id[:])
	for i := range 8 {
		key[16+i] = byte(seed >> (8 * i))
	}
	return &seededBytes{draws: rand.NewChaCha8(key)}
}

func (s *seededBytes) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draws.Read(p)
}
