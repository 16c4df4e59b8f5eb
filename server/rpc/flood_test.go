package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// More senders than requests are worked on at once send a byte each and no more;
// somebody who sends a whole request has an answer all the same.
func TestAttack16SlowBodiesHoldNobodysPlace(t *testing.T) {
	server := startWith(t, echoing(), usual, func(o *Options) { o.Limits = guard.Usual; o.Limits.AtWork = 4 })
	for i := range 12 {
		server.rawRequest("POST "+syncv1connect.SyncServicePullProcedure+" HTTP/1.1", "Host: "+server.address,
			"Authorization: "+office.Header(merge.PersonID{byte(i + 1)}), "Content-Type: application/proto", "Content-Length: 100", "", "\x0a")
	}
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 9), protoHeaders()...)
	mustBe(t, "status", got.status, http.StatusOK)
}

// Who asks for pages and does not read them keeps others from nothing, and is
// gone after the time that an answer may take.
func TestAttack16SlowReadersHoldNobodysPlace(t *testing.T) {
	impatient := usual
	impatient.answer = 3 * time.Second
	server := startWith(t, echoing(), impatient, func(o *Options) {
		o.Limits = guard.Usual
		o.Limits.AtWork, o.Limits.ConnectionsPerAddress = 2, 6
		o.Limits.Patience = 200 * time.Millisecond // nobody has to wait
	})
	body := pullBytes(t, nil, 24<<20) // more than the buffers of a connection hold
	for i := range 6 {
		conn := server.rawRequest("POST "+syncv1connect.SyncServicePullProcedure+" HTTP/1.1", "Host: "+server.address,
			"Authorization: "+office.Header(merge.PersonID{byte(i + 1)}), "Content-Type: application/proto", fmt.Sprintf("Content-Length: %d", len(body)), "", string(body))
		// It is being answered, and the work is done.
		begins := make([]byte, 1<<10)
		if _, err := io.ReadFull(conn, begins); err != nil || !bytes.HasPrefix(begins, []byte("HTTP/1.1 200")) {
			t.Fatalf("reader %d: %.300s, %v", i+1, begins, err)
		}
	}
	// Until one of the six is closed there is no connection for another.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+syncv1connect.SyncServicePullProcedure, bytes.NewReader(pullBytes(t, nil, 9)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/proto")
		request.Header.Set("Authorization", office.Header(olena))
		response, err := httpClient(t, 1).Do(request)
		if err == nil {
			response.Body.Close()
			mustBe(t, "status", response.StatusCode, http.StatusOK)
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the slow readers are still there: %v", err)
		}
	}
}

// flood is a connection over HTTP/2 on which streams are opened and reset: the
// first at once when held says that they are worked on, all others at once.
func flood(t *testing.T, server *running, person merge.PersonID, first, resets int, held func()) (settings map[http2.SettingID]uint32, calmed bool) {
	t.Helper()
	conn, err := net.Dial("tcp", server.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	settings, ready, ended := readAll(framer)
	<-ready
	opener := newStreamOpener(framer, server.address, office.Header(person))
	reset := func(i int) error { return framer.WriteRSTStream(uint32(2*i+1), http2.ErrCodeCancel) }
	for i := range resets {
		err := opener.open(uint32(2*i+1), pullBytes(t, nil, 9))
		switch {
		case err != nil:
		case i == first-1:
			held()
			for j := range first {
				err = errors.Join(err, reset(j))
			}
		case i >= first:
			err = reset(i)
		}
		if err != nil {
			break // the server has had enough
		}
	}
	conn.SetReadDeadline(time.Now().Add(time.Second))
	return settings, <-ended
}

// readAll reads what the server says. settings are complete when ready is closed;
// ended tells whether it said at the end that the client must calm down.
func readAll(framer *http2.Framer) (settings map[http2.SettingID]uint32, ready chan struct{}, ended chan bool) {
	settings, ready, ended = map[http2.SettingID]uint32{}, make(chan struct{}), make(chan bool, 1)
	go func() {
		for {
			got, err := framer.ReadFrame()
			switch got := got.(type) {
			case *http2.SettingsFrame:
				if !got.IsAck() {
					_ = got.ForeachSetting(func(s http2.Setting) error { settings[s.ID] = s.Val; return nil })
					close(ready)
				}
			case *http2.GoAwayFrame:
				ended <- got.ErrCode == http2.ErrCodeEnhanceYourCalm
				return
			}
			if err != nil {
				ended <- false
				return
			}
		}
	}()
	return settings, ready, ended
}

// streamOpener opens streams on a connection, each with a pull.
type streamOpener struct {
	framer  *http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder
	fields  [][2]string
}

func newStreamOpener(framer *http2.Framer, address, authorization string) *streamOpener {
	s := &streamOpener{framer: framer, fields: [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":authority", address},
		{":path", syncv1connect.SyncServicePullProcedure},
		{"content-type", "application/proto"},
		{"authorization", authorization},
	}}
	s.encoder = hpack.NewEncoder(&s.block)
	return s
}

