package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/zhurnal/zhurnal/server/ops"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/backup"
)

// sealFlags say whom a backup is sealed to.
type sealFlags struct {
	To       []string `placeholder:"AGE1..." sep:"none" help:"Who can open it: a recipient as 'zhurnal key identity' prints it. May be repeated. Without it those in the server's settings (PATH of --dir with .recipients behind it)."`
	Unsealed bool     `help:"Do not seal it: then whoever has the file has everything."`
}

// recipients returns whom the backup of a stopped server's register is sealed to.
func (s *sealFlags) recipients(dir string) ([]backup.Recipient, error) {
	switch {
	case s.Unsealed && len(s.To) > 0:
		return nil, errors.New("--to and --unsealed contradict each other")
	case s.Unsealed:
		return nil, nil
	case len(s.To) > 0:
		return backup.ParseRecipients(strings.Join(s.To, "\n"))
	}
	recipients, err := ops.ReadRecipients(dir, "")
	if err == nil && len(recipients) == 0 {
		err = backup.ErrNoRecipient
	}
	return recipients, err
}

// identityFlag names who opens sealed backups.
type identityFlag struct {
	Identity []string `type:"existingfile" placeholder:"FILE" help:"The identity that opens a sealed backup. May be repeated."`
}

func (f *identityFlag) read() ([]backup.Identity, error) {
	var all []backup.Identity
	for _, name := range f.Identity {
		identities, err := backup.ReadIdentities(name)
		if err != nil {
			return nil, err
		}
		all = append(all, identities...)
	}
	return all, nil
}

type identityCommand struct {
	File string `arg:"" help:"The file to make. One that is there is not replaced."`
}

// Help is shown by `zhurnal key identity --help`.
func (identityCommand) Help() string {
	return `The file opens every backup that is sealed to the recipient which is printed. It does not belong on the
server: keep it where a backup is checked or restored, and a copy of it on paper. The tool age-keygen of
https://age-encryption.org makes the same kind of file.`
}

// Run makes an identity.
func (c *identityCommand) Run(to streams) error {
	made, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("key identity: %w", err)
	}
	err = atomicfile.Create(c.File, fmt.Appendf(nil, "# Opens backups of Zhurnal that are sealed to\n# %s\n%s\n", made.Recipient(), made))
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("key identity: %s is there already: name another file", c.File)
	}
	if err != nil {
		return fmt.Errorf("key identity: %w", err)
	}
	_, err = fmt.Fprintln(to.out, made.Recipient())
	return err
}
