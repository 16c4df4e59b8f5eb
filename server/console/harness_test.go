package console

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/grpchealth"
	"github.com/alexedwards/argon2id"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/server/manifest"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/server/signin"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// password is everybody's.
const password = "чотири слова без зв'язку"

// passwordHash is of it, and costs next to nothing.
var passwordHash = func() string {
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		panic(err)
	}
	return hash
}()

// office is a whole server, with an organisation in which there is somebody in
// each role.
type office struct {
	testing.TB
	ahead     atomic.Int64 // milliseconds before the real clock
	engine    *syncengine.Engine
	types     *schema.Schema
	directory *directory.Directory
	door      *enrol.Service
	auditFile string
	url       string
	trouble   atomic.Int64

	org                     directory.OrganisationID
	tenant                  *directory.Tenant
	programme               directory.ProgrammeID
	admin                   merge.PersonID
	people                  map[string]merge.PersonID
	hall, hall2, desk, room merge.SpaceID
}

func (o *office) now() int64 { return nowMillis() + o.ahead.Load() }

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// newOffice serves until the test ends.
func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{TB: t, people: map[string]merge.PersonID{}, auditFile: filepath.Join(t.TempDir(), "audit")}
	var err error
	o.types, err = catalogue.Types()
	o.must(err)
	o.engine, err = syncengine.Open(syncengine.Options{Memory: store.NewMemory(), Schema: o.types, Now: o.now, Random: rand.Reader})
	o.must(err)
	t.Cleanup(func() { _ = o.engine.Close() })
	o.directory, err = directory.Open(o.engine, o.now, rand.Reader)
	o.must(err)
	o.door, err = enrol.New(enrol.Options{Directory: o.directory, Now: o.now, Random: rand.Reader})
	o.must(err)
	o.found()
	o.serve()
	return o
}

// found makes the organisation: one programme with two communities, a desk and a
// counselling room.
func (o *office) found() {
	o.Helper()
	ctx := o.Context()
	var err error
	o.org, o.admin, err = o.directory.AddFirst(ctx, directory.First{Organisation: "Опора", Name: "Ірина Адмін", Account: directory.ByPassword("admin", passwordHash)})
	o.must(err)
	o.people["admin"] = o.admin
	o.tenant = o.directory.In(o.org)
	o.programme, err = o.tenant.AddProgramme(ctx, o.admin, "Громади разом")
	o.must(err)
	o.hall = o.space("Лиман", "UA1401", schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	o.hall2 = o.space("Сватове", "UA4401", schemav1.SpaceKind_SPACE_KIND_COMMUNITY)
	o.desk = o.space("Стіл координатора", "", schemav1.SpaceKind_SPACE_KIND_DESK)
	o.room = o.space("Кімната підтримки", "UA1401", schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM)
	o.user("coordinator", "Оксана Координаторка", directory.Coordinator, directory.InProgramme(o.programme))
	o.user("facilitator", "Олена Ведуча", directory.Facilitator, directory.InProgramme(o.programme))
	o.user("psychologist", "Павло Психолог", directory.Psychologist, directory.InSpace(o.room))
	o.user("supervisor", "Світлана Супервізорка", directory.ClinicalSupervisor, directory.InSpace(o.room))
	o.user("mel", "Марта Моніторинг", directory.MEL, directory.Everywhere())
	o.user("officer", "Данило Захисник", directory.DataProtectionOfficer, directory.Everywhere())
	o.user("nobody", "Ніхто", 0, nil)
}

func (o *office) space(name, pCode string, kind schemav1.SpaceKind) merge.SpaceID {
	o.Helper()
	id, err := o.tenant.AddSpace(o.Context(), o.admin, merge.SpaceID{}, directory.NewSpace{Programme: o.programme, Kind: kind, Name: name, PCode: pCode})
	o.must(err)
	return id
}

// user makes somebody who signs in by a login.
func (o *office) user(login, name string, role directory.Role, scope *directoryScope) merge.PersonID {
	o.Helper()
	id, err := o.tenant.AddUser(o.Context(), o.admin, merge.PersonID{}, name)
	o.must(err)
	o.must(o.tenant.SetPassword(o.Context(), o.admin, id, login, passwordHash))
	if role != 0 {
		_, err = o.tenant.Assign(o.Context(), o.admin, id, directory.NewAssignment{Role: role, Scope: scope})
		o.must(err)
	}
	o.people[login] = id
	return id
}

func (o *office) serve() {
	o.Helper()
	listener, err := (guard.Exposure{}).Listen(o.Context(), "127.0.0.1:0")
	o.must(err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	o.must(err)
	o.url = "http://localhost:" + port
	kept, err := audit.Open(o.auditFile, o.now)
	o.must(err)
	trouble := func(err error) {
		o.trouble.Add(1)
		o.Errorf("a page could not be shown: %v", err)
	}
	people, err := signin.New(signin.Options{Directory: o.directory, Audit: kept, Now: o.now, Random: rand.Reader, URL: o.url, Trouble: trouble})
	o.must(err)
	pages, err := New(Options{Directory: o.directory, Schema: o.engine.Schema, Now: o.now, Trouble: trouble})
	o.must(err)
	limits := guard.Usual
	limits.CallerBurst, limits.AddressBurst = 10_000, 10_000 // a test is faster than a person
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- rpc.Serve(ctx, listener, rpc.Options{
			Engine: o.engine, Reporter: report.New(o.engine, o.now), Persons: persons.New(o.engine), Enrol: o.door, Directory: o.directory, SignIn: people, Console: pages, Audit: kept, Trail: kept, Sealed: wiped.New(filepath.Join(o.TempDir(), "wiped"), func() error { return nil }),
			Manifest: &manifest.Maker{Engine: o.engine, Log: kept, Directory: o.directory, Now: o.now}, Home: credential.Home{Server: o.url},
			Health: grpchealth.NewStaticChecker(rpc.Services...), Log: slog.New(slog.DiscardHandler), Now: o.now, Limits: limits,
		})
	}()
	o.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, kept.Close()); err != nil {
			o.Errorf("the server ended with: %v", err)
		}
	})
}

