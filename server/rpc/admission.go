package rpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// admission is what a request has to pass before Connect decompresses it. See
// newHandler for the order.
type admission struct {
	exposure  guard.Exposure
	addresses *guard.Addresses
	callers   *guard.Callers
	bodies    *guard.Bodies
	turns     *guard.Turns
	refusal   *connect.ErrorWriter
}

func newAdmission(o Options, options ...connect.HandlerOption) *admission {
	return &admission{
		exposure: o.Exposure, addresses: guard.NewAddresses(o.Limits), callers: guard.NewCallers(o.Limits),
		bodies: guard.NewBodies(o.Limits), turns: guard.NewTurns(o.Limits), refusal: connect.NewErrorWriter(options...),
	}
}

// refuse answers in the caller's protocol. That the caller has gone is not told to
// anybody.
func (a *admission) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	_ = a.refusal.Write(w, r, encodeFault(err, requestID(r.Context())))
}

// listed lets pass what has a line in procedures; everything else is a page, or
// not there.
func (a *admission) listed(next, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := procedures[r.URL.Path]; !ok {
			pages.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// byAddress bounds how often one address comes, known or not.
func (a *admission) byAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.addresses.Admit(a.exposure.Client(r)); err != nil {
			a.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// byCaller bounds how often a caller comes who has proven who it is.
func (a *admission) byCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leave, err := a.callers.Enter(r.Context(), caller(r.Context()), procedures[r.URL.Path].stream)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		defer leave()
		next.ServeHTTP(w, r)
	})
}

// page lets a page of somebody who is signed in be worked on: not too often, and
// in the person's turn. A stream takes no turn.
func (a *admission) page(ctx context.Context, stream bool) (leave func(), err error) {
	who := caller(ctx)
	release, err := a.callers.Enter(ctx, who, stream)
	if err != nil || stream {
		return release, err
	}
	pass, err := a.turns.Enter(ctx, who)
	if err != nil {
		release()
		return nil, err
	}
	return func() { pass(); release() }, nil
}

// caller is for whom limits are counted: a device, the person at a desk, or
// nobody in particular.
func caller(ctx context.Context) string {
	switch who, err := auth.Caller(ctx); {
	case err != nil:
		return ""
	case who.Device != (credential.DeviceID{}):
		return string(who.Device[:])
	default:
		return string(who.Person[:])
	}
}

// inTurn reads the request whole, and then waits for the caller's turn. The turn
// ends with the handler's work, or an answer that is read slowly would hold it.
func (a *admission) inTurn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := procedures[r.URL.Path]
		body, release, err := a.bodies.Read(w, r, line.wireBytes())
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		defer release()
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !line.stream {
			leave, err := a.turns.Enter(r.Context(), a.turnOf(r))
			if err != nil {
				a.refuse(w, r, err)
				return
			}
			defer leave()
			r = r.WithContext(context.WithValue(r.Context(), turnKey{}, leave))
		}
		next.ServeHTTP(w, r)
	})
}

// turnOf is who takes turns with others: a caller, or the address of somebody who
// is nobody yet.
func (a *admission) turnOf(r *http.Request) string {
	if c := caller(r.Context()); c != "" {
		return c
	}
	return a.exposure.Client(r).String()
}

type turnKey struct{}

// pace is the interceptor that bounds how long a handler works.
type pace struct{}

var errTooLong = errors.New("the handler has had its time")

func (pace) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if leave, ok := ctx.Value(turnKey{}).(func()); ok {
			defer leave()
		}
		if line := procedures[req.Spec().Procedure]; line.work > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, line.work, errTooLong)
			defer cancel()
		}
		resp, err := next(ctx, req)
		if err != nil && context.Cause(ctx) == errTooLong {
			err = fault.New(fault.Unavailable, "the handler was stopped after its time: %w", err)
		}
		return resp, err
	}
}

func (pace) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (pace) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}
