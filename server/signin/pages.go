package signin

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

//go:embed templates
var templates embed.FS

// Where the pages are.
const (
	homePath         = "/"
	signInPath       = "/sign-in"
	providerPath     = "/sign-in/provider"
	providerBackPath = "/sign-in/provider/back"
	signOutPath      = "/sign-out"
	welcomePath      = "/welcome"
	accountPath      = "/account"
	passwordPath     = "/account/password"
	// ProvePath is where somebody proves anew who it is; with ?to= and where to go
	// then.
	ProvePath = "/prove"
)

// formBytes bounds what a form or a browser's answer for a passkey has.
const formBytes = 64 << 10

// Console are the pages for who is signed in, beside those of this package.
type Console interface {
	// ServeHTTP answers a request whose context says whom it comes from.
	http.Handler
	// Places are the pages that somebody may open.
	Places(who auth.Principal) []page.Place
	// IsStream tells of a request that lasts as long as somebody listens.
	IsStream(r *http.Request) bool
}

// Admit lets a request of somebody who is signed in be worked on, in its turn.
type Admit func(ctx context.Context, stream bool) (leave func(), err error)

// Handler serves the pages, and those of a console, if there is one, to who is
// signed in.
func (s *Service) Handler(console Console, admit Admit) http.Handler {
	mux := http.NewServeMux()
	page.Handle(mux)
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET " + signInPath:                   s.showSignIn,
		"POST " + signInPath:                  s.signIn,
		"GET " + providerPath:                 s.goToProvider,
		"POST " + providerPath:                s.goToProvider,
		"GET " + providerBackPath:             s.backFromProvider,
		"POST " + signOutPath:                 s.signOut,
		"GET " + welcomePath:                  s.showWelcome,
		"POST " + welcomePath:                 s.welcome,
		"GET " + accountPath:                  s.showAccount,
		"POST " + accountPath + "/way/remove": s.removeWay,
		"GET " + passwordPath:                 s.showPassword,
		"POST " + passwordPath:                s.password,
		"GET " + ProvePath:                    s.showProve,
		"POST " + ProvePath:                   s.prove,
	} {
		mux.Handle(pattern, s.page(handle))
	}
	mux.Handle("POST /passkey/{purpose}/begin", s.script(s.beginKey))
	mux.Handle("POST /passkey/{purpose}/finish", s.script(s.finishKey))
	rest := noPage
	if s.console = console; console != nil {
		rest = s.toConsole(admit)
	}
	mux.Handle("/", s.page(rest))
	return s.guarded(mux)
}

var (
	errNoPage  = errors.New("no such page")
	errForeign = fault.New(fault.NoAccess, "a page of another site asked")
)

// noPage tells people so on a page. A program is told in the same words whatever
// it asked for.
func noPage(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == homePath && r.Method == http.MethodGet {
		http.Redirect(w, r, accountPath, http.StatusSeeOther)
		return nil
	}
	if r.Method == http.MethodGet {
		return errNoPage
	}
	http.NotFound(w, r)
	return nil
}

// guarded refuses what a page of another site asks for.
func (s *Service) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formBytes)
		if err := s.crossOrigin.Check(r); err != nil {
			s.tell(w, r, errForeign)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// page shows on a page of its own what a handler did not.
func (s *Service) page(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.Protect(w)
		if err := handle(w, r); err != nil {
			s.tell(w, r, err)
		}
	})
}

// tell answers with what went wrong.
func (s *Service) tell(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errNoSession) && page.IsPart(r) {
		w.Header().Set("HX-Redirect", signInPath+"?to="+url.QueryEscape(page.Whole(r)))
		return
	}
	if errors.Is(err, errNoSession) && r.Method == http.MethodGet {
		http.Redirect(w, r, signInPath+"?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if errors.Is(err, auth.ErrProve) {
		http.Redirect(w, r, ProvePath+"?to="+url.QueryEscape(accountPath), http.StatusSeeOther)
		return
	}
	p := page.Page{Name: "problem", Title: "problem.title"}
	if errors.Is(err, errNoPage) {
		p.Problem, p.Status = "problem.missing", http.StatusNotFound
	} else {
		s.explain(&p, err)
	}
	s.render(w, r, p)
}

// explain puts on a page what went wrong, and tells who looks after the server if
// it is that.
func (s *Service) explain(p *page.Page, err error) {
	p.Problem, p.Detail, p.Status = problemOf(err)
	if p.Status >= 500 && s.o.Trouble != nil {
		s.o.Trouble(err)
	}
}

// render shows a page. Who is signed in has the way to the other pages on it.
func (s *Service) render(w http.ResponseWriter, r *http.Request, p page.Page) {
	if who, err := s.Identify(r); err == nil && s.console != nil {
		p.Places = s.console.Places(who)
	}
	if err := s.pages.Write(w, r, p); err != nil && s.o.Trouble != nil {
		s.o.Trouble(err)
	}
}

// ways are what a page offers beside a password.
type ways struct {
	To       string
	Provider string // its name; empty for none
	Passkeys bool
}

func (s *Service) waysTo(to string) ways {
	w := ways{To: page.Within(to, homePath), Passkeys: s.passkeys != nil}
	if s.provider != nil {
		w.Provider = s.provider.Name
	}
	return w
}

type signInPage struct {
	ways
	Login string
}

func (s *Service) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Identify(r); err == nil {
		http.Redirect(w, r, page.Within(r.URL.Query().Get("to"), homePath), http.StatusSeeOther)
		return nil
	}
	s.render(w, r, page.Page{Name: "sign-in", Title: "sign_in.title", Data: signInPage{ways: s.waysTo(r.URL.Query().Get("to"))}})
	return nil
}

func (s *Service) signIn(w http.ResponseWriter, r *http.Request) error {
	login, to := strings.TrimSpace(r.PostFormValue("login")), r.PostFormValue("to")
	in, err := s.SignIn(r.Context(), s.o.Address(r), login, r.PostFormValue("password"))
	if err != nil {
		p := page.Page{Name: "sign-in", Title: "sign_in.title", Data: signInPage{s.waysTo(to), login}}
		s.explain(&p, err)
		s.waitHeader(w, err)
		s.render(w, r, p)
		return nil
	}
	s.enter(w, r, in.Token, to)
	return nil
}

// waitHeader says to programs how long to wait.
func (s *Service) waitHeader(w http.ResponseWriter, err error) {
	if wait := fault.WaitOf(err); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1)) // seconds, RFC 9110, 10.2.3
	}
}

// enter gives the browser a session, in place of another it may have.
func (s *Service) enter(w http.ResponseWriter, r *http.Request, token Token, to string) {
	s.keep(w, r, token)
	http.Redirect(w, r, page.Within(to, homePath), http.StatusSeeOther)
}

func (s *Service) keep(w http.ResponseWriter, r *http.Request, token Token) {
	if before, err := s.tokenOf(r); err == nil {
		s.sessions.end(before)
	}
	s.cookies.set(w, s.cookies.session, token.Text())
}

func (s *Service) signOut(w http.ResponseWriter, r *http.Request) error {
	if token, err := s.tokenOf(r); err == nil {
		if err := s.SignOut(r.Context(), token); err != nil && !errors.Is(err, errNoSession) {
			return err
		}
	}
	s.cookies.clear(w, s.cookies.session)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	http.Redirect(w, r, signInPath, http.StatusSeeOther)
	return nil
}
