package ops

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
)

// KeyFileOf is where the master key of a register lies if nothing else is said:
// beside it, in no backup of it.
func KeyFileOf(dir string) string { return filepath.Clean(dir) + ".master-key" }

// ReadKey reads the master key of a register that is there. Without a name it is
// the file beside the register.
func ReadKey(dir, name string) (keyring.Key, error) {
	if name == "" {
		name = KeyFileOf(dir)
	}
	if err := outside(dir, name); err != nil {
		return keyring.Key{}, err
	}
	key, err := keyring.ReadFile(name)
	if fault.KindOf(err) != fault.NotFound {
		return key, err
	}
	switch sealed, existsErr := keyring.Exists(dir); {
	case existsErr != nil:
		return key, existsErr
	case !sealed:
		return key, fmt.Errorf("%w, and no store in %s", err, dir)
	}
	return key, fmt.Errorf("%w: without the key the register in %s cannot be read; name the file that has it with --master-key", err, dir)
}

// ReadOrMakeKey reads the master key of a register, or makes one beside a
// register that is not there yet. beside tells that it lies there.
func ReadOrMakeKey(dir, name string) (key keyring.Key, beside bool, err error) {
	if name != "" {
		key, err = ReadKey(dir, name)
		if fault.KindOf(err) == fault.NotFound {
			err = fmt.Errorf("%w. For a new register make one with `zhurnal key new %s`", err, name)
		}
		return key, false, err
	}
	key, err = ReadKey(dir, "")
	if fault.KindOf(err) != fault.NotFound {
		return key, true, err
	}
	if sealed, existsErr := keyring.Exists(dir); existsErr != nil || sealed {
		return key, true, err
	}
	key, err = keyring.NewFile(KeyFileOf(dir))
	return key, true, err
}

// outside refuses a key that would be copied, and lost, with what it opens.
func outside(dir, name string) error {
	at, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	within, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if strings.HasPrefix(at, within+string(filepath.Separator)) {
		return fmt.Errorf("key file %s is in the register's own directory: move it out, and name it with --master-key", name)
	}
	return nil
}
