package rpc

import (
	"context"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// SchemaEngine is what the schema service asks of the engine.
type SchemaEngine interface {
	// AddSchema returns the full names of the types that it made known.
	AddSchema(ctx context.Context, by merge.PersonID, fileDescriptorSet []byte) (types []string, released int, err error)
}

// schemaService implements adminv1connect.SchemaServiceHandler.
type schemaService struct{ engine SchemaEngine }

func (s *schemaService) AddSchema(ctx context.Context, req *connect.Request[adminv1.AddSchemaRequest]) (*connect.Response[adminv1.AddSchemaResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	types, released, err := s.engine.AddSchema(ctx, by, req.Msg.FileDescriptorSet)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.AddSchemaResponse{Types: types, Released: uint32(released)}), nil
}
