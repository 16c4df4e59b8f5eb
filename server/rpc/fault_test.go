package rpc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1grpc"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// refusal is an error as Connect writes it in JSON.
type refusal struct {
	Code    string
	Message string
	Details []struct{ Type, Value string }
}

func refusalIn(t *testing.T, got reply) (refusal, *syncv1.Fault) {
	t.Helper()
	var r refusal
	if err := json.Unmarshal(got.body, &r); err != nil {
		t.Fatalf("%s: %v", got.body, err)
	}
	if len(r.Details) == 0 {
		return r, nil
	}
	mustBe(t, "type of the detail", r.Details[0].Type, "zhurnal.sync.v1.Fault")
	value, err := base64.RawStdEncoding.DecodeString(r.Details[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	f := new(syncv1.Fault)
	if err := proto.Unmarshal(value, f); err != nil {
		t.Fatal(err)
	}
	return r, f
}

// The codes that clients were told, kind by kind. shown: the caller reads the
// error's own text; logged: a person at the server must look.
var promised = map[fault.Kind]struct {
	http   int
	grpc   codes.Code
	shown  bool
	logged bool
}{
	fault.Malformed:       {http.StatusBadRequest, codes.InvalidArgument, true, false},
	fault.FalseHash:       {http.StatusBadRequest, codes.InvalidArgument, true, false},
	fault.FalseSignature:  {http.StatusBadRequest, codes.InvalidArgument, true, false},
	fault.TooLarge:        {http.StatusTooManyRequests, codes.ResourceExhausted, true, false},
	fault.NoAccess:        {http.StatusNotFound, codes.NotFound, false, false},
	fault.Unauthenticated: {http.StatusUnauthorized, codes.Unauthenticated, true, false},
	fault.BadCursor:       {http.StatusBadRequest, codes.FailedPrecondition, true, false},
	fault.NoRoom:          {http.StatusServiceUnavailable, codes.Unavailable, false, false},
	fault.Unavailable:     {http.StatusServiceUnavailable, codes.Unavailable, false, false},
	fault.Throttled:       {http.StatusTooManyRequests, codes.ResourceExhausted, true, false},
	fault.Locked:          {http.StatusBadRequest, codes.FailedPrecondition, true, false},
	fault.Damaged:         {http.StatusInternalServerError, codes.DataLoss, false, true},
	fault.Invalid:         {http.StatusBadRequest, codes.InvalidArgument, true, false},
	fault.NotFound:        {http.StatusNotFound, codes.NotFound, true, false},
	fault.Conflict:        {http.StatusConflict, codes.Aborted, true, false},
	fault.Internal:        {http.StatusInternalServerError, codes.Internal, false, true},
}

func TestEveryKindHasItsAnswer(t *testing.T) {
	for number, name := range syncv1.FaultKind_name {
		kind := fault.Kind(number)
		if number == 0 {
			continue
		}
		want, ok := promised[kind]
		if !ok {
			t.Errorf("%s: no answer is promised", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			const inner = "/var/lib/zhurnal/000007.sst: chunk 12"
			engine := &scripted{pull: func(context.Context, merge.SpaceID, []byte, int) (wire.Page, error) {
				return wire.Page{}, fmt.Errorf("pull: %w", fault.New(kind, "%s", inner))
			}}
			server := start(t, engine, usual)
			got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 0), protoHeaders()...)
			r, f := refusalIn(t, got)
			mustBe(t, "HTTP status", got.status, want.http)
			mustBe(t, "kind", f.GetKind(), syncv1.FaultKind(kind))
			mustBe(t, "text of the detail", f.GetMessage(), r.Message)
			mustBe(t, "the error's own text is shown", strings.Contains(r.Message, inner), want.shown)
			id := got.header.Get(RequestIDHeader)
			mustBe(t, "the answer names the request", strings.Contains(r.Message, id), want.logged)
			mustBe(t, "log lines about it", strings.Count(server.log.String(), inner), map[bool]int{true: 1}[want.logged])
			mustBe(t, "the log names the request", strings.Contains(server.log.String(), id), want.logged)
			if strings.Contains(server.log.String(), olena.String()) {
				t.Errorf("the log names a person: %s", server.log)
			}

			_, err := syncv1grpc.NewSyncServiceClient(server.dial()).Pull(as(t.Context(), olena), &syncv1.PullRequest{SpaceId: hall[:]})
			mustBe(t, "gRPC code", status.Code(err), want.grpc)
		})
	}
}

