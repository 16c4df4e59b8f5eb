package main

import (
	"fmt"
	"io"

	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// keyFlag names the master key of a register, for each command that opens one.
type keyFlag struct {
	MasterKey string `placeholder:"FILE" help:"The master key of the register (PATH of --dir with .master-key behind it)."`
}

type keyCommand struct {
	New    newKeyCommand    `cmd:"" help:"Make a file with a master key."`
	Rotate rotateKeyCommand `cmd:"" help:"Put a register that is stopped under another master key."`
	// Identity is of another kind of key, and has no part in serving.
	Identity identityCommand `cmd:"" help:"Make an identity that opens backups and what tablets seal, and say to which recipient they are to be sealed."`
	// Wipe is of yet another.
	Wipe wipeKeyCommand `cmd:"" help:"Make a key that signs orders to wipe a device, and print its public half."`
}

// Help is shown by `zhurnal key --help`.
func (keyCommand) Help() string {
	return `A register is sealed: whoever has its directory reads nothing without its master key, 32 random bytes in a
file of one's own. Lose the key, and the register is lost; a backup opens by keys of its own.

Examples:
  zhurnal key new /etc/zhurnal/master.key
  zhurnal serve --dir ./register --master-key /etc/zhurnal/master.key
  zhurnal key rotate --dir ./register
  zhurnal key rotate --dir ./register --master-key /etc/zhurnal/master.key --new-master-key /etc/zhurnal/2027.key
  zhurnal key identity /mnt/safe/backup.identity`
}

type newKeyCommand struct {
	File string `arg:"" help:"The file to make. One that is there is not replaced."`
}

// Run makes the file.
func (c *newKeyCommand) Run(to streams) error {
	key, err := keyring.NewFile(c.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to.out, "%s: master key %s. Keep a copy where the register is not.\n", c.File, key.ID())
	return err
}

type rotateKeyCommand struct {
	keyFlag
	Dir          string `required:"" placeholder:"PATH" help:"Directory of the register of a server that is stopped."`
	NewMasterKey string `placeholder:"FILE" help:"The new master key. Without it one is made and takes the place of the present one."`
}

// Help is shown by `zhurnal key rotate --help`.
func (rotateKeyCommand) Help() string {
	return `The keys by which rows are sealed are wrapped again under the new master key; rows are not sealed again. If
it is cut off, the register opens by the key that was in place, or by the new one: type it again.`
}

// Run puts the register under the new key.
func (c *rotateKeyCommand) Run(to streams) error {
	present, err := ops.ReadKey(c.Dir, c.MasterKey)
	if err != nil {
		return err
	}
	next, moved, err := c.next()
	if err != nil {
		return err
	}
	if err := store.Rotate(store.Options{Dir: c.Dir, Master: present}, next, moved); err != nil {
		return fmt.Errorf("key rotate: %w", err)
	}
	return c.tell(to.out, present, next)
}

// next returns the new key, and how it comes to its place once it is needed
// there.
func (c *rotateKeyCommand) next() (keyring.Key, func() error, error) {
	if c.NewMasterKey != "" {
		key, err := ops.ReadKey(c.Dir, c.NewMasterKey)
		return key, func() error { return nil }, err
	}
	place := c.MasterKey
	if place == "" {
		place = ops.KeyFileOf(c.Dir)
	}
	made := place + ".new"
	key, err := keyring.ReadFile(made) // one that was cut off has left it
	if fault.KindOf(err) == fault.NotFound {
		key, err = keyring.NewFile(made)
	}
	return key, func() error { return atomicfile.Move(made, place) }, err
}

func (c *rotateKeyCommand) tell(out io.Writer, present, next keyring.Key) error {
	_, err := fmt.Fprintf(out, "%s: under the master key %s from now on; %s opens it no more. Keep a copy of the new key where the register is not, and destroy copies of the old one.\n",
		c.Dir, next.ID(), present.ID())
	return err
}
