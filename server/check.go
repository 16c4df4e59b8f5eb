package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/syncengine"
)

type checkCommand struct {
	keyFlag
	identityFlag
	File string `arg:"" optional:"" type:"existingfile" help:"A backup."`
	From string `type:"existingfile" placeholder:"FILE" help:"An earlier backup of the same register, where its log was cut: it stands in for what the log no longer has."`
	Dir  string `aliases:"data" placeholder:"PATH" help:"Directory of the register of a server that is stopped."`
}

// Help is shown by `zhurnal check --help`.
func (checkCommand) Help() string {
	return `The whole log is applied again, beside the register, and every row is compared with what that makes,
byte for byte. Nothing is changed. Figures are printed for each space: two copies of a space at the same
position must have the same digest.

If the log was cut, its beginning is in a backup: name with --from one that was made before the cut or
since, such as that behind which it was cut. What the log has after it is applied to its rows. Without
--from everything is read, and rows are not compared where the log does not go back far enough.

Examples:
  zhurnal check --dir ./register
  zhurnal check --dir ./register --from /mnt/backup/monday.backup
  zhurnal check /mnt/backup/monday.backup --identity /mnt/safe/backup.identity`
}

// damagesShown is how many are listed; the others are counted.
const damagesShown = 100

// Run looks for damage, and fails if there is any.
func (c *checkCommand) Run(ctx context.Context, to streams) error {
	if (c.File == "") == (c.Dir == "") {
		return errors.New("check: name a backup, or the directory of a register with --dir")
	}
	shown := 0
	checked, err := c.look(ctx, to.out, func(d syncengine.Damage) {
		if shown++; shown <= damagesShown {
			fmt.Fprintln(to.out, d)
		}
	})
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if err := writeChecked(to.out, &checked); err != nil {
		return err
	}
	if checked.Damages > 0 {
		return fmt.Errorf("check: damaged in %d places: keep what is there, and restore the last backup that passes `zhurnal check`", checked.Damages)
	}
	return nil
}

func (c *checkCommand) look(ctx context.Context, out io.Writer, found func(syncengine.Damage)) (syncengine.Checked, error) {
	identities, err := c.read()
	if err != nil {
		return syncengine.Checked{}, err
	}
	if c.Dir != "" {
		key, err := ops.ReadKey(c.Dir, c.MasterKey)
		if err != nil {
			return syncengine.Checked{}, err
		}
		return syncengine.Check(ctx, syncengine.Options{Dir: c.Dir, Master: key, Device: directory.Signer, Identities: identities}, c.From, found)
	}
	checked, summary, err := syncengine.CheckBackup(ctx, syncengine.Options{Device: directory.Signer, Identities: identities}, c.File, c.From, found)
	if err == nil {
		fmt.Fprintf(out, "%s: %s\n", c.File, describeBackup(summary))
	}
	return checked, err
}

func writeChecked(out io.Writer, checked *syncengine.Checked) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "space\tkind\tposition\trecords\tdigest")
	for i := range checked.Spaces {
		s := &checked.Spaces[i]
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%x\n", s.ID, s.Kind, s.Position, s.Records, s.Digest[:8])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d entries applied again, %d spaces, %d damages\n", checked.Entries, len(checked.Spaces), checked.Damages)
	if err == nil && checked.Uncompared > 0 {
		_, err = fmt.Fprintf(out, "In %d of 256 partitions the log was cut: rows were read there and not compared. Name a backup with --from to compare them.\n", checked.Uncompared)
	}
	return err
}
