package signin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/zhurnal/zhurnal/server/directory"
)

const (
	clientID     = "zhurnal"
	clientSecret = "the secret that both know"
	irynaThere   = "id1" // whom the provider knows as test-user@localhost
	olehThere    = "id2" // and as test-user2
)

// newOfficeAtProvider has a real provider beside it, and Iryna an account there.
func newOfficeAtProvider(t *testing.T) (o *office, issuer string) {
	t.Helper()
	var handler http.Handler
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(there.Close)
	issuer = strings.Replace(there.URL, "127.0.0.1", "localhost", 1)
	o = newOffice(t, func(o *Options) {
		o.Provider = &Provider{Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret, Name: "Офіс"}
	})
	client := storage.WebClient(clientID, clientSecret, o.service.provider.back)
	known := storage.NewStorageWithClients(storage.NewUserStore(issuer), map[string]*storage.Client{clientID: client})
	handler = exampleop.SetupServer(issuer, known, nil, false, op.WithAllowInsecure())
	o.clock.Store(time.Now().UnixMilli()) // the provider has no other
	o.must(o.dir.In(o.org).AddAccount(t.Context(), o.iryna, o.iryna, directory.ByOpenID(issuer, irynaThere)))
	return o, issuer
}

// atProvider fills in the provider's form to which a page has led, and returns
// what the browser shows at the end.
func (b *browser) atProvider(form shown, user string) shown {
	b.Helper()
	back := b.answerOf(form, user)
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, back, nil)
	b.must(err)
	return b.do(r)
}

