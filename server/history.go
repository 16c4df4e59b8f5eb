package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/history"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

type historyCommand struct {
	Server string        `default:"http://127.0.0.1:8765" placeholder:"URL" help:"The running server (${default})."`
	As     id            `required:"" placeholder:"PERSON" help:"Who asks: 32 hexadecimal digits."`
	Space  id            `required:"" placeholder:"SPACE" help:"The space, to which you must have access: 32 hexadecimal digits."`
	Record id            `required:"" placeholder:"RECORD" help:"The record: 32 hexadecimal digits."`
	Wait   time.Duration `default:"1m" help:"How long to wait for each answer (${default})."`
}

// Help is shown by `zhurnal history --help`.
func (historyCommand) Help() string {
	return `The newest change comes first: its position, when the server took it, who wrote it on which replica, and what it
wrote. "live" is what the record holds now; "was" has been replaced, and can be written again.

Example:
  zhurnal history --as 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1 --space 6c796d616e0000000000000000000000 --record 00c1...`
}

// Run prints all of the record's history.
func (c *historyCommand) Run(ctx context.Context, to streams) error {
	known, err := catalogue.Types()
	if err != nil {
		return err
	}
	client := syncv1connect.NewDeskServiceClient(http.DefaultClient, c.Server)
	for before := uint64(0); ; {
		page, err := c.page(ctx, client, before)
		if err != nil {
			return c.explain(err)
		}
		if err := history.WriteText(to.out, known, page.Record.GetType(), page.Changes); err != nil {
			return err
		}
		if before = page.NextBeforePosition; before == 0 {
			return history.WriteCut(to.out, page.CutThroughPosition)
		}
	}
}

func (c *historyCommand) page(ctx context.Context, client syncv1connect.DeskServiceClient, before uint64) (*syncv1.ListHistoryResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	req := connect.NewRequest(&syncv1.ListHistoryRequest{
		SpaceId: c.Space[:], Record: &syncv1.RecordName{RecordId: c.Record[:]}, BeforePosition: before,
	})
	req.Header().Set("Authorization", auth.Header(merge.PersonID(c.As)))
	resp, err := client.ListHistory(ctx, req)
	if err != nil {
		return nil, err
	}
	return resp.Msg, nil
}

// explain says what to do, where the error alone does not.
func (c *historyCommand) explain(err error) error {
	var refused *connect.Error
	if !errors.As(err, &refused) || !connect.IsWireError(err) {
		return fmt.Errorf("history: no answer from %s: %w: is `zhurnal serve` running there?", c.Server, err)
	}
	return fmt.Errorf("history: %s", refused.Message())
}