func TestAnErrorWithoutKindIsADefect(t *testing.T) {
	server := start(t, &scripted{}, usual)
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 0), protoHeaders()...)
	r, f := refusalIn(t, got)
	mustBe(t, "kind", f.GetKind(), syncv1.FaultKind_FAULT_KIND_INTERNAL)
	if strings.Contains(r.Message, errUnset.Error()) || !strings.Contains(server.log.String(), errUnset.Error()) {
		t.Errorf("the caller reads %q; the log has %s", r.Message, server.log)
	}
}

func TestAPanicIsOneRequestsDefect(t *testing.T) {
	engine := &scripted{pull: func(context.Context, merge.SpaceID, []byte, int) (wire.Page, error) {
		panic("a register without pages")
	}}
	server := start(t, engine, usual)
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 0), protoHeaders()...)
	r, _ := refusalIn(t, got)
	mustBe(t, "code", r.Code, "internal")
	if strings.Contains(r.Message, "register without pages") {
		t.Errorf("the caller reads %q", r.Message)
	}
	for _, part := range []string{"a register without pages", "fault_test.go", got.header.Get(RequestIDHeader)} {
		mustBe(t, "times that the log has "+part, strings.Count(server.log.String(), part) > 0, true)
	}
	mustBe(t, "log lines", strings.Count(server.log.String(), "\n"), 1)
}

