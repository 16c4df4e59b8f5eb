package store

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// What was written over lies in the files until it is scrubbed, in the tables and
// in the logs of what is not in a table yet. Here nothing is sealed, so that it
// can be looked for.
func TestNothingWrittenOverIsInTheFilesOnceTheyAreScrubbed(t *testing.T) {
	dir := t.TempDir()
	db, err := openFiles(Settings(Options{Dir: dir}))
	must(t, err)
	b := badgerBackend{db}
	put := func(key, value string) {
		u := b.update()
		must(t, u.set([]byte(key), []byte(value)))
		must(t, u.commit())
	}
	const erased, kept = "Erased-7fQzX9kLmW2vR4tB8nY6", "Kept-3pLx0Qa8Zr5Vw1Tn6Jd2"
	put("s/person", erased)
	for i := range 200 { // some of it comes into a table
		put(fmt.Sprint("s/other", i), kept)
	}
	must(t, db.Flatten(1))
	put("s/person", erased+" again")
	put("s/person", "")
	if !inFiles(t, dir, erased) {
		t.Fatal("it is in no file before: the test proves nothing")
	}
	must(t, b.scrub())
	if inFiles(t, dir, erased) {
		t.Error("it is still in a file")
	}
	put("s/next", kept) // and the store goes on
	view := b.view()
	for key, want := range map[string]string{"s/person": "", "s/other7": kept, "s/next": kept} {
		if value, err := view.get([]byte(key)); err != nil || string(value) != want {
			t.Errorf("%s: %q, %v", key, value, err)
		}
	}
	view.discard()
	must(t, b.close())
	if inFiles(t, dir, erased) {
		t.Error("it is in a file again")
	}
}

func inFiles(t *testing.T, dir, needle string) (found bool) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		found = found || bytes.Contains(data, []byte(needle))
		return err
	}))
	return found
}

// A store goes on while and after it is scrubbed, and nobody sees what the
// scrubbing needs.
func TestAStoreGoesOnWhenItWasScrubbed(t *testing.T) {
	o := sealedStore(t)
	before, err := readAll(t, o)
	must(t, err)
	s, err := Open(o)
	must(t, err)
	must(t, s.Scrub())
	must(t, s.Close())
	after, err := readAll(t, o)
	must(t, err)
	if after != before {
		t.Errorf("it had\n%sand has\n%s", before, after)
	}
}
