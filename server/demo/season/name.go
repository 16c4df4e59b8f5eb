package season

import (
	"crypto/sha256"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Name is what the season calls a record, a person, a space or a tablet, such
// as "lyman/person-07". No two things have one name.
type Name string

// sub names something that belongs to this.
func (n Name) sub(format string, args ...any) Name {
	return n + "/" + Name(fmt.Sprintf(format, args...))
}

// Record is the stand-in for the id of a record of this name.
func (n Name) Record() merge.RecordID { return n.standIn() }

// Person is the stand-in for the id of a person who works with a tablet.
func (n Name) Person() merge.PersonID { return n.standIn() }

// Space is the stand-in for the id of a space.
func (n Name) Space() merge.SpaceID { return n.standIn() }

// id is the stand-in as a field of a message holds it.
func (n Name) id() []byte { b := n.standIn(); return b[:] }

func (n Name) standIn() [16]byte {
	sum := sha256.Sum256([]byte("zhurnal/season/" + n))
	return [16]byte(sum[:16])
}

// Act is what a step does to one record: it begins it, or changes the cells
// that the message fills in. Messages are shared; they must not be altered.
type Act struct {
	// Record names a record whose id is random. Empty for a type with a key.
	Record Name
	// Message holds what is written; for a type with a key also the key.
	Message proto.Message
}

// Type is the full name of the record's type.
func (a *Act) Type() string { return string(a.Message.ProtoReflect().Descriptor().FullName()) }

// ID is the stand-in for the id of the record.
func (a *Act) ID(space Name) merge.RecordID {
	if a.Record != "" {
		return a.Record.Record()
	}
	return keyedID(space, a.Message)
}

// keyedID is the id that follows from the key fields of the message, in the
// world of stand-ins.
func keyedID(space Name, msg proto.Message) merge.RecordID {
	m := msg.ProtoReflect()
	key := m.New()
	for _, name := range keyOf(m.Descriptor()) {
		field := m.Descriptor().Fields().ByName(protoreflect.Name(name))
		key.Set(field, m.Get(field))
	}
	header, err := proto.MarshalOptions{Deterministic: true}.Marshal(key.Interface())
	if err != nil {
		panic(fmt.Sprintf("season: key of %s: %v", m.Descriptor().FullName(), err)) // cannot be: the plan writes valid UTF-8
	}
	return merge.KeyedRecordID(space.Space(), string(m.Descriptor().FullName()), header)
}

func keyOf(record protoreflect.MessageDescriptor) []string {
	collection, _ := proto.GetExtension(record.Options(), schemav1.E_Collection).(*schemav1.Collection)
	return collection.GetKey()
}

// idOf is keyedID as a field of a message holds it.
func idOf(space Name, key proto.Message) []byte { id := keyedID(space, key); return id[:] }
