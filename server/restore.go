package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/register"
)

type restoreCommand struct {
	keyFlag
	identityFlag
	File            string `arg:"" type:"existingfile" help:"The backup."`
	Dir             string `required:"" aliases:"data" placeholder:"PATH" help:"Directory of the register to make: empty, or not there."`
	Register        string `placeholder:"FILE" help:"What was dismissed and revoked, and who was erased: the file that 'zhurnal serve --register' keeps outside of backups."`
	WithoutRegister bool   `help:"That file is lost: what was dismissed after the backup comes back, and who was let in no more is let in again, and so is who was erased."`
}

// Help is shown by `zhurnal restore --help`.
func (restoreCommand) Help() string {
	return `The backup is verified before anything is written. The restored server begins a new epoch: when
tablets meet it they offer what they hold and the backup lacks, their own work and that of others.
Access that was given, and record types that were added after the backup, are to be given again.

Examples:
  zhurnal restore /mnt/backup/monday.backup --dir ./register --register ./register.register --identity /mnt/safe/backup.identity
  zhurnal check --dir ./register
  zhurnal serve --dir ./register`
}

// Run makes a register of the backup.
func (c *restoreCommand) Run(_ context.Context, to streams) error {
	kept, err := c.kept()
	if err != nil {
		return err
	}
	identities, err := c.read()
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := ops.PrepareDataDir(c.Dir); err != nil {
		return err
	}
	there, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if len(there) > 0 {
		return fmt.Errorf("restore: %s is not empty: move what is in it away first, and keep it until the restored server runs", c.Dir)
	}
	key, _, err := ops.ReadOrMakeKey(c.Dir, c.MasterKey)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	disk := ops.NewDisk(c.Dir, restoreMinFreeBytes)
	restored, err := syncengine.Restore(syncengine.Options{
		Dir: c.Dir, Master: key, Identities: identities, Now: nowMillis, Random: rand.Reader, FreeBytes: disk.FreeBytes, FreeBytesMin: disk.MinFreeBytes(),
		EndRow: directory.EndRow, Beside: wiped.New(wiped.DirOf(c.Dir), nil),
	}, c.File, kept)
	if err != nil {
		return errors.Join(fmt.Errorf("restore: %w", err), empty(c.Dir))
	}
	fmt.Fprintf(to.out, "%s: restored from the backup %s; epoch %d begins\n", c.Dir, describeBackup(restored.Backup), restored.Epoch)
	return nil
}

// restoreMinFreeBytes must be left for the files that a store begins with.
const restoreMinFreeBytes = 128 << 20

// kept reads the register, which must be named or done without in so many words.
func (c *restoreCommand) kept() (register.Contents, error) {
	switch {
	case c.WithoutRegister && c.Register != "":
		return register.Contents{}, errors.New("restore: --register and --without-register contradict each other")
	case c.WithoutRegister:
		return register.Contents{}, nil
	case c.Register == "":
		return register.Contents{}, errors.New("restore: name the file of what was dismissed and revoked with --register, or say --without-register: then changes that were given back and persons who were erased after the backup come back, and devices and users that were let in no more are let in again")
	}
	kept, err := register.Read(c.Register)
	if err != nil {
		return kept, fmt.Errorf("restore: %w", err)
	}
	return kept, nil
}

// empty removes what a restore that failed has left in a directory that was
// empty.
func empty(dir string) error {
	left, err := os.ReadDir(dir)
	for _, entry := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	return err
}
