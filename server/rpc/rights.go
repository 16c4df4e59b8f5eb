package rpc

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// RightsEngine is what the rights service asks of the engine, which says who may.
type RightsEngine interface {
	// Erase erases a person in a space; keep is nil for what the schema says.
	Erase(ctx context.Context, by merge.PersonID, space merge.SpaceID, subject merge.RecordID, keep map[string][]uint32) (syncengine.Erased, error)
	// Export gives a page of what a space holds about a person.
	Export(ctx context.Context, space merge.SpaceID, subject merge.RecordID, token string) (syncengine.ExportPage, error)
}

// rightsService implements syncv1connect.RightsServiceHandler.
type rightsService struct {
	engine  RightsEngine
	persons Persons
}

// Erase erases in one space after the other. That there is nothing of the person
// in some of them is no error.
func (s *rightsService) Erase(ctx context.Context, req *connect.Request[syncv1.EraseRequest]) (*connect.Response[syncv1.EraseResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	if n := len(req.Msg.SpaceIds); n == 0 || n > limits.SyncSpaces {
		return nil, fault.New(fault.Invalid, "erase: %d spaces; at least one is due, and at most %d", n, limits.SyncSpaces)
	}
	subject, err := wire.ID16[merge.RecordID](req.Msg.SubjectId, "subject_id")
	if err != nil {
		return nil, err
	}
	defer refresh(ctx, s.persons)
	resp := &syncv1.EraseResponse{}
	for _, id := range req.Msg.SpaceIds {
		space, err := wire.ID16[merge.SpaceID](id, "space_ids")
		if err != nil {
			return nil, err
		}
		erased, err := s.engine.Erase(ctx, by, space, subject, nil)
		switch {
		case len(req.Msg.SpaceIds) > 1 && (fault.KindOf(err) == fault.NotFound || fault.KindOf(err) == fault.NoAccess): // nobody has written there yet
			continue
		case err != nil:
			return nil, err
		}
		resp.Spaces = append(resp.Spaces, &syncv1.ErasedSpace{
			SpaceId: id, Records: uint32(erased.Records), Entries: uint32(erased.Entries), Quarantined: uint32(erased.Quarantined),
		})
	}
	return connect.NewResponse(resp), nil
}

func (s *rightsService) Export(ctx context.Context, req *connect.Request[syncv1.ExportRequest]) (*connect.Response[syncv1.ExportResponse], error) {
	_, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	subject, err := wire.ID16[merge.RecordID](req.Msg.SubjectId, "subject_id")
	if err != nil {
		return nil, err
	}
	page, err := s.engine.Export(ctx, space, subject, req.Msg.PageToken)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.ExportResponse{NextPageToken: page.Next}
	for i := range page.Records {
		resp.Records = append(resp.Records, exportedRecord(&page.Records[i]))
	}
	for i := range page.Quarantined {
		resp.Quarantined = append(resp.Quarantined, quarantinedChange(&page.Quarantined[i]))
	}
	return connect.NewResponse(resp), nil
}

func exportedRecord(r *syncengine.ExportedRecord) *syncv1.ExportedRecord {
	rec := r.Record
	m := &syncv1.ExportedRecord{Record: recordName(rec.Type, rec.ID, rec.Header), CutThroughPosition: r.CutThrough, Erased: rec.Erased}
	for i := range rec.Cells {
		m.Cells = append(m.Cells, recordCell(&rec.Cells[i]))
	}
	for i := range r.Changes {
		m.Changes = append(m.Changes, historyChange(&r.Changes[i]))
	}
	return m
}
