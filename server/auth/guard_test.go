package auth

import (
	"context"
	"testing"

	"connectrpc.com/authn"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// What has no line is a defect, and is refused to everybody, the operator too.
func TestAProcedureWithoutALineIsRefused(t *testing.T) {
	g := NewGuard(nil, nil)
	for _, p := range []Principal{{}, {Person: olena}, {Person: Operator, Operator: true}} {
		ctx := authn.SetInfo(context.Background(), p)
		if err := g.check(ctx, "/zhurnal.sync.v1.SyncService/Forgotten", nil); fault.KindOf(err) != fault.Internal {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestNobodyIsWhoTheMiddlewareHasNotSeen(t *testing.T) {
	g := NewGuard(nil, nil)
	for procedure, want := range map[string]fault.Kind{
		syncv1connect.SyncServiceSyncProcedure:      fault.Unauthenticated,
		adminv1connect.BackupServiceBackupProcedure: fault.Unauthenticated,
	} {
		if err := g.check(context.Background(), procedure, nil); fault.KindOf(err) != want {
			t.Errorf("%s: %v", procedure, err)
		}
	}
	if err := g.check(context.Background(), "/grpc.health.v1.Health/Check", nil); err != nil {
		t.Errorf("a probe: %v", err)
	}
}