// answerOf fills in the provider's form and returns where it sends the browser.
func (b *browser) answerOf(form shown, user string) (back string) {
	b.Helper()
	if form.path != "/login/username" {
		b.Fatalf("no form of the provider's: status %d at %s\n%s", form.status, form.path, form.body)
	}
	values := url.Values{"username": {user}, "password": {"verysecure"}, "id": {form.query.Get("authRequestID")}}
	stopping := &http.Client{Jar: b.client.Jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, providerBackPath) {
			back = r.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := stopping.PostForm(b.service.provider.Issuer+"/login/username", values)
	b.must(err)
	resp.Body.Close()
	if back == "" {
		b.Fatalf("the provider does not lead back: %s", resp.Request.URL)
	}
	return back
}

func TestAProviderSaysWhoSomebodyIs(t *testing.T) {
	o, _ := newOfficeAtProvider(t)
	b := o.browser()
	b.get(signInPath).mustBe(t, 200, signInPath, "Sign in with Офіс")
	b.atProvider(b.get(providerPath+"?to="+passwordPath), "test-user@localhost").mustBe(t, 200, passwordPath, "Ірина")
	b.get(accountPath).mustBe(t, 200, accountPath, "Ірина")
	if o.audit.count(SignedIn) != 1 {
		t.Errorf("kept: %+v", o.audit.events)
	}
}

// A provider knows people who are nobody here, and whatever it says of them does
// not make them somebody.
func TestAClaimMakesNobody(t *testing.T) {
	o, _ := newOfficeAtProvider(t)
	before, err := o.dir.View()
	o.must(err)
	b := o.browser()
	b.atProvider(b.get(providerPath), "test-user2").mustBe(t, 401, providerBackPath, "Ask an administrator for a link")
	after, err := o.dir.View()
	o.must(err)
	if before != after {
		t.Error("the directory has changed")
	}
	b.get(accountPath).mustBe(t, 200, signInPath, "Sign in")
	if o.audit.count(SignInFailed) != 1 {
		t.Errorf("kept: %+v", o.audit.events)
	}
}

func TestWhoHasEndedIsNobodyForTheProviderToo(t *testing.T) {
	o, _ := newOfficeAtProvider(t)
	o.end(o.iryna)
	b := o.browser()
	b.atProvider(b.get(providerPath), "test-user@localhost").mustBe(t, 401, providerBackPath, "Ask an administrator")
}

func TestByALinkAnAccountAtTheProviderBecomesAUsers(t *testing.T) {
	o, issuer := newOfficeAtProvider(t)
	oleh := o.user("Олег")
	link := o.link(oleh)
	b := o.browser()
	b.get(welcomePath+"?link="+link).mustBe(t, 200, welcomePath, "Sign in with Офіс from now on")
	b.atProvider(b.post(providerPath, "link", link), "test-user2").mustBe(t, 200, accountPath, "Олег")
	view, err := o.dir.View()
	o.must(err)
	if id, _ := view.UserByOpenID(issuer, olehThere); id != oleh {
		t.Errorf("the subject is %s", id)
	}
	other := o.browser()
	other.atProvider(other.get(providerPath), "test-user2").mustBe(t, 200, accountPath, "Олег")
	// And nobody else's.
	link = o.link(o.user("Інший"))
	third := o.browser()
	third.atProvider(third.post(providerPath, "link", link), "test-user2").mustBe(t, 422, providerBackPath, "Somebody has this")
}

func TestTheProviderProvesAnew(t *testing.T) {
	o, _ := newOfficeAtProvider(t)
	b := o.browser()
	b.atProvider(b.get(providerPath), "test-user@localhost").mustBe(t, 200, accountPath, "Ірина")
	before := b.cookie(o.service.cookies.session).Value
	o.pass(provenMillis)
	if who := b.who(); who.Proven {
		t.Fatal("it is fresh without a proof")
	}
	o.clock.Store(time.Now().UnixMilli())
	token, err := parseToken(before)
	o.must(err)
	o.service.sessions.byHash[token.hash()].proven -= provenMillis
	b.get(ProvePath+"?to="+passwordPath).mustBe(t, 200, ProvePath, "Prove with Офіс")
	b.atProvider(b.get(providerPath+"?to="+passwordPath), "test-user@localhost").mustBe(t, 200, passwordPath, "Ірина")
	if who := b.who(); !who.Proven || who.Person != o.iryna {
		t.Errorf("%+v", who)
	}
	if o.isIn(token) {
		t.Error("the token of before is good")
	}
	// Somebody else's proof is none.
	o.must(o.dir.In(o.org).AddAccount(t.Context(), o.iryna, o.user("Олег"), directory.ByOpenID(o.service.provider.Issuer, olehThere)))
	b.atProvider(b.get(providerPath), "test-user2").mustBe(t, 422, providerBackPath, "not begun in this browser")
}

func TestAnAnswerIsGoodOnceAndInTheBrowserThatAsked(t *testing.T) {
	o, _ := newOfficeAtProvider(t)
	b := o.browser()
	back := b.answerOf(b.get(providerPath), "test-user@localhost")
	path := strings.TrimPrefix(back, o.service.o.URL)
	// Somebody is led to an answer that was not asked for here: signed in as another.
	o.browser().get(path).mustBe(t, 422, providerBackPath, "not begun in this browser")
	b.get(path).mustBe(t, 200, accountPath, "Ірина")
	// The same answer again.
	b.get(path).mustBe(t, 422, providerBackPath, "not begun in this browser")
	// And with the cookie of before.
	again := o.browser()
	form := again.get(providerPath)
	kept := again.cookie(o.service.cookies.proof)
	back = again.answerOf(form, "test-user@localhost")
	path = strings.TrimPrefix(back, o.service.o.URL)
	again.get(path).mustBe(t, 200, accountPath, "Ірина")
	thief := o.browser()
	thief.client.Jar.SetCookies(thief.at, []*http.Cookie{kept})
	thief.get(path).mustBe(t, 422, providerBackPath, "not begun in this browser")
}

func TestABeginningIsGoodFor10Minutes(t *testing.T) {
	o, _ := newOfficeAtProvider(t)
	b := o.browser()
	back := b.answerOf(b.get(providerPath), "test-user@localhost")
	o.pass(proofMillis)
	b.get(strings.TrimPrefix(back, o.service.o.URL)).mustBe(t, 422, providerBackPath, "not begun in this browser")
}

// Whoever sees a code on its way has nothing: the provider gives a token only to
// who has the verifier, whose hash the browser brought.
func TestACodeWithoutItsVerifierIsWorthNothing(t *testing.T) {
	o, issuer := newOfficeAtProvider(t)
	b := o.browser()
	form := b.get(providerPath)
	back, err := url.Parse(b.answerOf(form, "test-user@localhost"))
	o.must(err)
	exchange := func(verifier string) (status int, body string) {
		values := url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {o.service.provider.back}}
		if verifier != "" {
			values.Set("code_verifier", verifier)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer+"/oauth/token", strings.NewReader(values.Encode()))
		o.must(err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(clientID, url.QueryEscape(clientSecret))
		resp, err := http.DefaultClient.Do(r)
		o.must(err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		o.must(err)
		return resp.StatusCode, string(text)
	}
	var verifier string
	for _, begun := range o.service.pending.byHash {
		verifier = begun.verifier
	}
	for _, wrong := range []string{"", strings.Repeat("a", 43)} {
		if status, body := exchange(wrong); status == 200 || strings.Contains(body, "id_token") {
			t.Errorf("with %q: %d %s", wrong, status, body)
		}
	}
	if status, body := exchange(verifier); status != 200 || !strings.Contains(body, "id_token") {
		t.Errorf("with the verifier: %d %s, and the test shows nothing", status, body)
	}
}

func TestAProviderThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	o := newOffice(t, func(o *Options) {
		o.Provider = &Provider{Issuer: "http://127.0.0.1:1", ClientID: clientID}
	})
	b := o.browser()
	b.get(providerPath).mustBe(t, 503, providerPath, "does not answer")
	b.signInByForm().mustBe(t, 200, accountPath, "Ірина")
}

func TestAProviderIsAskedByTLSUnlessItIsHere(t *testing.T) {
	for issuer, good := range map[string]bool{
		"https://login.example.org": true, "http://localhost:8080/realms/x": true, "http://127.0.0.1:1": true, "http://[::1]:1": true,
		"http://login.example.org": false, "http://localhost.example.org": false, "login.example.org": false, "": false,
	} {
		_, err := newProvider(Provider{Issuer: issuer, ClientID: clientID}, &url.URL{Scheme: "https", Host: "register.example.org"})
		if (err == nil) != good {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}
