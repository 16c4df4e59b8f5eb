package rpc

import (
	"context"
	"errors"
	"testing"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// ticking tells of a new position whenever it is told to.
func ticking(tick <-chan uint64) *scripted {
	return &scripted{watch: func(ctx context.Context, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case position := <-tick:
				if err := moved(spaces[0], position); err != nil {
					return err
				}
			}
		}
	}}
}

func (r *running) watch(version int) *connect.ServerStreamForClient[syncv1.WatchResponse] {
	r.t.Helper()
	return r.watchUntil(r.t.Context(), version)
}

func (r *running) watchUntil(ctx context.Context, version int) *connect.ServerStreamForClient[syncv1.WatchResponse] {
	r.t.Helper()
	client := httpClient(r.t, version)
	client.Timeout = 0
	req := connect.NewRequest(&syncv1.WatchRequest{SpaceIds: [][]byte{hall[:]}})
	req.Header().Set("Authorization", office.Header(olena))
	stream, err := syncv1connect.NewSyncServiceClient(client, r.url).Watch(ctx, req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { stream.Close() })
	return stream
}

func TestAWatchOutlivesTheDeadlinesOfARequest(t *testing.T) {
	for version := 1; version <= 2; version++ {
		tick := make(chan uint64)
		impatient := usual
		impatient.body, impatient.answer = 50*time.Millisecond, 100*time.Millisecond
		server := start(t, ticking(tick), impatient)
		go func() {
			for position := range uint64(2) {
				time.Sleep(3 * impatient.answer) // the deadlines of any other request have passed
				tick <- position + 1
			}
		}()
		stream := server.watch(version)
		for position := range uint64(2) {
			if !stream.Receive() {
				t.Fatalf("HTTP/%d: ended before position %d: %v", version, position+1, stream.Err())
			}
			mustBe(t, "position", stream.Msg().Position, position+1)
		}
	}
}

func TestAWatchEndsWhenTheTabletHangsUp(t *testing.T) {
	for version := 1; version <= 2; version++ {
		ended := make(chan error, 1)
		impatient := usual
		impatient.body = 50 * time.Millisecond
		engine := &scripted{watch: func(ctx context.Context, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error {
			time.Sleep(3 * impatient.body)
			if err := moved(spaces[0], 1); err != nil {
				return err
			}
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}}
		ctx, hangUp := context.WithCancel(t.Context())
		stream := start(t, engine, impatient).watchUntil(ctx, version)
		if !stream.Receive() {
			t.Fatal(stream.Err())
		}
		hangUp()
		if err := <-ended; err == nil {
			t.Errorf("HTTP/%d: it goes on", version)
		}
	}
}

func TestAWatchEndsCleanlyAfterItsTime(t *testing.T) {
	brief := usual
	brief.watch = 100 * time.Millisecond
	stream := start(t, ticking(nil), brief).watch(1)
	if stream.Receive() || stream.Err() != nil {
		t.Errorf("it ended with %v", stream.Err())
	}
}

func TestAWatchEndsWhenTheServerStops(t *testing.T) {
	tick := make(chan uint64)
	server := start(t, ticking(tick), usual)
	go func() { tick <- 1 }()
	stream := server.watch(2)
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	server.stop()
	if stream.Receive() {
		t.Fatal("there was another position")
	}
	if connect.CodeOf(stream.Err()) != connect.CodeUnavailable {
		t.Errorf("it ended with %v", stream.Err())
	}
}

func TestWatchingAnothersSpaceIsRefused(t *testing.T) {
	engine := &scripted{watch: func(_ context.Context, spaces []merge.SpaceID, _ func(merge.SpaceID, uint64) error) error {
		return notMine(spaces[0])
	}}
	stream := start(t, engine, usual).watch(1)
	stream.Receive()
	var refused *connect.Error
	if !errors.As(stream.Err(), &refused) || refused.Message() != answers[fault.NoAccess].text {
		t.Errorf("it ended with %v", stream.Err())
	}
}

func TestAReaderWhoNoLongerReadsIsLetGo(t *testing.T) {
	ended := make(chan error, 1)
	engine := &scripted{watch: func(_ context.Context, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error {
		var err error
		for position := uint64(1); err == nil; position++ {
			err = moved(spaces[0], position) // until all buffers are full
		}
		ended <- err
		return err
	}}
	impatient := usual
	impatient.send = 100 * time.Millisecond
	server := start(t, engine, impatient)
	stream := server.watch(1)
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	if err := <-ended; err == nil {
		t.Error("sending went on")
	}
}
