package syncengine_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"google.golang.org/protobuf/proto"
)

// A change that makes a record and refers to it dangles nowhere.
func TestAReferenceInsideOneChange(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "petro")
	a := newDevice(t, "petro", "lyman", 1)
	plan := func(m proto.Message) *schema.Plan {
		return a.types.Plan(string(m.ProtoReflect().Descriptor().FullName()))
	}
	compose := func(id merge.RecordID, m proto.Message) merge.RecordWrites {
		w, err := plan(m).Compose(a.space, nil, schema.Draft{Record: id, Message: m})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	who := recordNamed("olena")
	m := &recordsv1.AttendanceMark{SessionId: who[:], ParticipantId: who[:], RecorderId: who[:], Presence: recordsv1.Presence_PRESENCE_PRESENT}
	header, err := plan(m).Header(m)
	if err != nil {
		t.Fatal(err)
	}
	a.raw(compose(who, olena()), compose(merge.KeyedRecordID(a.space, plan(m).Name, header), m))
	out := a.push(e)
	v, _ := e.Verdicts(a.person, a.space, []merge.ID{a.chain[0].ID})
	if out[0].Verdict != v[0].Verdict {
		t.Fatal("the answer is not the verdict")
	}
}
