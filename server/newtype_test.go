package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/zhurnal/zhurnal/clientsdk"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

const boat = "river.v1.Boat"

// boats describes a record type that no program was built with: a key, a group,
// a field that a person reviews.
func boats(t *testing.T) []byte {
	t.Helper()
	message := new(descriptorpb.MessageOptions)
	proto.SetExtension(message, schemav1.E_Collection, &schemav1.Collection{
		Space: []schemav1.SpaceKind{schemav1.SpaceKind_SPACE_KIND_COMMUNITY}, Key: []string{"number"},
	})
	field := func(name string, number int32, options *schemav1.Field) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{
			Name: &name, Number: &number,
			Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
		}
		if options != nil {
			f.Options = new(descriptorpb.FieldOptions)
			proto.SetExtension(f.Options, schemav1.E_Field, options)
		}
		return f
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("boat.proto"), Package: proto.String("river.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"zhurnal/schema/v1/options.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Boat"), Options: message, Field: []*descriptorpb.FieldDescriptorProto{
			field("number", 1, nil), field("captain", 2, &schemav1.Field{Review: true}), field("bank", 3, nil),
		}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// writeBoats puts it into a file.
func writeBoats(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "boats.binpb")
	if err := os.WriteFile(file, boats(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// boatTablet is a real register on disk whose app knows boats.
type boatTablet struct {
	*clientsdk.Register
	t      *testing.T
	person merge.PersonID
	home   string // directory of the home server's register, for who meets a hub
	space  merge.SpaceID
	plan   *schema.Plan
	// options are those of the register, which signs once the tablet is enrolled.
	options clientsdk.Options
}

func newBoatTablet(t *testing.T, person string, space merge.SpaceID) *boatTablet {
	t.Helper()
	none, err := schema.New()
	if err != nil {
		t.Fatal(err)
	}
	types, _, err := none.With(boats(t))
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	author := merge.PersonID(mergetest.ID16(person))
	b := &boatTablet{t: t, person: author, space: space, plan: types.Plan(boat), options: clientsdk.Options{
		Dir: filepath.Join(t.TempDir(), "tablet"), Key: key, Author: author, Schema: types, Clock: nowMillis, Random: rand.Reader,
	}}
	b.open()
	t.Cleanup(func() { _ = b.Close() })
	if err := b.Join(context.Background(), space, schemav1.SpaceKind_SPACE_KIND_COMMUNITY); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *boatTablet) open() {
	b.t.Helper()
	var err error
	if b.Register, err = clientsdk.Open(context.Background(), b.options); err != nil {
		b.t.Fatal(err)
	}
}

// signs has the register sign by a key that has enrolled.
func (b *boatTablet) signs(file string) {
	b.t.Helper()
	key, err := keyfile.Open(file)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.options.Device == key.Identity.Device {
		return
	}
	b.options.Device, b.options.Signer = key.Identity.Device, key.Signer
	if err := b.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
}

// put writes fields of the boat with this number: name, value, name, value.
func (b *boatTablet) put(number string, values ...string) {
	b.t.Helper()
	msg := b.plan.NewMessage().ProtoReflect()
	set := func(name, value string) {
		msg.Set(msg.Descriptor().Fields().ByName(protoreflect.Name(name)), protoreflect.ValueOfString(value))
	}
	set("number", number)
	var fields []string
	for i := 0; i < len(values); i += 2 {
		set(values[i], values[i+1])
		fields = append(fields, values[i])
	}
	_, err := b.Write(context.Background(), b.space, func(tx *clientsdk.Tx) error {
		_, err := tx.Put(msg.Interface(), fields...)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *boatTablet) sync(server *process) {
	b.t.Helper()
	client := b.client(server)
	if _, err := b.Sync(context.Background(), client); err != nil {
		b.t.Fatal(err)
	}
}

// client returns a client of the server, by which the tablet is enrolled.
func (b *boatTablet) client(server *process) syncv1connect.SyncServiceClient {
	b.t.Helper()
	client := server.sync(b.t, b.person)
	b.signs(keyFileOf(b.t, server.dir, server.url, b.person.String()))
	return client
}

func (b *boatTablet) boats() []clientsdk.Row[proto.Message] {
	b.t.Helper()
	rows, err := clientsdk.QueryNamed(context.Background(), b, b.space, boat)
	if err != nil {
		b.t.Fatal(err)
	}
	return rows
}

func text(row clientsdk.Row[proto.Message], field string) string {
	m := row.Message.ProtoReflect()
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(field))).String()
}

// A record type comes as a FileDescriptorSet alone. What tablets pushed before
// the server knew it waits in quarantine and is then applied by itself; fields
// merge, a disagreement is reported, and a killed server still knows the type.
func TestARecordTypeAddedByADescriptorAlone(t *testing.T) {
	ctx := context.Background()
	dir := privateDir(t)
	space := merge.SpaceID(mergetest.ID16("ferry"))
	oksana, petro := newBoatTablet(t, "oksana", space), newBoatTablet(t, "petro", space)
	openOffice(t, dir, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, space, oksana.person, petro.person)
	server := startServer(t, dir)

	oksana.put("7", "captain", "Оксана", "bank", "left")
	oksana.sync(server)
	if rows := oksana.boats(); len(rows) != 1 || !rows[0].Quarantined {
		t.Fatalf("before the server knows boats: %+v", rows)
	}
	petro.sync(server)
	if rows := petro.boats(); len(rows) != 0 {
		t.Fatalf("a quarantined boat reached another tablet: %+v", rows)
	}

	types := writeBoats(t)
	must(t, exitOK, boat+"\n1 types are known; 1 changes", "add-schema", types, "--dir", dir)
	oksana.sync(server)
	petro.sync(server)
	if rows := petro.boats(); len(rows) != 1 || text(rows[0], "captain") != "Оксана" {
		t.Fatalf("the boat after its type was added: %+v", rows)
	}

	server.kill(t)
	server = startServer(t, dir)
	desk := server.desk(t, coordinator)
	oksana.put("7", "captain", "Марія")
	petro.put("7", "captain", "Петро", "bank", "right")
	for range 2 {
		oksana.sync(server)
		petro.sync(server)
	}
	for _, tablet := range []*boatTablet{oksana, petro} {
		rows := tablet.boats()
		if len(rows) != 1 || text(rows[0], "bank") != "right" || len(rows[0].Disagreements) != 1 || rows[0].Disagreements[0].Name != "captain" {
			t.Fatalf("after both have written: %+v", rows)
		}
	}
	list, err := desk.ListDisagreements(ctx, connect.NewRequest(&syncv1.ListDisagreementsRequest{SpaceId: space[:]}))
	if err != nil {
		t.Fatal(err)
	}
	if d := list.Msg.Disagreements; len(d) != 1 || d[0].Record.Type != boat || !d[0].Review || len(d[0].Values) != 2 {
		t.Fatalf("disagreements %v", d)
	}
}
