package signin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// keeper is a device that keeps passkeys, and the person who touches it.
type keeper struct {
	*browser
	party virtualwebauthn.RelyingParty
	keys  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
}

// newKey is of RSA: the package writes coordinates of a curve that begin with a
// zero byte too short, which is once in 128 keys.
func newKey() virtualwebauthn.Credential {
	return virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)
}

func (b *browser) keeper() *keeper {
	return &keeper{
		browser: b, keys: virtualwebauthn.NewAuthenticator(), key: newKey(),
		party: virtualwebauthn.RelyingParty{Name: "Zhurnal", ID: "localhost", Origin: b.at.String()},
	}
}

// begin asks what the keeper is to be asked.
func (k *keeper) begin(purpose purpose, form ...string) string {
	k.Helper()
	got := k.post("/passkey/"+string(purpose)+"/begin", form...)
	if got.status != 200 {
		k.Fatalf("begin: status %d %s", got.status, got.body)
	}
	return got.body
}

func (k *keeper) finish(purpose purpose, answer string) shown {
	k.Helper()
	r, err := http.NewRequestWithContext(k.Context(), http.MethodPost, k.at.String()+"/passkey/"+string(purpose)+"/finish", strings.NewReader(answer))
	k.must(err)
	r.Header.Set("Content-Type", "application/json")
	return k.do(r)
}

// make makes a key.
func (k *keeper) make(purpose purpose, form ...string) shown {
	k.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(k.begin(purpose, form...))
	k.must(err)
	got := k.finish(purpose, virtualwebauthn.CreateAttestationResponse(k.party, k.keys, k.key, *options))
	k.keys.AddCredential(k.key)
	return got
}

// use answers with the key of a user.
func (k *keeper) use(purpose purpose, user merge.PersonID) string {
	k.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(k.begin(purpose))
	k.must(err)
	k.keys.Options.UserHandle = user[:]
	return virtualwebauthn.CreateAssertionResponse(k.party, k.keys, k.key, *options)
}

func (s shown) mustLeadTo(t testing.TB, path string) {
	t.Helper()
	var to next
	if err := json.Unmarshal([]byte(s.body), &to); err != nil || s.status != 200 || to.To != path {
		t.Fatalf("status %d: %s", s.status, s.body)
	}
}

func (s shown) mustTell(t testing.TB, status int, problem string) {
	t.Helper()
	if s.status != status || !strings.Contains(s.body, problem) {
		t.Fatalf("status %d, wanted %d with %q: %s", s.status, status, problem, s.body)
	}
}

// withKey is Iryna's browser, with a passkey that she added.
func (o *office) withKey() *keeper {
	o.Helper()
	k := o.browser().keeper()
	k.signInByForm().mustBe(o, 200, accountPath, "Ірина")
	k.make(toAdd).mustLeadTo(o, accountPath)
	return k
}

func TestAPasskeySignsIn(t *testing.T) {
	o := newOffice(t)
	k := o.withKey()
	k.get(accountPath).mustBe(t, 200, accountPath, "Added 2026-01-01")
	k.post(signOutPath).mustBe(t, 200, signInPath, "Sign in")
	k.finish(toSignIn, k.use(toSignIn, o.iryna)).mustLeadTo(t, accountPath)
	k.get(accountPath).mustBe(t, 200, accountPath, "Ірина")
	if o.audit.count(PasskeyAdded) != 1 || o.audit.count(SignedIn) != 2 {
		t.Errorf("kept: %+v", o.audit.events)
	}
}

func TestAnAnswerOfAPasskeyIsGoodOnceForWhatItWasAsked(t *testing.T) {
	o := newOffice(t)
	k := o.withKey()
	answer := k.use(toSignIn, o.iryna)
	k.finish(toSignIn, answer).mustLeadTo(t, accountPath)
	k.finish(toSignIn, answer).mustTell(t, 422, "not begun in this browser")
	k.begin(toSignIn) // another challenge
	k.finish(toSignIn, answer).mustTell(t, 401, "did not prove itself")
	answer = k.use(toProve, o.iryna)
	k.finish(toSignIn, answer).mustTell(t, 422, "not begun in this browser")
	other := o.browser()
	other.keeper().finish(toSignIn, answer).mustTell(t, 422, "not begun in this browser")
}

func TestAPasskeyThatDoesNotProveItselfSignsNobodyIn(t *testing.T) {
	for name, spoil := range map[string]func(k *keeper){
		"for another site":        func(k *keeper) { k.party.Origin = "https://evil.example" },
		"of another site":         func(k *keeper) { k.party.ID = "evil.example" },
		"its owner was not asked": func(k *keeper) { k.keys.Options.UserNotVerified = true },
		"nobody was there":        func(k *keeper) { k.keys.Options.UserNotPresent = true },
		"another key, the same id": func(k *keeper) {
			id := k.key.ID
			k.key = newKey()
			k.key.ID = id
		},
		"a key that is not known": func(k *keeper) { k.key = newKey() },
		"its owner has ended":     func(k *keeper) { k.end(k.iryna) },
	} {
		o := newOffice(t)
		k := o.withKey()
		k.post(signOutPath)
		spoil(k)
		k.finish(toSignIn, k.use(toSignIn, o.iryna)).mustTell(t, 401, "did not prove itself")
		if len(o.service.sessions.byHash) != 0 || o.audit.count(SignInFailed) != 1 {
			t.Errorf("%s: %d sessions, kept %+v", name, len(o.service.sessions.byHash), o.audit.events)
		}
	}
}

