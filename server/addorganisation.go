package main

import (
	"context"
	"errors"
	"fmt"
)

type addOrganisationCommand struct {
	Name          string `arg:"" help:"What people call the organisation."`
	Administrator string `required:"" placeholder:"NAME" help:"What colleagues call its first administrator."`
	Dir           string `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the server's register. The server may run, on this machine."`
}

// Help is shown by `zhurnal add-organisation --help`.
func (addOrganisationCommand) Help() string {
	return `The administrator keeps the rest of the organisation's directory: programmes, spaces, users and their
roles. The id that is printed is who the administrator is to the server.

Example:
  zhurnal add-organisation "Опора" --administrator "Ірина Коваль" --dir ./register`
}

// Run makes the organisation and prints who keeps its directory.
func (c *addOrganisationCommand) Run(ctx context.Context, to streams) (err error) {
	register, err := openRegister(ctx, c.Dir)
	if err != nil {
		return fmt.Errorf("add-organisation: %w", err)
	}
	defer func() { err = errors.Join(err, register.close()) }()
	administrator, err := register.addOrganisation(ctx, c.Name, c.Administrator)
	if err != nil {
		return fmt.Errorf("add-organisation: %w", err)
	}
	_, err = fmt.Fprintf(to.out, "%s: its administrator, %s, is %s\n", c.Name, c.Administrator, administrator)
	return err
}
