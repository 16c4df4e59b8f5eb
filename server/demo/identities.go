package demo

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// identities are the ids of this run beside the stand-ins that the plan has in
// their place. It is safe for concurrent use.
type identities struct {
	mu       sync.RWMutex
	real     map[[16]byte][16]byte
	standIns map[[16]byte][16]byte
}

func newIdentities() *identities {
	return &identities{real: map[[16]byte][16]byte{}, standIns: map[[16]byte][16]byte{}}
}

// set says which id a stand-in stands for.
func (x *identities) set(standIn, real [16]byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.real[standIn] = real
	x.standIns[real] = standIn
}

// of returns the id for a stand-in.
func (x *identities) of(standIn [16]byte) ([16]byte, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	real, ok := x.real[standIn]
	if !ok {
		return real, fmt.Errorf("the plan needs something that has not been played yet: stand-in %x", standIn)
	}
	return real, nil
}

// standIn returns the stand-in for an id; the id itself where nobody who plays
// has made it, so that it shows in a comparison.
func (x *identities) standIn(real [16]byte) [16]byte {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if standIn, ok := x.standIns[real]; ok {
		return standIn
	}
	return real
}

// play returns a message of the plan with the ids of this run.
func (x *identities) play(msg proto.Message) (proto.Message, error) {
	m := msg.ProtoReflect()
	planned, err := proto.Marshal(msg)
	if err != nil {
		return nil, err
	}
	data, err := replaceIDs(m.Descriptor(), planned, func(id []byte) ([]byte, error) {
		if len(id) != 16 {
			return id, nil
		}
		real, err := x.of([16]byte(id))
		return real[:], err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Descriptor().Name(), err)
	}
	played := m.New().Interface()
	return played, proto.Unmarshal(data, played)
}

// unplay returns the wire bytes of a cell with stand-ins for ids. The 24 bytes
// that name a mark which a coordinator saw lose the tag, which the plan does not
// know; and a list of ids is sorted anew, since its order is that of the ids of
// this run.
func (x *identities) unplay(record protoreflect.MessageDescriptor, cell []byte) ([]byte, error) {
	data, err := replaceIDs(record, cell, func(id []byte) ([]byte, error) {
		switch len(id) {
		case 16:
			standIn := x.standIn([16]byte(id))
			return standIn[:], nil
		case 16 + len(merge.Tag{}):
			return season.SeenStandIn(x.standIn([16]byte(id[:16]))), nil
		default:
			return id, nil
		}
	})
	if err != nil {
		return nil, err
	}
	return sortLists(data), nil
}

// sortLists sorts the values of each field of a cell, of which the fields are in
// ascending order already.
func sortLists(cell []byte) []byte {
	var fields [][]byte
	for len(cell) > 0 {
		_, _, n := protowire.ConsumeField(cell) // well formed: replaceIDs has read it
		fields, cell = append(fields, cell[:n]), cell[n:]
	}
	slices.SortStableFunc(fields, func(a, b []byte) int {
		first, _, _ := protowire.ConsumeTag(a)
		second, _, _ := protowire.ConsumeTag(b)
		return cmp.Or(cmp.Compare(first, second), bytes.Compare(a, b))
	})
	return bytes.Join(fields, nil)
}

// replaceIDs replaces the values of bytes fields, which in records are ids.
func replaceIDs(record protoreflect.MessageDescriptor, data []byte, replace func(id []byte) ([]byte, error)) ([]byte, error) {
	replaced := make([]byte, 0, len(data))
	for len(data) > 0 {
		number, wire, n := protowire.ConsumeField(data)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		field, raw := record.Fields().ByNumber(number), data[:n]
		data = data[n:]
		if wire != protowire.BytesType || field == nil || field.Kind() != protoreflect.BytesKind {
			replaced = append(replaced, raw...)
			continue
		}
		_, _, tag := protowire.ConsumeTag(raw)
		value, _ := protowire.ConsumeBytes(raw[tag:])
		id, err := replace(value)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field.Name(), err)
		}
		replaced = protowire.AppendBytes(append(replaced, raw[:tag]...), id)
	}
	return replaced, nil
}
