package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/server/enrol/qr"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

type inviteCommand struct {
	keyFlag
	Dir              string   `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the server's register. The server may run, on this machine."`
	Server           string   `default:"http://127.0.0.1:8765" placeholder:"URL" help:"The address at which tablets reach the server (${default})."`
	Person           id       `placeholder:"PERSON" help:"Who is invited: 32 hexadecimal digits. With --name: the id that a new person gets."`
	Name             string   `placeholder:"TEXT" help:"The name of a person who is not known yet."`
	Organisation     id       `placeholder:"ID" help:"The person's organisation, if the server has several: 32 hexadecimal digits."`
	OrganisationName string   `placeholder:"TEXT" help:"The name of an organisation that is not known yet, such as the first."`
	Pin              []hash   `placeholder:"SHA256" help:"SHA-256 of the public key (SubjectPublicKeyInfo) of the server's certificate: 64 hexadecimal digits. May be repeated."`
	WipeKey          wipeKey  `placeholder:"PUBLIC" help:"The public half of the key that orders to wipe a tablet, as 'zhurnal key wipe' prints it. It is the organisation's from then on."`
	Recovery         []string `placeholder:"AGE1..." sep:"none" help:"Who can open what a tablet seals before it is wiped: a recipient as 'zhurnal key identity' prints it. May be repeated. With --wipe-key."`
	Printed          bool     `help:"For a sheet of paper: good for 24 hours in place of 30 minutes."`
	Hub              bool     `help:"For a hub, which is told of all devices of the organisation, and who may read what its person may read."`
	PNG              string   `name:"png" placeholder:"FILE" help:"Write the QR code as a picture too. Whoever sees it can use it."`
}

// Help is shown by 'zhurnal invite --help'.
func (inviteCommand) Help() string {
	return `Prints the line of an invitation and its QR code, by which one tablet enrols, once. The first call on a new
register makes the organisation and the first person.

Examples:
  zhurnal invite --dir ./register --organisation-name Opora --name "Iryna K." --server https://register.example.org
  zhurnal invite --dir ./register --name "Olena S." --printed --png olena.png
  zhurnal invite --dir ./register --name "Petro M." --wipe-key PUBLIC --recovery age1...
  zhurnal invite --dir ./register --name "Laptop of the hall" --hub
  zhurnal invite --dir ./register --person 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1`
}

// hash is a SHA-256 on the command line.
type hash [32]byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("%q is no SHA-256: 64 hexadecimal digits are due, and it has %d characters", text, len(text))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("%q is no SHA-256: 64 hexadecimal digits are due", text)
	}
	return nil
}

// Run makes an invitation and shows it.
func (c *inviteCommand) Run(ctx context.Context, to streams) (err error) {
	register, err := openRegister(ctx, c.Dir, c.MasterKey)
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	defer func() { err = errors.Join(err, register.close()) }()
	guest := enrol.Guest{
		Home:             credential.Home{Server: c.Server, Organisation: credential.OrganisationID(c.Organisation)},
		OrganisationName: c.OrganisationName, Person: merge.PersonID(c.Person), PersonName: c.Name, Printed: c.Printed, Hub: c.Hub,
	}
	guest.Home.WipeKey, guest.Home.Recipients = c.WipeKey, c.Recovery
	for _, pin := range c.Pin {
		guest.Home.Pins = append(guest.Home.Pins, pin)
	}
	line, person, err := register.invite(ctx, guest)
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	if c.PNG != "" {
		picture, err := qr.PNG(line)
		if err == nil {
			err = os.WriteFile(c.PNG, picture, 0o600)
		}
		if err != nil {
			return fmt.Errorf("invite: the picture: %w", err)
		}
	}
	drawn, err := qr.Terminal(line)
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	life := "30 minutes"
	if c.Printed {
		life = "24 hours"
	}
	_, err = fmt.Fprintf(to.out, "%s\n%s\nperson %s; good once, for %s\n", drawn, line, person, life)
	return err
}
