package console

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"connectrpc.com/connect"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/publication"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const publicationsPath = "/publications"

var publicationRoutes = []route{
	{pattern: "GET " + publicationsPath, asks: reportv1connect.ReportServiceListPublicationsProcedure, handle: showPublications},
	{pattern: "GET " + publicationsPath + "/{year}/{number}", asks: reportv1connect.ReportServiceGetPublicationProcedure, handle: showPublication},
	{pattern: "GET " + publicationsPath + "/{year}/{number}/csv", asks: reportv1connect.ReportServiceGetPublicationProcedure, handle: downloadPublishedCSV},
	{pattern: "GET " + publicationsPath + "/{year}/{number}/xlsx", asks: reportv1connect.ReportServiceGetPublicationProcedure, handle: downloadPublishedXLSX},
	{pattern: "GET " + reportsPath + "/{name}/publish", asks: reportv1connect.ReportServicePublishReportProcedure, handle: askPublish},
	{pattern: "POST " + reportsPath + "/{name}/publish", asks: reportv1connect.ReportServicePublishReportProcedure, handle: publish},
}

// publicationsPage is what publications.html is given.
type publicationsPage struct {
	Desks []deskChoice
	List  []shownPublication
	More  more
}

// shownPublication is a publication in the reader's language.
type shownPublication struct {
	Number, Path, Title, From, To  string
	Public                         bool
	AtMillis                       int64
	By, Note, Reason, Hash         string
	Supersedes, SupersedesPath     string
	SupersededBy, SupersededByPath string
	Chosen                         bool // in a form
}

func showPublications(v *visit) error {
	data := publicationsPage{Desks: v.desksCounted()}
	desk, err := chosenDesk(data.Desks)
	if err != nil && v.asked("desk") != "" {
		return err
	}
	if err == nil {
		resp, err := v.calls.report.ListPublications(v.ctx(), connect.NewRequest(&reportv1.ListPublicationsRequest{DeskSpaceId: desk[:], PageToken: v.asked(pageToken)}))
		if err != nil {
			return err
		}
		for _, p := range resp.Msg.Publications {
			data.List = append(data.List, v.publicationShown(p))
		}
		data.More = v.moreFrom(resp.Msg.NextPageToken)
	}
	return v.show(page.Page{Name: "publications", Title: "publications.title", Wide: true, Data: data})
}

func (v *visit) publicationShown(p *reportv1.Publication) shownPublication {
	desk := merge.SpaceID(p.DeskSpaceId)
	s := shownPublication{
		Number: publication.Number(p.Year, p.Number), Path: publicationPath(desk, p.Year, p.Number, ""), Title: textIn(p.Title, v.language()),
		From: dayShown(p.From), To: dayShown(p.To), Public: p.Public, AtMillis: p.PublishedMillis, By: v.view.WriterIn(merge.PersonID(p.PublishedById), desk),
		Note: p.Note, Reason: p.Reason, Hash: fmt.Sprintf("%x", p.Hash),
	}
	if at := p.Supersedes; at != nil {
		s.Supersedes, s.SupersedesPath = publication.Number(at.Year, at.Number), publicationPath(desk, at.Year, at.Number, "")
	}
	if at := p.SupersededBy; at != nil {
		s.SupersededBy, s.SupersededByPath = publication.Number(at.Year, at.Number), publicationPath(desk, at.Year, at.Number, "")
	}
	return s
}

func publicationPath(desk merge.SpaceID, year, number int32, file string) string {
	return fmt.Sprintf("%s/%d/%d%s?desk=%s", publicationsPath, year, number, file, desk)
}

// dayShown is a day as forms have it, empty where there is none.
func dayShown(day int32) string {
	if day == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", day/1_00_00, day/1_00%1_00, day%1_00)
}

// publicationPage is what publication.html is given.
type publicationPage struct {
	Published shownPublication
	Desk      string
	reportPage
}

func showPublication(v *visit) error {
	p, document, err := v.publication()
	if err != nil {
		return err
	}
	l, desk := v.language(), merge.SpaceID(p.DeskSpaceId)
	data := publicationPage{Published: v.publicationShown(p), Desk: desk.String()}
	data.Document, data.Completeness = inLanguage(document, l), shownOf(&document.Completeness, l, "completeness")
	data.CSV, data.XLSX = publicationPath(desk, p.Year, p.Number, "/csv"), publicationPath(desk, p.Year, p.Number, "/xlsx")
	return v.show(page.Page{Name: "publication", Heading: data.Published.Title + " · " + data.Published.Number, Wide: true, Data: data})
}

// publication is the one that the address names.
func (v *visit) publication() (*reportv1.Publication, *table.Document, error) {
	desk, err := chosenDesk(v.desksCounted())
	if err != nil {
		return nil, nil, err
	}
	which, err := publication.ParseNumber(v.r.PathValue("year") + "/" + v.r.PathValue("number"))
	if err != nil {
		return nil, nil, errNoPage
	}
	resp, err := v.calls.report.GetPublication(v.ctx(), connect.NewRequest(&reportv1.GetPublicationRequest{
		DeskSpaceId: desk[:], Which: which,
	}))
	if err != nil {
		return nil, nil, err
	}
	document, err := publication.Thaw(resp.Msg.Document)
	return resp.Msg.Publication, document, err
}

func downloadPublishedCSV(v *visit) error {
	return v.downloadPublished("csv", csvType, table.WriteCSV)
}

func downloadPublishedXLSX(v *visit) error {
	return v.downloadPublished("xlsx", xlsxType, table.WriteXLSX)
}

func (v *visit) downloadPublished(kind, contentType string, write func(io.Writer, *table.Document, table.Language) error) error {
	p, document, err := v.publication()
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := write(&file, document, v.language()); err != nil {
		return err
	}
	return v.sendFile(&file, fmt.Sprintf("zhurnal-%d-%d-%s.%s", p.Year, p.Number, p.Report, kind), contentType)
}

// sendFile answers with a file under a name that nobody has typed.
func (v *visit) sendFile(file *bytes.Buffer, name, contentType string) error {
	v.w.Header().Set("Content-Type", contentType)
	v.w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	v.w.Header().Set("Content-Length", strconv.Itoa(file.Len()))
	v.w.WriteHeader(http.StatusOK)
	_, _ = file.WriteTo(v.w) // the browser has gone
	return nil
}