func TestAFaultOfOneSpacePassesTheSameGate(t *testing.T) {
	spaces := map[merge.SpaceID]error{
		{1}: notMine(merge.SpaceID{1}),
		{2}: fault.New(fault.Internal, "row 12: short"),
		{3}: fault.New(fault.BadCursor, "start again with none"),
	}
	engine := &scripted{sync: func(ups []wire.SpaceUp, _ int) ([]wire.SpaceDown, error) {
		downs := make([]wire.SpaceDown, len(ups))
		for i := range ups {
			downs[i] = wire.SpaceDown{Space: ups[i].Space, Err: spaces[ups[i].Space]}
		}
		return downs, nil
	}}
	server := start(t, engine, usual)
	client := syncv1connect.NewSyncServiceClient(httpClient(t, 1), server.url)
	req := connect.NewRequest(&syncv1.SyncRequest{})
	req.Header().Set("Authorization", office.Header(olena))
	for i := range byte(3) {
		req.Msg.Spaces = append(req.Msg.Spaces, &syncv1.SpaceUp{SpaceId: append([]byte{i + 1}, make([]byte, 15)...)})
	}
	resp, err := client.Sync(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	faults := resp.Msg.Spaces
	mustBe(t, "first", faults[0].Fault.Message, answers[fault.NoAccess].text)
	mustBe(t, "second's kind", faults[1].Fault.Kind, syncv1.FaultKind_FAULT_KIND_INTERNAL)
	if strings.Contains(faults[1].Fault.Message, "row 12") || strings.Count(server.log.String(), "row 12") != 1 {
		t.Errorf("the caller reads %q; the log has %s", faults[1].Fault.Message, server.log)
	}
	mustBe(t, "third", faults[2].Fault.Message, "start again with none")
}

func TestTextThatQuotesBadBytesArrives(t *testing.T) {
	f := publicFault(fault.New(fault.Malformed, "type %s is not known", "\xff\xfe"), "")
	if _, err := proto.Marshal(f); err != nil {
		t.Errorf("%q: %v", f.Message, err)
	}
}

func TestEveryProtocolIsToldToSayWhoItIs(t *testing.T) {
	engine := &scripted{}
	server := start(t, engine, usual)
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, []byte("{}"), "Content-Type", "application/json")
	r, f := refusalIn(t, got)
	mustBe(t, "HTTP status", got.status, http.StatusUnauthorized)
	mustBe(t, "kind", f.GetKind(), syncv1.FaultKind_FAULT_KIND_UNAUTHENTICATED)
	if !strings.Contains(r.Message, "Authorization: Bearer") {
		t.Errorf("the caller is told %q", r.Message)
	}
	client := syncv1grpc.NewSyncServiceClient(server.dial())
	_, err := client.Push(t.Context(), &syncv1.PushRequest{SpaceId: hall[:]})
	mustBe(t, "gRPC code", status.Code(err), codes.Unauthenticated)
	stream, err := client.Watch(t.Context(), &syncv1.WatchRequest{SpaceIds: [][]byte{hall[:]}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	mustBe(t, "gRPC code of a stream", status.Code(err), codes.Unauthenticated)
	web := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, frame(0, nil), "Content-Type", "application/grpc-web+proto")
	mustBe(t, "gRPC-Web status", web.header.Get("Grpc-Status"), "16")
	mustBe(t, "calls that reached the engine", len(engine.calls()), 0)
}

func TestWhatTheProtocolDoesNotAllowIsMalformed(t *testing.T) {
	engine := &scripted{}
	server := start(t, engine, usual)
	client := syncv1grpc.NewSyncServiceClient(server.dial())
	ctx := as(t.Context(), olena)
	short := [][]byte{{1, 2, 3}}
	expect := func(what string, err error, want codes.Code) {
		t.Helper()
		mustBe(t, what, status.Code(err), want)
	}
	_, err := client.Push(ctx, &syncv1.PushRequest{SpaceId: short[0]})
	expect("push: a space id of 3 bytes", err, codes.InvalidArgument)
	_, err = client.Pull(ctx, &syncv1.PullRequest{})
	expect("pull: no space id", err, codes.InvalidArgument)
	_, err = client.Sync(ctx, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{SpaceId: short[0]}}})
	expect("sync: a space id of 3 bytes", err, codes.InvalidArgument)
	_, err = client.Sync(ctx, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{SpaceId: hall[:], Asks: []*syncv1.ChangeID{{Seq: 1}}}}})
	expect("sync: half a change id", err, codes.InvalidArgument)
	for what, ids := range map[string][][]byte{"none": nil, "3 bytes": short} {
		stream, err := client.Watch(ctx, &syncv1.WatchRequest{SpaceIds: ids})
		if err == nil {
			_, err = stream.Recv()
		}
		expect("watch: "+what, err, codes.InvalidArgument)
	}
	mustBe(t, "calls that reached the engine", len(engine.calls()), 0)

	for _, contentType := range []string{"application/json", "application/proto"} {
		got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, []byte("{\xff"),
			"Content-Type", contentType, "Authorization", office.Header(olena))
		mustBe(t, contentType, got.status, http.StatusBadRequest)
	}
}

func TestWhoIsToWaitReadsForHowLong(t *testing.T) {
	engine := &scripted{pull: func(context.Context, merge.SpaceID, []byte, int) (wire.Page, error) {
		return wire.Page{}, fmt.Errorf("pull: %w", fault.Throttle(1500*time.Millisecond, "too often"))
	}}
	server := start(t, engine, usual)
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 0), protoHeaders()...)
	_, f := refusalIn(t, got)
	mustBe(t, "seconds in the header", got.header.Get("Retry-After"), "2")
	mustBe(t, "milliseconds in the fault", f.GetRetryAfterMillis(), 1500)
}
