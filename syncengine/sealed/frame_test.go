package sealed

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// note is a place like any other.
var note = Place{
	Space: merge.SpaceID{0xc0, 15: 1}, Record: merge.RecordID{0x40, 15: 2}, Type: "zhurnal.records.v1.Note", Field: 5,
	Author: merge.PersonID{0x09, 15: 3}, Replica: merge.ReplicaID{0x7a, 15: 4}, Seq: 17,
}

func mustFrame(t testing.TB, p Place, content []byte) []byte {
	t.Helper()
	frame, err := Frame(p, content)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestAFrameOpensWhereItWasMade(t *testing.T) {
	for _, n := range []int{0, 1, 64, 131, 132, 133, 1000, 16000, 28547} {
		content := bytes.Repeat([]byte{0, 7}, n)[:n]
		frame := mustFrame(t, note, content)
		got, err := Content(note, frame)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: %d came back, %v", n, len(got), err)
		}
	}
}

// The size tells of the content what Sizes says, and no more.
func TestFramesHaveFewSizes(t *testing.T) {
	fixed := fixedBytes + len(note.Type)
	for _, c := range []struct{ content, want int }{
		{0, 256},
		{64, 256},
		{256 - fixed, 256},
		{257 - fixed, 1024},
		{1024 - fixed, 1024},
		{1025 - fixed, 4096},
		{4097 - fixed, 16384},
		{16385 - fixed, 28672},
		{28672 - fixed, 28672},
	} {
		if got := len(mustFrame(t, note, make([]byte, c.content))); got != c.want {
			t.Errorf("%d bytes make a frame of %d, not %d", c.content, got, c.want)
		}
	}
	_, err := Frame(note, make([]byte, 28673-fixed))
	if fault.KindOf(err) != fault.TooLarge || !strings.Contains(err.Error(), "at most 28548 are possible") {
		t.Errorf("a byte too many: %v", err)
	}
}

func TestAFrameFoundElsewhereIsRefused(t *testing.T) {
	frame := mustFrame(t, note, []byte("слова"))
	for want, move := range map[string]func(*Place){
		"another space":       func(p *Place) { p.Space[0]++ },
		"another record;":     func(p *Place) { p.Record[15]++ },
		"another record type": func(p *Place) { p.Type = "zhurnal.records.v1.Client" },
		"another field":       func(p *Place) { p.Field = 6 },
		"another author":      func(p *Place) { p.Author[3]++ },
		"another change":      func(p *Place) { p.Seq++ },
		"change;":             func(p *Place) { p.Replica[1]++ },
	} {
		found := note
		move(&found)
		content, err := Content(found, frame)
		if !errors.Is(err, ErrMoved) || content != nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "слова") {
			t.Errorf("%s: %q, %v", want, content, err)
		}
	}
}

func TestWhatIsNoFrameIsRefused(t *testing.T) {
	frame := mustFrame(t, note, []byte("слова"))
	altered := func(at int, b byte) []byte {
		f := bytes.Clone(frame)
		f[at] = b
		return f
	}
	typeAt := fixedBytes - 8
	for name, data := range map[string][]byte{
		"nothing":                nil,
		"another format":         altered(15, '2'),
		"only the fixed part":    frame[:fixedBytes],
		"not padded":             frame[:fixedBytes+len(note.Type)+len("слова")],
		"padded further":         append(bytes.Clone(frame), make([]byte, 768)...),
		"cut":                    frame[:255],
		"something behind":       altered(255, 1),
		"a longer type":          altered(typeAt+2, 1),
		"a type without end":     altered(typeAt, 0xff),
		"a content without end":  altered(typeAt+4+len(note.Type), 0xff),
		"a content to the brink": altered(typeAt+4+len(note.Type)+2, 0x7f),
	} {
		if content, err := Content(note, data); err == nil || content != nil {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
}

// Whatever was sealed: nothing panics, and what passes has this one spelling.
func FuzzContent(f *testing.F) {
	f.Add([]byte(domain))
	f.Add(mustFrame(f, note, []byte("слова")))
	f.Add(mustFrame(f, note, make([]byte, 200)))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if made, content, ok := parse(frame); ok {
			if again := mustFrame(t, made, content); !bytes.Equal(again, frame) {
				t.Fatalf("%x passed, and is spelled %x", frame, again)
			}
		}
		content, err := Content(note, frame)
		if err != nil {
			return
		}
		if again := mustFrame(t, note, content); !bytes.Equal(again, frame) {
			t.Fatalf("%x opened, and is spelled %x", frame, again)
		}
	})
}
