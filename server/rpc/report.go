package rpc

import (
	"context"

	"connectrpc.com/connect"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Reporter makes reports; see package report.
type Reporter interface {
	Run(ctx context.Context, q report.Query) (*table.Document, error)
}

// reportService implements reportv1connect.ReportServiceHandler.
type reportService struct {
	reporter  Reporter
	directory *directory.Directory
	now       func() int64
}

func (s *reportService) ListReports(context.Context, *connect.Request[reportv1.ListReportsRequest]) (*connect.Response[reportv1.ListReportsResponse], error) {
	return connect.NewResponse(&reportv1.ListReportsResponse{Reports: report.ListToWire(report.Catalogue())}), nil
}

func (s *reportService) Report(ctx context.Context, req *connect.Request[reportv1.ReportRequest]) (*connect.Response[reportv1.ReportResponse], error) {
	caller, desk, err := callerAndSpace(ctx, req.Msg.DeskSpaceId)
	if err != nil {
		return nil, err
	}
	document, err := s.run(ctx, caller, desk, req.Msg)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&reportv1.ReportResponse{Document: table.ToWire(document)}), nil
}

// run makes the report that a caller asks for.
func (s *reportService) run(ctx context.Context, caller merge.PersonID, desk merge.SpaceID, m *reportv1.ReportRequest) (*table.Document, error) {
	view, err := s.directory.View()
	if err != nil {
		return nil, err
	}
	q := report.QueryOf(view, caller, desk, s.now())
	q.Name, q.Parameters, q.Public = m.Report, map[string]string{}, m.Public
	for _, setting := range m.Settings {
		q.Parameters[setting.GetParameter()] = setting.GetValue()
	}
	q.Period = fieldwork.Period{From: m.From, To: m.To}
	if len(m.ExpectedRecorderIds) > 0 {
		if q.Expected, err = expected(view, caller, m.ExpectedRecorderIds); err != nil {
			return nil, err
		}
	}
	return s.reporter.Run(ctx, q)
}

// expected reads whom the caller expects. Only people of the own organisation are
// called by name.
func expected(view *directory.View, caller merge.PersonID, ids [][]byte) ([]report.Recorder, error) {
	recorders := make([]report.Recorder, len(ids))
	own := view.User(caller).GetOrganisationId()
	for i, id := range ids {
		person, err := wire.ID16[merge.PersonID](id, "expected_recorder_ids")
		if err != nil {
			return nil, fault.New(fault.Malformed, "report: expected recorder %d: %w", i+1, err)
		}
		recorders[i].ID = person
		if user := view.User(person); user != nil && string(user.OrganisationId) == string(own) {
			recorders[i].Name = user.Name
		}
	}
	return recorders, nil
}
