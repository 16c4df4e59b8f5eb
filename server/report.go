package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/server/report"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

type reportCommands struct {
	Make         reportCommand      `cmd:"" default:"withargs" help:"Make a report of how the registers are now."`
	Publish      reportPublish      `cmd:"" help:"Make a report and keep it, as it is, for good."`
	Publications reportPublications `cmd:"" help:"List what was published, or show one publication again."`
}

// Help is shown by `zhurnal report --help`.
func (reportCommands) Help() string {
	return `'zhurnal report NAME' is 'zhurnal report make NAME', whose --help has the flags.

Examples:
  zhurnal report --list
  zhurnal report people-reached --key desk.key --desk 00d35c00000000000000000000000001
  zhurnal report publish people-reached --key desk.key --desk ... --public --from 20160701 --to 20160930 --note "for the embassy"
  zhurnal report publications --key desk.key --desk ...`
}

// reportArgs say who asks, and for whose programme.
type reportArgs struct {
	askerFlags
	Desk *id `placeholder:"SPACE" help:"The desk for whose programme the report is made, to which you must have access: 32 hexadecimal digits."`
}

// reportQuestion is what is asked.
type reportQuestion struct {
	From   int32             `placeholder:"YYYYMMDD" help:"First day of what was held. Without it: from the beginning."`
	To     int32             `placeholder:"YYYYMMDD" help:"Last day of what was held. Without it: to the end."`
	Set    map[string]string `placeholder:"NAME=VALUE" help:"A parameter of the report."`
	Public bool              `help:"What may leave the organisation: small numbers are suppressed, and what would give one away. Of whole months."`
}

// reportForm is how the answer is written.
type reportForm struct {
	Lang string `enum:"uk,en" default:"en" help:"Language: uk or en (${default})."`
	CSV  string `name:"csv" placeholder:"FILE" xor:"form" help:"Write CSV to a file, - for standard output."`
	XLSX string `name:"xlsx" placeholder:"FILE" xor:"form" help:"Write an Excel workbook to a file."`
	JSON bool   `name:"json" xor:"form" help:"Print one JSON object instead of tables."`
}

type reportCommand struct {
	Name string `arg:"" optional:"" default:"overview" help:"Which report; --list has the names (${default})."`
	List bool   `help:"List the reports, what each answers and its parameters, and end."`
	reportArgs
	reportQuestion
	Expect []id `placeholder:"PERSON" help:"Recorders who should have synced; the report lists those of whom it has nothing."`
	reportForm
}

// Help is shown by `zhurnal report make --help`.
func (reportCommand) Help() string {
	return `The figures are worked out when you ask, from every register as it is on the server at that moment.
They are numbers, and the sessions at which somebody has to look; no list of the people who are served is in them.

Examples:
  zhurnal report --list
  zhurnal sign-in && zhurnal report --desk 00d35c00000000000000000000000001
  zhurnal report people-reached --key desk.key --desk ... --from 20160701 --to 20160930 --set target=30000
  zhurnal report attended-all-days --key desk.key --desk ... --lang uk --xlsx days.xlsx
  zhurnal report people-reached --key desk.key --desk ... --public --csv reached.csv`
}

// Run asks the server and writes its answer.
func (c *reportCommand) Run(ctx context.Context, to streams) error {
	if c.List {
		return listReports(to.out, c.language())
	}
	return c.ask(ctx, func(ctx context.Context, client reportv1connect.ReportServiceClient) error {
		resp, err := client.Report(ctx, c.request())
		if err != nil {
			return err
		}
		return c.write(to.out, resp.Msg.Document)
	})
}

// ask calls the running server.
func (a *reportArgs) ask(ctx context.Context, call func(ctx context.Context, client reportv1connect.ReportServiceClient) error) error {
	if a.Desk == nil {
		return fault.New(fault.Invalid, "report: --desk is missing: it says for whose programme the report is")
	}
	return a.asking(ctx, "report", func(ctx context.Context, caller *keyfile.Caller) error {
		return call(ctx, reportv1connect.NewReportServiceClient(caller.Client, caller.Address, caller.Option))
	})
}

func (c *reportForm) language() table.Language {
	if c.Lang == "uk" {
		return table.Ukrainian
	}
	return table.English
}

func (c *reportCommand) request() *connect.Request[reportv1.ReportRequest] {
	req := connect.NewRequest(&reportv1.ReportRequest{
		DeskSpaceId: c.Desk[:], Report: c.Name, From: c.From, To: c.To, Public: c.Public,
	})
	req.Msg.Settings = c.settings()
	for _, recorder := range c.Expect {
		req.Msg.ExpectedRecorderIds = append(req.Msg.ExpectedRecorderIds, recorder[:])
	}
	return req
}

func (q *reportQuestion) settings() (set []*reportv1.Setting) {
	for _, name := range slices.Sorted(maps.Keys(q.Set)) {
		set = append(set, &reportv1.Setting{Parameter: name, Value: q.Set[name]})
	}
	return set
}

func (c *reportForm) write(out io.Writer, w *reportv1.Document) error {
	document := table.FromWire(w)
	switch {
	case c.JSON:
		return printJSON(out, w)
	case c.CSV == "-":
		return table.WriteCSV(out, document, c.language())
	case c.CSV != "":
		return writeReport(c.CSV, document, c.language(), table.WriteCSV)
	case c.XLSX != "":
		return writeReport(c.XLSX, document, c.language(), table.WriteXLSX)
	}
	return table.WriteText(out, document, c.language())
}

// writeReport writes a file whole, or not at all.
func writeReport(name string, d *table.Document, l table.Language, write func(io.Writer, *table.Document, table.Language) error) error {
	var b bytes.Buffer
	if err := write(&b, d, l); err != nil {
		return err
	}
	if err := atomicfile.Replace(name, b.Bytes()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// printJSON prints every field, also zeros, under its name in the .proto file.
func printJSON(w io.Writer, document *reportv1.Document) error {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(document)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

// listReports prints the catalogue, which is the program's own.
func listReports(w io.Writer, l table.Language) error {
	var b bytes.Buffer
	for _, d := range report.Catalogue() {
		public := ""
		if d.Publishable {
			public = " (--public)"
		}
		fmt.Fprintf(&b, "%s%s\n  %s. %s\n", d.Name, public, d.Title.In(l), d.About.In(l))
		for _, p := range d.Parameters {
			fmt.Fprintf(&b, "    --set %s=...  %s\n", p.Name, p.Title.In(l))
			for _, choice := range p.Choices {
				fmt.Fprintf(&b, "        %s  %s\n", choice.Name, choice.Title.In(l))
			}
		}
	}
	_, err := b.WriteTo(w)
	return err
}

// id is 16 bytes on the command line.
type id [16]byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *id) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(i)) {
		return fmt.Errorf("%q is no id: 32 hexadecimal digits are due, and it has %d characters", text, len(text))
	}
	if _, err := hex.Decode(i[:], text); err != nil {
		return fmt.Errorf("%q is no id: 32 hexadecimal digits are due", text)
	}
	return nil
}
