package signin

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestWhatIsGraveNeedsAFreshProof(t *testing.T) {
	o := newOffice(t)
	token := o.signIn()
	ask := func() error {
		who, err := o.service.Caller(token.Text())
		o.must(err)
		return who.Fresh()
	}
	o.pass(provenMillis - 1)
	o.must(ask())
	o.pass(1)
	if err := ask(); !errors.Is(err, auth.ErrProve) {
		t.Errorf("after five minutes: %v", err)
	}
	o.must(auth.Principal{Person: o.iryna}.Fresh()) // a device
}

func TestAPasswordProvesAnewAndComesBackWhereItWasAsked(t *testing.T) {
	o := newOffice(t)
	b := o.browser()
	b.signInByForm()
	o.pass(provenMillis)
	before := b.cookie(o.service.cookies.session).Value
	b.post(ProvePath, "to", passwordPath, "password", "хибний пароль").mustBe(t, 401, ProvePath, "is wrong")
	if b.who().Proven {
		t.Fatal("by a wrong one")
	}
	b.post(ProvePath, "to", passwordPath, "password", irynasPassword).mustBe(t, 200, passwordPath, "Present password")
	if !b.who().Proven || b.cookie(o.service.cookies.session).Value == before {
		t.Error("not fresh, or by the same token")
	}
}

func TestSignInLeadsOnWithinThisServerAlone(t *testing.T) {
	o := newOffice(t)
	o.browser().get(passwordPath).mustBe(t, 200, signInPath, `value="/account/password"`)
	for _, elsewhere := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example", "http:evil.example", ""} {
		b := o.browser()
		b.post(signInPath, "login", "iryna@example.org", "password", irynasPassword, "to", elsewhere).mustBe(t, 200, accountPath, "Ірина")
		b.get(signInPath+"?to="+url.QueryEscape(elsewhere)).mustBe(t, 200, accountPath, "Ірина")
	}
}

func TestASignedOutBrowserIsAskedToSignIn(t *testing.T) {
	o := newOffice(t)
	b := o.browser()
	b.signInByForm().mustBe(t, 200, accountPath, "Ірина")
	kept := b.cookie(o.service.cookies.session)
	b.post(signOutPath).mustBe(t, 200, signInPath, "Sign in")
	if b.cookie(o.service.cookies.session) != nil {
		t.Error("the cookie is still there")
	}
	b.client.Jar.SetCookies(b.at, []*http.Cookie{kept})
	b.get(accountPath).mustBe(t, 200, signInPath, "Sign in")
}

func TestASecondSignInEndsTheFirstOfTheBrowser(t *testing.T) {
	o := newOffice(t)
	b := o.browser()
	b.signInByForm()
	first, err := parseToken(b.cookie(o.service.cookies.session).Value)
	o.must(err)
	b.signInByForm()
	if o.isIn(first) {
		t.Error("it goes on, and nobody has it any more")
	}
}

var (
	inline = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script[^>]*>[^<]`)
	others = regexp.MustCompile(`(?i)(src|href|action)="?(https?:)?//`)
)

func TestPagesHaveNothingInlineAndNothingOfOthers(t *testing.T) {
	o, _ := newOfficeAtProvider(t)
	b := o.browser()
	link := o.link(o.user("Олег"))
	pages := []shown{b.get(signInPath), b.get(welcomePath + "?link=" + link), b.get("/absent")}
	b.signInByForm()
	pages = append(pages, b.get(accountPath), b.get(passwordPath), b.get(ProvePath))
	for _, p := range pages {
		if found := inline.FindString(p.body) + others.FindString(p.body); found != "" {
			t.Errorf("%s has %q", p.path, found)
		}
		policy := p.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: %q", p.path, policy)
		}
		if p.header.Get("Cache-Control") != "no-store" || p.header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", p.path, p.header)
		}
		if !strings.Contains(p.body, `<html lang="en">`) || !strings.Contains(p.body, `href="/language/uk?to=`) {
			t.Errorf("%s has no language to choose:\n%s", p.path, p.body)
		}
	}
	for _, name := range []string{"style.css", "passkey.js", "mark.svg"} {
		if got := b.get("/page/" + name); got.status != 200 || got.header.Get("Content-Type") == "" {
			t.Errorf("%s: status %d", name, got.status)
		}
	}
}

func TestPagesSpeakTheReadersLanguage(t *testing.T) {
	o := newOffice(t)
	for asked, want := range map[string]string{"uk-UA,en;q=0.5": "Вхід", "en-GB": "Sign in", "fr,de": "Вхід", "": "Вхід", "de,en;q=0.1": "Sign in"} {
		b := o.browser()
		b.header.Set("Accept-Language", asked)
		b.get(signInPath).mustBe(t, 200, signInPath, want)
	}
	b := o.browser()
	b.get("/language/uk?to="+signInPath).mustBe(t, 200, signInPath, "Вхід")
	b.get(signInPath).mustBe(t, 200, signInPath, "Вхід")
	b.get("/language/en?to=//evil.example").mustBe(t, 200, signInPath, "Sign in")
}

func TestWhatSomebodyEnteredIsShownAsText(t *testing.T) {
	o := newOffice(t)
	got := o.browser().post(signInPath, "login", `"><script>alert(1)</script>`, "password", "хибний пароль")
	if got.status != 401 || strings.Contains(got.body, "<script>alert") {
		t.Error(got.body)
	}
}

func TestAFormThatIsTooLongIsRefused(t *testing.T) {
	o := newRegister(t)
	form := filledIn(o.link(merge.PersonID{}))
	form[3] = strings.Repeat("x", formBytes)
	if got := o.browser().post(welcomePath, form...); got.status < 400 {
		t.Errorf("status %d", got.status)
	}
}
