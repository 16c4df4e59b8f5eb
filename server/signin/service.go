package signin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Auditor keeps what was done; see audit.Log. What it cannot keep is not done.
type Auditor interface {
	Append(ctx context.Context, events ...audit.Event) error
}

// Options say how people sign in.
type Options struct {
	Directory *directory.Directory
	Audit     Auditor
	Now       func() int64 // milliseconds since 1970
	Random    io.Reader    // unguessable bytes, to many at once
	// URL is where browsers find the server, such as https://register.example.org.
	URL string
	// Address tells where a request comes from; nil: from whom it was received.
	Address func(*http.Request) netip.Addr
	// Provider is who proves people, beside this server; nil for none.
	Provider *Provider
	// Trouble is told of what somebody at the server has to look at.
	Trouble func(error)

	// cost is how much work a password's hash is; tests take less.
	cost argon2id.Params
}

// Service signs people in.
type Service struct {
	o           Options
	at          *url.URL
	sessions    sessions
	links       links
	pending     pending
	passwords   *passwords
	passkeys    *webauthn.WebAuthn
	provider    *provider // nil for none
	cookies     cookies
	crossOrigin *http.CrossOriginProtection
	pages       *page.Renderer
	console     Console // nil for none
	// ofAddress and ofLogin bound passwords that are tried, starts what is begun
	// without any proof.
	ofAddress, ofLogin, starts *attempts
}

// How often something may be tried. Who mistypes does not notice. Who guesses
// gets, of one login, 10 passwords and then 1440 in a day.
const (
	loginAtOnce, loginEvery     = 10, time.Minute
	addressAtOnce, addressEvery = 30, 10 * time.Second // an office behind one address
	startsAtOnce, startsEvery   = 60, time.Second
)

// New returns a service. It asks nothing of the provider yet.
func New(o Options) (*Service, error) {
	at, err := url.Parse(o.URL)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.Path != "" && at.Path != "/" || at.RawQuery != "" || at.User != nil {
		return nil, fmt.Errorf("sign-in: %q is not where browsers find a server, such as https://register.example.org", o.URL)
	}
	if o.cost.Memory == 0 {
		o.cost = usualCost
	}
	if o.Address == nil {
		o.Address = guard.Exposure{}.Client
	}
	s := &Service{
		o: o, at: &url.URL{Scheme: at.Scheme, Host: at.Host},
		sessions:    sessions{directory: o.Directory, now: o.Now, random: o.Random, byHash: map[[32]byte]*session{}},
		links:       links{now: o.Now, random: o.Random, byUser: map[merge.PersonID]*link{}},
		pending:     pending{now: o.Now, random: o.Random, byHash: map[[32]byte]proof{}},
		cookies:     cookiesAt(at),
		crossOrigin: http.NewCrossOriginProtection(),
		ofAddress:   newAttempts(addressAtOnce, addressEvery, o.Now),
		ofLogin:     newAttempts(loginAtOnce, loginEvery, o.Now),
		starts:      newAttempts(startsAtOnce, startsEvery, o.Now),
	}
	if s.passwords, err = newPasswords(o.cost, func(to []byte) error { return secret(o.Random, to) }); err != nil {
		return nil, err
	}
	if s.passkeys, err = newPasskeys(s.at); err != nil {
		return nil, err
	}
	if s.pages, err = page.New(o.Now, templates); err != nil {
		return nil, err
	}
	if o.Provider != nil {
		if s.provider, err = newProvider(*o.Provider, s.at); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// NeedsFirst tells whether the register has no administrator yet.
func (s *Service) NeedsFirst() (bool, error) {
	view, err := s.o.Directory.View()
	if err != nil {
		return false, err
	}
	return !view.HasAdministrator(), nil
}

// MakeLink returns a link that is good once, for 24 hours: for a user who cannot
// sign in, or, if the user is zero, for the first administrator. Who asks for it
// is the operator, or somebody who may let that user in.
func (s *Service) MakeLink(ctx context.Context, by, user merge.PersonID) (link string, expiresMillis int64, err error) {
	view, err := s.o.Directory.View()
	if err != nil {
		return "", 0, err
	}
	event := audit.Event{Action: LinkMade, By: idText(by), Person: idText(user)}
	row := view.User(user)
	switch {
	case user == (merge.PersonID{}) && view.HasAdministrator():
		return "", 0, fault.New(fault.Invalid, "%w; if none of them can sign in any more, make a link for one of them (--user)", directory.ErrNotFirst)
	case user == (merge.PersonID{}):
	case !isActive(row):
		return "", 0, fault.New(fault.NotFound, "there is no such user, or no longer")
	default:
		event.Organisation = directory.OrganisationID(row.OrganisationId).String()
	}
	if err := s.o.Audit.Append(ctx, event); err != nil {
		return "", 0, err
	}
	text, expires, err := s.links.make(user)
	if err != nil {
		return "", 0, err
	}
	return s.at.JoinPath(welcomePath).String() + "?link=" + text, expires, nil
}

func idText(id merge.PersonID) string {
	if id == (merge.PersonID{}) {
		return ""
	}
	return id.String()
}

// EndUser ends all sessions of a user at once. One who has ended in the directory
// is let in no more without it.
func (s *Service) EndUser(user merge.PersonID) { s.sessions.endOf(user, auth.SessionID{}) }