func (s *streamOpener) open(id uint32, body []byte) error {
	s.block.Reset()
	for _, f := range s.fields {
		if err := s.encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			return err
		}
	}
	if err := s.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.block.Bytes(), EndHeaders: true}); err != nil {
		return err
	}
	return s.framer.WriteData(id, true, body)
}

// Rapid reset (CVE-2023-44487): whoever opens streams and resets them at once gets
// no more work done than others, and others are served meanwhile.
func TestAttack16RapidResetBringsNoMoreWork(t *testing.T) {
	var working, most atomic.Int64
	release := make(chan struct{})
	engine := echoing()
	answer := engine.pull
	engine.pull = func(ctx context.Context, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error) {
		if pageBytes == 9 {
			now := working.Add(1)
			for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
			}
			<-release // the engine does not look whether the caller is still there
			working.Add(-1)
		}
		return answer(ctx, space, cursor, pageBytes)
	}
	server := start(t, engine, usual)
	allowed := int64(guard.Usual.CallerRequests)
	settings, calmed := flood(t, server, olena, 30, 1500, func() {
		for working.Load() < allowed {
			time.Sleep(time.Millisecond)
		}
	})
	mustBe(t, "streams at once", settings[http2.SettingMaxConcurrentStreams], streams)
	got := server.post(httpClient(t, 2), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 18),
		"Content-Type", "application/proto", "Authorization", office.Header(taras))
	mustBe(t, "another's status", got.status, http.StatusOK)
	mustBe(t, "requests of one caller that were worked on at once", most.Load(), allowed)
	t.Logf("%d at work at once; told to be calm: %t", most.Load(), calmed)
	close(release)
}

// A handler that never ends is left after its time, and the caller told to come
// again.
func TestAttack16AHandlerHasItsTime(t *testing.T) {
	line := procedures[syncv1connect.SyncServicePullProcedure]
	short := line
	short.work = 50 * time.Millisecond
	t.Cleanup(func() { procedures[syncv1connect.SyncServicePullProcedure] = line }) // after the server has stopped
	procedures[syncv1connect.SyncServicePullProcedure] = short
	engine := &scripted{pull: func(ctx context.Context, _ merge.SpaceID, _ []byte, _ int) (wire.Page, error) {
		<-ctx.Done()
		return wire.Page{}, fmt.Errorf("pull: %w", ctx.Err())
	}}
	server := start(t, engine, usual)
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 9), protoHeaders()...)
	r, f := refusalIn(t, got)
	mustBe(t, "code", r.Code, "unavailable")
	mustBe(t, "kind", f.GetKind(), syncv1.FaultKind(fault.Unavailable))
}

