package rpc

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/survey"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// DeskEngine is what the desk service asks of the engine, on behalf of
// coordinators and administrators. Errors have a kind of package fault.
type DeskEngine interface {
	// Disagreements gives a page; next is empty after the last.
	Disagreements(ctx context.Context, person merge.PersonID, space merge.SpaceID, token string) (list []syncengine.Disagreement, next string, err error)
	// Write returns the change it made and its position in the space's log.
	Write(ctx context.Context, author merge.PersonID, space merge.SpaceID, records []syncengine.WriteRecord) (merge.ID, uint64, error)
	// ListRecords gives a page, and the position of the space of which it is.
	ListRecords(ctx context.Context, person merge.PersonID, space merge.SpaceID, token string) (list []syncengine.ListedRecord, next string, position uint64, err error)
	HistoryEngine
	ReviewEngine
}

// deskService implements syncv1connect.DeskServiceHandler.
type deskService struct {
	engine    DeskEngine
	surveyor  *survey.Surveyor
	directory *directory.Directory
}

func (s *deskService) ListDisagreements(ctx context.Context, req *connect.Request[syncv1.ListDisagreementsRequest]) (*connect.Response[syncv1.ListDisagreementsResponse], error) {
	person, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	list, next, err := s.engine.Disagreements(ctx, person, space, req.Msg.PageToken)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.ListDisagreementsResponse{NextPageToken: next, Disagreements: make([]*syncv1.Disagreement, len(list))}
	for i := range list {
		resp.Disagreements[i] = disagreement(&list[i])
	}
	return connect.NewResponse(resp), nil
}

func disagreement(d *syncengine.Disagreement) *syncv1.Disagreement {
	m := &syncv1.Disagreement{
		Record:  recordName(d.Type, d.Record, d.Header),
		Field:   d.Cell.Key.Field,
		Element: []byte(d.Cell.Key.Element),
		Review:  d.Cell.Review,
		Values:  make([]*syncv1.LiveValue, len(d.Cell.Values)),
	}
	for i := range d.Cell.Values {
		m.Values[i] = liveValue(&d.Cell.Values[i])
	}
	return m
}

func recordName(typeName string, id merge.RecordID, header []byte) *syncv1.RecordName {
	m := &syncv1.RecordName{Type: typeName, Header: header}
	if len(header) == 0 { // else the id follows from it
		m.RecordId = id[:]
	}
	return m
}

func liveValue(v *merge.Value) *syncv1.LiveValue {
	return &syncv1.LiveValue{Change: wire.ChangeIDToProto(v.Change), Author: v.Author[:], AtMillis: v.At, Value: v.Data}
}

func (s *deskService) Write(ctx context.Context, req *connect.Request[syncv1.WriteRequest]) (*connect.Response[syncv1.WriteResponse], error) {
	author, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	records := make([]syncengine.WriteRecord, len(req.Msg.Records))
	for i, m := range req.Msg.Records {
		if records[i], err = writeRecord(m); err != nil {
			return nil, fault.New(fault.Malformed, "write: record %d: %w", i+1, err)
		}
	}
	change, position, err := s.engine.Write(ctx, author, space, records)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&syncv1.WriteResponse{Change: wire.ChangeIDToProto(change), Position: position}), nil
}

func writeRecord(m *syncv1.RecordValues) (syncengine.WriteRecord, error) {
	w := syncengine.WriteRecord{
		Type: m.GetRecord().GetType(), Header: m.GetRecord().GetHeader(), Message: m.GetMessage(), Fields: m.GetFields(),
		Standing: syncengine.Standing(min(m.GetStanding(), syncv1.Standing_STANDING_MEANT+1)),
	}
	var err error
	if id := m.GetRecord().GetRecordId(); len(id) > 0 {
		if w.Record, err = wire.ID16[merge.RecordID](id, "record_id"); err != nil {
			return w, err
		}
	}
	w.Seen, err = wire.ChangeIDsFromProto(m.GetSeen())
	return w, err
}
