package compat

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
)

// CollectionOf returns the message's collection option, nil if it has none and
// so is a part of a record, not a record type.
func CollectionOf(md protoreflect.MessageDescriptor) *schemav1.Collection {
	options := new(descriptorpb.MessageOptions)
	if !reread(md.Options(), options) || !proto.HasExtension(options, schemav1.E_Collection) {
		return nil
	}
	return proto.GetExtension(options, schemav1.E_Collection).(*schemav1.Collection)
}

// FieldOf returns the field's option; an empty one if it has none.
func FieldOf(fd protoreflect.FieldDescriptor) *schemav1.Field {
	options := new(descriptorpb.FieldOptions)
	if !reread(fd.Options(), options) || !proto.HasExtension(options, schemav1.E_Field) {
		return new(schemav1.Field)
	}
	return proto.GetExtension(options, schemav1.E_Field).(*schemav1.Field)
}

// reread copies options by way of their bytes. A descriptor that was built at
// run time may hold our extensions as dynamic messages or as unknown fields;
// read again with the linked types they are always the generated ones.
func reread(from protoreflect.ProtoMessage, to proto.Message) bool {
	if proto.Size(from) == 0 {
		return false
	}
	data, err := proto.Marshal(from)
	return err == nil && proto.UnmarshalOptions{Resolver: protoregistry.GlobalTypes}.Unmarshal(data, to) == nil
}
