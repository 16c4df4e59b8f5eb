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
	keyFlag
	sealFlags
	File string `arg:"" help:"The file to make. One that is there is not replaced."`
	Dir  string `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the server's register. The server may run, on this machine."`
}

// Help is shown by `zhurnal backup --help`.
func (backupCommand) Help() string {
	return `The file holds everything that the server has at one moment; work goes on meanwhile. It is sealed: whoever
is named with --to, or in the server's settings, opens it, and nobody else, the server neither. As it goes
out the server opens it again and verifies it; what is on the disk is read back and compared with that
before the file gets its name, and only then tablets are told that they need not keep what is in it: so
put it on another disk than the register's, and 'zhurnal check' it where the identity is.

Examples:
  zhurnal backup /mnt/backup/monday.backup --dir ./register
  zhurnal backup /mnt/backup/monday.backup --dir ./register --to age1...`
}

// Run makes the backup, verifies it and confirms it.
func (c *backupCommand) Run(ctx context.Context, to streams) (err error) {
	from, err := openRegister(ctx, c.Dir, c.MasterKey)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, from.close()) }()
	written, err := backup.WriteFile(c.File, func(file io.Writer) (backup.Written, error) { return from.copyTo(ctx, file, &c.sealFlags) })
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := from.confirm(ctx, &written); err != nil {
		return fmt.Errorf("backup: %s is whole and verified, but the server was not told: %w", c.File, err)
	}
	fmt.Fprintf(to.out, "%s: %s, verified\n", c.File, describeBackup(written.Summary))
	if !written.Sealed {
		fmt.Fprintln(to.log, "It is not sealed: whoever has the file has everything.")
	}
	return nil
}

func describeBackup(s backup.Summary) string {
	files := ""
	if s.Files > 0 {
		files = fmt.Sprintf(", %d files of lost tablets of %.1f MB", s.Files, float64(s.FilesBytes)/1e6)
	}
	return fmt.Sprintf("taken %s, %d rows of %.1f MB%s, id %s", time.UnixMilli(s.TakenMillis).UTC().Format(time.RFC3339), s.Rows, float64(s.RowBytes)/1e6, files, s.ID)
}
