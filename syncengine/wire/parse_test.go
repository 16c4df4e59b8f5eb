package wire_test

import (
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// respelled returns another spelling of a message that means the same: fields
// of newer versions here and there, singular fields overwritten by later ones,
// singular fields in any order.
func respelled(t *rapid.T, m protoreflect.Message) []byte {
	var parts [][]byte
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !fd.IsList() {
			parts = append(parts, respelledField(t, m, fd))
			return true
		}
		for i := range v.List().Len() {
			element := respelled(t, v.List().Get(i).Message())
			parts = append(parts, protowire.AppendBytes(protowire.AppendTag(nil, fd.Number(), protowire.BytesType), element))
		}
		return true
	})
	for range rapid.IntRange(0, 2).Draw(t, "unknown") {
		parts = append(parts, unknownField(t))
	}
	// Elements of a list keep their order among each other.
	singular := func(part []byte) bool {
		number, _, _ := protowire.ConsumeTag(part)
		fd := m.Descriptor().Fields().ByNumber(number)
		return fd == nil || !fd.IsList()
	}
	var data []byte
	for len(parts) > 0 {
		i := rapid.IntRange(0, len(parts)-1).Draw(t, "next")
		for !singular(parts[i]) && i > 0 && !singular(parts[i-1]) {
			i--
		}
		data = append(data, parts[i]...)
		parts = append(parts[:i:i], parts[i+1:]...)
	}
	return data
}

func respelledField(t *rapid.T, m protoreflect.Message, fd protoreflect.FieldDescriptor) []byte {
	single := m.New()
	single.Set(fd, m.Get(fd))
	data, err := proto.Marshal(single.Interface())
	if err != nil {
		t.Fatal(err)
	}
	if fd.Kind() != protoreflect.BytesKind || !rapid.Bool().Draw(t, "overwritten") {
		return data
	}
	old := protowire.AppendBytes(protowire.AppendTag(nil, fd.Number(), protowire.BytesType), []byte("overwritten"))
	return append(old, data...)
}

func unknownField(t *rapid.T) []byte {
	number := protowire.Number(rapid.IntRange(100, 1<<20).Draw(t, "number"))
	switch rapid.IntRange(0, 4).Draw(t, "type") {
	case 0:
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), 7)
	case 1:
		return protowire.AppendFixed32(protowire.AppendTag(nil, number, protowire.Fixed32Type), 7)
	case 2:
		return protowire.AppendFixed64(protowire.AppendTag(nil, number, protowire.Fixed64Type), 7)
	case 3: // a known number in another type
		return protowire.AppendFixed32(protowire.AppendTag(nil, 1, protowire.Fixed32Type), 7)
	}
	group := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7)
	return protowire.AppendGroup(protowire.AppendTag(nil, number, protowire.StartGroupType), number, group)
}

// Who writes changes need not be this program: whatever spelling of protobuf
// it uses, the same change comes out.
func TestChangesAreReadInEverySpelling(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		purged := rapid.Bool().Draw(rt, "purged")
		for _, c := range history(rapid.Uint64().Draw(rt, "seed"), 8) {
			if purged {
				c.Purge(func(_ *merge.RecordWrites, w *merge.Write) bool { return w.Cell.Field%2 == 1 })
			}
			data := respelled(rt, wire.ChangeToRun(c).ProtoReflect())
			if err := proto.Unmarshal(data, new(syncv1.Run)); err != nil {
				rt.Fatalf("the test is wrong: %v", err)
			}
			back, err := wire.DecodeChange(lyman, data)
			if err != nil {
				rt.Fatal(err)
			}
			mustEqual(rt, c, back)
		}
	})
}

// What is read must be what any protobuf reader sees in the same bytes.
func FuzzChangesAreWhatProtobufSays(f *testing.F) {
	src := rand.New(rand.NewPCG(1, 2))
	for _, c := range history(2, 10) {
		data, err := wire.EncodeChange(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		data[src.IntN(len(data))] ^= 1 << src.IntN(8)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		have, err := wire.DecodeChange(lyman, data)
		if err != nil {
			return
		}
		run := new(syncv1.Run)
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, run); err != nil {
			t.Fatalf("read, but is no protobuf: %v", err)
		}
		run.Signature = nil // read by whoever verifies it
		if want := wire.ChangeToRun(have); !proto.Equal(want, run) {
			t.Fatalf("protobuf sees\n%v\nread was\n%v", run, want)
		}
	})
}

// A change holds on to no bytes that its caller may use again.
func TestADecodedChangeOwnsItsBytes(t *testing.T) {
	for _, c := range history(4, 10) {
		data, err := wire.EncodeChange(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeChange(lyman, data)
		if err != nil {
			t.Fatal(err)
		}
		clear(data)
		if back.ComputeHash(lyman) != c.Hash {
			t.Fatalf("change %s was altered with the bytes that it was read from", c.ID)
		}
	}
}
