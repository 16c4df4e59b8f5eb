package rpc

import (
	"context"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// HistoryEngine is what the desk asks about the past of a record.
type HistoryEngine interface {
	// History gives the changes to a record at positions below before, the
	// newest first; zeros begin with the last, and leave the limit to the engine.
	History(ctx context.Context, person merge.PersonID, space merge.SpaceID, record merge.RecordID, before uint64, limit int) (syncengine.HistoryPage, error)
	// RecordAt gives a record as it was at a position; zero as it is.
	RecordAt(ctx context.Context, person merge.PersonID, space merge.SpaceID, record merge.RecordID, position uint64) (*merge.Record, error)
}

func (s *deskService) ListHistory(ctx context.Context, req *connect.Request[syncv1.ListHistoryRequest]) (*connect.Response[syncv1.ListHistoryResponse], error) {
	person, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	record, err := recordID(space, req.Msg.Record)
	if err != nil {
		return nil, err
	}
	page, err := s.engine.History(ctx, person, space, record, req.Msg.BeforePosition, int(req.Msg.Limit))
	if err != nil {
		return nil, err
	}
	resp := &syncv1.ListHistoryResponse{
		Record: recordName(page.Type, page.Record, page.Header), NextBeforePosition: page.Next, CutThroughPosition: page.CutThrough,
		Changes: make([]*syncv1.HistoryChange, len(page.Changes)),
	}
	for i := range page.Changes {
		resp.Changes[i] = historyChange(&page.Changes[i])
	}
	return connect.NewResponse(resp), nil
}

func historyChange(c *syncengine.HistoryChange) *syncv1.HistoryChange {
	m := &syncv1.HistoryChange{
		Change: wire.ChangeIDToProto(c.Change), Author: c.Author[:], StampMillis: c.Stamp, ReceivedMillis: c.Received, Position: c.Position,
		Verdict: syncv1.Verdict(c.Verdict), Findings: wire.FindingsToProto(c.Findings), Writes: make([]*syncv1.HistoryWrite, len(c.Writes)),
	}
	for i := range c.Writes {
		m.Writes[i] = &syncv1.HistoryWrite{Write: wire.WriteToProto(&c.Writes[i].Write), Live: c.Writes[i].Live}
	}
	return m
}

func (s *deskService) GetRecordAt(ctx context.Context, req *connect.Request[syncv1.GetRecordAtRequest]) (*connect.Response[syncv1.GetRecordAtResponse], error) {
	person, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	record, err := recordID(space, req.Msg.Record)
	if err != nil {
		return nil, err
	}
	rec, err := s.engine.RecordAt(ctx, person, space, record, req.Msg.Position)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.GetRecordAtResponse{
		Record: recordName(rec.Type, rec.ID, rec.Header), Position: rec.Position, Cells: make([]*syncv1.RecordCell, len(rec.Cells)),
	}
	for i := range rec.Cells {
		resp.Cells[i] = recordCell(&rec.Cells[i])
	}
	return connect.NewResponse(resp), nil
}

func recordCell(c *merge.Cell) *syncv1.RecordCell {
	m := &syncv1.RecordCell{Field: c.Key.Field, Element: []byte(c.Key.Element), Values: make([]*syncv1.LiveValue, len(c.Values))}
	for i := range c.Values {
		m.Values[i] = liveValue(&c.Values[i])
	}
	return m
}

// recordID returns the id of a record that is named by it, or by type and key.
func recordID(space merge.SpaceID, m *syncv1.RecordName) (merge.RecordID, error) {
	switch {
	case len(m.GetRecordId()) > 0:
		return wire.ID16[merge.RecordID](m.RecordId, "record_id")
	case len(m.GetHeader()) > 0 && m.GetType() != "":
		return merge.KeyedRecordID(space, m.Type, m.Header), nil
	}
	return merge.RecordID{}, fault.New(fault.Malformed, "record: its record_id is due, or its type and header")
}
