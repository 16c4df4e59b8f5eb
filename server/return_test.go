package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol/enroltest"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// away is a tablet that was away, with a space of its own.
type away struct {
	*clientsdk.Register
	device  *enroltest.Device
	space   merge.SpaceID
	changes int
	proves  connect.ClientOption
}

func newAway(t *testing.T, office *enroltest.Office, types *schema.Schema, number, changes int) *away {
	t.Helper()
	a := &away{space: merge.SpaceID(mergetest.ID16(fmt.Sprint("space", number))), changes: changes, device: office.Device(merge.PersonID(mergetest.ID16(fmt.Sprint("person", number))))}
	office.Space(a.space, schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	office.Assign(a.device.Person, directory.Facilitator, a.space)
	var err error
	a.Register, err = clientsdk.Open(t.Context(), clientsdk.Options{
		Memory: localstore.NewMemory(), Key: make([]byte, 32), Author: a.device.Person, Device: a.device.Identity.Device, Signer: a.device.Key, Schema: types, Clock: nowMillis, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Join(t.Context(), a.space, schemav1.SpaceKind_SPACE_KIND_COMMUNITY); err != nil {
		t.Fatal(err)
	}
	for i := range changes {
		_, err := a.Write(t.Context(), a.space, func(tx *clientsdk.Tx) error {
			_, err := tx.Create(&recordsv1.Participant{FamilyName: fmt.Sprint("Шевченко ", i), Phone: strings.Repeat("0", 100)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// syncs goes on until everything is there, and waits whenever it is told to. It
// returns how often that was.
func (a *away) syncs(ctx context.Context, client *http.Client, url string) (told int, err error) {
	home := syncv1connect.NewSyncServiceClient(client, url, a.proves)
	for {
		result, err := a.Sync(ctx, home)
		if err == nil {
			err = result.Err()
		}
		switch {
		case err == nil:
			return told, nil
		case fault.KindOf(err) != fault.Throttled || fault.WaitOf(err) == 0:
			return told, err
		}
		told++
		select {
		case <-time.After(fault.WaitOf(err)):
		case <-ctx.Done():
			return told, ctx.Err()
		}
	}
}

// Two hundred tablets return at once, one of them with a hundred times the work,
// to a server that is slow and impatient. It tells them to wait, they do, and
// everything arrives, once.
func TestAttack23TwoHundredTabletsReturnAtOnce(t *testing.T) {
	const tablets, own, backlog = 200, 20, 2000
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: types, Now: nowMillis, Random: rand.Reader, Device: directory.Signer})
	if err != nil {
		t.Fatal(err)
	}
	limits := guard.Usual
	limits.AtWork, limits.Patience = 2, 100*time.Millisecond
	limits.CallerPerSecond, limits.CallerBurst, limits.CallerDelay = 20, 1, time.Millisecond
	office := enroltest.On(engine)
	url, stop := serveHere(t, engine, office, limits)
	defer stop()

	all := make([]*away, tablets)
	for i := range all {
		changes := own
		if i == 0 {
			changes = backlog
		}
		all[i] = newAway(t, office, types, i, changes)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: tablets}}
	defer client.CloseIdleConnections()
	for _, a := range all {
		a.device.Server = url
		if _, a.proves, err = clientsdk.Proven(a.device.Identity, a.device.Key, client); err != nil {
			t.Fatal(err)
		}
	}
	var returning sync.WaitGroup
	var told atomic.Int64
	for i, a := range all {
		returning.Go(func() {
			n, err := a.syncs(t.Context(), client, url)
			if err != nil {
				t.Errorf("tablet %d: %v", i, err)
			}
			told.Add(int64(n))
		})
	}
	returning.Wait()
	if told.Load() == 0 {
		t.Error("nobody was told to wait: the test shows nothing")
	}
	for i, a := range all {
		records := 0
		if _, err := engine.Records(a.space, func(*merge.Record) error { records++; return nil }); err != nil || records != a.changes {
			t.Errorf("tablet %d: %d records arrived of %d, %v", i, records, a.changes, err)
		}
	}
	t.Logf("%d times somebody was told to wait", told.Load())
}

// serveHere serves an engine in this process.
func serveHere(t *testing.T, engine *syncengine.Engine, office *enroltest.Office, limits guard.Limits) (url string, stop func()) {
	t.Helper()
	listener, err := (guard.Exposure{}).Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- rpc.Serve(ctx, listener, rpc.Options{
			Engine: engine, Enrol: office.Door, Directory: office.Directory, Health: grpchealth.NewStaticChecker(rpc.Services...), Log: slog.New(slog.DiscardHandler), Now: nowMillis, Limits: limits,
		})
	}()
	return "http://" + listener.Addr().String(), func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A tablet that has brought enough for a day keeps the rest, says so, and still
// gets what others wrote; the next day it goes on.
func TestADaysQuotaLosesNothing(t *testing.T) {
	dir := privateDir(t)
	space := merge.SpaceID(mergetest.ID16("ferry"))
	boatTypes := writeBoats(t)
	oksana, petro := newBoatTablet(t, "oksana", space), newBoatTablet(t, "petro", space)
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, space, oksana.person, petro.person)
	server := startServer(t, dir, "--schema", boatTypes, "--day-changes", "3")
	for i := range 3 {
		oksana.put(fmt.Sprint(i), "captain", "Оксана")
	}
	oksana.sync(server)
	oksana.put("4", "captain", "Оксана")
	oksana.put("5", "captain", "Оксана")
	petro.put("6", "captain", "Петро")
	petro.sync(server)

	client := oksana.client(server)
	for range 2 { // as an app does that does not look at the error
		result, err := oksana.Sync(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		err = result.Err()
		if fault.KindOf(result.Spaces[0].Err) != fault.Throttled || fault.WaitOf(err) == 0 || !strings.Contains(err.Error(), "nothing is lost") {
			t.Fatalf("over the quota: %v, wait %s", err, fault.WaitOf(err))
		}
	}
	if status, err := oksana.Status(t.Context()); err != nil || status.Spaces[0].Waiting != 2 || status.Spaces[0].Confirmed != 3 {
		t.Fatalf("over the quota: %+v, %v", status, err)
	}
	if rows := oksana.boats(); len(rows) != 6 {
		t.Fatalf("%d boats, with those of others", len(rows))
	}

	server.kill(t) // it has forgotten, as if it were another day
	server = startServer(t, dir, "--schema", boatTypes, "--day-changes", "3")
	oksana.sync(server)
	petro.sync(server)
	if rows := petro.boats(); len(rows) != 6 {
		t.Fatalf("%d boats of 6", len(rows))
	}
}
