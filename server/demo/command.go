package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zhurnal/zhurnal/server/demo/season"
)

// Command is the command demo; its fields are the flags.
type Command struct {
	Seed        uint64 `default:"1" placeholder:"N" help:"What is chance in the season follows from it: order of syncs, cuts, clocks, ids (${default})."`
	Communities int    `default:"12" placeholder:"N" help:"How many communities hold a training (${default})."`
	People      int    `default:"38" placeholder:"N" help:"How many members the group of each community has (${default})."`
	JSON        bool   `name:"json" help:"Print one JSON object instead of tables."`
	Keep        bool   `help:"Leave the server up afterwards, and the files where they are."`
	Dir         string `placeholder:"PATH" help:"A directory for the registers that does not exist yet; it stays. A temporary one if not given."`
}

// Help is printed under the flags.
func (*Command) Help() string {
	return `It plays a real programme: groups of 12 communities in Donetsk and Luhansk oblasts are trained, 8 counselling rooms
work, events are held. 32 tablets record it for weeks without a network. Then they come back one by one; some clocks are wrong
by years, some links are cut in the middle of a sync, one tablet comes last. A coordinator links people who were registered
twice and settles what recorders disagree about. In the end everything is compared with the plan of the season.

The season is the same for every seed, and so must the report be.

Examples:
  zhurnal demo
  zhurnal demo --seed 7 --json
  zhurnal demo --communities 3 --people 12 --keep`
}

// errDiverged is what the command ends with when a check failed.
var errDiverged = errors.New("demo: the season did not come out as planned")

// Run plays the season and prints on standard output; progress goes to standard
// error. It is an error if a check fails.
func (c *Command) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *Command) run(ctx context.Context, out, progressTo io.Writer) (err error) {
	s, err := season.Plan(season.Options{Communities: c.Communities, People: c.People})
	if err != nil {
		return err
	}
	dir, err := c.makeDir()
	if err != nil {
		return err
	}
	if c.Dir == "" && !c.Keep {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	r, err := begin(ctx, s, chance(c.Seed), dir, newProgress(progressTo))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.play(ctx); err != nil {
		return err
	}
	o, err := r.check(ctx)
	if err != nil {
		return err
	}
	if err := c.print(out, r, o); err != nil {
		return err
	}
	for _, problem := range o.problems {
		fmt.Fprintln(progressTo, "not as planned:", problem)
	}
	if c.Keep {
		if err := r.waitForLooks(ctx, progressTo, dir); err != nil {
			return err
		}
	}
	if !o.Run.Converged {
		return errDiverged
	}
	return nil
}

// makeDir makes the directory of this run, which nobody else may read.
func (c *Command) makeDir() (string, error) {
	if c.Dir == "" {
		return os.MkdirTemp("", "zhurnal-demo-")
	}
	if err := os.Mkdir(c.Dir, 0o700); err != nil {
		return "", fmt.Errorf("demo: %w: name a directory that does not exist yet", err)
	}
	return c.Dir, nil
}

func (c *Command) print(out io.Writer, r *playthrough, o *outcome) error {
	if !c.JSON {
		return r.writeTables(out, o)
	}
	text, err := json.Marshal(o.Result)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", text)
	return err
}
