package rpc

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// proceduresOf lists the paths of a service's procedures, from its descriptor.
func proceduresOf(t *testing.T, services ...string) (paths []string) {
	t.Helper()
	for _, name := range services {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			t.Fatal(err)
		}
		methods := d.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			paths = append(paths, "/"+name+"/"+string(methods.Get(i).Name()))
		}
	}
	return paths
}

func TestWhatIsTheOperatorsIsNotOnThePublicPort(t *testing.T) {
	server := start(t, &scripted{}, usual)
	paths := append(proceduresOf(t, OperatorServices...),
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
		"/debug/pprof/", "/debug/vars", "/metrics")
	for _, path := range paths {
		for _, authorization := range []string{office.Header(olena), "Bearer " + auth.Operator.String()} {
			got := server.post(httpClient(t, 1), path, []byte("{}"), "Content-Type", "application/json", "Authorization", authorization)
			mustBe(t, path, got.status, http.StatusNotFound)
		}
	}
	mustBe(t, "the operator by the public port", server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, []byte("{}"),
		"Content-Type", "application/json", "Authorization", "Bearer "+auth.Operator.String()).status, http.StatusUnauthorized)
}

// cutting notes who asks the log to be cut.
type cutting struct {
	*scripted
	by []merge.PersonID
}

func (c *cutting) Cut(_ context.Context, by merge.PersonID, _ syncengine.CutOptions) (syncengine.Cut, error) {
	c.by = append(c.by, by)
	return syncengine.Cut{}, nil
}

func TestTheLogSaysThatTheOperatorAsked(t *testing.T) {
	engine := &cutting{scripted: new(scripted)}
	server := start(t, engine, usual)
	conn := server.dialOperator()
	// Whatever somebody claims there, it is the operator who may open the socket.
	if err := conn.Invoke(as(t.Context(), olena), adminv1connect.LogServiceCutProcedure, &adminv1.CutRequest{}, &adminv1.CutResponse{}); err != nil {
		t.Fatal(err)
	}
	if len(engine.by) != 1 || engine.by[0] != auth.Operator {
		t.Errorf("asked by %v", engine.by)
	}
	if !strings.HasPrefix(string(auth.Operator[:]), "operator\x00") {
		t.Errorf("the operator is %q, and the docs say otherwise", auth.Operator[:])
	}
}

func TestTheSocketIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes mean nothing there: the directory's access list holds
	}
	server := start(t, &scripted{}, usual)
	info, err := os.Stat(server.socket)
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != os.ModeSocket {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
