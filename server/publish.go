package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/server/publication"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

type reportPublish struct {
	Name string `arg:"" help:"Which report; 'zhurnal report --list' has the names."`
	reportArgs
	reportQuestion
	Stamp      string             `help:"The stamp of the report that you have looked at: if the registers have moved on, nothing is published."`
	Note       string             `help:"What there is to say about it, such as for whom it is."`
	Supersedes *publicationNumber `placeholder:"YEAR/NUMBER" help:"The publication whose place it takes; both stay listed."`
	Because    string             `help:"Why it takes the place of the other."`
	Lang       string             `enum:"uk,en" default:"en" help:"Language: uk or en (${default})."`
}

// Help is shown by `zhurnal report publish --help`.
func (reportPublish) Help() string {
	return `What is published is kept as it is, under a number of the year, and can be shown again at any time. Nothing alters or
removes it. What names people is refused, since it could not be taken back.

Examples:
  zhurnal report publish people-reached --desk ... --public --from 20160701 --to 20160930 --note "for the embassy"
  zhurnal report publish people-reached --desk ... --public --from 20160701 --to 20160930 --supersedes 2016/3 --because "a sheet came late"`
}

// Run publishes, and says under which number.
func (c *reportPublish) Run(ctx context.Context, to streams) error {
	return c.ask(ctx, func(ctx context.Context, client reportv1connect.ReportServiceClient) error {
		resp, err := client.PublishReport(ctx, connect.NewRequest(&reportv1.PublishReportRequest{
			DeskSpaceId: c.Desk[:], Report: c.Name, From: c.From, To: c.To, Settings: c.settings(), Public: c.Public,
			Stamp: c.Stamp, Note: c.Note, Supersedes: c.Supersedes.wire(), Reason: c.Because,
		}))
		if err != nil {
			return err
		}
		return writePublications(to.out, []*reportv1.Publication{resp.Msg.Publication}, languageOf(c.Lang))
	})
}

type reportPublications struct {
	Which *publicationNumber `arg:"" optional:"" placeholder:"YEAR/NUMBER" help:"The publication that is shown again. Without it all are listed, the newest first."`
	reportArgs
	reportForm
}

// Run lists publications, or shows one as it was published.
func (c *reportPublications) Run(ctx context.Context, to streams) error {
	return c.ask(ctx, func(ctx context.Context, client reportv1connect.ReportServiceClient) error {
		if c.Which != nil {
			return c.show(ctx, client, to.out)
		}
		for token := ""; ; {
			resp, err := client.ListPublications(ctx, connect.NewRequest(&reportv1.ListPublicationsRequest{DeskSpaceId: c.Desk[:], PageToken: token}))
			if err != nil {
				return err
			}
			if err := writePublications(to.out, resp.Msg.Publications, c.language()); err != nil {
				return err
			}
			if token = resp.Msg.NextPageToken; token == "" {
				return nil
			}
		}
	})
}

func (c *reportPublications) show(ctx context.Context, client reportv1connect.ReportServiceClient, out io.Writer) error {
	resp, err := client.GetPublication(ctx, connect.NewRequest(&reportv1.GetPublicationRequest{DeskSpaceId: c.Desk[:], Which: c.Which.wire()}))
	if err != nil {
		return err
	}
	document := &reportv1.Document{}
	if err := proto.Unmarshal(resp.Msg.Document, document); err != nil {
		return fault.New(fault.Damaged, "report: the publication: %w", err)
	}
	if c.CSV == "" && c.XLSX == "" && !c.JSON {
		if err := writePublications(out, []*reportv1.Publication{resp.Msg.Publication}, c.language()); err != nil {
			return err
		}
	}
	return c.write(out, document)
}

func languageOf(name string) table.Language { return (&reportForm{Lang: name}).language() }

// writePublications prints a few lines for each.
func writePublications(w io.Writer, list []*reportv1.Publication, l table.Language) error {
	var b bytes.Buffer
	for _, p := range list {
		title := p.GetTitle().GetEn()
		if l == table.Ukrainian {
			title = p.GetTitle().GetUk()
		}
		fmt.Fprintf(&b, "%d/%d  %s (%s)", p.Year, p.Number, title, p.Report)
		for _, day := range []int32{p.From, p.To} {
			if day != 0 {
				fmt.Fprintf(&b, " %d", day)
			}
		}
		for _, s := range p.Settings {
			fmt.Fprintf(&b, " %s=%q", s.Parameter, s.Value)
		}
		if p.Public {
			b.WriteString(" --public")
		}
		fmt.Fprintf(&b, "\n  published %s by %x, SHA-256 %x\n", time.UnixMilli(p.PublishedMillis).UTC().Format("2006-01-02 15:04"), p.PublishedById, p.Hash)
		if p.Note != "" {
			fmt.Fprintf(&b, "  note: %q\n", p.Note)
		}
		if at := p.Supersedes; at != nil {
			fmt.Fprintf(&b, "  takes the place of %d/%d: %q\n", at.Year, at.Number, p.Reason)
		}
		if at := p.SupersededBy; at != nil {
			fmt.Fprintf(&b, "  its place is taken by %d/%d\n", at.Year, at.Number)
		}
	}
	_, err := b.WriteTo(w)
	return err
}

// publicationNumber names a publication on the command line.
type publicationNumber struct{ year, number int32 }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *publicationNumber) UnmarshalText(text []byte) error {
	read, err := publication.ParseNumber(string(text))
	if err == nil {
		n.year, n.number = read.Year, read.Number
	}
	return err
}

func (n *publicationNumber) wire() *reportv1.PublicationNumber {
	if n == nil {
		return nil
	}
	return &reportv1.PublicationNumber{Year: n.year, Number: n.number}
}
