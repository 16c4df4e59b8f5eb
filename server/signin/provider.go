package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Provider is an OpenID Connect provider that says who people are, such as the
// organisation's Keycloak, Entra ID or Google Workspace.
type Provider struct {
	// Issuer is its URL, exactly as its tokens have it.
	Issuer string
	// ClientID and ClientSecret are what the server was registered with there.
	ClientID, ClientSecret string
	// Name is what people call it.
	Name string
	// Client is how it is asked; nil for one with limits.
	Client *http.Client
}

// signedBy are how a provider may sign. None of them is of a secret that both
// know, and "none" is not among them.
var signedBy = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// Bounds of what a provider is asked and believed.
const (
	providerTimeout = 20 * time.Second
	providerBytes   = 1 << 20
	// aheadMillis is how much its clock may be ahead of ours.
	aheadMillis = minute
)

type provider struct {
	Provider
	back string

	mu    sync.Mutex // held by the one who asks for it
	found *discovered
}

// discovered is what the provider says of itself.
type discovered struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	// namesItself says that it answers with its issuer (RFC 9207).
	namesItself bool
}

func newProvider(p Provider, at *url.URL) (*provider, error) {
	issuer, err := url.Parse(p.Issuer)
	if err != nil || issuer.Host == "" || issuer.Scheme != "https" && (issuer.Scheme != "http" || !isLoopback(issuer.Hostname())) {
		return nil, fmt.Errorf("sign-in: the issuer %q is no address such as https://login.example.org/realms/office, as the provider's tokens have it", p.Issuer)
	}
	if p.ClientID == "" {
		return nil, errors.New("sign-in: a provider needs the client id under which this server is registered there")
	}
	if p.Name == "" {
		p.Name = issuer.Hostname()
	}
	if p.Client == nil {
		p.Client = &http.Client{Timeout: providerTimeout}
	}
	client := *p.Client
	client.Transport = bounded{client.Transport}
	p.Client = &client
	return &provider{Provider: p, back: at.JoinPath(providerBackPath).String()}, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// bounded cuts off answers that are longer than any provider's.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, providerBytes), answer.Body}
	}
	return answer, err
}

var errProviderSilent = fault.New(fault.Unavailable, "the provider does not answer: try again, or sign in another way")

// discover asks the provider about itself, until it has answered once.
func (p *provider) discover(now func() int64) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// Its keys are fetched later, too, when this request is over.
	of, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.Client), p.Issuer)
	if err != nil {
		var network net.Error
		if errors.As(err, &network) {
			return nil, fmt.Errorf("%w: %w", errProviderSilent, err)
		}
		return nil, fmt.Errorf("%w: %s: %w", errProviderSilent, p.Issuer, err)
	}
	var more struct {
		NamesItself bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := of.Claims(&more); err != nil {
		return nil, fmt.Errorf("%w: %w", errProviderSilent, err)
	}
	p.found = &discovered{
		oauth: oauth2.Config{
			ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: of.Endpoint(),
			RedirectURL: p.back, Scopes: []string{oidc.ScopeOpenID},
		},
		verifier: of.Verifier(&oidc.Config{
			ClientID: p.ClientID, SupportedSigningAlgs: signedBy, Now: func() time.Time { return time.UnixMilli(now()) },
		}),
		namesItself: more.NamesItself,
	}
	return p.found, nil
}

// ask returns where a browser goes to prove itself.
func (d *discovered) ask(begun proof) string {
	options := []oauth2.AuthCodeOption{oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier)}
	if begun.purpose == toProve {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return d.oauth.AuthCodeURL(begun.state, options...)
}

var (
	errProvider = fault.New(fault.Unauthenticated, "what came back from the provider is no proof of who you are: begin again")
	errOldProof = fault.New(fault.Unauthenticated, "the provider did not ask anew who you are: sign out there, or prove yourself another way")
)

// subject returns as whom the provider knows the person who comes back from it.
func (p *provider) subject(ctx context.Context, d *discovered, begun proof, q url.Values, nowMillis int64) (string, error) {
	switch iss := q.Get("iss"); {
	case !same(q.Get("state"), begun.state):
		return "", fmt.Errorf("%w: another state", errProvider)
	case iss != p.Issuer && (iss != "" || d.namesItself):
		return "", fmt.Errorf("%w: another issuer answered", errProvider)
	case q.Get("error") != "" || q.Get("code") == "":
		return "", fmt.Errorf("%w: it said %.60q", errProvider, q.Get("error"))
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.Client), providerTimeout)
	defer cancel()
	answer, err := d.oauth.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errProvider, err)
	}
	text, _ := answer.Extra("id_token").(string)
	token, err := d.verifier.Verify(ctx, text)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errProvider, err)
	}
	return token.Subject, checkClaims(token, d.oauth.ClientID, begun, nowMillis)
}

// checkClaims checks what the verifier leaves to its caller.
func checkClaims(token *oidc.IDToken, clientID string, begun proof, nowMillis int64) error {
	var claims struct {
		AuthorizedParty string `json:"azp"`
		AuthTime        int64  `json:"auth_time"` // seconds since 1970
	}
	if err := token.Claims(&claims); err != nil {
		return fmt.Errorf("%w: %w", errProvider, err)
	}
	switch {
	case !same(token.Nonce, begun.nonce):
		return fmt.Errorf("%w: another nonce", errProvider)
	case (len(token.Audience) > 1 || claims.AuthorizedParty != "") && claims.AuthorizedParty != clientID:
		return fmt.Errorf("%w: it is for another party", errProvider)
	case token.Subject == "":
		return fmt.Errorf("%w: of nobody", errProvider)
	case begun.purpose == toProve && !isRecent(claims.AuthTime*1000, nowMillis):
		return errOldProof
	}
	return nil
}

func isRecent(atMillis, nowMillis int64) bool {
	return nowMillis-atMillis < provenMillis && atMillis-nowMillis < aheadMillis
}

func same(a, b string) bool { return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