// browser keeps cookies and follows redirects.
type browser struct {
	*office
	client *http.Client
	header http.Header
}

// signIn returns a browser in which somebody has signed in.
func (o *office) signIn(login string) *browser {
	o.Helper()
	jar, _ := cookiejar.New(nil)
	b := &browser{office: o, client: &http.Client{Jar: jar}, header: http.Header{"Accept-Language": {"en"}}}
	if in := b.post("/sign-in", "login", login, "password", password); in.status != http.StatusOK || in.path == "/sign-in" {
		o.Fatalf("%s could not sign in: %d at %s\n%s", login, in.status, in.path, in.body)
	}
	return b
}

// shown is what a browser shows.
type shown struct {
	testing.TB
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
	return shown{b.TB, resp.StatusCode, resp.Request.URL.Path, resp.Request.URL.Query(), string(body), resp.Header}
}

func (b *browser) get(path string) shown {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, b.url+path, nil)
	b.must(err)
	return b.do(r)
}

// post sends a form, as names and values in turn.
func (b *browser) post(path string, form ...string) shown {
	b.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Add(form[i], form[i+1])
	}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.url+path, strings.NewReader(values.Encode()))
	b.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// mustBe holds status, path, and texts that the page has.
func (s shown) mustBe(status int, path string, texts ...string) {
	s.Helper()
	if s.status != status || s.path != path {
		s.Fatalf("status %d at %s, wanted %d at %s:\n%s", s.status, s.path, status, path, s.body)
	}
	for _, text := range texts {
		if !strings.Contains(s.body, text) {
			s.Fatalf("%s has no %q:\n%s", path, text, s.body)
		}
	}
}

func (s shown) mustNotHave(texts ...string) {
	s.Helper()
	for _, text := range texts {
		if strings.Contains(s.body, text) {
			s.Fatalf("%s has %q:\n%s", s.path, text, s.body)
		}
	}
}
