package rpc

import (
	"context"

	"google.golang.org/grpc"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
)

// deskClient calls the desk through google.golang.org/grpc, for which no stubs
// of this service are generated.
type deskClient struct{ conn *grpc.ClientConn }

func (c deskClient) SetAccess(ctx context.Context, req *syncv1.SetAccessRequest) (*syncv1.SetAccessResponse, error) {
	resp := new(syncv1.SetAccessResponse)
	return resp, c.conn.Invoke(ctx, syncv1connect.DeskServiceSetAccessProcedure, req, resp)
}

func (c deskClient) AddSchema(ctx context.Context, req *syncv1.AddSchemaRequest) (*syncv1.AddSchemaResponse, error) {
	resp := new(syncv1.AddSchemaResponse)
	return resp, c.conn.Invoke(ctx, syncv1connect.DeskServiceAddSchemaProcedure, req, resp)
}

func (c deskClient) ListDisagreements(ctx context.Context, req *syncv1.ListDisagreementsRequest) (*syncv1.ListDisagreementsResponse, error) {
	resp := new(syncv1.ListDisagreementsResponse)
	return resp, c.conn.Invoke(ctx, syncv1connect.DeskServiceListDisagreementsProcedure, req, resp)
}

func (c deskClient) Write(ctx context.Context, req *syncv1.WriteRequest) (*syncv1.WriteResponse, error) {
	resp := new(syncv1.WriteResponse)
	return resp, c.conn.Invoke(ctx, syncv1connect.DeskServiceWriteProcedure, req, resp)
}
