package wiped_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// backUp is what a backup has of a store: names in their order, and what is in them.
func backUp(t *testing.T, s *wiped.Store) (names []string, files map[string][]byte) {
	t.Helper()
	files = map[string][]byte{}
	err := s.Files(func(name string, from io.Reader) (err error) {
		names = append(names, name)
		files[name], err = io.ReadAll(from)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names, files
}

// restore has a store take what a backup has, in pieces.
func restore(t *testing.T, s *wiped.Store, names []string, files map[string][]byte) {
	t.Helper()
	for _, name := range names {
		half := len(files[name]) / 2
		for _, piece := range [][]byte{files[name][:half], files[name][half:]} {
			if err := s.Take(name, piece); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Taken(); err != nil {
		t.Fatal(err)
	}
}

// What was sealed comes back with a backup, whole; what was on its way does not,
// since whoever brings it goes on from the beginning.
func TestWhatWasSealedComesBackWithABackup(t *testing.T) {
	file := bytes.Repeat([]byte("sealed"), 9000)
	w, dir := receiptOf(file), filepath.Join(t.TempDir(), "wiped")
	s := wiped.New(dir, room)
	if names, _ := backUp(t, s); len(names) != 0 {
		t.Errorf("of nothing: %v", names)
	}
	put(t, s, w, 0, file, uint64(len(file)))
	partly := receiptOf(append(bytes.Clone(file), '!'))
	partly.Order.Nonce[0]++
	put(t, s, partly, 0, file[:100], 100)
	names, files := backUp(t, s)
	if len(names) != 2 {
		t.Fatalf("a backup has %v", names)
	}
	fresh := wiped.New(filepath.Join(t.TempDir(), "fresh.wiped"), nil)
	for range 2 { // it may be restored again
		restore(t, fresh, names, files)
	}
	if again, back := backUp(t, fresh); len(again) != 2 || !bytes.Equal(back[names[0]], files[names[0]]) || !bytes.Equal(back[names[1]], files[names[1]]) {
		t.Errorf("came back: %v", again)
	}
	opened, err := fresh.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if got, err := io.ReadAll(opened); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%d bytes of %d, %v", len(got), len(file), err)
	}
	if receipts, err := fresh.Receipts(); err != nil || len(receipts) != 1 || receipts[0].Receipt.PackageHash != w.Receipt.PackageHash {
		t.Errorf("%+v, %v", receipts, err)
	}
}

// A restore that is cut off leaves no half a file under a name, and what is there
// is not replaced.
func TestWhatIsThereIsNotReplacedByABackup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wiped")
	s := wiped.New(dir, nil)
	if err := s.Take("a.age", []byte("half of")); err != nil {
		t.Fatal(err)
	}
	if names, _ := backUp(t, s); len(names) != 0 { // it is cut off here
		t.Errorf("half a file is there: %v", names)
	}
	restore(t, wiped.New(dir, nil), []string{"a.age", "a.receipt"}, map[string][]byte{"a.age": []byte("whole"), "a.receipt": nil})
	restore(t, wiped.New(dir, nil), []string{"a.age"}, map[string][]byte{"a.age": []byte("another")})
	if data, err := os.ReadFile(filepath.Join(dir, "a.age")); err != nil || string(data) != "whole" {
		t.Errorf("%q, %v", data, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.restored")); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestABackupBringsNothingElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wiped")
	if err := wiped.New(dir, nil).Take("KEYRING", nil); fault.KindOf(err) != fault.Damaged {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("something was made: %v", err)
	}
}
