package syncengine_test

import (
	"context"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

// A coordinator who was refused is not surprised when access returns.
func TestARefusedWriteNeverHappens(t *testing.T) {
	e, hook := hooked(t, recordTypes())
	grant(t, e, "lyman", community, "coord", "other")
	msg, _ := proto.Marshal(olena())
	w := func(who, id string) (merge.ID, error) {
		c, _, err := e.Write(bg, personNamed(who), spaceNamed("lyman"), []syncengine.WriteRecord{{Type: participantType, Record: recordNamed(id), Message: msg}})
		return c, err
	}
	*hook = func() { // in compose
		*hook = func() {
			e.SetAccess(bg, personNamed("admin"), spaceNamed("lyman"), community, personNamed("coord"), false)
		}
	}
	_, err := w("coord", "one")
	if err == nil {
		t.Fatal("should be refused")
	}
	id, err := w("other", "two")
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := e.Verdicts(personNamed("other"), spaceNamed("lyman"), []merge.ID{id})
	if err != nil {
		t.Fatal(err)
	}
	mustVerdict(t, outcomes, wire.Applied, 0)
	n, err := e.SetAccess(bg, personNamed("admin"), spaceNamed("lyman"), community, personNamed("coord"), true)
	if err != nil || n != 0 {
		t.Fatalf("a write that was answered with an error is applied now: %d", n)
	}
}

// What is in the log is in force.
func TestAddSchemaHappensThoughTheCallerGaveUp(t *testing.T) {
	few, _ := schema.New(recordsv1.File_zhurnal_records_v1_place_proto)
	set := &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(recordsv1.File_zhurnal_records_v1_person_proto)}}
	data, _ := proto.Marshal(set)
	for range 20 {
		var h func()
		dir := t.TempDir()
		e, err := syncengine.Open(syncengine.Options{Dir: dir, Master: testMaster, Schema: few, Random: seeded(7), Now: func() int64 {
			if h != nil {
				h()
			}
			return year2026
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(bg)
		h = cancel
		_, _, err = e.AddSchema(ctx, personNamed("admin"), data)
		before := e.Schema().Plan(participantType) != nil
		e.Close()
		h = nil
		e, err2 := syncengine.Open(syncengine.Options{Dir: dir, Master: testMaster, Schema: few, Random: seeded(7), Now: func() int64 { return year2026 }})
		if err2 != nil {
			t.Fatal(err2)
		}
		after := e.Schema().Plan(participantType) != nil
		e.Close()
		if before != after {
			t.Fatalf("known %v, after reopening %v (%v)", before, after, err)
		}
	}
}
