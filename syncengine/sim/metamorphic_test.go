package sim

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// way is one of the ways in which the same changes can reach a server and be
// read from it.
type way struct {
	onDisk    bool // Badger in a directory, not a disk in memory
	batch     int  // changes in a batch
	pageBytes int
	restart   int // batches after which the server is started anew; zero for never
}

func (w way) String() string {
	return fmt.Sprintf("on disk %t, %d changes a batch, pages of %d bytes, restarted after %d batches", w.onDisk, w.batch, w.pageBytes, w.restart)
}

// The changes of one season give the same state on every store, in batches and
// pages of every size, wherever the server is started anew, and in registers in
// memory and on SQLite.
func TestOneHistoryEveryWay(t *testing.T) {
	space, history, want := historyOf(t)
	for _, onDisk := range []bool{false, true} {
		for _, batch := range []int{2, 9, len(history)} {
			for _, pageBytes := range []int{1, 2000, 0} {
				for _, restart := range []int{0, 3} {
					w := way{onDisk, batch, pageBytes, restart}
					if got := w.take(t, space, history); got != want {
						t.Fatalf("%s: another state", w)
					}
				}
			}
		}
	}
}

// historyOf is the first space of the first season in which enough happens, and
// nobody is erased.
func historyOf(t *testing.T) (space merge.SpaceID, history []*merge.Change, state merge.Hash) {
	t.Helper()
	for seed := uint64(1); len(history) < 60; seed++ {
		f, err := run(draw(seed), nil)
		if err != nil {
			t.Fatal(err)
		}
		space, history = f.spaces[0], nil
		l := f.witness.logs[space]
		if len(l.persons) > 0 {
			continue // an erasure is no change: pushed anew, what is left of them is another history
		}
		for _, fact := range l.facts {
			if fact.Change != nil {
				history = append(history, fact.Change)
			}
		}
		state = l.digests[l.position()]
	}
	return space, history, state
}

// take brings the changes to a server in this way, and returns the state that
// server and reader agree on.
func (w way) take(t *testing.T, space merge.SpaceID, history []*merge.Change) merge.Hash {
	t.Helper()
	person := merge.PersonID(mergetest.ID16("reader"))
	options := syncengine.Options{Schema: newerTypes(), Now: func() int64 { return beginning }, Random: newSeededBytes(1, "home")}
	if w.onDisk {
		options.Dir, options.Master = t.TempDir(), keyring.NewKey([32]byte{1})
	} else {
		options.Memory = store.NewMemory()
	}
	open := func() *syncengine.Engine {
		e, err := syncengine.Open(options)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	defer func() { e.Close() }()
	if _, err := e.SetAccess(noCut, person, space, community, person, true); err != nil {
		t.Fatal(err)
	}
	for n := 1; len(history) > 0; n++ {
		count := min(w.batch, len(history))
		batches, err := wire.EncodeBatches(space, history[:count])
		if err == nil {
			_, err = e.Push(noCut, person, space, batches)
		}
		if err != nil {
			t.Fatalf("%s: %v", w, err)
		}
		history = history[count:]
		if w.restart > 0 && n%w.restart == 0 {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			e = open()
		}
	}
	digest, _, err := e.Digest(space)
	if err != nil {
		t.Fatal(err)
	}
	if read := w.read(t, e, person, space); read != digest {
		t.Fatalf("%s: what was read is another state than the server's", w)
	}
	for _, disk := range []storage{memory{localstore.NewMemory()}, &files{dir: filepath.Join(t.TempDir(), "register")}} {
		if read := w.syncs(t, &direct{engine: e, person: person, pageBytes: w.pageBytes}, disk, space); read != digest {
			t.Fatalf("%s: a register in %T has another state than the server", w, disk)
		}
	}
	return digest
}

// read follows the log in pages of the way's size.
func (w way) read(t *testing.T, e *syncengine.Engine, person merge.PersonID, space merge.SpaceID) merge.Hash {
	t.Helper()
	state := mergetest.NewSpace()
	var cursor []byte
	for more := true; more; {
		page, err := e.PullEntries(noCut, person, space, cursor, w.pageBytes)
		if err != nil {
			t.Fatalf("%s: %v", w, err)
		}
		for _, entry := range page.Entries {
			if len(entry.Batch) == 0 {
				continue
			}
			changes, err := wire.DecodeBatch(space, entry.Batch)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range changes {
				if _, err := state.Apply(c, entry.Received, entry.FirstPosition+uint64(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		cursor, more = page.Cursor, page.More
	}
	return state.Digest()
}

// direct is a network on which nothing happens.
type direct struct {
	syncv1connect.SyncServiceClient // none: what a register does not call
	engine                          *syncengine.Engine
	person                          merge.PersonID
	pageBytes                       int
}

// Sync hands the request to the server.
func (d *direct) Sync(_ context.Context, req *connect.Request[syncv1.SyncRequest]) (*connect.Response[syncv1.SyncResponse], error) {
	ups, err := wire.SpacesUpFromProto(req.Msg.Spaces)
	if err != nil {
		return nil, err
	}
	downs, err := d.engine.Sync(noCut, d.person, ups, d.pageBytes)
	return connect.NewResponse(wire.SyncResponse(downs, d.engine.Epoch(), beginning, nil)), err
}

// syncs is the state of a register that was never there before.
func (w way) syncs(t *testing.T, client *direct, disk storage, space merge.SpaceID) merge.Hash {
	t.Helper()
	o := clientsdk.Options{
		Key: registerKey, Author: client.person, Schema: newerTypes(),
		Clock: func() int64 { return beginning }, Random: newSeededBytes(1, "register"),
	}
	disk.into(&o)
	reg, err := clientsdk.Open(noCut, o)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	if err := reg.Join(noCut, space, community); err != nil {
		t.Fatal(err)
	}
	result, err := reg.Sync(noCut, client)
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		t.Fatalf("%s: %v", w, err)
	}
	digest, err := reg.Digest(noCut, space)
	if err != nil {
		t.Fatal(err)
	}
	return digest.Base
}
