package rpc

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/publication"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// publisher is somebody at a desk who publishes.
type publisher struct {
	*testing.T
	*register
	reports reportv1connect.ReportServiceClient
	header  map[string][]string
	guests  int
}

func newPublisher(t *testing.T) *publisher {
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	r := openRegister(t, func(o *syncengine.Options) { o.Schema = types })
	r.grant(desk, schemav1.SpaceKind_SPACE_KIND_DESK, iryna)
	p := &publisher{t, r, reportv1connect.NewReportServiceClient(httpClient(t, 2), r.url), map[string][]string{"Authorization": {office.Header(iryna)}}, 0}
	p.writes(&recordsv1.Event{TitleUk: "Концерт", DateStart: 20240510, Status: recordsv1.SessionStatus_SESSION_STATUS_HELD}, merge.RecordID{0xe0})
	return p
}

func (p *publisher) writes(msg proto.Message, id merge.RecordID) {
	p.Helper()
	data, err := proto.Marshal(msg)
	if err != nil {
		p.Fatal(err)
	}
	w := syncengine.WriteRecord{Type: string(msg.ProtoReflect().Descriptor().FullName()), Record: id, Message: data}
	if _, _, err := p.engine.Write(p.Context(), iryna, hall, []syncengine.WriteRecord{w}); err != nil {
		p.Fatal(err)
	}
}

// come are more people at the concert.
func (p *publisher) come(n int) {
	p.Helper()
	for range n {
		p.guests++
		guest := merge.RecordID{0x90, byte(p.guests)}
		p.writes(&recordsv1.Participant{FamilyName: "Коваль", GivenName: fmt.Sprint("Guest ", p.guests)}, guest)
		p.writes(&recordsv1.Participation{EventId: append([]byte{0xe0}, make([]byte, 15)...), ParticipantId: guest[:]}, merge.RecordID{})
	}
}

func (p *publisher) publish(change func(m *reportv1.PublishReportRequest)) (*reportv1.Publication, error) {
	m := &reportv1.PublishReportRequest{DeskSpaceId: desk[:], Report: "people-reached", From: 20240501, To: 20240531, Public: true}
	if change != nil {
		change(m)
	}
	resp, err := p.reports.PublishReport(p.Context(), with(p.header, m))
	if err != nil {
		return nil, err
	}
	return resp.Msg.Publication, nil
}

func (p *publisher) mustRefuse(what string, code connect.Code, text string, change func(m *reportv1.PublishReportRequest)) {
	p.Helper()
	_, err := p.publish(change)
	if connect.CodeOf(err) != code || !strings.Contains(err.Error(), text) {
		p.Errorf("%s: %v, want %v and %q", what, err, code, text)
	}
}

// people is how many were reached by a publication, its document having the hash
// that is listed.
func (p *publisher) people(year, number int32) int64 {
	p.Helper()
	resp, err := p.reports.GetPublication(p.Context(), with(p.header, &reportv1.GetPublicationRequest{
		DeskSpaceId: desk[:], Which: &reportv1.PublicationNumber{Year: year, Number: number},
	}))
	if err != nil {
		p.Fatal(err)
	}
	if hash := sha256.Sum256(resp.Msg.Document); string(hash[:]) != string(resp.Msg.Publication.Hash) || int64(len(resp.Msg.Document)) != resp.Msg.Publication.SizeBytes {
		p.Errorf("%d/%d has another document than is listed", year, number)
	}
	d, err := publication.Thaw(resp.Msg.Document)
	if err != nil {
		p.Fatal(err)
	}
	mustBe(p.T, "stamp", d.Stamp, resp.Msg.Publication.Stamp)
	for i := range d.Tables[0].Rows {
		if row := &d.Tables[0].Rows[i]; row.Total {
			for c := range d.Tables[0].Columns {
				if d.Tables[0].Columns[c].Name == "people" {
					return row.Cells[c].Number
				}
			}
		}
	}
	p.Fatalf("no number of people in %v", d.Tables[0])
	return 0
}

