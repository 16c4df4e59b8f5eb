package schema

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Whatever bytes come as a header: those that pass are the only spelling of
// the key fields that they hold.
func FuzzCheckHeader(f *testing.F) {
	s := schemaOf(f, "newer")
	types := s.Types()
	visit, place := s.Plan(typeVisit), s.Plan(typePlace)
	f.Add(uint8(0), []byte{})
	f.Add(uint8(4), visitWrites(f, visit, "").Header)
	f.Add(uint8(3), placeWrites(f, place, "").Header)
	f.Add(uint8(1), []byte{0x08, 0x07})
	f.Fuzz(func(t *testing.T, which uint8, header []byte) {
		p := s.Plan(types[int(which)%len(types)])
		if p.CheckHeader(header) != nil {
			return
		}
		msg := p.NewMessage()
		if err := proto.Unmarshal(header, msg); err != nil {
			t.Fatalf("%s: header %x passed and is no message: %v", p.Name, header, err)
		}
		again, err := p.Header(msg)
		if err != nil || !bytes.Equal(again, header) {
			t.Fatalf("%s: header %x passed, its message has %x, %v", p.Name, header, again, err)
		}
	})
}

// Whatever bytes come as a write: nothing panics, and what passes can be
// joined with the other cells of the record, by this version and an older one.
func FuzzCheck(f *testing.F) {
	older, newer := schemaOf(f, "older"), schemaOf(f, "newer")
	types := newer.Types()
	header := visitWrites(f, newer.Plan(typeVisit), "").Header
	f.Add(uint8(4), header, uint32(5), []byte{}, []byte{0x28, 0x01})
	f.Add(uint8(4), header, uint32(10), []byte{}, []byte{0x52, 0x02, 0x08, 0x03})
	f.Add(uint8(4), header, uint32(0), []byte{}, []byte{0x00})
	f.Add(uint8(3), placeWrites(f, newer.Plan(typePlace), "").Header, uint32(4), []byte{0x20, 0x02}, []byte{1})
	f.Add(uint8(2), []byte{}, uint32(1), []byte{}, []byte{0x0a, 0x01, 'x'})
	f.Add(uint8(4), header, uint32(100), []byte{}, append(protowire.AppendVarint(nil, uint64(protowire.MaxValidNumber+1)<<3), 0))
	f.Fuzz(func(t *testing.T, which uint8, header []byte, field uint32, element, value []byte) {
		p := newer.Plan(types[int(which)%len(types)])
		w := merge.RecordWrites{Type: p.Name, Record: idOf(1), Header: header, Writes: []merge.Write{
			{Cell: merge.CellKey{Field: field, Element: string(element)}, Value: value},
		}}
		p.References(&w)
		p.Rule(w.Writes[0].Cell)
		if _, err := p.Check(&w); err != nil {
			return
		}
		tablet := newTablet(t, "nadia")
		tablet.change(w)
		msg := joined(t, p, tablet.only())
		if old := older.Plan(p.Name); old != nil {
			joined(t, old, tablet.only())
		}
		if _, err := p.Compose(hall, tablet.only(), Draft{Record: idOf(1), Message: msg}); err != nil && !p.Keyed() {
			t.Fatalf("%s: what was joined cannot be composed: %v", p.Name, err)
		}
	})
}

// Whatever bytes come as a descriptor set: an error or a schema, no panic.
func FuzzWith(f *testing.F) {
	known := schemaOf(f, "older")
	f.Add(image(f, "newer"))
	f.Add(marshalSet(f, oneMessage(community("code"), field("code", 1, "string"), field("part", 2, ".test.Part"))))
	f.Add([]byte{0x0a, 0x00})
	f.Fuzz(func(t *testing.T, set []byte) {
		s, names, err := known.With(set)
		if err != nil {
			return
		}
		for _, name := range names {
			if s.Plan(name) == nil {
				t.Fatalf("%s was named and is not known", name)
			}
			s.Plan(name).NewMessage()
		}
	})
}
