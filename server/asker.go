package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/zhurnal/zhurnal/server/keyfile"
)

// askerFlags say as whom a running server is asked.
type askerFlags struct {
	Server  string        `placeholder:"URL" help:"With --key: another address of the server than that at which the device enrolled."`
	Key     string        `placeholder:"FILE" help:"The key file of a device, as 'zhurnal enrol' makes it. Without it: as who has signed in."`
	Session string        `placeholder:"FILE" help:"Where 'zhurnal sign-in' keeps the session (in your configuration directory)."`
	Wait    time.Duration `default:"1m" help:"How long to wait for each answer (${default})."`
}

// caller is who asks; what is the command that does, for errors.
func (a *askerFlags) caller(what string) (*keyfile.Caller, error) {
	caller, err := keyfile.Whoever(a.Key, a.Session, a.Server, http.DefaultClient)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return caller, nil
}

// asking calls the running server, and waits for as long as is said.
func (a *askerFlags) asking(ctx context.Context, what string, call func(ctx context.Context, caller *keyfile.Caller) error) error {
	caller, err := a.caller(what)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	if err := call(ctx, caller); err != nil {
		return keyfile.Explain(what, caller.Address, err)
	}
	return nil
}
