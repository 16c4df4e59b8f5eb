package signin

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/zhurnal/zhurnal/server/directory"
)

// liar is a provider that answers what a test tells it to.
type liar struct {
	*httptest.Server
	key *rsa.PrivateKey
	// namesItself says so in what it tells of itself.
	namesItself bool
	// token makes its token of what it was asked for.
	token func(nonce string) string
	nonce string
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	l := new(liar)
	var err error
	if l.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, what any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(what)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": l.URL, "authorization_endpoint": l.URL + "/authorize", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/keys",
			// It says that it signs by what must not be believed.
			"id_token_signing_alg_values_supported":          []string{"none", "HS256", "RS256"},
			"authorization_response_iss_parameter_supported": l.namesItself,
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.key.Public(), KeyID: "1", Use: "sig"}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("code_verifier") == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": l.token(l.nonce)})
	})
	l.Server = httptest.NewServer(mux)
	t.Cleanup(l.Close)
	return l
}

func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// attack is one thing that is wrong with what comes back.
type attack struct {
	name string
	// claims change those of a token that is good.
	claims map[string]any
	// token makes it in another way.
	token func(good map[string]any) string
	// back changes the address to which the browser is sent.
	back func(url.Values)
	// namesItself: the provider says that it answers with its issuer.
	namesItself bool
	good        bool
}

