package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// answer is what a caller gets for a kind of error.
type answer struct {
	code connect.Code
	// text replaces the error's own where that is not for callers. Empty: the
	// error says what was wrong with the request, and the caller needs it.
	text string
	// logged marks what a person at the server must look at.
	logged bool
}

// answers is the one place where kinds become codes. A client that knows no
// kinds acts rightly by the code alone: it retries Unavailable and nothing else.
var answers = map[fault.Kind]answer{
	fault.Malformed:       {code: connect.CodeInvalidArgument},
	fault.FalseHash:       {code: connect.CodeInvalidArgument},
	fault.FalseSignature:  {code: connect.CodeInvalidArgument},
	fault.TooLarge:        {code: connect.CodeResourceExhausted},
	fault.Unauthenticated: {code: connect.CodeUnauthenticated},
	fault.BadCursor:       {code: connect.CodeFailedPrecondition},
	fault.Invalid:         {code: connect.CodeInvalidArgument},
	fault.NotFound:        {code: connect.CodeNotFound},
	fault.Conflict:        {code: connect.CodeAborted},
	// The same for a space that is not there and one that is another's.
	fault.NoAccess:    {code: connect.CodeNotFound, text: "there is no such space, or it is not for you: ask a coordinator for access"},
	fault.NoRoom:      {code: connect.CodeUnavailable, text: "the server's disk is nearly full and nothing was stored: keep the changes and try again later"},
	fault.Unavailable: {code: connect.CodeUnavailable, text: "the server is busy or stopping: try again later"},
	fault.Throttled:   {code: connect.CodeResourceExhausted},
	fault.Locked:      {code: connect.CodeFailedPrecondition},
	fault.Damaged:     {code: connect.CodeDataLoss, text: "the server cannot read what it has stored and a person must look at it", logged: true},
	fault.Internal:    {code: connect.CodeInternal, text: "the server has a defect; what you sent may be sent again", logged: true},
}

func answerTo(kind fault.Kind) (fault.Kind, answer) {
	if a, ok := answers[kind]; ok {
		return kind, a
	}
	return fault.Internal, answers[fault.Internal]
}

// publicFault is what callers may know of an error. A text that replaces the
// error's own names the request, by which the log has the rest.
func publicFault(err error, requestID string) *syncv1.Fault {
	kind, a := answerTo(fault.KindOf(err))
	text := a.text
	switch {
	case text == "":
		// Bytes of the request may be quoted in it, and a string field must
		// hold valid UTF-8.
		text = strings.ToValidUTF8(err.Error(), "\uFFFD")
	case a.logged:
		text = fmt.Sprintf("%s (request %s)", text, requestID)
	}
	return &syncv1.Fault{Kind: syncv1.FaultKind(kind), Message: text, RetryAfterMillis: uint64(fault.WaitOf(err).Milliseconds())}
}

// encodeFault makes the error that all protocols can carry: a code, the text,
// and the fault as a detail, so that the kind is not lost. Who is to wait reads
// it where HTTP has it, too.
func encodeFault(err error, requestID string) *connect.Error {
	f := publicFault(err, requestID)
	encoded := connect.NewError(answers[fault.Kind(f.Kind)].code, errors.New(f.Message))
	if f.RetryAfterMillis > 0 {
		encoded.Meta().Set("Retry-After", strconv.FormatUint((f.RetryAfterMillis+999)/1000, 10)) // seconds, RFC 9110, 10.2.3
	}
	if detail, err := connect.NewErrorDetail(f); err == nil {
		encoded.AddDetail(detail)
	}
	return encoded
}

// edge is the interceptor through which every error leaves.
type edge struct{ log *slog.Logger }

var _ connect.Interceptor = edge{}

func (e edge) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, req)
		if err != nil {
			return nil, e.refuse(ctx, req.Spec().Procedure, err)
		}
		return resp, nil
	}
}

func (e edge) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		if err := next(ctx, conn); err != nil {
			return e.refuse(ctx, conn.Spec().Procedure, err)
		}
		return nil
	}
}

func (e edge) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// refuse turns any error into what the caller gets. What Connect itself found
// wrong with a request has its code already.
func (e edge) refuse(ctx context.Context, procedure string, err error) error {
	var coded *connect.Error
	switch {
	case errors.As(err, &coded):
		return coded
	case fault.KindOf(err) != fault.Internal:
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, errors.New("the caller went away"))
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, errors.New("not done in the time that the caller gave"))
	}
	e.record(ctx, procedure, err)
	return encodeFault(err, requestID(ctx))
}

// tell returns what says in an answer what kept a single space from being
// served: one more way out for the engine's texts, through the same gate.
func (e edge) tell(ctx context.Context, procedure string) func(error) *syncv1.Fault {
	return func(err error) *syncv1.Fault {
		e.record(ctx, procedure, err)
		return publicFault(err, requestID(ctx))
	}
}

// record logs, once, what a person must look at; the text of an error has no
// personal data, and neither the caller nor the request is named.
func (e edge) record(ctx context.Context, procedure string, err error) {
	kind, a := answerTo(fault.KindOf(err))
	if !a.logged {
		return
	}
	e.log.ErrorContext(ctx, "request failed", "request", requestID(ctx), "procedure", procedure,
		"kind", syncv1.FaultKind(kind).String(), "error", err.Error())
}

// recovered makes an error of a panic, so that one request's defect is not
// everyone's.
func recovered(_ context.Context, _ connect.Spec, _ http.Header, value any) error {
	return fault.New(fault.Internal, "panic: %v\n%s", value, debug.Stack())
}
