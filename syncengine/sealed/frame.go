package sealed

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// domain stands at the start of every frame, so that no other age file that
// somebody got hold of is taken for one.
const domain = "zhurnal/sealed/1\x00"

// Sizes are those that frames are padded to: the size of a file tells no more of
// a note than that it is a few words, a paragraph, a page or several. The last
// one leaves room for the rest of a record within what one change may hold of it.
var Sizes = [...]int{256, 1024, 4096, 16384, 28672}

// Place is where a sealed value belongs.
type Place struct {
	Space  merge.SpaceID
	Record merge.RecordID
	// Type is the full name of the record's message.
	Type string
	// Field is the number of the cell.
	Field  uint32
	Author merge.PersonID
	// Replica and Seq are those of the change that writes it.
	Replica merge.ReplicaID
	Seq     uint64
}

// ErrMoved is what opening a value from another place comes to.
var ErrMoved = errors.New("the sealed value was made for another place")

// ErrFrame is what opening something else than a frame comes to.
var ErrFrame = errors.New("what was sealed is not a frame of this format")

// fixedBytes is the length of a frame's parts that do not vary.
const fixedBytes = len(domain) + 4*16 + 8 + 4 + 4 + 4

// Frame returns what is to be sealed: the content, bound to the place and padded.
func Frame(p Place, content []byte) ([]byte, error) {
	n := fixedBytes + len(p.Type) + len(content)
	padded := 0
	for _, size := range Sizes {
		if padded = size; n <= size {
			break
		}
	}
	if n > padded {
		return nil, fault.New(fault.TooLarge, "%d bytes to be sealed, at most %d are possible: write shorter, or two records", len(content), padded-n+len(content))
	}
	buf := make([]byte, 0, padded)
	buf = append(buf, domain...)
	buf = append(buf, p.Space[:]...)
	buf = append(buf, p.Record[:]...)
	buf = append(buf, p.Author[:]...)
	buf = append(buf, p.Replica[:]...)
	buf = binary.BigEndian.AppendUint64(buf, p.Seq)
	buf = binary.BigEndian.AppendUint32(buf, p.Field)
	buf = appendSized(buf, []byte(p.Type))
	buf = appendSized(buf, content)
	return buf[:padded], nil // what was made is zero
}

func appendSized(buf, data []byte) []byte {
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(data)))
	return append(buf, data...)
}

// Content returns the content of an opened frame. The error wraps [ErrFrame] if
// it is none, and [ErrMoved], with what differs, if it was made for another place
// than it was found in. Neither text holds anything of the content.
func Content(found Place, frame []byte) ([]byte, error) {
	made, content, ok := parse(frame)
	if !ok {
		return nil, fault.New(fault.Invalid, "%w", ErrFrame)
	}
	if what := made.differs(found); what != "" {
		return nil, fault.New(fault.Invalid, "%w: another %s; somebody has moved it, and it is not shown", ErrMoved, what)
	}
	return content, nil
}

// differs names the first part in which the two places differ, empty if none.
func (p Place) differs(from Place) string {
	switch {
	case p.Space != from.Space:
		return "space"
	case p.Type != from.Type:
		return "record type"
	case p.Record != from.Record:
		return "record"
	case p.Field != from.Field:
		return "field"
	case p.Author != from.Author:
		return "author"
	case p.Replica != from.Replica || p.Seq != from.Seq:
		return "change"
	}
	return ""
}

// parse takes a frame apart. It has one spelling: every length inside it, the
// smallest size that holds it, and zeros behind.
func parse(frame []byte) (p Place, content []byte, ok bool) {
	rest, ok := bytes.CutPrefix(frame, []byte(domain))
	if !ok || len(frame) < fixedBytes {
		return p, nil, false
	}
	for _, id := range [][]byte{p.Space[:], p.Record[:], p.Author[:], p.Replica[:]} {
		rest = rest[copy(id, rest):]
	}
	p.Seq = binary.BigEndian.Uint64(rest)
	p.Field = binary.BigEndian.Uint32(rest[8:])
	name, rest, ok := cutSized(rest[12:])
	if !ok {
		return p, nil, false
	}
	p.Type = string(name)
	if content, rest, ok = cutSized(rest); !ok {
		return p, nil, false
	}
	again, err := Frame(p, content)
	return p, content, err == nil && len(again) == len(frame) && len(bytes.Trim(rest, "\x00")) == 0
}

func cutSized(data []byte) (part, rest []byte, ok bool) {
	if len(data) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(data)
	if data = data[4:]; uint64(n) > uint64(len(data)) {
		return nil, nil, false
	}
	return data[:n:n], data[n:], true
}
