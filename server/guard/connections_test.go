package guard

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// serveConnections accepts until the test ends, and keeps what it accepts open.
func serveConnections(t *testing.T, e Exposure, limits Limits, log *slog.Logger) (address string, accepted <-chan net.Conn) {
	t.Helper()
	listener, err := e.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	capped := e.Connections(listener, limits, log)
	t.Cleanup(func() { capped.Close() })
	conns := make(chan net.Conn, 100)
	go func() {
		for {
			conn, err := capped.Accept()
			if err != nil {
				return
			}
			conns <- conn
		}
	}()
	return listener.Addr().String(), conns
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// isClosed waits for the other side to close, without a byte.
func isClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a byte came")
	}
}

// lockedBuffer is a log that a server writes and the test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestOneAddressHasSoManyConnections(t *testing.T) {
	log := new(lockedBuffer)
	address, accepted := serveConnections(t, Exposure{}, Limits{Connections: 10, ConnectionsPerAddress: 2}, slog.New(slog.NewTextHandler(log, nil)))
	dial(t, address)
	dial(t, address)
	first, second := <-accepted, <-accepted
	isClosed(t, dial(t, address))
	isClosed(t, dial(t, address))
	if n := strings.Count(log.String(), "too many"); n != 1 || strings.Contains(log.String(), "127.0.0.1") {
		t.Errorf("the log: %s", log)
	}
	first.Close()
	first.Close() // twice is once
	dial(t, address)
	third := <-accepted
	isClosed(t, dial(t, address))
	second.Close()
	third.Close()
}

func TestAProxyMayHaveAllConnections(t *testing.T) {
	address, accepted := serveConnections(t, Exposure{Proxies: loopbackProxy}, Limits{Connections: 3, ConnectionsPerAddress: 1}, slog.New(slog.DiscardHandler))
	for range 3 {
		dial(t, address)
		<-accepted
	}
}

func TestABodyIsReadAsFarAsItMayBeLong(t *testing.T) {
	bodies := NewBodies(Limits{BodyBytes: 100_000})
	read := func(r io.Reader) ([]byte, func(), error) {
		request := httptest.NewRequest(http.MethodPost, "/", r)
		request.ContentLength = -1 // who does not say how much it is
		return bodies.Read(httptest.NewRecorder(), request, 80_000)
	}
	whole := bytes.Repeat([]byte("0123456789"), 8_000)
	body, release, err := read(bytes.NewReader(whole))
	if err != nil || !bytes.Equal(body, whole) {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	if _, _, err := read(bytes.NewReader(whole[:20_001])); fault.KindOf(err) != fault.Throttled {
		t.Errorf("more than is held at once: %v", err)
	}
	release()
	release() // twice is once
	if _, _, err := read(strings.NewReader(strings.Repeat("x", 80_001))); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("a byte too long: %v", err)
	}
	if _, _, err := read(io.MultiReader(strings.NewReader("half"), broken{})); fault.KindOf(err) != fault.Malformed {
		t.Errorf("half a body: %v", err)
	}
	if held := bodies.heldBytes.Load(); held != 0 {
		t.Errorf("%d bytes are counted as held", held)
	}
}

// broken is a connection that was cut.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAPageOfAnotherSiteAsksNothing(t *testing.T) {
	handler := (Exposure{}).Browsers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, c := range []struct {
		header, value string
		want          int
	}{
		{"", "", http.StatusNoContent}, // a tablet, which is no browser
		{"Sec-Fetch-Site", "same-origin", http.StatusNoContent},
		{"Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		{"Sec-Fetch-Site", "same-site", http.StatusForbidden},
		{"Origin", "https://evil.example", http.StatusForbidden},
		{"Origin", "http://127.0.0.1:8765", http.StatusNoContent},
	} {
		request := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8765/", nil)
		if c.header != "" {
			request.Header.Set(c.header, c.value)
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != c.want || recorder.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s: status %d, %v", c.header, c.value, recorder.Code, recorder.Header())
		}
	}
}

// Strangers write no more into the log than a line each so often, and no address
// stands there.
func TestTroubleWithConnectionsIsTold(t *testing.T) {
	log := new(bytes.Buffer)
	trouble := NewNetLog(slog.New(slog.NewJSONHandler(log, nil)))
	for range 1000 {
		trouble.Write([]byte("http: TLS handshake error from 203.0.113.9:4711 and [2001:db8::1]:99: EOF\nlevel=ERROR forged\n"))
		trouble.CountError("stream_reset")
	}
	text := log.String()
	if strings.Count(text, "\n") != 1 || strings.Contains(text, "203.0.113") || strings.Contains(text, "2001:db8") {
		t.Errorf("the log:\n%s", text)
	}
	trouble.every = 0
	trouble.CountError("stream_reset")
	if !strings.Contains(log.String(), `"http2_error":"stream_reset","left_out":1999`) {
		t.Errorf("the log:\n%s", log)
	}
}
