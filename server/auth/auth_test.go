package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var olena = merge.PersonID{0x0e, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// porter has one token, of olena's tablet.
type porter struct {
	revoked   bool
	attending int
	cut       func()
}

const token = "2mFzZ0Jp"

func (p *porter) Caller(text string) (Principal, error) {
	if text != token || p.revoked {
		return Principal{}, fault.New(fault.Unauthenticated, "the token is none")
	}
	return Principal{Person: olena, Device: credential.DeviceID{7}}, nil
}

func (p *porter) Attend(caller Principal, cut func()) (leave func()) {
	p.attending++
	p.cut = cut
	return func() { p.attending-- }
}

func requestWith(authorization string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/x.v1.X/Y", strings.NewReader("{}"))
	request.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	return request
}

// call sends a request through the middleware to a handler, and tells how it was
// refused if it was not reached.
func call(p *porter, request *http.Request, handler http.HandlerFunc) (*httptest.ResponseRecorder, error) {
	var refusal error
	describe := func(err error) *connect.Error {
		refusal = err
		return connect.NewError(connect.CodeUnauthenticated, err)
	}
	recorder := httptest.NewRecorder()
	Authenticated(p, describe)(handler).ServeHTTP(recorder, request)
	return recorder, refusal
}

func TestARequestWithATokenReachesTheHandler(t *testing.T) {
	for _, authorization := range []string{"Bearer " + token, "bearer " + token} {
		p, reached := &porter{}, false
		recorder, _ := call(p, requestWith(authorization), func(_ http.ResponseWriter, r *http.Request) {
			caller, err := Caller(r.Context())
			person, _ := Person(r.Context())
			reached = err == nil && caller.Person == olena && caller.Device == credential.DeviceID{7} && person == olena && !caller.Operator
			if p.attending != 1 {
				t.Errorf("%d requests attend", p.attending)
			}
		})
		if !reached || p.attending != 0 {
			t.Errorf("%q: reached %v, status %d, %d attend afterwards", authorization, reached, recorder.Code, p.attending)
		}
	}
}

func TestARequestWithoutATokenIsToldWhatToSend(t *testing.T) {
	for name, authorization := range map[string]string{
		"no header":      "",
		"another scheme": "Basic b2xlbmE6c2VjcmV0",
		"empty":          "Bearer ",
		"a person's id":  "Bearer " + olena.String(),
		"the operator":   "Bearer " + Operator.String(),
	} {
		recorder, refusal := call(&porter{}, requestWith(authorization), func(http.ResponseWriter, *http.Request) {
			t.Errorf("%s: the handler was reached", name)
		})
		if recorder.Code != http.StatusUnauthorized || fault.KindOf(refusal) != fault.Unauthenticated || !strings.Contains(refusal.Error(), "token") {
			t.Errorf("%s: status %d, refusal %v", name, recorder.Code, refusal)
		}
	}
}

func TestARequestEndsWhenItsCallerIsTurnedAway(t *testing.T) {
	p := &porter{}
	_, _ = call(p, requestWith("Bearer "+token), func(_ http.ResponseWriter, r *http.Request) {
		if err := r.Context().Err(); err != nil {
			t.Errorf("before: %v", err)
		}
		p.cut()
		<-r.Context().Done()
		if cause := context.Cause(r.Context()); !errors.Is(cause, ErrRevoked) {
			t.Errorf("it ended with %v", cause)
		}
	})
}

func TestPersonWithoutMiddlewareIsNobody(t *testing.T) {
	if _, err := Person(context.Background()); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("got %v", err)
	}
}

func TestWhoComesByTheOperatorsSocketIsTheOperator(t *testing.T) {
	AsOperator(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if caller, err := Caller(r.Context()); err != nil || caller != (Principal{Person: Operator, Operator: true}) {
			t.Errorf("%+v, %v", caller, err)
		}
	})).ServeHTTP(httptest.NewRecorder(), requestWith(""))
}