// Two hundred callers come at once to a server that works on two requests at a
// time, and one of them without end: everybody is served.
func TestAttack23NobodyStarvesBehindOneWhoNeverStops(t *testing.T) {
	engine := echoing()
	answer := engine.pull
	engine.pull = func(ctx context.Context, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error) {
		time.Sleep(2 * time.Millisecond) // so that a queue is never empty
		return answer(ctx, space, cursor, pageBytes)
	}
	server := startWith(t, engine, usual, func(o *Options) {
		o.Limits = guard.Usual
		o.Limits.AtWork, o.Limits.Patience = 2, 5*time.Second
		// Turns alone keep one from taking all.
		o.Limits.CallerRequests, o.Limits.CallerBurst, o.Limits.AddressBurst = 1000, 1e6, 1e6
	})
	greedy, stop := context.WithCancel(t.Context())
	clients := map[bool]*http.Client{true: httpClient(t, 1), false: httpClient(t, 1)}
	pull := func(ctx context.Context, person merge.PersonID) error {
		req := connect.NewRequest(&syncv1.PullRequest{SpaceId: hall[:], PageBytes: 1000})
		req.Header().Set("Authorization", office.Header(person))
		_, err := syncv1connect.NewSyncServiceClient(clients[person == olena], server.url).Pull(ctx, req)
		return err
	}
	var greed, all sync.WaitGroup
	for range 40 {
		greed.Go(func() {
			for greedy.Err() == nil {
				if err := pull(greedy, olena); err != nil {
					time.Sleep(time.Millisecond) // told to wait, and does not
				}
			}
		})
	}
	for i := range 200 {
		all.Go(func() {
			for range 3 {
				if err := pull(t.Context(), merge.PersonID{9, byte(i), 15: 1}); err != nil {
					t.Errorf("caller %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	stop()
	greed.Wait()
}

func TestAQuotaIsForWhatIsBroughtAlone(t *testing.T) {
	engine := &scripted{
		push: func(_ merge.SpaceID, batches [][]byte) ([]wire.Outcome, error) { return oneApplied(batches), nil },
		sync: func(ups []wire.SpaceUp, _ int) (downs []wire.SpaceDown, err error) {
			for i := range ups {
				page := hallPage(0)
				down := wire.SpaceDown{Space: ups[i].Space, Page: &page}
				if len(ups[i].Batches) > 0 {
					down.Outcomes = oneApplied(ups[i].Batches)
				}
				downs = append(downs, down)
			}
			return downs, nil
		},
	}
	server := startWith(t, engine, usual, func(o *Options) { o.Limits = guard.Usual; o.Limits.DayChanges = 4 })
	client := syncv1connect.NewSyncServiceClient(httpClient(t, 1), server.url)
	push := func(person merge.PersonID, changes int) error {
		req := connect.NewRequest(&syncv1.PushRequest{SpaceId: hall[:], Batches: make([][]byte, changes)})
		req.Header().Set("Authorization", office.Header(person))
		_, err := client.Push(t.Context(), req)
		return err
	}
	req := connect.NewRequest(&syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{
		{SpaceId: append([]byte{1}, make([]byte, 15)...), Batches: make([][]byte, 1)},
		{SpaceId: append([]byte{2}, make([]byte, 15)...)},
		{SpaceId: append([]byte{3}, make([]byte, 15)...), Batches: make([][]byte, 1)},
		{SpaceId: append([]byte{4}, make([]byte, 15)...)},
	}})
	req.Header().Set("Authorization", office.Header(olena))
	for day := range 2 { // all of it, and then nothing
		resp, err := client.Sync(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for i, down := range resp.Msg.Spaces {
			full := day == 1 && i%2 == 0
			if down.SpaceId[0] != byte(i+1) || (down.Fault.GetKind() == syncv1.FaultKind_FAULT_KIND_THROTTLED) != full || (down.Page == nil) != full {
				t.Errorf("round %d, space %d: %v", day+1, i+1, down)
			}
		}
		if day == 0 {
			if err := push(olena, 5); err != nil { // goes over, as the last one of a day may
				t.Fatal(err)
			}
		}
	}
	var refused *connect.Error
	if err := push(olena, 1); !errors.As(err, &refused) || refused.Code() != connect.CodeResourceExhausted || refused.Meta().Get("Retry-After") == "" {
		t.Errorf("a push over the quota: %v", err)
	}
	if err := push(taras, 4); err != nil {
		t.Errorf("another caller: %v", err)
	}
}
