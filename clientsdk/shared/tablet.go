package shared

import (
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
)

// UserID names a user of this tablet, and of nothing else.
type UserID [16]byte

// String is in hexadecimal digits.
func (id UserID) String() string { return hex.EncodeToString(id[:]) }

// User is somebody who uses the tablet.
type User struct {
	ID UserID
	// Name is what the tablet's screen shows before a PIN is given.
	Name string
}

// Options say where the users' files are.
type Options struct {
	// Dir is made if it is not there; its parent must be. Nothing else belongs in it.
	Dir string
	// KeyStore, if set, is a key of the platform's key store without which no PIN opens
	// anything. All users of a tablet need the same one for good.
	KeyStore keyring.Master
	// Clock gives the time in milliseconds since 1970. It may be wrong.
	Clock func() int64
	// Random gives unguessable bytes: crypto/rand.Reader.
	Random io.Reader
}

// Tablet is a tablet that several people use. It is safe for concurrent use, by one
// process.
type Tablet struct {
	options Options
	// trying is held while a PIN is tried, or vaults change.
	trying sync.Mutex
}

// Open opens the directory, and makes it if it is not there.
func Open(o Options) (*Tablet, error) {
	if o.Dir == "" || o.Clock == nil || o.Random == nil {
		return nil, fault.New(fault.Invalid, "shared tablet: Dir, Clock and Random must be set")
	}
	return &Tablet{options: o}, makeDir(o.Dir)
}

func makeDir(dir string) error {
	switch err := os.Mkdir(dir, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return kept(err)
	}
	return kept(atomicfile.SyncDir(filepath.Dir(dir)))
}

// Users lists the users, by name.
func (t *Tablet) Users() (users []User, err error) {
	err = t.each(func(id UserID, dir string) error {
		v, err := readVault(dir)
		switch {
		case fault.KindOf(err) == fault.NotFound: // not made whole, or wiped
			return nil
		case err != nil:
			return err
		}
		users = append(users, User{ID: id, Name: v.Name})
		return nil
	})
	slices.SortFunc(users, func(a, b User) int {
		return strings.Compare(a.Name+a.ID.String(), b.Name+b.ID.String())
	})
	return users, err
}

// Wiped lists the directories of registers of users who were wiped, by
// [Unlocked.Destroy]: what is left there, clientsdk.DeliverWiped delivers.
func (t *Tablet) Wiped() (registers []string, err error) {
	err = t.each(func(_ UserID, dir string) error {
		if _, err := readVault(dir); fault.KindOf(err) != fault.NotFound {
			return err
		}
		if left, err := os.ReadDir(filepath.Join(dir, registerDir)); err == nil && len(left) > 0 {
			registers = append(registers, filepath.Join(dir, registerDir))
		}
		return nil
	})
	return registers, err
}

// each calls fn with the directory of each user.
func (t *Tablet) each(fn func(id UserID, dir string) error) error {
	entries, err := os.ReadDir(t.options.Dir)
	if err != nil {
		return fault.New(fault.Unavailable, "%w", err)
	}
	for _, entry := range entries {
		var id UserID
		if n, err := hex.Decode(id[:], []byte(entry.Name())); err != nil || n != len(id) || !entry.IsDir() {
			continue
		}
		if err := fn(id, t.dirOf(id)); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tablet) dirOf(id UserID) string { return filepath.Join(t.options.Dir, id.String()) }

// nameBytes bounds names.
const nameBytes = 200

// AddUser makes a user with a PIN, who is unlocked then.
func (t *Tablet) AddUser(name, pin string) (*Unlocked, error) {
	if err := checkPIN(pin); err != nil {
		return nil, err
	}
	if strings.TrimSpace(name) == "" || len(name) > nameBytes || !utf8.ValidString(name) {
		return nil, fault.New(fault.Invalid, "the name is 1 to %d bytes of UTF-8, by which people find themselves on the screen", nameBytes)
	}
	u := &Unlocked{User: User{Name: name}, key: make([]byte, keyBytes)}
	for _, drawn := range [][]byte{u.User.ID[:], u.key} {
		if _, err := io.ReadFull(t.options.Random, drawn); err != nil {
			return nil, fault.New(fault.Internal, "random bytes: %w", err)
		}
	}
	u.dir, u.random = t.dirOf(u.User.ID), t.options.Random
	v, err := wrap(u.User.ID, name, pin, u.key, t.options.KeyStore, t.options.Random)
	if err != nil {
		return nil, err
	}
	t.trying.Lock()
	defer t.trying.Unlock()
	if err := makeDir(u.dir); err != nil {
		return nil, err
	}
	return u, v.save(u.dir, atomicfile.Create)
}

// Unlock opens what is a user's. The error is [ErrPIN] for another PIN, and
// fault.Throttled, with how long to wait, after too many of them.
func (t *Tablet) Unlock(id UserID, pin string) (*Unlocked, error) {
	t.trying.Lock()
	defer t.trying.Unlock()
	u, _, err := t.unlock(id, pin)
	return u, err
}

func (t *Tablet) unlock(id UserID, pin string) (*Unlocked, *vault, error) {
	dir := t.dirOf(id)
	v, err := readVault(dir)
	if err != nil {
		return nil, nil, err
	}
	if err := begin(dir, t.options.Clock()); err != nil {
		return nil, nil, err
	}
	key, err := v.unwrap(id, pin, t.options.KeyStore)
	if !errors.Is(err, ErrPIN) { // a key store that refuses says nothing of the PIN
		err = errors.Join(err, new(tries).save(dir))
	}
	if err != nil {
		return nil, nil, err
	}
	return &Unlocked{User: User{ID: id, Name: v.Name}, dir: dir, key: key, random: t.options.Random}, v, nil
}

// ChangePIN wraps the user's key by another PIN, and with what that costs today. It
// is cut off whole or not at all.
func (t *Tablet) ChangePIN(id UserID, old, next string) error {
	if err := checkPIN(next); err != nil {
		return err
	}
	t.trying.Lock()
	defer t.trying.Unlock()
	u, v, err := t.unlock(id, old)
	if err != nil {
		return err
	}
	defer u.Lock()
	again, err := wrap(id, v.Name, next, u.key, t.options.KeyStore, t.options.Random)
	if err != nil {
		return err
	}
	return again.save(u.dir, atomicfile.Replace)
}

// pinLeast is the shortest PIN, in characters.
const pinLeast = 6

// checkPIN refuses PINs that are tried first.
func checkPIN(pin string) error {
	runes := []rune(pin)
	if len(runes) < pinLeast {
		return fault.New(fault.Invalid, "a PIN has at least %d characters", pinLeast)
	}
	for _, step := range []rune{0, 1, -1} {
		isRow := true
		for i := 1; i < len(runes); i++ {
			isRow = isRow && runes[i]-runes[i-1] == step
		}
		if isRow {
			return fault.New(fault.Invalid, "a PIN of one character, or of characters in a row, is tried first: choose another")
		}
	}
	return nil
}
