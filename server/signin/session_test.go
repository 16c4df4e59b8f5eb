package signin

import (
	"net/http"
	"net/http/httptest"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func TestASessionEndsWhenItIsNotUsedFor30Minutes(t *testing.T) {
	o := newOffice(t)
	token := o.signIn()
	for range 3 {
		o.pass(idleMillis - 1)
		if !o.isIn(token) {
			t.Fatal("it ended while it was used")
		}
	}
	o.pass(idleMillis)
	if o.isIn(token) {
		t.Error("it goes on")
	}
}

func TestASessionEndsAfter12HoursHoweverMuchItIsUsed(t *testing.T) {
	o := newOffice(t)
	token := o.signIn()
	for range 12*60/15 - 1 {
		o.pass(15 * minute)
		if !o.isIn(token) {
			t.Fatal("it ended early")
		}
		next, err := o.service.sessions.prove(token) // nor does a fresh proof make it longer
		o.must(err)
		token = next
	}
	o.pass(15 * minute)
	if o.isIn(token) {
		t.Error("it goes on")
	}
}

func TestASessionEndsWithItsUserAndDoesNotComeBack(t *testing.T) {
	o := newOffice(t)
	token := o.signIn()
	o.pass(1)
	tenant := o.dir.In(o.org)
	// Nobody asks meanwhile.
	o.must(tenant.SetUserStatus(t.Context(), o.iryna, o.iryna, directoryv1.UserStatus_USER_STATUS_ENDED))
	o.pass(1)
	o.must(tenant.SetUserStatus(t.Context(), o.iryna, o.iryna, directoryv1.UserStatus_USER_STATUS_ACTIVE))
	if o.isIn(token) {
		t.Error("who has ended and is back has the session of before")
	}
	again := o.signIn()
	o.end(o.iryna)
	if o.isIn(again) {
		t.Error("who has ended is signed in")
	}
	if _, err := o.service.SignIn(t.Context(), desk, "iryna@example.org", irynasPassword); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("who has ended signs in: %v", err)
	}
}

func TestSignOutEndsOneSession(t *testing.T) {
	o := newOffice(t)
	here, there := o.signIn(), o.signIn()
	o.must(o.service.SignOut(t.Context(), here))
	if o.isIn(here) || !o.isIn(there) {
		t.Errorf("here %v, there %v", o.isIn(here), o.isIn(there))
	}
	if o.audit.count(SignedOut) != 1 || o.audit.count(SignedIn) != 2 {
		t.Errorf("kept: %+v", o.audit.events)
	}
}

func TestANewPasswordEndsAllOtherSessions(t *testing.T) {
	o := newOffice(t)
	other := o.signIn()
	b := o.browser()
	b.signInByForm().mustBe(t, 200, accountPath, "Ірина")
	const next = "зовсім інші чотири слова"
	b.post(passwordPath, "present", "не той пароль", "new", next, "again", next).mustBe(t, 401, passwordPath, "is wrong")
	b.post(passwordPath, "present", irynasPassword, "new", next, "again", next+".").mustBe(t, 422, passwordPath, "differ")
	if !o.isIn(other) {
		t.Fatal("ended without a change")
	}
	b.post(passwordPath, "present", irynasPassword, "new", next, "again", next).mustBe(t, 200, accountPath, "Ірина")
	if o.isIn(other) {
		t.Error("another session goes on")
	}
	b.get(accountPath).mustBe(t, 200, accountPath, "Ірина")
	if _, err := o.service.SignIn(t.Context(), desk, "iryna@example.org", irynasPassword); err == nil {
		t.Error("the password of before is good")
	}
	if _, err := o.service.SignIn(t.Context(), desk, "IRYNA@example.org ", next); err != nil {
		t.Errorf("the new one is not: %v", err)
	}
}

func TestAUserHasSoManySessions(t *testing.T) {
	o := newOffice(t)
	var all []Token
	for range sessionsOfUserMax + 1 {
		all = append(all, o.signIn())
		o.pass(1)
	}
	if o.isIn(all[0]) {
		t.Error("the one that was not used for longest goes on")
	}
	for _, token := range all[1:] {
		if !o.isIn(token) {
			t.Error("another one ended")
		}
	}
	if n := len(o.service.sessions.byHash); n != sessionsOfUserMax {
		t.Errorf("%d are kept", n)
	}
}

