package ops

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/zhurnal/zhurnal/syncengine/backup"
)

// RecipientsFileOf is where it is said whom the backups of a register are sealed
// to, if nothing else is: beside it. It holds no secret.
func RecipientsFileOf(dir string) string { return filepath.Clean(dir) + ".recipients" }

// ReadRecipients reads whom backups are sealed to. Without a name it is the file
// beside the register, which need not be there.
func ReadRecipients(dir, name string) ([]backup.Recipient, error) {
	beside := name == ""
	if beside {
		name = RecipientsFileOf(dir)
	}
	text, err := os.ReadFile(name)
	switch {
	case beside && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("recipients of backups: %w", err)
	}
	recipients, err := backup.ParseRecipients(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return recipients, nil
}
