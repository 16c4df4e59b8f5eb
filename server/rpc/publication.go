package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/publication"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// publicationsPage bounds one page of the list.
const publicationsPage = 200

// PublishReport makes a report as Report does, and keeps it.
func (s *reportService) PublishReport(ctx context.Context, req *connect.Request[reportv1.PublishReportRequest]) (*connect.Response[reportv1.PublishReportResponse], error) {
	m := req.Msg
	caller, desk, err := callerAndSpace(ctx, m.DeskSpaceId)
	if err != nil {
		return nil, err
	}
	tenant, err := s.tenant(ctx)
	if err != nil {
		return nil, err
	}
	document, err := s.run(ctx, caller, desk, &reportv1.ReportRequest{Report: m.Report, From: m.From, To: m.To, Settings: m.Settings, Public: m.Public})
	if err != nil {
		return nil, err
	}
	if m.Stamp != "" && m.Stamp != document.Stamp {
		return nil, fault.New(fault.Conflict, "publish: the report has changed since it was looked at: look at it again, and publish that")
	}
	if err := publication.Check(document); err != nil {
		return nil, err
	}
	data, hash, err := publication.Freeze(document)
	if err != nil {
		return nil, err
	}
	parts, err := publication.Pack(data)
	if err != nil {
		return nil, err
	}
	listed := &reportv1.Publication{
		Report: m.Report, Title: &reportv1.Text{Uk: document.Title.In(table.Ukrainian), En: document.Title.In(table.English)},
		DeskSpaceId: m.DeskSpaceId, From: m.From, To: m.To, Settings: settingsOf(m.Settings), Public: m.Public,
		Stamp: document.Stamp, CodeLists: report.CodeListsVersion, Hash: hash[:], SizeBytes: int64(len(data)),
		Note: m.Note, Supersedes: m.Supersedes, Reason: m.Reason,
	}
	published, err := tenant.Publish(ctx, caller, listed, parts, func(v *directory.View) error { return s.checkBeside(ctx, tenant, v, listed, document) })
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&reportv1.PublishReportResponse{Publication: published}), nil
}

// settingsOf are the parameters that were set, in the order of their names.
func settingsOf(asked []*reportv1.Setting) (set []*reportv1.Setting) {
	for _, s := range asked {
		if s.GetValue() != "" {
			set = append(set, s)
		}
	}
	slices.SortStableFunc(set, func(a, b *reportv1.Setting) int { return strings.Compare(a.Parameter, b.Parameter) })
	return set
}

// checkBeside holds a public version to those of the same question that are out
// already: it takes the place of the one that holds, and beside none of them it
// tells of a few people.
func (s *reportService) checkBeside(ctx context.Context, tenant *directory.Tenant, v *directory.View, p *reportv1.Publication, document *table.Document) error {
	if !p.Public {
		return nil
	}
	who, err := auth.Caller(ctx)
	if err != nil {
		return err
	}
	for _, out := range v.Publications(directory.OrganisationID(who.Organisation), merge.SpaceID(p.DeskSpaceId)) {
		if !out.Public || question(out) != question(p) {
			continue
		}
		supersedes := p.Supersedes.GetYear() == out.Year && p.Supersedes.GetNumber() == out.Number
		if out.SupersededBy == nil && !supersedes {
			return fault.New(fault.Conflict, "publish: this question is answered in public by %d/%d: to correct it, supersede that and say why", out.Year, out.Number)
		}
		data, err := documentOf(tenant, out)
		if err != nil {
			return err
		}
		before, err := publication.Thaw(data)
		if err != nil {
			return err
		}
		if err := publication.CheckCorrection(before, document); err != nil {
			return err
		}
	}
	return nil
}

// question is equal where two publications answer the same.
func question(p *reportv1.Publication) string {
	text := fmt.Sprintf("%q from %d to %d", p.Report, p.From, p.To)
	for _, s := range p.Settings {
		text += fmt.Sprintf(" %q=%q", s.Parameter, s.Value)
	}
	return text
}

func documentOf(tenant *directory.Tenant, p *reportv1.Publication) ([]byte, error) {
	parts, err := tenant.Parts(p.Year, p.Number)
	if err != nil {
		return nil, err
	}
	return publication.Unpack(parts, p.Hash)
}

// tenant is the caller's organisation.
func (s *reportService) tenant(ctx context.Context) (*directory.Tenant, error) {
	who, err := auth.Caller(ctx)
	if err != nil {
		return nil, err
	}
	return s.directory.In(directory.OrganisationID(who.Organisation)), nil
}

func (s *reportService) ListPublications(ctx context.Context, req *connect.Request[reportv1.ListPublicationsRequest]) (*connect.Response[reportv1.ListPublicationsResponse], error) {
	all, err := s.publications(ctx, req.Msg.DeskSpaceId)
	if err != nil {
		return nil, err
	}
	from := 0
	if req.Msg.PageToken != "" {
		last, err := publication.ParseNumber(req.Msg.PageToken)
		if err != nil {
			return nil, fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
		}
		after := slices.IndexFunc(all, func(p *reportv1.Publication) bool {
			return p.Year < last.Year || p.Year == last.Year && p.Number < last.Number
		})
		if from = after; after < 0 {
			from = len(all)
		}
	}
	resp := &reportv1.ListPublicationsResponse{Publications: all[from:min(len(all), from+publicationsPage)]}
	if last := from + publicationsPage; last < len(all) {
		resp.NextPageToken = publication.Number(all[last-1].Year, all[last-1].Number)
	}
	return connect.NewResponse(resp), nil
}

// publications are those for the programme of a desk.
func (s *reportService) publications(ctx context.Context, deskID []byte) ([]*reportv1.Publication, error) {
	_, desk, err := callerAndSpace(ctx, deskID)
	if err != nil {
		return nil, err
	}
	who, err := auth.Caller(ctx)
	if err != nil {
		return nil, err
	}
	view, err := s.directory.View()
	if err != nil {
		return nil, err
	}
	return view.Publications(directory.OrganisationID(who.Organisation), desk), nil
}

func (s *reportService) GetPublication(ctx context.Context, req *connect.Request[reportv1.GetPublicationRequest]) (*connect.Response[reportv1.GetPublicationResponse], error) {
	all, err := s.publications(ctx, req.Msg.DeskSpaceId)
	if err != nil {
		return nil, err
	}
	year, number := req.Msg.Which.GetYear(), req.Msg.Which.GetNumber()
	at := slices.IndexFunc(all, func(p *reportv1.Publication) bool { return p.Year == year && p.Number == number })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "publication %d/%d: it is not there, or of another programme", year, number)
	}
	tenant, err := s.tenant(ctx)
	if err != nil {
		return nil, err
	}
	data, err := documentOf(tenant, all[at])
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&reportv1.GetPublicationResponse{Publication: all[at], Document: data}), nil
}
