package console

import (
	"bufio"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine"

	"google.golang.org/protobuf/proto"
)

type directoryScope = directoryv1.Scope

func nowMillis() int64 { return time.Now().UnixMilli() }

func TestTemplatesAskForTextsThatThereAre(t *testing.T) {
	asked := regexp.MustCompile(`\.(?:T|Count) "([^"]+)"`)
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil || len(names) < len(groups) {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(templates, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range asked.FindAllSubmatch(data, -1) {
			if !page.Has(string(found[1])) {
				t.Errorf("%s asks for the text %q, which there is not", name, found[1])
			}
		}
		// A letter outside of tags and actions is a text that is not in the catalogue.
		bare := regexp.MustCompile(`(?s)\{\{.*?\}\}|<[^>]*>|&[a-z]+;`).ReplaceAllString(string(data), "")
		if found := regexp.MustCompile(`\p{L}+`).FindString(bare); found != "" {
			t.Errorf("%s has the text %q of its own; it belongs into the catalogue of package page", name, found)
		}
	}
}

func TestEachRouteAsksWhatThereIs(t *testing.T) {
	for _, group := range groups {
		for _, r := range group {
			if _, ok := auth.NeedOf(r.asks); r.asks != "" && !ok {
				t.Errorf("%s asks %q, which nobody may", r.pattern, r.asks)
			}
			if r.text != "" && (!page.Has(r.text) || !strings.HasPrefix(r.pattern, "GET ")) {
				t.Errorf("%s: %q is no name of a section", r.pattern, r.text)
			}
		}
	}
}

// hereIn is where a page says its own address, to come back to in another language.
var hereIn = regexp.MustCompile(`\?to=[^"]*`)

// Who may not open a page is not shown the way, and gets the answer of a page that
// is nowhere.
func TestEveryPageIsForThoseWhoMayAskWhatItAsks(t *testing.T) {
	o := newOffice(t)
	for login, id := range o.people {
		b := o.signIn(login)
		home := b.get("/")
		nowhere := b.get("/nowhere")
		nowhere.mustBe(http.StatusNotFound, "/nowhere")
		view, err := o.directory.View()
		o.must(err)
		for _, group := range groups {
			for _, r := range group {
				if strings.Contains(r.pattern, "{") || !strings.HasPrefix(r.pattern, "GET ") {
					continue
				}
				open := r.openTo(view, auth.Principal{Person: id}, o.now())
				if shown := strings.Contains(home.body, `href="`+r.path()+`"`); r.text != "" && shown != open {
					t.Errorf("%s is shown the way to %s: %v, and may open it: %v", login, r.path(), shown, open)
				}
				got := b.get(r.path())
				if open && got.status >= 400 && got.status != http.StatusUnprocessableEntity {
					t.Errorf("%s may open %s, and gets %d:\n%s", login, r.path(), got.status, got.body)
				}
				if !open && (got.status != http.StatusNotFound || hereIn.ReplaceAllString(got.body, "") != hereIn.ReplaceAllString(nowhere.body, "")) {
					t.Errorf("%s may not open %s, and gets %d, or another page than for what is nowhere:\n%s", login, r.path(), got.status, got.body)
				}
			}
		}
	}
}

func TestWhoHasNotSignedInIsAskedTo(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	b.client.Jar = nil
	b.get(devicesPath).mustBe(http.StatusOK, "/sign-in", `value="/devices"`)
	b.get("/").mustBe(http.StatusOK, "/sign-in")
	if got := b.post(devicesPath); got.status < 400 {
		t.Errorf("a form without a session: %d", got.status)
	}
	b.header.Set("HX-Request", "true")
	b.header.Set("HX-Current-URL", o.url+devicesPath+"?after=1")
	if to := b.get(devicesPath).header.Get("HX-Redirect"); to != "/sign-in?to=%2Fdevices%3Fafter%3D1" {
		t.Errorf("a script is sent to %q", to)
	}
}

// A page that is left open asks for itself, and does not keep its reader signed in.
func TestAPageThatIsLeftOpenKeepsNobodySignedIn(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	o.ahead.Store(20 * 60_000)
	b.header.Set("HX-Request", "true")
	b.get(overviewPath).mustBe(http.StatusOK, overviewPath)
	o.ahead.Store(31 * 60_000)
	b.header.Del("HX-Request")
	b.get(overviewPath).mustBe(http.StatusOK, "/sign-in")
}

func TestAPageAsksNobodyElseForAnything(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	got := b.get(devicesPath)
	got.mustBe(http.StatusOK, devicesPath)
	policy := got.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy: %s", policy)
	}
	for _, link := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(got.body, -1) {
		if !strings.HasPrefix(link[1], "/") && !strings.HasPrefix(link[1], "#") {
			t.Errorf("the page leads to %s", link[1])
		}
	}
	if regexp.MustCompile(`<script>|<style|style=|onclick=|hx-on`).MatchString(got.body) {
		t.Error("there is a script or a style inside of the page")
	}
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.header.Set("Origin", "https://evil.example")
	if got := b.post("/sign-out"); got.status != http.StatusForbidden {
		t.Errorf("a page of another site: %d", got.status)
	}
}

func TestALanguageIsChosenOnAnyPage(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	b.get(devicesPath).mustBe(http.StatusOK, devicesPath, `<html lang="en">`, "Tablets")
	b.get("/language/uk?to=/devices").mustBe(http.StatusOK, devicesPath, `<html lang="uk">`, "Планшети")
}

func TestAnOpenPageHearsThatASpaceHasMoved(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.url+livePath, nil)
	o.must(err)
	resp, err := b.client.Do(r)
	o.must(err)
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatal(got)
	}
	events := bufio.NewScanner(resp.Body)
	wait := func(for_ string) {
		t.Helper()
		for events.Scan() {
			if events.Text() == "event: "+for_ {
				return
			}
		}
		t.Fatalf("no %s: %v", for_, events.Err())
	}
	wait("at")
	o.write(t, "coordinator", &recordsv1.Training{TitleUk: "Домедична допомога"})
	wait("moved")
	o.must(o.tenant.SetUserStatus(t.Context(), o.admin, o.people["coordinator"], directoryv1.UserStatus_USER_STATUS_ENDED))
	b.get("/").mustBe(http.StatusOK, "/sign-in") // and the stream is cut
	for events.Scan() {
	}
}

// Who has no space has nothing to hear, which is no error of the page.
func TestAPageWithNothingToHearIsNotAnError(t *testing.T) {
	o := newOffice(t)
	if got := o.signIn("officer").get(livePath); got.status != http.StatusNoContent || got.body != "" {
		t.Errorf("%d, %s", got.status, got.body)
	}
}

// write writes a record in the first community.
func (o *office) write(t testing.TB, login string, msg proto.Message) {
	t.Helper()
	data, err := proto.Marshal(msg)
	o.must(err)
	_, _, err = o.engine.Write(t.Context(), o.people[login], o.hall, []syncengine.WriteRecord{{Type: string(msg.ProtoReflect().Descriptor().FullName()), Message: data}})
	o.must(err)
}

func TestSectionsKeepTheirOrder(t *testing.T) {
	o := newOffice(t)
	pages, err := New(Options{Directory: o.directory, Now: o.now})
	o.must(err)
	places := pages.Places(auth.Principal{Person: o.people["coordinator"]})
	if !slices.ContainsFunc(places, func(p page.Place) bool { return p.Path == devicesPath }) {
		t.Errorf("%v", places)
	}
}