func TestForgedAnswersOfAProviderAreNoProof(t *testing.T) {
	text := func(v any) string {
		data, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	another, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := newLiar(t)
	for _, a := range []attack{
		{name: "a good one, or the test shows nothing", good: true},
		{name: "a good one that names itself", good: true, namesItself: true, back: func(q url.Values) { q.Set("iss", l.URL) }},
		{name: "one of several audiences, and for us", good: true, claims: map[string]any{"aud": []string{clientID, "other"}, "azp": clientID}},
		{name: "another issuer signed it", claims: map[string]any{"iss": "https://evil.example"}},
		{name: "mix-up: another issuer answered", back: func(q url.Values) { q.Set("iss", "https://evil.example") }},
		{name: "mix-up: it should have named itself", namesItself: true},
		{name: "another audience", claims: map[string]any{"aud": "other"}},
		{name: "no audience", claims: map[string]any{"aud": nil}},
		{name: "several audiences, and for another party", claims: map[string]any{"aud": []string{clientID, "other"}, "azp": "other"}},
		{name: "several audiences, and nobody says for whom", claims: map[string]any{"aud": []string{clientID, "other"}}},
		{name: "another nonce", claims: map[string]any{"nonce": "of another sign-in"}},
		{name: "no nonce", claims: map[string]any{"nonce": nil}},
		{name: "an empty nonce", claims: map[string]any{"nonce": ""}},
		{name: "it has run out", claims: map[string]any{"exp": 1}},
		{name: "nobody", claims: map[string]any{"sub": ""}},
		{name: "another key", token: func(good map[string]any) string { return sign(t, jose.RS256, another, good) }},
		{name: "alg none", token: func(good map[string]any) string {
			return text(map[string]any{"alg": "none", "typ": "JWT"}) + "." + text(good) + "."
		}},
		{name: "HS256 with the public key as the secret", token: func(good map[string]any) string {
			return sign(t, jose.HS256, l.key.N.Bytes(), good)
		}},
		{name: "HS256 with the client's secret", token: func(good map[string]any) string {
			return sign(t, jose.HS256, []byte(clientSecret+clientSecret), good)
		}},
		{name: "altered", token: func(good map[string]any) string {
			parts := strings.Split(sign(t, jose.RS256, l.key, good), ".")
			good["sub"] = "42"
			good["extra"] = 1
			return parts[0] + "." + text(good) + "." + parts[2]
		}},
		{name: "no token", token: func(map[string]any) string { return "" }},
		{name: "another state", back: func(q url.Values) { q.Set("state", "of another sign-in") }},
		{name: "no state", back: func(q url.Values) { q.Del("state") }},
		{name: "no code", back: func(q url.Values) { q.Del("code") }},
		{name: "an error", back: func(q url.Values) { q.Set("error", "access_denied") }},
	} {
		t.Run(a.name, func(t *testing.T) { a.try(t, l) })
	}
}

func (a attack) try(t *testing.T, l *liar) {
	l.namesItself = a.namesItself
	o := newOffice(t, func(o *Options) {
		o.Provider = &Provider{Issuer: l.URL, ClientID: clientID, ClientSecret: clientSecret}
	})
	o.must(o.dir.In(o.org).AddAccount(t.Context(), o.iryna, o.iryna, directory.ByOpenID(l.URL, "42")))
	l.token = func(nonce string) string {
		good := map[string]any{"iss": l.URL, "aud": clientID, "sub": "42", "nonce": nonce, "iat": o.clock.Load() / 1000, "exp": o.clock.Load()/1000 + 300}
		maps.Copy(good, a.claims)
		if a.token != nil {
			return a.token(good)
		}
		return sign(t, jose.RS256, l.key, good)
	}
	b := o.browser()
	got := b.get(b.begin(l) + "?" + b.answer(a).Encode())
	if a.good {
		got.mustBe(t, 200, accountPath, "Ірина")
		return
	}
	got.mustBe(t, 401, providerBackPath, "no proof of who you are")
	b.get(accountPath).mustBe(t, 200, signInPath, "Sign in")
	if o.audit.count(SignInFailed) != 1 || len(o.service.sessions.byHash) != 0 {
		t.Errorf("kept: %+v, %d sessions", o.audit.events, len(o.service.sessions.byHash))
	}
}

// begin goes to the provider and notes what it is asked.
func (b *browser) begin(l *liar) (back string) {
	b.Helper()
	stopping := &http.Client{Jar: b.client.Jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stopping.Get(b.at.String() + providerPath)
	b.must(err)
	resp.Body.Close()
	asked, err := resp.Location()
	b.must(err)
	b.asked = asked.Query()
	if b.asked.Get("code_challenge_method") != "S256" || len(b.asked.Get("code_challenge")) != 43 || b.asked.Get("response_type") != "code" {
		b.Errorf("asked without PKCE: %v", b.asked)
	}
	l.nonce = b.asked.Get("nonce")
	return providerBackPath
}

func (b *browser) answer(a attack) url.Values {
	q := url.Values{"state": {b.asked.Get("state")}, "code": {"code"}}
	if a.back != nil {
		a.back(q)
	}
	return q
}

func TestAnOldProofOfAProviderIsNotFresh(t *testing.T) {
	l := newLiar(t)
	o := newOffice(t, func(o *Options) { o.Provider = &Provider{Issuer: l.URL, ClientID: clientID} })
	o.must(o.dir.In(o.org).AddAccount(t.Context(), o.iryna, o.iryna, directory.ByOpenID(l.URL, "42")))
	for age, want := range map[any]int{nil: 401, provenMillis / 1000: 401, -2 * aheadMillis / 1000: 401, int64(10): 200} {
		l.token = func(nonce string) string {
			claims := map[string]any{"iss": l.URL, "aud": clientID, "sub": "42", "nonce": nonce, "exp": o.clock.Load()/1000 + 300}
			if seconds, ok := age.(int64); ok {
				claims["auth_time"] = o.clock.Load()/1000 - seconds
			}
			return sign(t, jose.RS256, l.key, claims)
		}
		b := o.browser()
		b.signInByForm().mustBe(t, 200, accountPath, "Ірина")
		o.pass(provenMillis)
		path := b.begin(l)
		if b.asked.Get("prompt") != "login" || b.asked.Get("max_age") != "0" {
			t.Errorf("asked for %v", b.asked)
		}
		if got := b.get(path + "?" + b.answer(attack{}).Encode()); got.status != want {
			t.Errorf("%v s old: status %d\n%s", age, got.status, got.body)
		}
		if who := b.who(); who.Proven != (want == 200) {
			t.Errorf("%v s old: %+v", age, who)
		}
	}
}
