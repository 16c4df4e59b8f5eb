package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"
	"filippo.io/age"
	"google.golang.org/protobuf/proto"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/limits"
)

type recoverCommand struct {
	identityFlag
	File   string        `arg:"" type:"existingfile" help:"What a device has sealed before it was wiped: DEVICE-….age in the server's DIR.wiped, or wiped.age of the device itself."`
	Server string        `placeholder:"URL" help:"Another address of the server than that at which the device of --key enrolled."`
	Key    string        `required:"" placeholder:"FILE" help:"The key file of who brings it: for each space somebody who has a role there."`
	Wait   time.Duration `default:"5m" help:"How long to wait for each answer (${default})."`
}

// Help is shown by 'zhurnal recover --help'.
func (recoverCommand) Help() string {
	return `Opens what a device has sealed before it was wiped, here and not on the server, and sends it there. The device has
signed what its person wrote; since it was turned away, its word alone counts no more, and who brings the work home
vouches for it. What the server has already it has once; the command may be typed again, and by others for other
spaces.

Example:
  zhurnal recover 6f0c9d1f-07.age --identity /mnt/safe/recovery.identity --key desk.key`
}

// Run opens the file and sends what is in it.
func (c *recoverCommand) Run(ctx context.Context, to streams) error {
	work, err := c.open()
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	caller, err := keyfile.NewCaller(c.Key, c.Server, http.DefaultClient)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	fmt.Fprintf(to.out, "device %x of user %x\n", work.DeviceId, work.PersonId)
	client := syncv1connect.NewSyncServiceClient(caller.Client, caller.Address, caller.Option)
	var refused error
	for _, space := range work.Spaces {
		tally, err := c.send(ctx, client, space)
		var told *spaceRefused
		switch {
		case errors.As(err, &told):
			refused = errors.Join(refused, fmt.Errorf("recover: space %x: %w", space.SpaceId, err))
			continue
		case err != nil:
			return keyfile.Explain("recover", caller.Address, err)
		}
		fmt.Fprintf(to.out, "space %x: %d merged, %d of them flagged; %d in quarantine\n", space.SpaceId, tally.merged, tally.flagged, tally.quarantined)
	}
	return refused
}

// open returns what is in the sealed file.
func (c *recoverCommand) open() (*enrolv1.SealedWork, error) {
	identities, err := c.read()
	if err != nil {
		return nil, err
	}
	if len(identities) == 0 {
		return nil, errors.New("who opens the file? Name the recovery identity with --identity")
	}
	sealed, err := os.ReadFile(c.File)
	if err != nil {
		return nil, err
	}
	opened, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return nil, fmt.Errorf("%s does not open by this identity, or is not whole: %w", c.File, err)
	}
	plain, err := io.ReadAll(opened)
	if err != nil {
		return nil, fmt.Errorf("%s is not whole: %w", c.File, err)
	}
	work := new(enrolv1.SealedWork)
	if err := proto.Unmarshal(plain, work); err != nil || len(work.DeviceId) == 0 || len(work.PersonId) == 0 {
		return nil, fmt.Errorf("%s is nothing that a device has sealed before it was wiped", c.File)
	}
	return work, nil
}

// recovered counts changes by what became of them.
type recovered struct{ merged, flagged, quarantined int }

// spaceRefused is why a space's part was not taken.
type spaceRefused struct{ why string }

func (r *spaceRefused) Error() string { return r.why }

// send brings the work of one space.
func (c *recoverCommand) send(ctx context.Context, client syncv1connect.SyncServiceClient, space *enrolv1.SealedSpace) (tally recovered, err error) {
	for from := 0; from < len(space.Batches); from += recoverBatches {
		batches := space.Batches[from:min(from+recoverBatches, len(space.Batches))]
		up := &syncv1.SpaceUp{SpaceId: space.SpaceId, Batches: batches}
		outcomes, err := c.sync(ctx, client, up)
		if err != nil {
			return tally, err
		}
		for _, o := range outcomes {
			n := int(o.LastSeq - o.FirstSeq + 1)
			switch o.Verdict {
			case syncv1.Verdict_VERDICT_APPLIED:
				tally.merged += n
			case syncv1.Verdict_VERDICT_FLAGGED:
				tally.merged, tally.flagged = tally.merged+n, tally.flagged+n
			case syncv1.Verdict_VERDICT_QUARANTINED:
				tally.quarantined += n
			}
		}
	}
	return tally, nil
}

// recoverBatches are those of one request: the most that a space may have.
const recoverBatches = min(limits.PushBatches, 8)

func (c *recoverCommand) sync(ctx context.Context, client syncv1connect.SyncServiceClient, up *syncv1.SpaceUp) ([]*syncv1.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	resp, err := client.Sync(ctx, connect.NewRequest(&syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{up}, PageBytes: 1}))
	switch {
	case err != nil:
		return nil, err
	case len(resp.Msg.Spaces) != 1:
		return nil, errors.New("the server answers for another space than it was asked for")
	case resp.Msg.Spaces[0].Fault != nil && len(resp.Msg.Spaces[0].Outcomes) == 0:
		return nil, &spaceRefused{resp.Msg.Spaces[0].Fault.Message + " Somebody with a role in this space can bring it, by the same command."}
	}
	return resp.Msg.Spaces[0].Outcomes, nil
}
