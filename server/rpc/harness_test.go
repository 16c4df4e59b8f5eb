package rpc

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/operator"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/signin"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

var (
	olena    = merge.PersonID{0x01, 0xe1, 0xe4, 0xa0, 15: 1}
	hall     = merge.SpaceID{0xa1, 15: 2}
	tablet   = merge.ReplicaID{0x7a, 15: 3}
	received = int64(1_754_000_000_000)
)

// scripted is an engine that answers what a test tells it to, for the paths
// that no healthy engine takes. Unset methods answer with a defect.
type scripted struct {
	DeskEngine     // none: what the desk asks needs a real engine
	BackupEngine   // none either
	AudienceEngine // nor here
	HubEngine      // nor here
	LogEngine      // nor here
	ExpiryEngine   // nor here
	RightsEngine   // nor here
	SchemaEngine   // nor here

	push  func(space merge.SpaceID, batches [][]byte) ([]wire.Outcome, error)
	pull  func(ctx context.Context, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error)
	sync  func(ups []wire.SpaceUp, pageBytes int) ([]wire.SpaceDown, error)
	watch func(ctx context.Context, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error

	mu      sync.Mutex
	callers []merge.PersonID
}

var errUnset = errors.New("the test did not say what to answer")

func (s *scripted) note(person merge.PersonID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callers = append(s.callers, person)
}

func (s *scripted) calls() []merge.PersonID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.callers
}

func (s *scripted) Push(_ context.Context, person merge.PersonID, space merge.SpaceID, batches [][]byte) ([]wire.Outcome, error) {
	s.note(person)
	if s.push == nil {
		return nil, errUnset
	}
	return s.push(space, batches)
}

func (s *scripted) Repair(_ context.Context, person merge.PersonID, _ wire.RepairAsk) (wire.RepairAnswer, error) {
	s.note(person)
	return wire.RepairAnswer{}, errUnset
}

func (s *scripted) Pull(ctx context.Context, person merge.PersonID, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error) {
	s.note(person)
	if s.pull == nil {
		return wire.Page{}, errUnset
	}
	return s.pull(ctx, space, cursor, pageBytes)
}

func (s *scripted) PullEntries(ctx context.Context, person merge.PersonID, space merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error) {
	return s.Pull(ctx, person, space, cursor, pageBytes)
}

func (s *scripted) Sync(_ context.Context, person merge.PersonID, ups []wire.SpaceUp, pageBytes int) ([]wire.SpaceDown, error) {
	s.note(person)
	if s.sync == nil {
		return nil, errUnset
	}
	return s.sync(ups, pageBytes)
}

func (s *scripted) UnlockKey(device credential.DeviceID) (credential.UnlockKey, error) {
	return credential.UnlockKeyOf([]byte("of the scripted engine"), device)
}

func (s *scripted) Epoch() wire.EpochID { return wire.EpochID{0xe0, 15: 1} }

func (s *scripted) Watch(ctx context.Context, person merge.PersonID, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error {
	s.note(person)
	if s.watch == nil {
		return errUnset
	}
	return s.watch(ctx, spaces, moved)
}

// lockedBuffer is a log that handlers write and the test reads.
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

// running is a server on a real socket.
type running struct {
	t       *testing.T
	address string // host:port
	url     string
	socket  string // the operator's
	log     *lockedBuffer
	stop    context.CancelFunc
}

// start serves until the test ends.
func start(t *testing.T, engine Engine, with timeouts, extra ...connect.HandlerOption) *running {
	t.Helper()
	return startWith(t, engine, with, func(*Options) {}, extra...)
}

// unkept is a log of who did what that nobody reads.
type unkept struct{}

func (unkept) Append(context.Context, ...audit.Event) error { return nil }

func newSignIn(t *testing.T) *signin.Service {
	t.Helper()
	service, err := signin.New(signin.Options{
		Directory: office.Directory, Audit: unkept{}, Now: func() int64 { return received }, Random: rand.Reader, URL: "http://localhost",
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// startWith serves with options that a test changes.
func startWith(t *testing.T, engine Engine, with timeouts, change func(*Options), extra ...connect.HandlerOption) *running {
	t.Helper()
	listener, err := (guard.Exposure{}).Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	socket, err := operator.Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	log := new(lockedBuffer)
	options := Options{
		Engine: engine, Operator: socket, Enrol: office.Door, Directory: office.Directory, SignIn: newSignIn(t),
		Health: grpchealth.NewStaticChecker(slices.Concat(Services, OperatorServices)...),
		Log:    slog.New(slog.NewJSONHandler(log, nil)),
		Now:    func() int64 { return received },
		Sealed: wiped.New(filepath.Join(dir, "wiped"), func() error { return nil }),
	}
	if registers, ok := engine.(report.Registers); ok {
		options.Reporter = report.New(registers, options.Now)
	}
	if registers, ok := engine.(persons.Registers); ok {
		options.Persons = persons.New(registers)
	}
	change(&options)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serveWith(ctx, listener, options, with, extra...) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with: %v", err)
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", log)
		}
	})
	address := listener.Addr().(*net.TCPAddr).String()
	return &running{t: t, address: address, url: "http://" + address, socket: socket.Addr().String(), log: log, stop: stop}
}

// httpClient speaks HTTP/1.1, or HTTP/2 without TLS.
func httpClient(t *testing.T, version int) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(version == 1)
	protocols.SetUnencryptedHTTP2(version == 2)
	transport := &http.Transport{Protocols: protocols, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// oneApplied is a verdict to answer with.
func oneApplied(batches [][]byte) []wire.Outcome {
	return []wire.Outcome{{
		Replica: tablet, FirstSeq: 1, LastSeq: uint64(len(batches)), LastTag: merge.Tag{1, 2, 3, 4, 5, 6, 7, 8},
		Verdict: wire.Applied, LastPosition: 41,
	}}
}

// hallPage is a page to answer with, with a cursor as long as asked.
func hallPage(cursorBytes int) wire.Page {
	return wire.Page{Cursor: bytes.Repeat([]byte("register "), cursorBytes/9), Position: 41, Consistent: true}
}

// notMine is what the engine says of a space that is absent or another's.
func notMine(space merge.SpaceID) error {
	return fault.New(fault.NoAccess, "space %s: no grant for the caller", space)
}

func mustBe[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
