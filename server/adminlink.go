package main

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	adminv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/admin/v1/adminv1connect"
	"github.com/zhurnal/zhurnal/server/operator"
)

type adminLinkCommand struct {
	Dir  string `required:"" placeholder:"PATH" help:"Directory of the server's register. The server must run, on this machine."`
	User id     `placeholder:"ID" help:"A user who cannot sign in: 32 hexadecimal digits. Without it: for the first administrator of a register that has none."`
}

// Help is shown by 'zhurnal admin-link --help'.
func (adminLinkCommand) Help() string {
	return `Prints a link that lets one person in, once, within 24 hours: the first administrator, who makes the organisation
behind it, or a user who chooses another way to sign in behind it. A link that was made for the same before is not
good any more, and none is after the server was started anew.

Examples:
  zhurnal admin-link --dir ./register
  zhurnal admin-link --dir ./register --user 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1`
}

// Run asks the server that runs.
func (c *adminLinkCommand) Run(ctx context.Context, to streams) error {
	client, err := operator.Dial(ctx, c.Dir)
	if err != nil {
		return fmt.Errorf("admin-link: %w", err)
	}
	if client == nil {
		return fmt.Errorf("admin-link: no server has %s open: start it with `zhurnal serve --dir %s`, which prints a link itself if there is no administrator", c.Dir, c.Dir)
	}
	defer client.CloseIdleConnections()
	req := &adminv1.MakeLinkRequest{}
	if c.User != (id{}) {
		req.UserId = c.User[:]
	}
	resp, err := adminv1connect.NewSignInServiceClient(client, operator.URL).MakeLink(ctx, connect.NewRequest(req))
	if err != nil {
		var refused *connect.Error
		if errors.As(err, &refused) && connect.IsWireError(err) {
			return fmt.Errorf("admin-link: %s", refused.Message())
		}
		return fmt.Errorf("admin-link: %w", err)
	}
	_, err = fmt.Fprintf(to.out, "%s\ngood once, until %s\n", resp.Msg.Url, clock(resp.Msg.ExpiresMillis))
	return err
}
