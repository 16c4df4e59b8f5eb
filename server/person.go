package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/export"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

type personCommand struct {
	Export personExport `cmd:"" help:"Print everything that spaces hold about a person, as JSON."`
	Erase  personErase  `cmd:"" help:"Erase a person, for good."`
}

// personArgs say whom it is about.
type personArgs struct {
	Server  string        `placeholder:"URL" help:"Another address of the server than that at which the device enrolled."`
	Key     string        `required:"" placeholder:"FILE" help:"The key file of who asks, as 'zhurnal enrol' makes it."`
	Space   []id          `required:"" placeholder:"SPACE" help:"The spaces, to which you must have access: 32 hexadecimal digits each."`
	Subject id            `required:"" placeholder:"RECORD" help:"The record that is the person, such as a Participant or a Client: 32 hexadecimal digits."`
	Wait    time.Duration `default:"10m" help:"How long to wait for each answer (${default})."`
}

// ask calls the running server.
func (a *personArgs) ask(ctx context.Context, call func(ctx context.Context, client syncv1connect.RightsServiceClient) error) error {
	caller, err := keyfile.NewCaller(a.Key, a.Server, http.DefaultClient)
	if err != nil {
		return fmt.Errorf("person: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	if err := call(ctx, syncv1connect.NewRightsServiceClient(caller.Client, caller.Address, caller.Option)); err != nil {
		return keyfile.Explain("person", caller.Address, err)
	}
	return nil
}

type personExport struct{ personArgs }

// Help is shown by `zhurnal person export --help`.
func (personExport) Help() string {
	return `One JSON object a line: each record that is about the person, with what it shows now and every change that
wrote to it, who wrote it and when, values that were replaced included; and changes that are kept and not merged.

Example:
  zhurnal person export --key desk.key --space 6c796d616e0000000000000000000000 --subject 00c1...`
}

// Run prints what the spaces hold.
func (c *personExport) Run(ctx context.Context, to streams) error {
	known, err := catalogue.Types()
	if err != nil {
		return err
	}
	for _, space := range c.Space {
		for token := ""; ; {
			page, err := c.page(ctx, space, token)
			if err != nil {
				return err
			}
			if err := export.WriteJSON(to.out, known, merge.SpaceID(space), page); err != nil {
				return err
			}
			if token = page.NextPageToken; token == "" {
				break
			}
		}
	}
	return nil
}

func (c *personExport) page(ctx context.Context, space id, token string) (page *syncv1.ExportResponse, err error) {
	err = c.ask(ctx, func(ctx context.Context, client syncv1connect.RightsServiceClient) error {
		req := &syncv1.ExportRequest{SpaceId: space[:], SubjectId: c.Subject[:], PageToken: token}
		resp, err := client.Export(ctx, connect.NewRequest(req))
		if err == nil {
			page = resp.Msg
		}
		return err
	})
	return page, err
}

type personErase struct {
	personArgs
	Sure bool `required:"" help:"That the person is to be erased. Nothing brings them back."`
}

// Help is shown by `zhurnal person erase --help`.
func (personErase) Help() string {
	return `Of the records that are about the person only what totals need stays, under the same ids. Everything else goes
from the server's records, log, quarantine and files at once, and from tablets and hubs when they sync next. It stays in
backups that were made before: destroy them when they are due, and keep the register file beside them, which erases
the person again when one of them is restored. Free text in records about others is not found: look for it.

Example:
  zhurnal person erase --sure --key desk.key --space 6c79... --subject 00c1...`
}

// Run erases, and says what was.
func (c *personErase) Run(ctx context.Context, to streams) error {
	m := &syncv1.EraseRequest{SubjectId: c.Subject[:]}
	for i := range c.Space {
		m.SpaceIds = append(m.SpaceIds, c.Space[i][:])
	}
	return c.ask(ctx, func(ctx context.Context, client syncv1connect.RightsServiceClient) error {
		resp, err := client.Erase(ctx, connect.NewRequest(m))
		if err != nil {
			return err
		}
		for _, s := range resp.Msg.Spaces {
			fmt.Fprintf(to.out, "space %x: %d records erased, %d entries of the log and %d changes in quarantine purged\n", s.SpaceId, s.Records, s.Entries, s.Quarantined)
		}
		return nil
	})
}
