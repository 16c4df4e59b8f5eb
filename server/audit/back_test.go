package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestALogIsReadBackFromItsEnd(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit")
	log, err := Open(name, func() int64 { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	const lines = 1000 // several blocks
	for i := range lines {
		if err := log.Append(t.Context(), Event{Action: "records.read", By: fmt.Sprint(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(before uint64, most int) (seqs []uint64) {
		t.Helper()
		err := log.Back(before, func(e *Entry) error {
			if len(seqs) == most {
				return ErrStop
			}
			if e.By != fmt.Sprint(e.Seq) {
				t.Errorf("entry %d is by %s", e.Seq, e.By)
			}
			seqs = append(seqs, e.Seq)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return seqs
	}
	all := read(0, lines+1)
	if len(all) != lines {
		t.Fatalf("%d of %d entries", len(all), lines)
	}
	for i, seq := range all {
		if seq != uint64(lines-i) {
			t.Fatalf("entry %d is %d", i, seq)
		}
	}
	if got := read(501, 2); len(got) != 2 || got[0] != 500 || got[1] != 499 {
		t.Errorf("before 501: %v", got)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("{\"forged\":1}\n{\"half"); err != nil {
		t.Fatal(err)
	}
	if got := read(0, 1); len(got) != 1 || got[0] != lines {
		t.Errorf("behind a line that nobody wrote, and half a one: %v", got)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
