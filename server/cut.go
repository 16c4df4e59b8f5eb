package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

type cutCommand struct {
	keyFlag
	Dir      string `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the server's register. The server may run, on this machine."`
	Space    id     `placeholder:"SPACE" help:"Only this space: 32 hexadecimal digits."`
	Retain   days   `default:"400d" placeholder:"DAYS" help:"Keep so many days at least in spaces of which nothing else was said (${default})."`
	Rehearse bool   `help:"Forget nothing, and say what would be."`
	Set      string `enum:",days,forever,default" default:"" placeholder:"HOW" help:"Forget nothing, and say for how long the log of --space is kept from now on: days (those of --retain), forever, or default (as all spaces)."`
}

// Help is shown by `zhurnal cut --help`.
func (cutCommand) Help() string {
	return `Only what is in a verified backup is forgotten, and only what the server took longer ago than is to be
kept. Records, verdicts and access stay; a tablet that comes later, however much, is brought up to date
all the same. What goes is who wrote what, and when, before the cut: keep the backup, for it has that.

Examples:
  zhurnal cut --rehearse --dir ./register
  zhurnal cut --retain 800d --dir ./register
  zhurnal cut --space 6c796d616e0000000000000000000000 --set forever --dir ./register`
}

// Run cuts the log, or says for how long it is kept.
func (c *cutCommand) Run(ctx context.Context, to streams) (err error) {
	if c.Set != "" && c.Space == (id{}) {
		return errors.New("cut: say with --space of which space it is set")
	}
	of, err := openRegister(ctx, c.Dir, c.MasterKey)
	if err != nil {
		return fmt.Errorf("cut: %w", err)
	}
	defer func() { err = errors.Join(err, of.close()) }()
	if c.Set != "" {
		return c.set(ctx, of)
	}
	cut, err := of.cut(ctx, syncengine.CutOptions{
		Space: merge.SpaceID(c.Space), Retention: syncengine.Retention{Days: uint32(c.Retain)}, Rehearse: c.Rehearse,
	})
	if err != nil {
		return fmt.Errorf("cut: %w", err)
	}
	return writeCut(to.out, &cut, c.Rehearse)
}

func (c *cutCommand) set(ctx context.Context, of keeper) error {
	r := syncengine.Retention{Forever: c.Set == "forever"}
	if c.Set == "days" {
		if r.Days = uint32(c.Retain); r.Days == 0 {
			return errors.New("cut: one space cannot be kept for no days; give --retain 1d or more")
		}
	}
	if err := of.setRetention(ctx, merge.SpaceID(c.Space), r); err != nil {
		return fmt.Errorf("cut: %w", err)
	}
	return nil
}

func writeCut(out io.Writer, cut *syncengine.Cut, rehearsed bool) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "space\tkept\tposition\tin a backup\tforgotten before\tforgotten now")
	for i := range cut.Spaces {
		s := &cut.Spaces[i]
		kept := fmt.Sprintf("%dd", s.Retention.Days)
		if s.Retention.Forever {
			kept = "forever"
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\n", s.Space, kept, s.Position, s.DurableThrough, s.CutBefore, s.CutThrough)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	said := "%d entries of the log are gone\n"
	if rehearsed {
		said = "%d entries of the log would go; nothing was forgotten\n"
	}
	_, err := fmt.Fprintf(out, said, cut.Entries)
	return err
}

// cutDaily cuts the log once at the start and then each day, until the context
// ends.
func cutDaily(ctx context.Context, of *syncengine.Engine, retain days, log *slog.Logger) {
	cut := func() {
		gone, err := of.Cut(ctx, merge.PersonID{}, syncengine.CutOptions{Retention: syncengine.Retention{Days: uint32(retain)}})
		if err != nil {
			log.Warn("the log was not cut", "error", err)
		} else if gone.Entries > 0 {
			log.Info("the log was cut", "entries", gone.Entries)
		}
	}
	cut()
	every(ctx, 24*time.Hour, cut)
}
