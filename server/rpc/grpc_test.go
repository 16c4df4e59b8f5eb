package rpc

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1grpc"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// dial connects with google.golang.org/grpc: an implementation of the protocol
// that shares no code with the server's.
func (r *running) dial() *grpc.ClientConn {
	r.t.Helper()
	conn, err := grpc.NewClient(r.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	return conn
}

// dialOperator connects to the operator's socket.
func (r *running) dialOperator() *grpc.ClientConn {
	r.t.Helper()
	socket, err := filepath.Abs(r.socket)
	if err != nil {
		r.t.Fatal(err)
	}
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	return conn
}

func as(ctx context.Context, person merge.PersonID) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", office.Header(person))
}

func TestGRPCClientPushesPullsAndSyncs(t *testing.T) {
	engine := &scripted{
		push: func(space merge.SpaceID, batches [][]byte) ([]wire.Outcome, error) {
			mustBe(t, "space pushed to", space, hall)
			mustBe(t, "batches", len(batches), 2)
			return oneApplied(batches), nil
		},
		pull: func(_ context.Context, _ merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error) {
			mustBe(t, "cursor", string(cursor), "sealed")
			mustBe(t, "page bytes", pageBytes, 4096)
			return hallPage(90), nil
		},
		sync: func(ups []wire.SpaceUp, _ int) ([]wire.SpaceDown, error) {
			mustBe(t, "asks", ups[0].Asks[0].Seq, uint64(7))
			page := hallPage(0)
			return []wire.SpaceDown{{Space: hall, Page: &page}, {Space: ups[1].Space, Err: notMine(ups[1].Space)}}, nil
		},
	}
	client := syncv1grpc.NewSyncServiceClient(start(t, engine, usual).dial())
	ctx := as(t.Context(), olena)

	pushed, err := client.Push(ctx, &syncv1.PushRequest{SpaceId: hall[:], Batches: [][]byte{{1}, {2}}})
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "verdict", pushed.Outcomes[0].Verdict, syncv1.Verdict_VERDICT_APPLIED)
	mustBe(t, "last seq", pushed.Outcomes[0].LastSeq, 2)

	pulled, err := client.Pull(ctx, &syncv1.PullRequest{SpaceId: hall[:], Cursor: []byte("sealed"), PageBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "position", pulled.Page.Position, 41)

	ask := wire.ChangeIDToProto(merge.ID{Replica: tablet, Seq: 7})
	synced, err := client.Sync(ctx, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{
		{SpaceId: hall[:], Asks: []*syncv1.ChangeID{ask}}, {SpaceId: elsewhere[:]},
	}})
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "server time", synced.ServerTimeMillis, received)
	mustBe(t, "own space's position", synced.Spaces[0].GetPage().GetPosition(), 41)
	mustBe(t, "other space's fault", synced.Spaces[1].GetFault().GetKind(), syncv1.FaultKind_FAULT_KIND_NO_ACCESS)
	for i, person := range engine.calls() {
		if person != olena {
			t.Errorf("call %d came from %s", i, person)
		}
	}
}

func TestGRPCClientWatchesUntilItCancels(t *testing.T) {
	ended := make(chan error, 1)
	engine := &scripted{watch: func(ctx context.Context, spaces []merge.SpaceID, moved func(merge.SpaceID, uint64) error) error {
		for position := range uint64(3) {
			if err := moved(spaces[0], position+1); err != nil {
				return err
			}
		}
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return ctx.Err()
	}}
	client := syncv1grpc.NewSyncServiceClient(start(t, engine, usual).dial())
	ctx, cancel := context.WithCancel(as(t.Context(), olena))
	stream, err := client.Watch(ctx, &syncv1.WatchRequest{SpaceIds: [][]byte{hall[:]}})
	if err != nil {
		t.Fatal(err)
	}
	for position := range uint64(3) {
		m, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, "position", m.Position, position+1)
		mustBe(t, "space", string(m.SpaceId), string(hall[:]))
	}
	cancel()
	if _, err := stream.Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("after cancelling: %v", err)
	}
	if cause := <-ended; cause != context.Canceled {
		t.Errorf("the engine's watch ended with %v", cause)
	}
}

func TestGRPCClientReadsTheKindOfAFault(t *testing.T) {
	engine := &scripted{pull: func(context.Context, merge.SpaceID, []byte, int) (wire.Page, error) {
		return wire.Page{}, fault.New(fault.BadCursor, "pull: the cursor is not of this server: start again with none")
	}}
	client := syncv1grpc.NewSyncServiceClient(start(t, engine, usual).dial())
	_, err := client.Pull(as(t.Context(), olena), &syncv1.PullRequest{SpaceId: hall[:], Cursor: []byte("old")})
	got := status.Convert(err)
	mustBe(t, "code", got.Code(), codes.FailedPrecondition)
	if len(got.Details()) != 1 {
		t.Fatalf("details: %v", got.Details())
	}
	detail, ok := got.Details()[0].(*syncv1.Fault)
	if !ok || detail.Kind != syncv1.FaultKind_FAULT_KIND_BAD_CURSOR || detail.Message != got.Message() {
		t.Errorf("detail %v beside %q", detail, got.Message())
	}
}

func TestHealthNeedsNoIdentity(t *testing.T) {
	client := healthv1.NewHealthClient(start(t, &scripted{}, usual).dial())
	for _, service := range append([]string{""}, Services...) {
		got, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: service})
		if err != nil || got.Status != healthv1.HealthCheckResponse_SERVING {
			t.Errorf("%q: %v, %v", service, got, err)
		}
	}
	if _, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "zhurnal.Absent"}); status.Code(err) != codes.NotFound {
		t.Errorf("a service that is not here: %v", err)
	}
}

func TestReflectionListsTheServicesAndTheirFiles(t *testing.T) {
	conn := start(t, &scripted{}, usual).dialOperator()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(req *reflectionv1.ServerReflectionRequest) *reflectionv1.ServerReflectionResponse {
		t.Helper()
		if err := stream.Send(req); err != nil {
			t.Fatal(err)
		}
		resp, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	list := ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
	var names []string
	for _, s := range list.GetListServicesResponse().GetService() {
		names = append(names, s.Name)
	}
	for _, want := range slices.Concat([]string{"grpc.health.v1.Health"}, Services, OperatorServices) {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %v", want, names)
		}
	}
	files := ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{
		FileContainingSymbol: "zhurnal.sync.v1.SyncService",
	}})
	var file descriptorpb.FileDescriptorProto
	if err := proto.Unmarshal(files.GetFileDescriptorResponse().GetFileDescriptorProto()[0], &file); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "methods", len(file.Service[0].Method), 5)
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("after closing: %v", err)
	}
}

// Older tools ask by the name that the service had before; the messages are
// the same on the wire.
func TestReflectionAnswersOlderTools(t *testing.T) {
	conn := start(t, &scripted{}, usual).dialOperator()
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	resp := new(reflectionv1.ServerReflectionResponse)
	if err := stream.RecvMsg(resp); err != nil || len(resp.GetListServicesResponse().GetService()) < len(Services) {
		t.Errorf("%v, %v", resp, err)
	}
}
