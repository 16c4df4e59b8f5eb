package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/backup"
)

type backupCommand struct {
	File string `arg:"" help:"The file to make. One that is there is not replaced."`
	Dir  string `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the server's register. The server may run, on this machine."`
}

// Help is shown by `zhurnal backup --help`.
func (backupCommand) Help() string {
	return `The file holds everything that the server has at one moment; work goes on meanwhile. It is read back
and verified before it gets its name, and only then tablets are told that they need not keep what is
in it: so put it on another disk than the register's. It is not encrypted: it holds personal data, and
the key by which the server knows its cursors.

Examples:
  zhurnal backup /mnt/backup/monday.backup --dir ./register`
}

// Run makes the backup, verifies it and confirms it.
func (c *backupCommand) Run(ctx context.Context, to streams) (err error) {
	from, err := openRegister(ctx, c.Dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, from.close()) }()
	summary, err := backup.WriteFile(c.File, func(file io.Writer) error { return from.copyTo(ctx, file) })
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := from.confirm(ctx, summary); err != nil {
		return fmt.Errorf("backup: %s is whole and verified, but the server was not told: %w", c.File, err)
	}
	fmt.Fprintf(to.out, "%s: %s, verified\n", c.File, describeBackup(summary))
	return nil
}

func describeBackup(s backup.Summary) string {
	return fmt.Sprintf("taken %s, %d rows, %.1f MB, id %s", time.UnixMilli(s.TakenMillis).UTC().Format(time.RFC3339), s.Rows, float64(s.SizeBytes)/1e6, s.ID)
}
