package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// service is a key management service that gives no key away, is asked over a
// network, and can be away.
type service struct {
	key     Key
	away    bool
	unwraps int
}

var errAway = errors.New("connection refused")

func (s *service) ID() string { return "kms/zhurnal" }

func (s *service) Wrap(key, bound []byte) ([]byte, error) {
	if s.away {
		return nil, errAway
	}
	return s.key.Wrap(key, bound)
}

func (s *service) Unwrap(wrapped, bound []byte) ([]byte, error) {
	s.unwraps++
	if s.away {
		return nil, errAway
	}
	return s.key.Unwrap(wrapped, bound)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustSay(t *testing.T, err error, kind fault.Kind, text string) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind || !strings.Contains(err.Error(), text) {
		t.Fatalf("error of kind %d: %v", fault.KindOf(err), err)
	}
}

func TestAServiceOpensWhatItHasWrapped(t *testing.T) {
	dir, kms := t.TempDir(), &service{key: Generate()}
	made, err := Create(dir, kms)
	must(t, err)
	sealed := made.Seal([]byte("a data key"), []byte("space"))
	opened, err := Open(dir, kms)
	must(t, err)
	key, err := opened.Open(sealed, []byte("space"))
	if err != nil || string(key) != "a data key" || !bytes.Equal(opened.FilesKey(), made.FilesKey()) {
		t.Fatalf("%q, %v", key, err)
	}
	if kms.unwraps != 1 {
		t.Errorf("the service was asked %d times", kms.unwraps)
	}
	if _, err := opened.Open(sealed, []byte("another space")); err == nil {
		t.Error("a key opens where it does not belong")
	}
	kms.away = true
	_, err = Open(dir, kms)
	mustSay(t, err, fault.Unavailable, "connection refused")
	_, err = Create(t.TempDir(), kms)
	if !errors.Is(err, errAway) {
		t.Errorf("%v", err)
	}
}

func TestAWrongOrDamagedKeyringIsExplained(t *testing.T) {
	dir, key := t.TempDir(), Generate()
	_, err := Open(dir, key)
	mustSay(t, err, fault.Damaged, "is missing")
	_, err = Create(dir, key)
	must(t, err)
	other := Generate()
	_, err = Open(dir, other)
	mustSay(t, err, fault.Invalid, key.ID())
	mustSay(t, err, fault.Invalid, other.ID())
	name := filepath.Join(dir, FileName)
	whole, err := os.ReadFile(name)
	must(t, err)
	for cut := range len(whole) - 1 { // the last byte is the end of a line
		must(t, os.WriteFile(name, whole[:cut], 0o600))
		if _, err := Open(dir, key); err == nil || fault.KindOf(err) != fault.Damaged {
			t.Fatalf("cut to %d bytes: %v", cut, err)
		}
	}
	for i := range whole {
		altered := bytes.Clone(whole)
		altered[i] ^= 1
		must(t, os.WriteFile(name, altered, 0o600))
		r, err := Open(dir, key)
		if err == nil && !bytes.Equal(r.encodedKeys(), mustDecode(t, whole, key).encodedKeys()) {
			t.Fatalf("byte %d altered: other keys", i)
		}
	}
}

// encodedKeys is what must not change unseen.
func (r *Ring) encodedKeys() []byte {
	keys := bytes.Clone(r.filesKey[:])
	for i := range r.roots {
		keys = append(append(keys, r.roots[i].id[:]...), r.roots[i].secret[:]...)
	}
	return keys
}

func mustDecode(t *testing.T, data []byte, key Key) *Ring {
	r := &Ring{master: key}
	must(t, r.decode(data))
	return r
}

// Of several who make a keyring at once, all get the same.
func TestAKeyringIsMadeOnce(t *testing.T) {
	dir, key := t.TempDir(), Generate()
	made := make(chan string)
	for range 8 {
		go func() {
			r, err := Create(dir, key)
			made <- fmt.Sprint(err == nil && bytes.Equal(r.data, must2(os.ReadFile(filepath.Join(dir, FileName)))), err)
		}()
	}
	for range 8 {
		if got := <-made; got != "true <nil>" {
			t.Error(got)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

func must2(data []byte, err error) []byte {
	if err != nil {
		return nil
	}
	return data
}

func TestAKeyFileIsForItsOwner(t *testing.T) {
	name := filepath.Join(t.TempDir(), "master.key")
	_, err := ReadFile(name)
	mustSay(t, err, fault.NotFound, name)
	made, err := NewFile(name)
	must(t, err)
	read, err := ReadFile(name)
	if err != nil || read != made {
		t.Fatalf("%v, %v", read, err)
	}
	_, err = NewFile(name)
	mustSay(t, err, fault.Invalid, "there already")
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	must(t, os.Chmod(name, 0o640))
	_, err = ReadFile(name)
	mustSay(t, err, fault.Invalid, "chmod 600")
	must(t, os.Chmod(name, 0o600))
	text := string(must2(os.ReadFile(name)))
	for what, bad := range map[string]string{"nothing": "", "half": text[:len(text)-10], "twice": text + text, "another file": "secret"} {
		must(t, os.WriteFile(name, []byte(bad), 0o600))
		if _, err := ReadFile(name); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAKeyIsNotPrinted(t *testing.T) {
	key := NewKey([32]byte{0xab, 0xcd})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, key); strings.Contains(text, "171") || strings.Contains(text, "abcd") || !strings.Contains(text, key.ID()) {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