func TestAPasskeyOfOneIsNotAnothers(t *testing.T) {
	o := newOffice(t)
	k := o.withKey()
	oleh := o.user("Олег")
	k.post(signOutPath)
	k.finish(toSignIn, k.use(toSignIn, oleh)).mustTell(t, 401, "did not prove itself")
	k.finish(toSignIn, k.use(toSignIn, merge.PersonID{1})).mustTell(t, 401, "did not prove itself")
}

func TestAPasskeyThatCountsBackWasCopied(t *testing.T) {
	o := newOffice(t)
	k := o.withKey()
	k.key.Counter = 7
	k.finish(toSignIn, k.use(toSignIn, o.iryna)).mustLeadTo(t, accountPath)
	view, err := o.dir.View()
	o.must(err)
	if keys := directory.Passkeys(view.User(o.iryna)); len(keys) != 1 || keys[0].SignCount != 7 {
		t.Errorf("%v", keys)
	}
	k.finish(toSignIn, k.use(toSignIn, o.iryna)).mustTell(t, 401, "did not prove itself")
	k.key.Counter = 8
	k.finish(toSignIn, k.use(toSignIn, o.iryna)).mustLeadTo(t, accountPath)
}

func TestTheFirstAdministratorMayHaveAPasskeyAndNoPassword(t *testing.T) {
	o := newRegister(t)
	k := o.browser().keeper()
	link := o.link(merge.PersonID{})
	k.make(toUse, "link", link, "organisation", "Опора", "name", "Ірина").mustLeadTo(t, accountPath)
	k.get(accountPath).mustBe(t, 200, accountPath, "Опора")
	view, err := o.dir.View()
	o.must(err)
	iryna, _ := view.UserByPasskey(k.key.ID)
	k.post(signOutPath)
	k.finish(toSignIn, k.use(toSignIn, iryna)).mustLeadTo(t, accountPath)
	// The link is used.
	k.post("/passkey/link/begin", "link", link, "organisation", "Опора", "name", "Ірина").mustTell(t, 404, "was used")
	k.get(passwordPath).mustBe(t, 422, passwordPath, "without a password")
}

func TestAPasskeyProvesAnew(t *testing.T) {
	o := newOffice(t)
	k := o.withKey()
	o.pass(provenMillis)
	if k.who().Proven {
		t.Fatal("fresh without a proof")
	}
	before := k.cookie(o.service.cookies.session).Value
	k.finish(toProve, k.use(toProve, o.iryna)).mustLeadTo(t, accountPath)
	if !k.who().Proven || k.cookie(o.service.cookies.session).Value == before {
		t.Error("not fresh, or by the same token")
	}
}

func TestAddingAndRemovingAPasskeyNeedsAFreshProof(t *testing.T) {
	o := newOffice(t)
	k := o.withKey()
	o.pass(provenMillis)
	k.post("/passkey/add/begin").mustLeadTo(t, ProvePath+"?to="+accountPath)
	id := keyID(o)
	k.post(accountPath+"/way/remove", "key", id).mustBe(t, 200, ProvePath, "Prove that it is you")
	k.post(ProvePath, "password", irynasPassword).mustBe(t, 200, accountPath, "Ірина")
	k.post(accountPath+"/way/remove", "key", id).mustBe(t, 200, accountPath, "no passkeys yet")
	if o.audit.count(Proven) != 1 || o.audit.count(PasskeyRemoved) != 1 {
		t.Errorf("kept: %+v", o.audit.events)
	}
}

func keyID(o *office) string {
	view, err := o.dir.View()
	o.must(err)
	keys := directory.Passkeys(view.User(o.iryna))
	if len(keys) != 1 {
		o.Fatalf("%v", keys)
	}
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range keys[0].CredentialId {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func TestTheLastWayToSignInStays(t *testing.T) {
	o := newRegister(t)
	k := o.browser().keeper()
	k.make(toUse, "link", o.link(merge.PersonID{}), "organisation", "Опора", "name", "Ірина").mustLeadTo(t, accountPath)
	view, err := o.dir.View()
	o.must(err)
	o.iryna, _ = view.UserByPasskey(k.key.ID)
	k.post(accountPath+"/way/remove", "key", keyID(o)).mustBe(t, 422, accountPath+"/way/remove", "only way")
}

func TestAServerWithoutANameHasNoPasskeys(t *testing.T) {
	o := newOffice(t, func(o *Options) { o.URL = strings.Replace(o.URL, "localhost", "127.0.0.1", 1) })
	b := o.browser()
	if got := b.get(signInPath); strings.Contains(got.body, "passkey") {
		t.Error(got.body)
	}
	b.post("/passkey/sign-in/begin").mustTell(t, 422, "server with a name")
}
