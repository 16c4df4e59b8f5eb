package rpc

import (
	"context"

	"connectrpc.com/connect"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Reporter works out the figures of a season; see package report.
type Reporter interface {
	Season(ctx context.Context, q report.Query) (*reportv1.SeasonReport, error)
}

// reportService implements reportv1connect.ReportServiceHandler.
type reportService struct {
	reporter  Reporter
	directory *directory.Directory
	now       func() int64
}

func (s *reportService) Report(ctx context.Context, req *connect.Request[reportv1.ReportRequest]) (*connect.Response[reportv1.ReportResponse], error) {
	caller, desk, err := callerAndSpace(ctx, req.Msg.DeskSpaceId)
	if err != nil {
		return nil, err
	}
	q := report.Query{
		Caller: caller, Desk: desk,
		Period:   fieldwork.Period{From: req.Msg.From, To: req.Msg.To},
		Expected: make([]merge.PersonID, len(req.Msg.ExpectedRecorderIds)),
	}
	for i, id := range req.Msg.ExpectedRecorderIds {
		if q.Expected[i], err = wire.ID16[merge.PersonID](id, "expected_recorder_ids"); err != nil {
			return nil, fault.New(fault.Malformed, "report: expected recorder %d: %w", i+1, err)
		}
	}
	view, err := s.directory.View()
	if err != nil {
		return nil, err
	}
	q.MayCount, q.Spaces = view.MayCount(caller, desk, s.now()), view.CountedWith(desk)
	if len(q.Expected) == 0 {
		q.Expected = view.WaitedFor(desk)
	}
	season, err := s.reporter.Season(ctx, q)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&reportv1.ReportResponse{Report: season}), nil
}
