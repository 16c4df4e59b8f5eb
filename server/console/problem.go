package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// kindOf returns the kind of an error, also of one that came from a service.
func kindOf(err error) fault.Kind {
	var refused *connect.Error
	if !errors.As(err, &refused) {
		return fault.KindOf(err)
	}
	for _, detail := range refused.Details() {
		if value, err := detail.Value(); err == nil {
			if f, ok := value.(*syncv1.Fault); ok {
				return fault.Kind(f.Kind)
			}
		}
	}
	if refused.Code() == connect.CodeUnavailable || refused.Code() == connect.CodeCanceled {
		return fault.Unavailable
	}
	return fault.Internal
}

// textOf is what an error says.
func textOf(err error) string {
	var refused *connect.Error
	if errors.As(err, &refused) {
		return refused.Message()
	}
	return err.Error()
}

// tell answers with what went wrong. Nobody is told whether something is there
// that is not for them.
func (v *visit) tell(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if errors.Is(err, auth.ErrProve) {
		_ = v.goTo("/prove?to=" + url.QueryEscape(v.back()))
		return
	}
	p := page.Page{Name: "problem", Title: "problem.title"}
	v.explain(&p, err)
	if err := v.show(p); err != nil {
		v.trouble(err)
	}
}

// back is the page to which somebody comes back after a proof: the one that was
// asked for, or that with the form that was sent.
func (v *visit) back() string {
	if v.r.Method == http.MethodGet {
		return v.r.URL.RequestURI()
	}
	if at, err := url.Parse(v.r.Referer()); err == nil {
		return page.Within(at.RequestURI(), "/")
	}
	return "/"
}

// explain puts on a page what went wrong, and tells who looks after the server if
// it is that.
func (v *visit) explain(p *page.Page, err error) {
	if errors.Is(err, errNoPage) {
		p.Problem, p.Status = "problem.missing", http.StatusNotFound
		return
	}
	switch kindOf(err) {
	case fault.NoAccess, fault.NotFound:
		p.Problem, p.Status = "problem.gone", http.StatusNotFound
	case fault.Unauthenticated:
		p.Problem, p.Status = "problem.missing", http.StatusUnauthorized
	case fault.Invalid, fault.Malformed:
		p.Problem, p.Detail, p.Status = "problem.input", textOf(err), http.StatusUnprocessableEntity
	case fault.TooLarge:
		p.Problem, p.Detail, p.Status = "problem.input", textOf(err), http.StatusRequestEntityTooLarge
	case fault.Conflict:
		p.Problem, p.Status = "problem.changed", http.StatusConflict
	case fault.Throttled:
		p.Problem, p.Status = "problem.throttled", http.StatusTooManyRequests
	case fault.Unavailable, fault.NoRoom:
		p.Problem, p.Status = "problem.busy", http.StatusServiceUnavailable
	default:
		p.Problem, p.Status = "problem.server", http.StatusInternalServerError
		v.trouble(err)
	}
}

func (v *visit) trouble(err error) {
	if v.o.Trouble != nil {
		v.o.Trouble(err)
	}
}

// showAgain shows a form, with what was wrong with what was sent, if it is that.
func (v *visit) showAgain(p page.Page) error {
	if p.Problem != "" {
		p.Status = http.StatusUnprocessableEntity
	}
	return v.show(p)
}
