package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/zhurnal/zhurnal/server/expiry"
	"github.com/zhurnal/zhurnal/server/persons"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

type expireCommand struct {
	keyFlag
	Dir   string `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the server's register. The server may run, on this machine."`
	Rules string `arg:"" type:"existingfile" placeholder:"RULES" help:"The rules: JSON."`
	Day   int32  `placeholder:"YYYYMMDD" help:"The day on which it is judged; today without it."`
	Apply bool   `help:"Erase. Without it is only said what would be."`
}

// Help is shown by `zhurnal expire --help`.
func (expireCommand) Help() string {
	return `Erases records that were kept for as long as the rules say, from log, tablets and hubs too. What totals need
stays, as when a person is erased. A backup of before has them still.

The rules say for how many months a type is kept, from the day in a field, or from when a record was last
written to; a person, from when anything about the person was. "held" are records, and persons with all that
is about them, that stay whatever the rules say:

  {"rules": [{"type": "zhurnal.records.v1.Note", "months": 24},
             {"type": "zhurnal.records.v1.Participant", "months": 60}],
   "held": ["6c796d616e0000000000000000000000"]}

Examples:
  zhurnal expire rules.json --dir ./register
  zhurnal expire rules.json --dir ./register --apply
  zhurnal serve --dir ./register --expire rules.json`
}

// Run says what is due, or erases it.
func (c *expireCommand) Run(ctx context.Context, to streams) (err error) {
	rules, err := readRules(c.Rules)
	if err != nil {
		return fmt.Errorf("expire: %w", err)
	}
	of, err := openRegister(ctx, c.Dir, c.MasterKey)
	if err != nil {
		return fmt.Errorf("expire: %w", err)
	}
	defer func() { err = errors.Join(err, of.close()) }()
	day := expiry.Day(c.Day)
	if day == 0 {
		day = expiry.DayOf(nowMillis())
	}
	list, err := of.expire(ctx, rules, day, !c.Apply)
	if err != nil {
		return fmt.Errorf("expire: %w", err)
	}
	return writeExpired(to.out, list, c.Apply)
}

func readRules(name string) (expiry.Rules, error) {
	file, err := os.Open(name)
	if err != nil {
		return expiry.Rules{}, err
	}
	defer file.Close()
	return expiry.Read(file)
}

func writeExpired(out io.Writer, list []expiry.Expired, applied bool) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "space\ttype\trecords\terased before\theld\tdisputed\terased")
	for i := range list {
		e := &list[i]
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\n", e.Space, e.Type, e.Records, e.ErasedBefore, e.Held, e.Disputed, e.Erased)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	said := "%d records would be erased; nothing was: say --apply\n"
	if applied {
		said = "%d records were erased\n"
	}
	_, err := fmt.Fprintf(out, said, erasedIn(list))
	return err
}

func erasedIn(list []expiry.Expired) (erased int) {
	for i := range list {
		erased += list[i].Erased
	}
	return erased
}

// expireDaily erases what is due once at the start and then each day, until the
// context ends. The rules are read anew each time.
func expireDaily(ctx context.Context, of *syncengine.Engine, known *persons.Finder, file string, log *slog.Logger) {
	expire := func() {
		rules, err := readRules(file)
		var list []expiry.Expired
		if err == nil {
			list, err = expiry.Run(ctx, of, merge.PersonID{}, rules, expiry.DayOf(nowMillis()), false)
			err = errors.Join(err, known.Refresh(ctx)) // which keeps people in memory
		}
		if err != nil {
			log.Warn("what is due was not erased", "error", err)
		}
		for i := range list {
			if e := &list[i]; e.Erased+e.Held+e.Disputed > 0 {
				log.Info("records whose time is over", "space", e.Space, "type", e.Type, "erased", e.Erased, "held", e.Held, "disputed", e.Disputed)
			}
		}
	}
	expire()
	every(ctx, 24*time.Hour, expire)
}
