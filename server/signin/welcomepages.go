package signin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
)

type welcomePage struct {
	ways
	Link, Organisation, Name, Login string
	First                           bool
	HasOrganisation, HasLogin       bool
}

func (s *Service) welcomePageOf(in welcome) (page.Page, error) {
	_, row, err := s.linked(in)
	if err != nil {
		return page.Page{}, err
	}
	first := len(row.OrganisationId) == 0
	data := welcomePage{ways: s.waysTo(""), Link: in.link, Organisation: in.organisation, Name: row.Name, Login: in.login, First: first}
	if first {
		view, err := s.o.Directory.View()
		if err != nil {
			return page.Page{}, err
		}
		only, is, err := view.OnlyOrganisation()
		if err != nil {
			return page.Page{}, err
		}
		if is {
			data.Organisation, data.HasOrganisation = view.Organisation(only).Name, true
		}
	}
	if local := directory.Local(row); local != nil {
		data.Login, data.HasLogin = local.Login, true
	}
	title := "link.title"
	if first {
		title = "first.title"
	}
	return page.Page{Name: "welcome", Title: title, Data: data}, nil
}

func (s *Service) showWelcome(w http.ResponseWriter, r *http.Request) error {
	p, err := s.welcomePageOf(welcome{link: r.URL.Query().Get("link")})
	if err != nil {
		return err
	}
	s.render(w, r, p)
	return nil
}

// welcomeOf reads the form behind a link.
func welcomeOf(r *http.Request) welcome {
	return welcome{
		link: r.PostFormValue("link"), organisation: strings.TrimSpace(r.PostFormValue("organisation")),
		name: strings.TrimSpace(r.PostFormValue("name")), login: strings.TrimSpace(r.PostFormValue("login")),
	}
}

// welcome is by password.
func (s *Service) welcome(w http.ResponseWriter, r *http.Request) error {
	in := welcomeOf(r)
	token, err := s.welcomePassword(r, in)
	if err == nil {
		s.enter(w, r, token, "")
		return nil
	}
	p, gone := s.welcomePageOf(in)
	if gone != nil || errors.Is(err, errLink) {
		return err
	}
	s.explain(&p, err)
	s.render(w, r, p)
	return nil
}

func (s *Service) welcomePassword(r *http.Request, in welcome) (Token, error) {
	_, row, err := s.linked(in)
	if err != nil {
		return Token{}, err
	}
	password := r.PostFormValue("new")
	if password != r.PostFormValue("again") {
		return Token{}, errAgain
	}
	account, err := s.byNewPassword(r.Context(), in, row, password)
	if err != nil {
		return Token{}, err
	}
	return s.useLink(r.Context(), in, [16]byte{}, account)
}
