package console

import (
	"bytes"
	"html/template"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/console/chart"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const reportsPath = "/reports"

var reportRoutes = []route{
	{pattern: "GET " + reportsPath, asks: reportv1connect.ReportServiceListReportsProcedure, text: "reports.title", handle: showReports},
	{pattern: "GET " + reportsPath + "/{name}", asks: reportv1connect.ReportServiceReportProcedure, handle: showReport},
	{pattern: "GET " + reportsPath + "/{name}/csv", asks: reportv1connect.ReportServiceReportProcedure, handle: downloadCSV},
	{pattern: "GET " + reportsPath + "/{name}/xlsx", asks: reportv1connect.ReportServiceReportProcedure, handle: downloadXLSX},
}

// listedReport is a report in the reader's language.
type listedReport struct {
	Path, Title, About string
	Publishable        bool
}

func showReports(v *visit) error {
	resp, err := v.calls.report.ListReports(v.ctx(), connect.NewRequest(&reportv1.ListReportsRequest{}))
	if err != nil {
		return err
	}
	l := v.language()
	var reports []listedReport
	for _, r := range resp.Msg.Reports {
		reports = append(reports, listedReport{reportsPath + "/" + r.Name, textIn(r.Title, l), textIn(r.About, l), r.Publishable})
	}
	return v.show(page.Page{Name: "reports", Title: "reports.title", Wide: true, Data: reports})
}

// language is the reader's.
func (v *visit) language() table.Language {
	if page.LanguageOf(v.r) == "en" {
		return table.English
	}
	return table.Ukrainian
}

func textIn(t *reportv1.Text, l table.Language) string {
	if l == table.English {
		return t.GetEn()
	}
	return t.GetUk()
}

// reportPage is what report.html is given.
type reportPage struct {
	reportForm
	Title, About string
	// Document is what was counted; nil where something was wrong with the question.
	Document     *shownDocument
	CSV, XLSX    string
	Completeness shownTable
	// Publish is where it is published; empty where it is not for the reader.
	Publish string
	// Contact is how the programme's tablets stand now; nil for who may not list
	// them, and beside what is published.
	Contact *contactNow
}

// reportForm is what somebody asks for.
type reportForm struct {
	Name        string
	Desks       []deskChoice
	From, To    string // yyyy-mm-dd, as forms have it
	Public      bool
	Publishable bool
	Parameters  []shownParameter
}

type deskChoice struct {
	ID, Name string
	Chosen   bool
}

type shownParameter struct {
	Name, Title, Value string
	Choices            []shownChoice
}

type shownChoice struct {
	Name, Title string
	Chosen      bool
}

// shownDocument is a document in the reader's language.
type shownDocument struct {
	Facts  []shownFact
	Tables []shownTable
	Notes  []string
	Stamp  string
}

type shownFact struct{ Label, Value string }

type shownTable struct {
	ID, Title string
	Chart     template.HTML
	Head      []shownCell
	Rows      []shownRow
	Notes     []string
}

type shownRow struct {
	Total bool
	Cells []shownCell
}

type shownCell struct {
	Text, Column string
	Numeric      bool
}

func showReport(v *visit) error {
	form, listed, err := v.reportForm()
	if err != nil {
		return err
	}
	l := v.language()
	data := reportPage{reportForm: *form, Title: textIn(listed.Title, l), About: textIn(listed.About, l)}
	p := page.Page{Name: "report", Title: "reports.title", Heading: data.Title, Wide: true}
	document, err := v.report(form)
	switch kind := kindOf(err); {
	case err != nil && kind != fault.Invalid && kind != fault.TooLarge:
		return err
	case err != nil:
		v.explain(&p, err)
	default:
		data.Document = inLanguage(document, l)
		data.Completeness = shownOf(&document.Completeness, l, "completeness")
		data.CSV, data.XLSX, data.Publish = v.download("csv"), v.download("xlsx"), v.download("publish")
		if data.Contact, err = v.contactNow(form); err != nil {
			return err
		}
	}
	p.Data = data
	return v.show(p)
}

// download is the address of a file with the same question.
func (v *visit) download(kind string) string {
	return (&url.URL{Path: v.r.URL.Path + "/" + kind, RawQuery: v.r.URL.RawQuery}).String()
}

// reportForm reads what was asked for, and what can be asked for.
func (v *visit) reportForm() (*reportForm, *reportv1.ListedReport, error) {
	resp, err := v.calls.report.ListReports(v.ctx(), connect.NewRequest(&reportv1.ListReportsRequest{}))
	if err != nil {
		return nil, nil, err
	}
	l := v.language()
	for _, r := range resp.Msg.Reports {
		if r.Name != v.r.PathValue("name") {
			continue
		}
		form := &reportForm{Name: r.Name, From: v.asked("from"), To: v.asked("to"), Public: v.asked("public") != "", Publishable: r.Publishable, Desks: v.desksCounted()}
		for _, p := range r.Parameters {
			parameter := shownParameter{Name: p.Name, Title: textIn(p.Title, l), Value: v.asked("p." + p.Name)}
			for _, c := range p.Choices {
				parameter.Choices = append(parameter.Choices, shownChoice{c.Name, textIn(c.Title, l), c.Name == parameter.Value})
			}
			form.Parameters = append(form.Parameters, parameter)
		}
		return form, r, nil
	}
	return nil, nil, errNoPage
}

// desksCounted are the desks whose figures are for the reader; the first is chosen
// if none is.
func (v *visit) desksCounted() []deskChoice {
	var desks []deskChoice
	asked, chosen := v.asked("desk"), false
	for _, id := range v.view.SpacesOf(directory.OrganisationID(v.who.Organisation)) {
		if v.view.Space(id).Kind != schemav1.SpaceKind_SPACE_KIND_DESK || !v.view.MayCount(v.who.Person, id, v.o.Now()) {
			continue
		}
		desks = append(desks, deskChoice{id.String(), v.view.Space(id).Name, id.String() == asked})
		chosen = chosen || id.String() == asked
	}
	if !chosen && asked == "" && len(desks) > 0 {
		desks[0].Chosen = true
	}
	return desks
}

// chosenDesk is the desk that was chosen.
func chosenDesk(desks []deskChoice) (id merge.SpaceID, err error) {
	for _, desk := range desks {
		if desk.Chosen {
			return parseID[merge.SpaceID](desk.ID)
		}
	}
	return id, errNoPage
}

// report asks for what the form says.
func (v *visit) report(form *reportForm) (*table.Document, error) {
	req, err := v.reportRequest(form)
	if err != nil {
		return nil, err
	}
	resp, err := v.calls.report.Report(v.ctx(), connect.NewRequest(req))
	if err != nil {
		return nil, err
	}
	return table.FromWire(resp.Msg.Document), nil
}

// reportRequest is what the form says.
func (v *visit) reportRequest(form *reportForm) (*reportv1.ReportRequest, error) {
	desk, err := chosenDesk(form.Desks)
	if err != nil {
		return nil, err
	}
	req := &reportv1.ReportRequest{Report: form.Name, Public: form.Public, DeskSpaceId: desk[:]}
	if req.From, err = dayAsked(form.From); err != nil {
		return nil, err
	}
	if req.To, err = dayAsked(form.To); err != nil {
		return nil, err
	}
	for _, p := range form.Parameters {
		if p.Value != "" {
			req.Settings = append(req.Settings, &reportv1.Setting{Parameter: p.Name, Value: p.Value})
		}
	}
	return req, nil
}

// dayAsked reads a day as forms have it.
func dayAsked(text string) (int32, error) {
	if text == "" {
		return 0, nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return 0, fault.New(fault.Invalid, "%.20q is not a day: write it as 2016-08-01", text)
	}
	day, err := strconv.ParseInt(strings.ReplaceAll(text, "-", ""), 10, 32)
	return int32(day), err
}

func inLanguage(d *table.Document, l table.Language) *shownDocument {
	s := &shownDocument{Stamp: d.Stamp}
	for _, fact := range d.Facts {
		s.Facts = append(s.Facts, shownFact{fact.Label.In(l), fact.Value.In(l)})
	}
	for i := range d.Tables {
		s.Tables = append(s.Tables, shownOf(&d.Tables[i], l, "t"+strconv.Itoa(i)))
	}
	for _, note := range d.AllNotes() {
		s.Notes = append(s.Notes, note.In(l))
	}
	return s
}

func shownOf(t *table.Table, l table.Language, id string) shownTable {
	s := shownTable{ID: id, Title: t.Title.In(l), Chart: chart.Bars(t, l, id)}
	for c := range t.Columns {
		s.Head = append(s.Head, shownCell{Text: t.Columns[c].Title.In(l), Numeric: t.Columns[c].Numeric()})
	}
	for _, row := range t.Rows {
		r := shownRow{Total: row.Total}
		for c := range t.Columns {
			column := &t.Columns[c]
			r.Cells = append(r.Cells, shownCell{column.Format(row.Cells[c], l), column.Title.In(l), column.Numeric()})
		}
		s.Rows = append(s.Rows, r)
	}
	for _, note := range t.Notes {
		s.Notes = append(s.Notes, note.In(l))
	}
	return s
}

// What files are.
const (
	csvType  = "text/csv; charset=utf-8"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func downloadCSV(v *visit) error {
	return v.downloadAs("csv", csvType, table.WriteCSV)
}

func downloadXLSX(v *visit) error {
	return v.downloadAs("xlsx", xlsxType, table.WriteXLSX)
}

// downloadAs answers with a file whose name says what it is.
func (v *visit) downloadAs(kind, contentType string, write func(io.Writer, *table.Document, table.Language) error) error {
	form, _, err := v.reportForm()
	if err != nil {
		return err
	}
	document, err := v.report(form)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := write(&file, document, v.language()); err != nil {
		return err
	}
	return v.sendFile(&file, form.fileName()+"."+kind, contentType)
}

// fileName has nothing in it that somebody has typed.
func (f *reportForm) fileName() string {
	name := "zhurnal-" + f.Name
	for _, day := range []string{f.From, f.To} {
		if day != "" {
			name += "-" + day // a day of the calendar, or there would be no report
		}
	}
	if f.Public {
		name += "-public"
	}
	return name
}
