package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Command is the command bench; its fields are the flags.
type Command struct {
	JSON          bool   `name:"json" help:"Print one JSON object instead of a table."`
	Devices       int    `default:"50" help:"How many devices connect at once."`
	Changes       int    `default:"200" help:"How many changes each device has in B1."`
	B2Changes     int    `name:"b2-changes" default:"200000" help:"How many changes all devices together have in B2."`
	SharedPercent int    `default:"10" help:"How many percent of the changes edit records that ten devices edit."`
	Rounds        int    `default:"1" help:"How often to measure all of it, in turns; medians are printed."`
	Dir           string `type:"existingdir" help:"A directory on the disk to measure; the system's temporary one if not given. What is written there is removed."`
	SkipB2        bool   `name:"skip-b2" help:"Leave out B2, R1 and R2, for a quick look."`
	Profile       string `type:"existingdir" help:"A directory for CPU and heap profiles of the server, for go tool pprof."`
}

// Help is printed under the flags.
func (*Command) Help() string {
	return "B1: all devices push their changes at once, then pull everybody's. " +
		"B2: the same with many changes, pushed only. R1 and R2: the bytes of B2 written straight into the store's database, " +
		"R2 with a row of state read and written for each change. The server runs as a process of its own, on loopback; " +
		"its CPU and memory are its alone. Every change is on the disk before the server says so."
}

const (
	roundsMax = 100
	// roundMax bounds a round: a hundred times what it takes on two cores.
	roundMax = 30 * time.Minute
)

// Run measures and prints on standard output; progress goes to standard error.
func (c *Command) Run(ctx context.Context) error {
	return c.run(ctx, os.Stdout, os.Stderr)
}

func (c *Command) run(ctx context.Context, out, progress io.Writer) (err error) {
	p, err := c.plan(progress)
	if err != nil {
		return err
	}
	if p.dir, err = os.MkdirTemp(c.Dir, "zhurnal-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(p.dir)) }()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.Rounds)*roundMax)
	defer cancel()
	rounds, err := p.run(ctx)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if c.JSON {
		return writeJSON(out, p.b1, rounds)
	}
	return writeTable(out, p.b1, rounds)
}

func (c *Command) plan(progress io.Writer) (*plan, error) {
	p := &plan{
		b1:     workload{Devices: c.Devices, ChangesPerDevice: c.Changes, SharedPercent: c.SharedPercent},
		skipB2: c.SkipB2, rounds: c.Rounds, profiles: c.Profile,
		progress: func(format string, args ...any) { fmt.Fprintf(progress, format+" …\n", args...) },
	}
	if err := p.b1.check(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	p.b2 = p.b1
	p.b2.ChangesPerDevice = c.B2Changes / c.Devices
	if err := p.b2.check(); err != nil && !c.SkipB2 {
		return nil, fmt.Errorf("bench: B2: %w", err)
	}
	if c.Rounds < 1 || c.Rounds > roundsMax {
		return nil, fmt.Errorf("bench: %d rounds; 1 to %d can be measured", c.Rounds, roundsMax)
	}
	return p, nil
}
