package clientsdk_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

const visitName = "visits.v1.Visit"

// withVisits returns a schema that also knows home visits: a type that no
// program was built with.
func withVisits(t *testing.T) (*schema.Schema, []byte) {
	t.Helper()
	message := new(descriptorpb.MessageOptions)
	proto.SetExtension(message, schemav1.E_Collection, &schemav1.Collection{Space: []schemav1.SpaceKind{community}})
	field := func(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type, options *schemav1.Field) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{
			Name: &name, Number: &number, Type: kind.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
			Options: new(descriptorpb.FieldOptions),
		}
		proto.SetExtension(f.Options, schemav1.E_Field, options)
		return f
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("visit.proto"), Package: proto.String("visits.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"zhurnal/schema/v1/options.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Visit"), Options: message, Field: []*descriptorpb.FieldDescriptorProto{
			field("person_id", 1, descriptorpb.FieldDescriptorProto_TYPE_BYTES, &schemav1.Field{Reference: []string{"zhurnal.records.v1.Participant"}}),
			field("told", 2, descriptorpb.FieldDescriptorProto_TYPE_STRING, &schemav1.Field{Review: true}),
		}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	known, _, err := recordTypes().With(set)
	if err != nil {
		t.Fatal(err)
	}
	return known, set
}

func visit(known *schema.Schema, person clientsdk.RecordID, told string) proto.Message {
	m := known.Plan(visitName).NewMessage().ProtoReflect()
	fields := m.Descriptor().Fields()
	m.Set(fields.ByName("person_id"), protoreflect.ValueOfBytes(person[:]))
	m.Set(fields.ByName("told"), protoreflect.ValueOfString(told))
	return m.Interface()
}

// The server and one tablet get an app that knows home visits. The other tablet
// keeps what it is sent, and shows it once it has the app too.
func TestATabletWithAnOlderApp(t *testing.T) {
	h := newHome(t)
	newer, set := withVisits(t)
	if _, _, err := h.engine.AddSchema(t.Context(), named[clientsdk.PersonID]("admin"), set); err != nil {
		t.Fatal(err)
	}
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	oksana.reopen(newer)

	olena := oksana.register("Коваленко")
	var id clientsdk.RecordID
	oksana.write(func(tx *clientsdk.Tx) (err error) {
		id, err = tx.Create(visit(newer, olena, "all well"))
		return err
	})
	oksana.sync()
	petro.sync()
	petro.mustEqual(h)
	petro.refused(fault.Invalid, func(tx *clientsdk.Tx) error { return tx.Void(id) })
	if _, err := clientsdk.QueryNamed(t.Context(), petro, petro.space, visitName); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("a type that the app does not know: %v", err)
	}

	ivan := newTablet(t, h, "ivan", "lyman")
	h.access(ivan.space, community, true, "ivan")
	ivan.reopen(newer)
	ivan.sync()
	oksana.write(func(tx *clientsdk.Tx) error { return tx.Update(id, visit(newer, olena, "her roof leaks"), "told") })
	ivan.write(func(tx *clientsdk.Tx) error {
		return tx.Update(id, visit(newer, olena, "her windows are gone"), "told")
	})
	oksana.sync()
	ivan.sync()
	petro.sync()
	if open := petro.attention(); len(open) != 0 {
		t.Fatalf("nobody can judge what nothing explains: %+v", open)
	}
	petro.reopen(newer)
	petro.mustEqual(h) // with references that were not there before
	rows, err := clientsdk.QueryNamed(t.Context(), petro, petro.space, visitName, clientsdk.Refers("person_id", olena))
	if err != nil || len(rows) != 1 || rows[0].ID != id {
		t.Fatalf("%v, %v", rows, err)
	}
	if open := petro.attention(); len(open) != 1 || open[0].Field != "told" {
		t.Fatalf("%+v", open)
	}
	petro.write(func(tx *clientsdk.Tx) error { return tx.Void(id) })
	if rows, _ := clientsdk.QueryNamed(t.Context(), petro, petro.space, visitName, clientsdk.Refers("person_id", olena)); len(rows) != 0 {
		t.Fatalf("%v", rows)
	}
	if open := petro.attention(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
}

// reopen gives the tablet an app with another schema.
func (tab *tablet) reopen(known *schema.Schema) {
	tab.t.Helper()
	if err := tab.Close(); err != nil {
		tab.t.Fatal(err)
	}
	tab.open(known)
}
