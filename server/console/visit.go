package console

import (
	"context"
	"net/http"
	"net/url"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// visit is one request of somebody who is signed in.
type visit struct {
	*Console
	w    http.ResponseWriter
	r    *http.Request
	who  auth.Principal
	view *directory.View
}

// enter finds out who asks, and refuses who has no business there.
func (v *visit) enter(r *route) (err error) {
	if v.who, err = auth.Caller(v.r.Context()); err != nil {
		return err
	}
	if v.view, err = v.o.Directory.View(); err != nil {
		return err
	}
	if !r.openTo(v.view, v.who, v.o.Now()) {
		return errNoPage
	}
	return nil
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// asked is a parameter of the address, or of the form that was sent.
func (v *visit) asked(name string) string { return v.r.FormValue(name) }

// show renders a page, with who reads it and the way to the others. What was done
// before, if it is that which led here, is said on it.
func (v *visit) show(p page.Page) error {
	p.User, p.Places = v.view.User(v.who.Person).GetName(), v.Places(v.who)
	if key := "done." + v.r.URL.Query().Get("done"); p.Done == "" && page.Has(key) {
		p.Done = key
	}
	return v.pages.Write(v.w, v.r, p)
}

// goTo leads to another page of this server.
func (v *visit) goTo(path string) error {
	http.Redirect(v.w, v.r, page.Within(path, "/"), http.StatusSeeOther)
	return nil
}

// done leads to a page that says what was done; what is the end of a key "done.".
func (v *visit) done(path, what string) error {
	at, err := url.Parse(path)
	if err != nil {
		return err
	}
	query := at.Query()
	query.Set("done", what)
	at.RawQuery = query.Encode()
	return v.goTo(at.String())
}

// prove is [auth.ErrProve] for who has not shown lately who it is. It is asked for
// before a form is filled in; the services ask again.
func (v *visit) prove() error { return v.who.Fresh() }

// pathID reads an id in the address.
func pathID[ID ~[16]byte](v *visit, name string) (ID, error) { return parseID[ID](v.r.PathValue(name)) }

// open tells whether the reader may open a page that asks a procedure.
func (v *visit) open(procedure string) bool {
	return (&route{asks: procedure}).openTo(v.view, v.who, v.o.Now())
}

// spaceName is how people call a space.
func (v *visit) spaceName(id merge.SpaceID) string {
	if s := v.view.Space(id); s != nil && v.view.User(v.who.Person) != nil && string(s.OrganisationId) == string(v.who.Organisation[:]) {
		return s.Name
	}
	return id.String()
}

// spaces are those that one of the roles opens to the reader.
func (v *visit) spaces(roles ...directory.Role) []merge.SpaceID {
	return v.view.OpenTo(v.who.Person, v.o.Now(), roles...)
}

var errNoID = fault.New(fault.NotFound, "this address names nothing")

func parseID[ID ~[16]byte](text string) (id ID, err error) {
	data, ok := fromHex(text)
	if !ok || len(data) != len(id) {
		return id, errNoID
	}
	return ID(data), nil
}
