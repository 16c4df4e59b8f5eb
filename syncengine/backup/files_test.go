package backup

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

type named struct{ name, content string }

// withFiles returns a backup of rows and files.
func withFiles(t testing.TB, rows []row, files ...named) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, Header{ID: ID{1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Row([]byte(r.key), []byte(r.value)); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		if err := w.File(f.name, strings.NewReader(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// readBack returns the files of a backup, and how many rows it has.
func readBack(data []byte) (files map[string]string, rows int, summary Summary, err error) {
	files = map[string]string{}
	summary, err = ReadAll(bytes.NewReader(data), func(_, _ []byte) error { rows++; return nil }, func(name string, piece []byte) error {
		files[name] += string(piece)
		return nil
	})
	return files, rows, summary, err
}

func TestFilesComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.MapOf(rapid.StringMatching(`[a-z0-9.-]{1,8}x`), rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(frameBytes-1, frameBytes+1), rapid.Just(3*frameBytes))).Draw(rt, "files")
		want := map[string]string{}
		var list []named
		var total uint64
		for _, name := range slices.Sorted(maps.Keys(sizes)) {
			want[name] = strings.Repeat(name[:1], sizes[name])
			list = append(list, named{name, want[name]})
			total += uint64(sizes[name])
		}
		data := withFiles(t, three, list...)
		got, rows, summary, err := readBack(data)
		if err != nil || !maps.Equal(got, want) || rows != len(three) || summary.Files != uint64(len(want)) || summary.FilesBytes != total {
			rt.Fatalf("%d files of %d, %d rows, %+v, %v", len(got), len(want), rows, summary, err)
		}
		if passed, err := Verify(bytes.NewReader(data)); err != nil || passed != summary {
			rt.Fatalf("%+v, %v", passed, err)
		}
	})
}

func TestABackupWithFilesThatIsNotWholeIsRefused(t *testing.T) {
	data := withFiles(t, three, named{"a.age", "sealed"}, named{"b.age", ""})
	for n := range data {
		refused(t, fmt.Sprintf("the first %d of %d bytes", n, len(data)), data[:n], "cut short")
	}
	for bit := range 8 * len(data) {
		altered := bytes.Clone(data)
		altered[bit/8] ^= 1 << (bit % 8)
		refused(t, fmt.Sprintf("bit %d", bit), altered, "")
	}
}

// Whoever restores a backup writes no file where it does not belong.
func TestAFileHasANameForOneDirectory(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../a", "a/b", `a\b`, "c:a", "a\x00", strings.Repeat("a", 256)} {
		w, err := NewWriter(new(bytes.Buffer), Header{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.File(name, strings.NewReader("")); fault.KindOf(err) != fault.Internal {
			t.Errorf("%q is written: %v", name, err)
		}
		r := &reader{piece: func(string, []byte) error { t.Errorf("%q is taken", name); return nil }}
		if err := r.file(append(binary.AppendUvarint(nil, uint64(len(name))), name...)); fault.KindOf(err) != fault.Damaged {
			t.Errorf("%q is read: %v", name, err)
		}
	}
}

func TestRowsAndFilesAreInTheirOrder(t *testing.T) {
	w, err := NewWriter(new(bytes.Buffer), Header{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.File("b", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if err := w.File(name, strings.NewReader("")); fault.KindOf(err) != fault.Internal {
			t.Errorf("%s after b: %v", name, err)
		}
	}
	if err := w.Row([]byte("a"), nil); fault.KindOf(err) != fault.Internal {
		t.Errorf("a row after a file: %v", err)
	}
	r := &reader{piece: passOver, lastFile: "b"}
	if err := r.file([]byte("\x01a")); fault.KindOf(err) != fault.Damaged {
		t.Errorf("read a after b: %v", err)
	}
	if err := r.rows([]byte("\x01a\x00")); fault.KindOf(err) != fault.Damaged {
		t.Errorf("read a row after a file: %v", err)
	}
}

// A file that cannot be read ends the backup.
func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	w, err := NewWriter(new(bytes.Buffer), Header{})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk")
	if err := w.File("a", iotest.ErrReader(broken)); !errors.Is(err, broken) || fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
}
