package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
)

// groups are all pages. Their order is that of the sections.
var groups = [][]route{
	overviewRoutes,
	reviewRoutes,
	personRoutes,
	trainingRoutes,
	sheetRoutes,
	historyRoutes,
	counsellingRoutes,
	reportRoutes,
	publicationRoutes,
	deviceRoutes,
	lostRoutes,
	unlockRoutes,
	rightsRoutes,
	auditRoutes,
}

// route is where a page is, and whom it is for.
type route struct {
	// pattern is as http.ServeMux has them.
	pattern string
	// asks is the procedure that the page asks: who may call it somewhere may open
	// the page. Empty: everybody who is signed in.
	asks string
	// only, if it is there, leaves out of those to whom the procedure is open who has
	// nothing to see on the page.
	only func(view *directory.View, who auth.Principal, now int64) bool
	// text is the key of the section's name; empty for a page inside of one.
	text   string
	handle func(*visit) error
}

func (r *route) path() string {
	_, path, _ := strings.Cut(r.pattern, " ")
	return path
}

func (r *route) openTo(view *directory.View, who auth.Principal, now int64) bool {
	if r.asks == "" {
		return view.Active(who.Person)
	}
	need, ok := auth.NeedOf(r.asks)
	return ok && (r.only == nil || r.only(view, who, now)) && need.OpenTo(view, who.Person, now)
}

var errNoPage = errors.New("no such page")

// serve answers on a route, if it is for whoever asks.
func (c *Console) serve(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		page.Protect(w)
		v := &visit{Console: c, w: w, r: req}
		if err := v.enter(&r); err != nil {
			v.tell(err)
			return
		}
		if err := r.handle(v); err != nil {
			v.tell(err)
		}
	})
}

// home leads to the first section that there is for the reader.
func home(v *visit) error {
	if places := v.Places(v.who); len(places) > 0 {
		return v.goTo(places[0].Path)
	}
	return v.show(page.Page{Name: "home", Title: "home.title"})
}
