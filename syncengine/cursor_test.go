package syncengine

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestCursorsAreSealedAndComeBack(t *testing.T) {
	s, err := newSealer([32]byte{1}, bytes.NewReader(make([]byte, 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	space := merge.SpaceID{1}
	rapid.Check(t, func(rt *rapid.T) {
		c := cursor{
			grant: rapid.Uint64().Draw(rt, "grant"), position: rapid.Uint64().Draw(rt, "position"), target: rapid.Uint64().Draw(rt, "target"),
			since: rapid.Uint64().Draw(rt, "since"), rows: rapid.Bool().Draw(rt, "rows"), next: merge.RecordID{rapid.Byte().Draw(rt, "next")},
		}
		sealed, err := s.seal(space, &c)
		if err != nil {
			rt.Fatal(err)
		}
		back, err := s.open(space, sealed)
		if err != nil || back != c {
			rt.Fatalf("sealed %+v, opened %+v, %v", c, back, err)
		}
		if _, err := s.open(merge.SpaceID{2}, sealed); err == nil {
			rt.Fatal("opened for another space")
		}
	})
}

func FuzzCursor(f *testing.F) {
	s, err := newSealer([32]byte{1}, bytes.NewReader(make([]byte, 100)))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := s.seal(merge.SpaceID{1}, &cursor{position: 9})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := s.open(merge.SpaceID{1}, data); err == nil && !bytes.Equal(data, sealed) {
			t.Fatal("opened a cursor that was never sealed")
		}
	})
}
