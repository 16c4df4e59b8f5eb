package rpc

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// RequestIDHeader carries, on every answer, the name under which the log may
// have more about the request.
const RequestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// named gives each request an id of its own; an id that the caller sends is not
// taken over, since it would end up in the log. A panic that nobody inside has
// caught is a defect of one request: it is logged, and answered if nothing was.
func named(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var random [8]byte
		rand.Read(random[:]) // never fails, by its documentation
		id := hex.EncodeToString(random[:])
		w.Header().Set(RequestIDHeader, id)
		defer func() {
			switch value := recover(); value {
			case nil:
			case http.ErrAbortHandler: // net/http knows what that means
				panic(value)
			default:
				log.ErrorContext(r.Context(), "request failed", "request", id, "error", fmt.Sprintf("panic: %v\n%s", value, debug.Stack()))
				http.Error(w, answers[fault.Internal].text+" (request "+id+")", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

type connectionKey struct{}

// reachable lets a handler of Connect set the deadlines of its connection.
func reachable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), connectionKey{}, control)))
	})
}

// connection returns the control of the request's connection; nil outside of a
// server of this package.
func connection(ctx context.Context) *http.ResponseController {
	control, _ := ctx.Value(connectionKey{}).(*http.ResponseController)
	return control
}
