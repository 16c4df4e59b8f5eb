package signin

import (
	"encoding/hex"
	"net/http"
	"time"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

type accountPage struct {
	ways
	Organisation, Name, Login string
	Keys                      []keyRow
	Providers                 []string
}

type keyRow struct{ ID, Added string }

func (s *Service) showAccount(w http.ResponseWriter, r *http.Request) error {
	_, row, err := s.who(r)
	if err != nil {
		return err
	}
	view, err := s.o.Directory.View()
	if err != nil {
		return err
	}
	data := accountPage{
		ways: s.waysTo(accountPath), Name: row.Name, Login: directory.Local(row).GetLogin(),
		Organisation: view.Organisation(directory.OrganisationID(row.OrganisationId)).GetName(),
	}
	for _, key := range directory.Passkeys(row) {
		data.Keys = append(data.Keys, keyRow{hex.EncodeToString(key.CredentialId), time.UnixMilli(key.AddedMillis).UTC().Format("2006-01-02")})
	}
	for _, account := range row.SignInAccounts {
		if o := account.GetOpenId(); o != nil {
			data.Providers = append(data.Providers, o.Issuer)
		}
	}
	s.render(w, r, page.Page{Name: "account", Title: "account.title", User: row.Name, Data: data})
	return nil
}

func (s *Service) who(r *http.Request) (auth.Principal, *directoryv1.User, error) {
	who, err := s.Identify(r)
	if err != nil {
		return who, nil, err
	}
	row, err := s.user(who)
	return who, row, err
}

var errLastWay = fault.New(fault.Invalid, "this is the only way in which you sign in: add another first")

// removeWay takes a passkey away.
func (s *Service) removeWay(w http.ResponseWriter, r *http.Request) error {
	who, row, err := s.who(r)
	if err != nil {
		return err
	}
	if err := who.Fresh(); err != nil {
		return err
	}
	if len(row.SignInAccounts) < 2 {
		return errLastWay
	}
	id, err := hex.DecodeString(r.PostFormValue("key"))
	if err != nil {
		return fault.New(fault.Invalid, "no id of a passkey")
	}
	if err := s.note(r.Context(), PasskeyRemoved, who.Person, row, ""); err != nil {
		return err
	}
	key := directory.ByPasskey(&directoryv1.Passkey{CredentialId: id})
	if err := s.o.Directory.In(who.Organisation).RemoveAccount(r.Context(), who.Person, who.Person, key); err != nil {
		return err
	}
	s.sessions.endOf(who.Person, who.Session)
	http.Redirect(w, r, accountPath, http.StatusSeeOther)
	return nil
}

type passwordPage struct{ Login string }

func (s *Service) showPassword(w http.ResponseWriter, r *http.Request) error {
	_, row, err := s.who(r)
	if err != nil {
		return err
	}
	local := directory.Local(row)
	if local == nil {
		return errNoPassword
	}
	s.render(w, r, page.Page{Name: "password", Title: "password.title", User: row.Name, Data: passwordPage{local.Login}})
	return nil
}

func (s *Service) password(w http.ResponseWriter, r *http.Request) error {
	who, row, err := s.who(r)
	if err != nil {
		return err
	}
	next := r.PostFormValue("new")
	if err = errAgain; next == r.PostFormValue("again") {
		err = s.changePassword(r.Context(), s.o.Address(r), who, r.PostFormValue("present"), next)
	}
	if err != nil {
		p := page.Page{Name: "password", Title: "password.title", User: row.Name, Data: passwordPage{directory.Local(row).GetLogin()}}
		s.explain(&p, err)
		s.waitHeader(w, err)
		s.render(w, r, p)
		return nil
	}
	http.Redirect(w, r, accountPath, http.StatusSeeOther)
	return nil
}

var errAgain = fault.New(fault.Invalid, "the passwords differ: type the same twice")

type provePage struct {
	ways
	Login string // empty for who has no password
}

func (s *Service) provePageOf(row *directoryv1.User, to string) page.Page {
	data := provePage{s.waysTo(to), directory.Local(row).GetLogin()}
	data.Passkeys = data.Passkeys && len(directory.Passkeys(row)) > 0
	if !s.knownToProvider(row) {
		data.Provider = ""
	}
	return page.Page{Name: "prove", Title: "prove.title", User: row.Name, Data: data}
}

func (s *Service) knownToProvider(row *directoryv1.User) bool {
	for _, account := range row.GetSignInAccounts() {
		if o := account.GetOpenId(); s.provider != nil && o.GetIssuer() == s.provider.Issuer {
			return true
		}
	}
	return false
}

func (s *Service) showProve(w http.ResponseWriter, r *http.Request) error {
	_, row, err := s.who(r)
	if err != nil {
		return err
	}
	s.render(w, r, s.provePageOf(row, r.URL.Query().Get("to")))
	return nil
}

// prove is by password.
func (s *Service) prove(w http.ResponseWriter, r *http.Request) error {
	who, row, err := s.who(r)
	if err != nil {
		return err
	}
	to := r.PostFormValue("to")
	if err := s.provePassword(w, r, who, row); err != nil {
		p := s.provePageOf(row, to)
		s.explain(&p, err)
		s.waitHeader(w, err)
		s.render(w, r, p)
		return nil
	}
	http.Redirect(w, r, page.Within(to, accountPath), http.StatusSeeOther)
	return nil
}

func (s *Service) provePassword(w http.ResponseWriter, r *http.Request, who auth.Principal, row *directoryv1.User) error {
	local := directory.Local(row)
	if local == nil {
		return errNoPassword
	}
	if _, _, err := s.byPassword(r.Context(), s.o.Address(r), local.Login, r.PostFormValue("password")); err != nil {
		return err
	}
	return s.proven(w, r, who, byPassword)
}

// proven gives the browser the session's next token.
func (s *Service) proven(w http.ResponseWriter, r *http.Request, who auth.Principal, how by) error {
	token, err := s.tokenOf(r)
	if err != nil {
		return err
	}
	next, err := s.proveAnew(r.Context(), token, who, how)
	if err != nil {
		return err
	}
	s.cookies.set(w, s.cookies.session, next.Text())
	return nil
}
