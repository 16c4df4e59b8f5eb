package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1/reportv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/server/report"
)

type reportCommand struct {
	Server  string        `placeholder:"URL" help:"With --key: another address of the server than that at which the device enrolled."`
	Key     string        `placeholder:"FILE" help:"The key file of a device, as 'zhurnal enrol' makes it. Without it: as who has signed in."`
	Session string        `placeholder:"FILE" help:"Where 'zhurnal sign-in' keeps the session (in your configuration directory)."`
	Desk    id            `required:"" placeholder:"SPACE" help:"The desk for which the report is made, to which you must have access: 32 hexadecimal digits."`
	From    int32         `placeholder:"YYYYMMDD" help:"First day of what was held. Without it: from the beginning."`
	To      int32         `placeholder:"YYYYMMDD" help:"Last day of what was held. Without it: to the end."`
	Expect  []id          `placeholder:"PERSON" help:"Recorders who should have synced; the report lists those of whom it has nothing."`
	JSON    bool          `name:"json" help:"Print one JSON object instead of a table."`
	Wait    time.Duration `default:"1m" help:"How long to wait for the answer (${default})."`
}

// Help is shown by `zhurnal report --help`.
func (reportCommand) Help() string {
	return `The figures are worked out when you ask, from every register as it is on the server at that moment.
They are numbers, and the sessions at which somebody has to look; no list of persons is in them.

Examples:
  zhurnal sign-in && zhurnal report --desk 00d35c00000000000000000000000001
  zhurnal report --key desk.key --desk 00d35c00000000000000000000000001
  zhurnal report --key desk.key --desk ... --from 20160701 --to 20160930 --json`
}

// Run asks the server and prints its answer.
func (c *reportCommand) Run(ctx context.Context, to streams) error {
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	caller, err := keyfile.Whoever(c.Key, c.Session, c.Server, http.DefaultClient)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	client := reportv1connect.NewReportServiceClient(caller.Client, caller.Address, caller.Option)
	resp, err := client.Report(ctx, c.request())
	if err != nil {
		return keyfile.Explain("report", caller.Address, err)
	}
	if c.JSON {
		return printJSON(to.out, resp.Msg.Report)
	}
	return report.WriteTable(to.out, resp.Msg.Report)
}

func (c *reportCommand) request() *connect.Request[reportv1.ReportRequest] {
	req := connect.NewRequest(&reportv1.ReportRequest{DeskSpaceId: c.Desk[:], From: c.From, To: c.To})
	for _, recorder := range c.Expect {
		req.Msg.ExpectedRecorderIds = append(req.Msg.ExpectedRecorderIds, recorder[:])
	}
	return req
}

// printJSON prints every field, also zeros, under its name in the .proto file.
func printJSON(w io.Writer, season *reportv1.SeasonReport) error {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: true}.Marshal(season)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
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
