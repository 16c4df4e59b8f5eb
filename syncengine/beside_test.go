package syncengine_test

import (
	"crypto/rand"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/register"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// drawer is what lies beside a store.
type drawer struct {
	names []string
	files map[string]string
	ended int
}

func (d *drawer) Files(each func(name string, from io.Reader) error) error {
	for _, name := range d.names {
		if err := each(name, strings.NewReader(d.files[name])); err != nil {
			return err
		}
	}
	return nil
}

func (d *drawer) Take(name string, piece []byte) error {
	d.files[name] += string(piece)
	return nil
}

func (d *drawer) Taken() error {
	d.ended++
	return nil
}

// What lies beside the store comes back with it, and a backup that has something is
// not restored without saying where that goes.
func TestWhatLiesBesideIsInABackup(t *testing.T) {
	options := syncengine.Options{Memory: store.NewMemory(), Schema: recordTypes(), Now: func() int64 { return year2026 }, Random: rand.Reader}
	has := &drawer{names: []string{"a", "b"}, files: map[string]string{"a": strings.Repeat("a", 600_000), "b": ""}}
	options.Beside = has
	e, err := syncengine.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	file := filepath.Join(t.TempDir(), "backup")
	written, err := backup.WriteFile(file, func(to io.Writer) (backup.Written, error) { return e.Backup(bg, to) })
	if err != nil || written.Files != 2 || written.FilesBytes != 600_000 {
		t.Fatalf("%+v, %v", written, err)
	}
	gets := &drawer{files: map[string]string{}}
	options.Memory, options.Beside = store.NewMemory(), gets
	if restored, err := syncengine.Restore(options, file, register.Contents{}); err != nil || restored.Backup.Files != 2 {
		t.Fatalf("%+v, %v", restored, err)
	}
	if !maps.Equal(gets.files, has.files) || gets.ended != 1 {
		t.Errorf("%d files came back, ended %d times", len(gets.files), gets.ended)
	}
	options.Memory, options.Beside = store.NewMemory(), nil
	if _, err := syncengine.Restore(options, file, register.Contents{}); fault.KindOf(err) != fault.Internal || !strings.Contains(err.Error(), "nothing says where") {
		t.Errorf("nowhere to put them: %v", err)
	}
}