// A figure that was given out is shown again as it was, whatever comes in later;
// when it is corrected both are there.
func TestAFigureThatWasGivenOutIsShownAgain(t *testing.T) {
	p := newPublisher(t)
	p.come(60)
	first, err := p.publish(func(m *reportv1.PublishReportRequest) { m.Note = "for the donor" })
	if err != nil {
		t.Fatal(err)
	}
	year := first.Year
	mustBe(t, "number", first.Number, 1)
	mustBe(t, "people", p.people(year, 1), 60)

	p.come(3)
	p.mustRefuse("the same question again", connect.CodeAborted, fmt.Sprintf("%d/1", year), nil)
	correct := func(m *reportv1.PublishReportRequest) {
		m.Supersedes, m.Reason = &reportv1.PublicationNumber{Year: year, Number: 1}, "a sheet came late"
	}
	p.mustRefuse("three more, beside the first", connect.CodeAborted, "fewer than", correct)
	p.come(17)
	if _, err := p.publish(correct); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "people, corrected", p.people(year, 2), 80)
	mustBe(t, "people, as they were", p.people(year, 1), 60)

	list, err := p.reports.ListPublications(t.Context(), with(p.header, &reportv1.ListPublicationsRequest{DeskSpaceId: desk[:]}))
	if err != nil || len(list.Msg.Publications) != 2 || list.Msg.NextPageToken != "" {
		t.Fatalf("listed %v, %v", list, err)
	}
	newer, older := list.Msg.Publications[0], list.Msg.Publications[1]
	if newer.Number != 2 || newer.Reason != "a sheet came late" || older.SupersededBy.GetNumber() != 2 || older.Note != "for the donor" ||
		string(older.PublishedById) != string(iryna[:]) || !older.Public || older.CodeLists == "" {
		t.Errorf("listed %v, %v", newer, older)
	}
	after, err := p.reports.ListPublications(t.Context(), with(p.header, &reportv1.ListPublicationsRequest{DeskSpaceId: desk[:], PageToken: fmt.Sprintf("%d/2", year)}))
	if err != nil || len(after.Msg.Publications) != 1 || after.Msg.Publications[0].Number != 1 {
		t.Errorf("after the second %v, %v", after, err)
	}
}

func TestWhatIsNotPublished(t *testing.T) {
	p := newPublisher(t)
	p.come(20)
	p.mustRefuse("who is silent, by name", connect.CodeInvalidArgument, "names people", func(m *reportv1.PublishReportRequest) { m.Report, m.Public, m.From, m.To = "data-quality", false, 0, 0 })
	p.mustRefuse("the overview for the organisation", connect.CodeInvalidArgument, "names people", func(m *reportv1.PublishReportRequest) { m.Report, m.Public = "overview", false })
	p.mustRefuse("words of people", connect.CodeInvalidArgument, "has their words", func(m *reportv1.PublishReportRequest) { m.Report = "quotes" })
	p.mustRefuse("another than was looked at", connect.CodeAborted, "look at it again", func(m *reportv1.PublishReportRequest) { m.Stamp = strings.Repeat("0", 32) })
	p.mustRefuse("half a month, in public", connect.CodeInvalidArgument, "whole months", func(m *reportv1.PublishReportRequest) { m.From = 20240502 })
	p.mustRefuse("a report that there is not", connect.CodeInvalidArgument, "people", func(m *reportv1.PublishReportRequest) { m.Report = "people" })
	p.mustRefuse("no desk", connect.CodeInvalidArgument, "", func(m *reportv1.PublishReportRequest) { m.DeskSpaceId = nil })
	if _, err := p.publish(func(m *reportv1.PublishReportRequest) { m.Public = false }); err != nil {
		t.Errorf("figures alone, for the organisation: %v", err)
	}
	get := &reportv1.GetPublicationRequest{DeskSpaceId: desk[:], Which: &reportv1.PublicationNumber{Year: 2024, Number: 9}}
	if _, err := p.reports.GetPublication(t.Context(), with(p.header, get)); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("one that is not there: %v", err)
	}
	p.header = map[string][]string{"Authorization": {office.Header(olena)}}
	p.mustRefuse("somebody without a desk", connect.CodeNotFound, "", nil)
	if _, err := p.reports.ListPublications(t.Context(), with(p.header, &reportv1.ListPublicationsRequest{DeskSpaceId: desk[:]})); err == nil {
		t.Error("listed to somebody without a desk")
	}
}