func TestATokenIsKeptAsAHashAlone(t *testing.T) {
	o := newOffice(t)
	token := o.signIn()
	if _, ok := o.service.sessions.byHash[token]; ok {
		t.Error("the token itself is a key")
	}
	if _, ok := o.service.sessions.byHash[token.hash()]; !ok {
		t.Error("it is not found by its hash")
	}
}

func TestAProgramSaysWhoItIsByABearerToken(t *testing.T) {
	o := newOffice(t)
	token := o.signIn()
	for header, want := range map[string]bool{
		"Bearer " + token.Text():         true,
		"bearer " + token.Text():         true,
		"Basic " + token.Text():          false,
		"Bearer " + token.Text() + "A":   false,
		"Bearer " + Token{}.Text():       false,
		"Bearer " + o.iryna.String():     false,
		"Bearer zhs_" + token.Text()[5:]: false,
	} {
		r := httptest.NewRequest(http.MethodPost, "/x", nil)
		r.Header.Set("Authorization", header)
		who, err := o.service.Identify(r)
		if (err == nil) != want {
			t.Errorf("%s: %v", header, err)
		}
		if want && (who.Person != o.iryna || who.Organisation != o.org || who.Session == auth.SessionID{}) {
			t.Errorf("%s: %+v", header, who)
		}
		if err != nil && fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", header, err)
		}
	}
}

// A header that is no token is not made good by a cookie that comes with it.
func TestAPageOfAnotherSiteAsksNothingInABrowsersName(t *testing.T) {
	o := newOffice(t)
	token := o.signIn()
	ask := func(method string, header ...string) error {
		r := httptest.NewRequest(method, o.service.o.URL+"/x", nil)
		r.AddCookie(&http.Cookie{Name: o.service.cookies.session, Value: token.Text()})
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		_, err := o.service.Identify(r)
		return err
	}
	o.must(ask(http.MethodPost, "Sec-Fetch-Site", "same-origin"))
	o.must(ask(http.MethodGet, "Sec-Fetch-Site", "cross-site"))
	for name, header := range map[string][]string{
		"another site":               {"Sec-Fetch-Site", "cross-site"},
		"a neighbour":                {"Sec-Fetch-Site", "same-site"},
		"another origin":             {"Origin", "https://evil.example"},
		"an origin that is hidden":   {"Origin", "null"},
		"a header beside the cookie": {"Authorization", "Bearer x", "Sec-Fetch-Site", "same-origin"},
	} {
		if err := ask(http.MethodPost, header...); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := o.browser()
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.signInByForm().mustBe(t, 403, signInPath, "another site")
}

func TestCookiesAreForThisServerAlone(t *testing.T) {
	o := newOffice(t, func(o *Options) { o.URL = "https://register.example.org" })
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, signInPath, nil)
	r.PostForm = map[string][]string{"login": {"iryna@example.org"}, "password": {irynasPassword}}
	o.service.Handler(nil, nil).ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("status %d, %v", w.Code, cookies)
	}
	c := cookies[0]
	if c.Name != "__Host-zhurnal-session" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("%+v", c)
	}
}

func TestWhatASessionAskedForIsCutWhenItEnds(t *testing.T) {
	for name, end := range map[string]func(o *office, token Token){
		"sign-out":         func(o *office, token Token) { o.must(o.service.SignOut(t.Context(), token)) },
		"by somebody else": func(o *office, _ Token) { o.service.EndUser(o.iryna) },
		"its user ends":    func(o *office, _ Token) { o.end(o.iryna); o.service.Recheck() },
		"it is over":       func(o *office, _ Token) { o.pass(idleMillis); o.service.Recheck() },
	} {
		o := newOffice(t)
		token, other := o.signIn(), o.signIn()
		who, err := o.service.Caller(token.Text())
		o.must(err)
		cuts, left := 0, 0
		defer o.service.Attend(who, func() { cuts++ })()
		o.service.Attend(who, func() { left++ })()
		o.service.Recheck()
		o.must(o.service.SignOut(t.Context(), other))
		if cuts != 0 {
			t.Errorf("%s: cut before", name)
		}
		end(o, token)
		if cuts != 1 || left != 0 {
			t.Errorf("%s: %d cut, and %d of what was over", name, cuts, left)
		}
		o.service.Attend(who, func() { cuts++ })()
		if cuts != 2 {
			t.Errorf("%s: what comes too late is not cut", name)
		}
	}
}
