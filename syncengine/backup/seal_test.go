package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func identity(t testing.TB) *age.X25519Identity {
	t.Helper()
	made, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// writeRows writes rows as a server does.
func writeRows(rows ...row) func(io.Writer) (Summary, error) {
	return func(to io.Writer) (Summary, error) {
		w, err := NewWriter(to, Header{ID: ID{7}})
		if err != nil {
			return Summary{}, err
		}
		for _, r := range rows {
			if err := w.Row([]byte(r.key), []byte(r.value)); err != nil {
				return Summary{}, err
			}
		}
		return w.Close()
	}
}

func fileOf(t testing.TB, data []byte, identities ...Identity) File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return File{name, identities}
}

func TestASealedBackupOpensForItsRecipientsAlone(t *testing.T) {
	anna, borys, stranger := identity(t), identity(t), identity(t)
	rows := []row{{"a", "Олена Шевченко"}, {"b", strings.Repeat("long ", 100_000)}}
	var file bytes.Buffer
	written, err := Write(&file, []Recipient{anna.Recipient(), borys.Recipient()}, writeRows(rows...))
	if err != nil || !written.Sealed || written.FileBytes != uint64(file.Len()) || written.Rows != 2 {
		t.Fatalf("%+v of %d bytes, %v", written, file.Len(), err)
	}
	for _, plain := range []string{"Олена", "long long", magic} {
		if bytes.Contains(file.Bytes(), []byte(plain)) {
			t.Errorf("%q can be read", plain)
		}
	}
	for _, who := range [][]Identity{{anna}, {borys}, {stranger, borys}} {
		var got []row
		summary, err := fileOf(t, file.Bytes(), who...).Read(func(key, value []byte) error {
			got = append(got, row{string(key), string(value)})
			return nil
		})
		if err != nil || summary != written.Summary || len(got) != 2 || got[0] != rows[0] || got[1] != rows[1] {
			t.Errorf("%d rows, %+v, %v", len(got), summary, err)
		}
	}
	for want, who := range map[string][]Identity{"--identity": nil, "none of the identities": {stranger}} {
		if _, err := fileOf(t, file.Bytes(), who...).Verify(); err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

func TestASealedFileThatIsNotWholeIsRefused(t *testing.T) {
	anna := identity(t)
	var file bytes.Buffer
	if _, err := Write(&file, []Recipient{anna.Recipient()}, writeRows(row{"a", strings.Repeat("x", 150_000)})); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	refused := func(what string, data []byte) {
		t.Helper()
		_, err := read(bytes.NewReader(data), []Identity{anna}, func(_, _ []byte) error { return nil }, passOver)
		if kind := fault.KindOf(err); err == nil || kind != fault.Damaged && kind != fault.Invalid {
			t.Errorf("%s: kind %d, %v", what, kind, err)
		}
	}
	const step = 487 // and each byte of the beginning
	for i := 0; i < len(whole); i++ {
		if i > 300 {
			i = min(i+step, len(whole)-1)
		}
		refused(fmt.Sprintf("cut to %d", i), whole[:i])
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1
		refused(fmt.Sprintf("byte %d flipped", i), flipped)
	}
	refused("something behind it", append(bytes.Clone(whole), 0))
	const chunk = 64<<10 + 16
	start := len(whole) - (len(whole)-200)%chunk // of some chunk
	refused("a chunk is missing", append(bytes.Clone(whole[:start-chunk]), whole[start:]...))
}

func TestBothKindsOfRecipientAreGoodAndAreNotMixed(t *testing.T) {
	classic := identity(t)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := Write(&file, []Recipient{hybrid.Recipient()}, writeRows(three...)); err != nil {
		t.Fatal(err)
	}
	if _, err := fileOf(t, file.Bytes(), hybrid).Verify(); err != nil {
		t.Error(err)
	}
	for _, mixed := range [][]Recipient{{hybrid.Recipient(), classic.Recipient()}, {classic.Recipient(), hybrid.Recipient()}} {
		if _, err := Write(io.Discard, mixed, writeRows(three...)); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v", err)
		}
	}
}

// What does not open again, or opens as something else, is never said to be
// written.
func TestWhatIsWrittenIsVerifiedAsItGoes(t *testing.T) {
	anna, gone := identity(t), errors.New("gone")
	for what, c := range map[string]struct {
		to    io.Writer
		write func(io.Writer) (Summary, error)
		want  string
	}{
		"no backup":     {io.Discard, func(to io.Writer) (Summary, error) { _, err := to.Write([]byte("hello")); return Summary{}, err }, "is none"},
		"half a backup": {io.Discard, func(to io.Writer) (Summary, error) { _, err := NewWriter(to, Header{}); return Summary{}, err }, "is none"},
		"another one":   {io.Discard, func(to io.Writer) (Summary, error) { s, err := writeRows(three...)(to); s.Rows++; return s, err }, "another one"},
		"an error":      {io.Discard, func(io.Writer) (Summary, error) { return Summary{}, gone }, "gone"},
		"a full disk":   {full{}, writeRows(three...), "disk full"},
	} {
		for _, recipients := range [][]Recipient{nil, {anna.Recipient()}} {
			if _, err := Write(c.to, recipients, c.write); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// Of 50 MB that were sealed, verified and handed on, next to nothing is held.
func TestSealingHoldsNothing(t *testing.T) {
	anna, value := identity(t), bytes.Repeat([]byte("x"), 100_000)
	_, err := Write(io.Discard, []Recipient{anna.Recipient()}, func(to io.Writer) (Summary, error) {
		w, err := NewWriter(to, Header{})
		for i := 0; err == nil && i < 500; i++ {
			err = w.Row(fmt.Appendf(nil, "%09d", i), value)
		}
		if err != nil {
			return Summary{}, err
		}
		var now runtime.MemStats
		runtime.GC()
		if runtime.ReadMemStats(&now); now.HeapAlloc > 10<<20 {
			t.Errorf("%d bytes are held", now.HeapAlloc)
		}
		return w.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecipientsAndIdentitiesAreExplained(t *testing.T) {
	anna := identity(t)
	if got, err := ParseRecipients("# the office\n" + anna.Recipient().String() + "\n"); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "# nobody", "age1abc", anna.String()} {
		if _, err := ParseRecipients(bad); err == nil || !strings.Contains(err.Error(), "age1") || strings.Contains(err.Error(), anna.String()) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	name := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(name, []byte(anna.Recipient().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadIdentities(name); err == nil || !strings.Contains(err.Error(), "AGE-SECRET-KEY-") {
		t.Errorf("%v", err)
	}
}
