package appendfile_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/appendfile"
)

// What is behind the end that the owner found whole is taken away before more
// comes, and the file is its owner's alone.
func TestWhatIsNotWholeIsTakenAway(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("one\ntwo\nthr"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := appendfile.Open(name, func(file io.ReaderAt, sizeBytes int64) (int64, error) {
		data, err := io.ReadAll(io.NewSectionReader(file, 0, sizeBytes))
		return int64(strings.LastIndexByte(string(data), '\n') + 1), err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"three\n", "four\n"} {
		if err := f.Append([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "one\ntwo\nthree\nfour\n" {
		t.Fatalf("%q, %v", data, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Append(nil); err == nil || strings.Contains(err.Error(), name) {
		t.Errorf("of a file that is closed: %v", err)
	}
}
