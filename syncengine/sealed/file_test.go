package sealed

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// ageFile is a file of the right form that opens for nobody.
func ageFile() string {
	body := strings.Repeat("A", 43)
	return intro + "-> X25519 " + body + "\n" + body + "\n-> grease x\n" + strings.Repeat("A", 64) + "\n\n--- " + body + "\n" + strings.Repeat("\x90", payloadMin)
}

func TestAnAgeFileIsKnown(t *testing.T) {
	file, ok := Unwrap(5, Wrap(5, []byte(ageFile())))
	if !ok || string(file) != ageFile() {
		t.Fatalf("%v, %q", ok, file)
	}
}

func TestWhatIsNoAgeFileIsKnownToBeNone(t *testing.T) {
	good := ageFile()
	replaced := func(old, with string) []byte { return Wrap(5, []byte(strings.Replace(good, old, with, 1))) }
	for name, value := range map[string][]byte{
		"nothing":               nil,
		"a note":                Wrap(5, []byte("Скарги на тривогу ввечері.")),
		"bytes without a field": []byte(good),
		"another field":         Wrap(6, []byte(good)),
		"a number":              protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.VarintType), 7),
		"a field behind":        append(Wrap(5, []byte(good)), Wrap(5, []byte("слова"))...),
		"cut":                   Wrap(5, []byte(good))[:60],
		"the intro alone":       Wrap(5, []byte(intro)),
		"the intro and a note":  Wrap(5, []byte(intro+strings.Repeat("слова ", 100))),
		"another version":       replaced("/v1", "/v2"),
		"no recipient":          Wrap(5, []byte(intro+good[strings.Index(good, "--- "):])),
		"words for a body":      replaced("\n"+strings.Repeat("A", 43)+"\n->", "\nслова\n->"),
		"words for arguments":   replaced("grease x", "grease слова"),
		"two spaces":            replaced("grease x", "grease  x"),
		"no arguments":          replaced("-> grease x", "-> "),
		"a body without end":    replaced("\n\n---", "\n---"),
		"a longer line":         replaced(strings.Repeat("A", 64), strings.Repeat("A", 66)),
		"no MAC":                replaced("--- "+strings.Repeat("A", 43), "---"),
		"a loose MAC":           replaced("--- "+strings.Repeat("A", 43), "--- "+strings.Repeat("A", 42)+"B"),
		"a carriage return":     replaced("--- AA", "--- A\r"),
		"too small for a frame": Wrap(5, []byte(good[:len(good)-1])),
	} {
		if _, ok := Unwrap(5, value); ok {
			t.Errorf("%s passes for an age file", name)
		}
	}
}

// Whatever is stored: nothing panics, and a value has one spelling.
func FuzzUnwrap(f *testing.F) {
	f.Add(Wrap(5, []byte(ageFile())))
	f.Add([]byte{0x2a, 0x01, 'x'})
	f.Fuzz(func(t *testing.T, value []byte) {
		file, ok := Unwrap(5, value)
		if ok && !bytes.HasSuffix(value, file) {
			t.Fatalf("%x holds %x", value, file)
		}
	})
}
