package localstore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

var testKey = bytes.Repeat([]byte{0x5a, 0xc3}, 16)

func mustOpen(t *testing.T, dir string) Store {
	t.Helper()
	s, err := Open(t.Context(), dir, testKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustWrite(t *testing.T, s Store, fn func(Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func wantProperty(t *testing.T, s Store, name, want string) {
	t.Helper()
	err := s.Read(t.Context(), func(tx Tx) error {
		value, err := tx.Property(name)
		if string(value) != want {
			t.Errorf("property %s is %q, want %q", name, value, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copyFiles takes the files as a backup that knows nothing of SQLite would.
func copyFiles(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, e.Name()), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestWrongKeyAltersNothing opens with a wrong key what a killed process left:
// a log that holds all there is.
func TestWrongKeyAltersNothing(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	mustWrite(t, s, func(tx Tx) error { return tx.SetProperty("a", []byte("only in the log")) })
	killed := copyFiles(t, dir)
	if err := os.Remove(filepath.Join(killed, FileName+"-shm")); err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{"another key": bytes.Repeat([]byte{1}, KeyBytes), "a key of zeros": make([]byte, KeyBytes)} {
		_, err := Open(t.Context(), killed, key)
		wantError(t, err, ErrKey)
		if fault.KindOf(err) != fault.Damaged {
			t.Errorf("%s: kind %d", name, fault.KindOf(err))
		}
	}
	for _, key := range [][]byte{nil, make([]byte, 31), make([]byte, 33)} {
		if _, err := Open(t.Context(), killed, key); fault.KindOf(err) != fault.Invalid {
			t.Errorf("key of %d bytes: %v", len(key), err)
		}
	}
	wantProperty(t, mustOpen(t, killed), "a", "only in the log")
}

func TestFileThatIsNoRegister(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	content := []byte(strings.Repeat("a letter to grandmother ", 1000))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), dir, testKey)
	wantError(t, err, ErrKey)
	if now, _ := os.ReadFile(path); !bytes.Equal(now, content) {
		t.Error("the file was altered")
	}
}

func TestNewerVersionAltersNothing(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	mustWrite(t, s, func(tx Tx) error { return tx.(*sqlTx).conn.db.Exec("PRAGMA user_version = 7") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, FileName))
	_, err := Open(t.Context(), dir, testKey)
	wantError(t, err, ErrVersion)
	if after, _ := os.ReadFile(filepath.Join(dir, FileName)); !bytes.Equal(before, after) {
		t.Error("the file was altered")
	}
}

// TestNothingIsInClear looks for a word in all files, while the store is open,
// after checkpoints, a roll-back, and closing.
func TestNothingIsInClear(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	canary := []byte("Оленка-canary-7731")
	for i := range 600 {
		err := s.Write(t.Context(), func(tx Tx) error {
			err := tx.SetProperty(string(canary)+testName(i), bytes.Repeat(canary, 100))
			if i%50 == 49 {
				err = errors.Join(err, errors.New("take back"))
			}
			return err
		})
		if (err != nil) != (i%50 == 49) {
			t.Fatal(err)
		}
	}
	wantProperty(t, s, string(canary)+testName(3), strings.Repeat(string(canary), 100))
	search := func(when string) {
		entries, _ := os.ReadDir(dir)
		sizeBytes := 0
		for _, e := range entries {
			content, _ := os.ReadFile(filepath.Join(dir, e.Name()))
			sizeBytes += len(content)
			for _, plain := range [][]byte{canary, []byte("CREATE TABLE"), []byte("SQLite format")} {
				if bytes.Contains(content, plain) {
					t.Errorf("%s: %s holds %q", when, e.Name(), plain)
				}
			}
		}
		if sizeBytes < 600*len(canary)*90 {
			t.Errorf("%s: %d bytes in all files: the search proves nothing", when, sizeBytes)
		}
	}
	search("open")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	search("closed")
}

// TestCopiesAtAnyMomentOpen copies the files while they are written, as a
// backup of the device would, the log after the database.
func TestCopiesAtAnyMomentOpen(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	for i := range 60 {
		mustWrite(t, s, func(tx Tx) error { return tx.SetProperty(testName(i), bytes.Repeat([]byte{byte(i)}, 3000)) })
		if i%5 == 0 {
			wantProperty(t, mustOpen(t, copyFiles(t, dir)), testName(i), strings.Repeat(string([]byte{byte(i)}), 3000))
		}
	}
}

func TestSettings(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	err := s.Write(t.Context(), func(tx Tx) error {
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "temp_store": "2", "page_size": "4096", "application_id": "1514689874"} {
			var got string
			err := tx.(*sqlTx).conn.query("PRAGMA "+pragma, func(s *sqlite3.Stmt) error {
				got = s.ColumnText(0)
				return nil
			})
			if err != nil || got != want {
				t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDamagedBlockIsAnError alters one byte of each block of the database in
// turn, which makes noise of the whole block.
func TestDamagedBlockIsAnError(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	for i := range 40 {
		mustWrite(t, s, func(tx Tx) error { return tx.SetProperty(testName(i), bytes.Repeat([]byte{byte(i)}, 900)) })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for block := 0; block < len(whole)/blockBytes; block++ {
		damaged := copyFiles(t, dir)
		content := bytes.Clone(whole)
		content[block*blockBytes+77] ^= 1
		if err := os.WriteFile(filepath.Join(damaged, FileName), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := readAll(t, damaged); err != nil {
			found++
			if fault.KindOf(err) != fault.Damaged {
				t.Fatalf("block %d: kind %d: %v", block, fault.KindOf(err), err)
			}
		}
	}
	if found < 10 {
		t.Fatalf("%d of %d damaged blocks were found", found, len(whole)/blockBytes)
	}
}

func readAll(t *testing.T, dir string) error {
	s, err := Open(t.Context(), dir, testKey)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Read(t.Context(), func(tx Tx) error {
		for i := range 40 {
			if value, err := tx.Property(testName(i)); err != nil || len(value) != 900 {
				return err
			}
		}
		return nil
	})
}
