package main

import (
	"context"
	"errors"
	"fmt"
	"os"
)

type addSchemaCommand struct {
	keyFlag
	File string `arg:"" type:"existingfile" help:"A FileDescriptorSet, as 'buf build -o file.binpb' writes it."`
	Dir  string `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the server's register. The server may run, on this machine."`
}

// Help is shown by `zhurnal add-schema --help`.
func (addSchemaCommand) Help() string {
	return `The record types of the file are known from now on, for good, and what tablets brought of these types
before is merged.

Example:
  zhurnal add-schema clinic.binpb --dir ./register`
}

// Run makes the types known and names them.
func (c *addSchemaCommand) Run(ctx context.Context, to streams) (err error) {
	set, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("add-schema: %w", err)
	}
	register, err := openRegister(ctx, c.Dir, c.MasterKey)
	if err != nil {
		return fmt.Errorf("add-schema: %w", err)
	}
	defer func() { err = errors.Join(err, register.close()) }()
	types, released, err := register.addSchema(ctx, set)
	if err != nil {
		return fmt.Errorf("add-schema: %s: %w", c.File, err)
	}
	for _, name := range types {
		fmt.Fprintln(to.out, name)
	}
	_, err = fmt.Fprintf(to.out, "%d types are known; %d changes that waited for them were merged\n", len(types), released)
	return err
}
