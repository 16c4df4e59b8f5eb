package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

type row struct{ key, value string }

// written returns a backup of these rows, with a frame for each.
func written(t testing.TB, id byte, rows ...row) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, Header{ID: ID{id}, TakenMillis: 1_470_312_000_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Row([]byte(r.key), []byte(r.value)); err != nil {
			t.Fatal(err)
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func refused(t *testing.T, what string, file []byte, because string) {
	t.Helper()
	_, err := Verify(bytes.NewReader(file))
	switch {
	case err == nil:
		t.Fatalf("%s: taken", what)
	case !strings.Contains(err.Error(), because):
		t.Fatalf("%s: the error does not say %q: %v", what, because, err)
	case fault.KindOf(err) != fault.Damaged && fault.KindOf(err) != fault.Invalid:
		t.Fatalf("%s: kind %d: %v", what, fault.KindOf(err), err)
	}
}

var three = []row{{"a", "one"}, {"b", ""}, {"c", "three"}}

func TestEveryCutIsRefused(t *testing.T) {
	file := written(t, 1, three...)
	for n := range file {
		refused(t, fmt.Sprintf("the first %d of %d bytes", n, len(file)), file[:n], "cut short")
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	file := written(t, 1, three...)
	for bit := range 8 * len(file) {
		altered := bytes.Clone(file)
		altered[bit/8] ^= 1 << (bit % 8)
		refused(t, fmt.Sprintf("bit %d", bit), altered, "")
	}
}

// frames returns where each frame begins, and the end of the last.
func frames(file []byte) []int {
	at := len(magic) + 4
	begins := []int{at}
	for at < len(file) {
		at += frameHeadBytes + int(binary.BigEndian.Uint32(file[at+5:])) + 4
		begins = append(begins, at)
	}
	return begins
}

func TestFramesOutOfPlaceAreRefused(t *testing.T) {
	file, other := written(t, 1, three...), written(t, 2, three...)
	at := frames(file)
	frame := func(file []byte, n int) []byte { return file[at[n]:at[n+1]] }
	join := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{file[:at[0]]}, parts...), nil) }
	for what, c := range map[string]struct {
		file    []byte
		because string
	}{
		"two frames changed places": {join(frame(file, 0), frame(file, 2), frame(file, 1), frame(file, 3), frame(file, 4)), "frame 2 stands where frame 1 is due"},
		"a frame twice":             {join(frame(file, 0), frame(file, 1), frame(file, 1), frame(file, 2)), "frame 1 stands where frame 2 is due"},
		"a frame left out":          {join(frame(file, 0), frame(file, 2), frame(file, 3), frame(file, 4)), "frame 2 stands where frame 1 is due"},
		"a frame of another backup": {join(frame(file, 0), frame(file, 1), frame(other, 2), frame(file, 3), frame(file, 4)), "of another backup"},
		"no header":                 {join(frame(file, 1)), "frame 1 stands where frame 0 is due"},
		"another's end":             {append(bytes.Clone(file[:at[4]]), frame(other, 4)...), "of another backup"},
		"two backups in one file":   {append(bytes.Clone(file), other...), "something follows its end"},
		"a byte at the end":         {append(bytes.Clone(file), 0), "something follows its end"},
		"no backup":                 {[]byte("a text that has nothing to do with it"), "no backup"},
		"another version":           {append(binary.BigEndian.AppendUint32([]byte(magic), 2), file[at[0]:]...), "format 2"},
	} {
		refused(t, what, c.file, c.because)
	}
}

// A file whose checksums fit and whose counts do not is refused: frames that
// were left out and numbered anew.
func TestCountsAndHashAreCompared(t *testing.T) {
	for name, spoil := range map[string]func(*Writer){
		"rows":        func(w *Writer) { w.summary.Rows++ },
		"bytes":       func(w *Writer) { w.summary.RowBytes++ },
		"files":       func(w *Writer) { w.summary.Files++ },
		"their bytes": func(w *Writer) { w.summary.FilesBytes++ },
		"hash":        func(w *Writer) { w.hash.Write([]byte{0}) },
	} {
		var file bytes.Buffer
		w, err := NewWriter(&file, Header{})
		if err != nil {
			t.Fatal(err)
		}
		spoil(w)
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		refused(t, name, file.Bytes(), "count or hash")
	}
}

func TestRowsComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.MapOf(rapid.StringN(1, 8, -1), rapid.StringN(0, 40, -1)).Draw(rt, "rows")
		keys := slices.Sorted(maps.Keys(values))
		var file bytes.Buffer
		w, err := NewWriter(&file, Header{ID: ID{7}, TakenMillis: -3})
		if err != nil {
			rt.Fatal(err)
		}
		for _, key := range keys {
			if err := w.Row([]byte(key), []byte(values[key])); err != nil {
				rt.Fatal(err)
			}
		}
		want, err := w.Close()
		if err != nil {
			rt.Fatal(err)
		}
		if want.SizeBytes != uint64(file.Len()) || want.Rows != uint64(len(keys)) {
			rt.Fatalf("%+v of %d bytes", want, file.Len())
		}
		got, err := Read(&file, func(key, value []byte) error {
			if len(keys) == 0 || string(key) != keys[0] || string(value) != values[keys[0]] {
				rt.Fatalf("row %q: %q", key, value)
			}
			keys = keys[1:]
			return nil
		})
		if err != nil || got != want || len(keys) != 0 {
			rt.Fatalf("%+v, want %+v; %d rows left, %v", got, want, len(keys), err)
		}
	})
}

func TestAFileHasItsNameOnlyWhenItIsWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "day3.backup")
	whole := written(t, 1, three...)
	broken := errors.New("the server went away")
	as := writtenOf(whole)
	for what, write := range map[string]func(io.Writer) (Written, error){
		"an error": func(w io.Writer) (Written, error) { _, _ = w.Write(whole); return as, broken },
		"a cut":    func(w io.Writer) (Written, error) { _, err := w.Write(whole[:len(whole)-1]); return as, err },
		"another byte": func(w io.Writer) (Written, error) {
			_, err := w.Write(append(whole[:9:9], append([]byte{whole[9] ^ 1}, whole[10:]...)...))
			return as, err
		},
		"nothing at all": func(io.Writer) (Written, error) { return as, nil },
	} {
		if _, err := WriteFile(name, write); err == nil {
			t.Fatalf("%s: no error", what)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Fatalf("%s: %v is left", what, left)
		}
	}
	written, err := WriteFile(name, func(w io.Writer) (Written, error) { _, err := w.Write(whole); return as, err })
	if err != nil || written != as {
		t.Fatalf("%+v, %v", written, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if _, err := WriteFile(name, func(io.Writer) (Written, error) { t.Fatal("written over"); return as, nil }); err == nil {
		t.Fatal("a backup was replaced")
	}
}

func writtenOf(file []byte) Written {
	return Written{FileHash: sha256.Sum256(file), FileBytes: uint64(len(file))}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f, 1, three...))
	f.Add(written(f, 1))
	f.Add(withFiles(f, three, named{"a", "sealed"}, named{"b", ""}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var again bytes.Buffer
		var w *Writer
		var rows []row
		var files []named
		summary, err := ReadAll(bytes.NewReader(data), func(key, value []byte) error {
			rows = append(rows, row{string(key), string(value)})
			return nil
		}, func(name string, piece []byte) error {
			if len(files) == 0 || files[len(files)-1].name != name {
				files = append(files, named{name: name})
			}
			files[len(files)-1].content += string(piece)
			return nil
		})
		if err != nil {
			return
		}
		if w, err = NewWriter(&again, summary.Header); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if err := w.Row([]byte(r.key), []byte(r.value)); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range files {
			if err := w.File(file.name, strings.NewReader(file.content)); err != nil {
				t.Fatal(err)
			}
		}
		rewritten, err := w.Close()
		if err != nil || rewritten.Rows != summary.Rows || rewritten.RowBytes != summary.RowBytes || rewritten.Files != summary.Files || rewritten.FilesBytes != summary.FilesBytes {
			t.Fatalf("%+v, was %+v, %v", rewritten, summary, err)
		}
	})
}
