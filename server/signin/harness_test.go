package signin

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alexedwards/argon2id"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// cheap is a hash that costs next to nothing.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const irynasPassword = "чотири слова без зв'язку"

var desk = netip.MustParseAddr("192.0.2.7")

// kept is what was written to the log of who did what.
type kept struct {
	mu     sync.Mutex
	events []audit.Event
	err    error
}

func (k *kept) Append(_ context.Context, events ...audit.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return k.err
	}
	k.events = append(k.events, events...)
	return nil
}

func (k *kept) count(action audit.Action) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.events {
		if e.Action == action {
			n++
		}
	}
	return n
}

// office is a server whose browsers are tests.
type office struct {
	testing.TB
	clock   atomic.Int64
	dir     *directory.Directory
	audit   kept
	server  *httptest.Server
	service *Service
	org     directory.OrganisationID
	iryna   merge.PersonID
	trouble []error
}

// newRegister is a server in which nobody is yet.
func newRegister(t testing.TB, change ...func(*Options)) *office {
	t.Helper()
	o := &office{TB: t}
	o.clock.Store(1_767_225_600_000)
	types, err := schema.New()
	o.must(err)
	engine, err := syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: types, Now: o.clock.Load, Random: rand.Reader})
	o.must(err)
	t.Cleanup(func() { _ = engine.Close() })
	o.dir, err = directory.Open(engine, o.clock.Load, rand.Reader)
	o.must(err)
	o.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.service.Handler(nil, nil).ServeHTTP(w, r) }))
	t.Cleanup(o.server.Close)
	options := Options{
		Directory: o.dir, Audit: &o.audit, Now: o.clock.Load, Random: rand.Reader,
		URL: strings.Replace(o.server.URL, "127.0.0.1", "localhost", 1), cost: cheap,
		Trouble: func(err error) { o.trouble = append(o.trouble, err) },
	}
	for _, c := range change {
		c(&options)
	}
	o.service, err = New(options)
	o.must(err)
	return o
}

// newOffice has an administrator, Iryna, with a password, and another, so that she
// may be ended.
func newOffice(t testing.TB, change ...func(*Options)) *office {
	t.Helper()
	o := newRegister(t, change...)
	hash, err := o.service.passwords.hash(t.Context(), irynasPassword)
	o.must(err)
	o.org, o.iryna, err = o.dir.AddFirst(t.Context(), directory.First{Organisation: "Опора", Name: "Ірина", Account: directory.ByPassword("iryna@example.org", hash)})
	o.must(err)
	o.administrator("Hanna")
	return o
}

func (o *office) administrator(name string) {
	o.Helper()
	_, err := o.dir.In(o.org).Assign(o.Context(), o.iryna, o.user(name), directory.NewAssignment{Role: directory.Administrator, Scope: directory.Everywhere()})
	o.must(err)
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) pass(millis int64) { o.clock.Add(millis) }

// user makes a user without a way to sign in.
func (o *office) user(name string) merge.PersonID {
	o.Helper()
	id, err := o.dir.In(o.org).AddUser(o.Context(), o.iryna, merge.PersonID{}, name)
	o.must(err)
	return id
}

func (o *office) end(user merge.PersonID) {
	o.Helper()
	o.must(o.dir.In(o.org).SetUserStatus(o.Context(), o.iryna, user, directoryv1.UserStatus_USER_STATUS_ENDED))
}

// signIn begins a session by password.
func (o *office) signIn() Token {
	o.Helper()
	in, err := o.service.SignIn(o.Context(), desk, "iryna@example.org", irynasPassword)
	o.must(err)
	return in.Token
}

func (o *office) isIn(token Token) bool {
	_, err := o.service.sessions.find(token)
	return err == nil
}

// browser keeps cookies and follows redirects.
type browser struct {
	*office
	client *http.Client
	// header is sent with each request.
	header http.Header
	at     *url.URL
	asked  url.Values // what the provider was last asked
}

func (o *office) browser() *browser {
	jar, _ := cookiejar.New(nil)
	at, err := url.Parse(o.service.o.URL)
	o.must(err)
	return &browser{office: o, client: &http.Client{Jar: jar}, header: http.Header{"Accept-Language": {"en"}}, at: at}
}

// shown is what a browser shows.
type shown struct {
	status int
	path   string
	query  url.Values
	body   string
	header http.Header
}

func (b *browser) do(r *http.Request) shown {
	b.Helper()
	for name, values := range b.header {
		r.Header[name] = values
	}
	resp, err := b.client.Do(r)
	b.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.must(err)
	return shown{resp.StatusCode, resp.Request.URL.Path, resp.Request.URL.Query(), string(body), resp.Header}
}

func (b *browser) get(path string) shown {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.at.String()+path, nil)
	b.must(err)
	return b.do(r)
}

// post sends a form, as names and values in turn.
func (b *browser) post(path string, form ...string) shown {
	b.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.at.String()+path, strings.NewReader(values.Encode()))
	b.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *browser) signInByForm() shown {
	b.Helper()
	return b.post(signInPath, "login", "iryna@example.org", "password", irynasPassword)
}

func (b *browser) cookie(name string) *http.Cookie {
	for _, c := range b.client.Jar.Cookies(b.at) {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// who is what the server takes the browser for.
func (b *browser) who() auth.Principal {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.at.String(), nil)
	b.must(err)
	for _, c := range b.client.Jar.Cookies(b.at) {
		r.AddCookie(c)
	}
	who, err := b.service.Identify(r)
	b.must(err)
	return who
}

func (s shown) mustBe(t testing.TB, status int, path, text string) {
	t.Helper()
	if s.status != status || s.path != path || !strings.Contains(s.body, text) {
		t.Fatalf("status %d at %s, wanted %d at %s with %q:\n%s", s.status, s.path, status, path, text, s.body)
	}
}
