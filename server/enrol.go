package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/server/keyfile"
)

type enrolCommand struct {
	Invitation string `arg:"" default:"-" help:"The line of an invitation; - reads it from standard input, where no other program sees it (${default})."`
	Key        string `required:"" placeholder:"FILE" help:"The key file to make. Whoever can read it is this device."`
	Label      string `placeholder:"TEXT" help:"What people call this device (the machine's name)."`
}

// Help is shown by 'zhurnal enrol --help'.
func (enrolCommand) Help() string {
	return `Makes this machine known to a home server, so that ` + "`report`, `history` and a hub" + ` can ask it. Who it is for is said by
whoever invites. If it fails with no answer, call it again with the same --key: it goes on where it was.

Examples:
  zhurnal enrol --key desk.key
  zhurnal report --key desk.key --desk <space id>`
}

// enrolTimeout bounds the request to enrol.
const enrolTimeout = time.Minute

// Run draws a key, enrols and keeps what came of it.
func (c *enrolCommand) Run(ctx context.Context, to streams) error {
	line := c.Invitation
	if line == "-" {
		scanner := bufio.NewScanner(os.Stdin)
		scanner.Scan()
		line = scanner.Text()
	}
	invitation, err := clientsdk.ParseInvitation(line)
	if err != nil {
		return fmt.Errorf("enrol: %w", err)
	}
	if c.Label == "" {
		if c.Label, err = os.Hostname(); err != nil {
			return fmt.Errorf("enrol: what is this device called? Say with --label: %w", err)
		}
	}
	k, err := c.file()
	if err != nil {
		return fmt.Errorf("enrol: %w", err)
	}
	identity, err := clientsdk.Enrol(ctx, invitation, c.Label, k.Signer, &http.Client{Timeout: enrolTimeout})
	if err != nil {
		return err
	}
	if err := k.Enrolled(identity); err != nil {
		return fmt.Errorf("enrol: %w", err)
	}
	_, err = fmt.Fprintf(to.out, "device %s of person %s: its key is in %s\n", identity.Device, identity.Person, c.Key)
	return err
}

// file is one that is there and has not enrolled, or a new one.
func (c *enrolCommand) file() (*keyfile.File, error) {
	if _, err := os.Stat(c.Key); errors.Is(err, fs.ErrNotExist) {
		return keyfile.Make(c.Key)
	}
	k, err := keyfile.Open(c.Key)
	if err == nil && k.Identity != nil {
		return nil, fmt.Errorf("%s has enrolled already, as device %s: name a file that is not there", c.Key, k.Identity.Device)
	}
	return k, err
}
