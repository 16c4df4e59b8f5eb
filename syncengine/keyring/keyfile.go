package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// keyPrefix marks the line that has the key, so that no other file is taken for
// one.
const keyPrefix = "ZHURNAL-MASTER-KEY-1-"

// NewFile makes a file with a new master key, readable by its owner alone. A
// file that is there is not replaced.
func NewFile(name string) (Key, error) {
	key := Generate()
	err := atomicfile.Create(name, fmt.Appendf(nil, "# A master key of Zhurnal, id %s. Whoever has it and the register can read the register;\n"+
		"# without it nobody can. Keep a copy where the register is not.\n%s%s\n",
		key.ID(), keyPrefix, base64.RawURLEncoding.EncodeToString(key.secret[:])))
	switch {
	case errors.Is(err, fs.ErrExist):
		return Key{}, fault.New(fault.Invalid, "%s is there already: a key is never replaced; name another file", name)
	case err != nil:
		return Key{}, fmt.Errorf("key file: %w", err)
	}
	return key, nil
}

// ReadFile reads the master key in a file, which must not be open to others.
func ReadFile(name string) (Key, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Key{}, fault.New(fault.NotFound, "there is no key file %s", name)
	case err != nil:
		return Key{}, fmt.Errorf("key file: %w", err)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return Key{}, fault.New(fault.Invalid, "key file %s is open to other users (mode %#o): run `chmod 600 %s`", name, info.Mode().Perm(), name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return Key{}, fmt.Errorf("key file: %w", err)
	}
	key, err := parse(string(data))
	if err != nil {
		return Key{}, fault.New(fault.Invalid, "key file %s: %w", name, err)
	}
	return key, nil
}

var errNoKey = errors.New("it holds no master key as `zhurnal key new` makes it, or not all of it: put a copy back")

func parse(text string) (key Key, err error) {
	found := false
	for line := range strings.Lines(text) {
		encoded, ok := strings.CutPrefix(strings.TrimSpace(line), keyPrefix)
		if !ok {
			continue
		}
		secret, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
		if err != nil || len(secret) != keyBytes || found {
			return Key{}, errNoKey
		}
		key.secret, found = [keyBytes]byte(secret), true
	}
	if !found {
		return Key{}, errNoKey
	}
	return key, nil
}
