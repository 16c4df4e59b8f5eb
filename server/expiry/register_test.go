package expiry_test

import (
	"context"
	"crypto/rand"
	"testing"

	"google.golang.org/protobuf/proto"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/expiry"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"

	"github.com/zhurnal/zhurnal/syncengine/store"
)

// register is one community on an engine whose clock is moved.
type register struct {
	testing.TB
	disk   *store.Memory
	engine *syncengine.Engine
	clock  int64
	ids    byte
	author merge.PersonID
	space  merge.SpaceID
}

func newRegister(t testing.TB) *register {
	r := &register{TB: t, disk: store.NewMemory(), author: merge.PersonID{1}, space: merge.SpaceID{2}}
	types, err := catalogue.Types()
	r.must(err)
	r.engine, err = syncengine.Open(syncengine.Options{Memory: r.disk, Schema: types, Now: func() int64 { return r.clock }, Random: rand.Reader})
	r.must(err)
	t.Cleanup(func() { r.engine.Close() })
	_, err = r.engine.SetAccess(context.Background(), r.author, r.space, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, r.author, true)
	r.must(err)
	return r
}

func (r *register) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *register) newID() []byte {
	r.ids++
	return append(make([]byte, 15), r.ids)
}

// write writes a new record at a time; times only go forward.
func (r *register) write(millis int64, msg proto.Message) (id merge.RecordID) {
	r.Helper()
	r.clock = millis
	name := string(msg.ProtoReflect().Descriptor().FullName())
	data, err := proto.Marshal(msg)
	r.must(err)
	record := syncengine.WriteRecord{Type: name, Message: data}
	if plan := r.engine.Schema().Plan(name); plan.Keyed() {
		record.Header, err = plan.Header(msg)
		r.must(err)
	}
	_, position, err := r.engine.Write(context.Background(), r.author, r.space, []syncengine.WriteRecord{record})
	r.must(err)
	r.eachRecord(func(rec *merge.Record) {
		if rec.Position == position {
			id = rec.ID
		}
	})
	return id
}

func (r *register) eachRecord(do func(*merge.Record)) {
	r.Helper()
	_, err := r.engine.Records(r.space, func(rec *merge.Record) error { do(rec); return nil })
	r.must(err)
}

func (r *register) read(id merge.RecordID) (msg proto.Message) {
	r.Helper()
	r.eachRecord(func(rec *merge.Record) {
		if rec.ID == id {
			var err error
			msg, err = r.engine.Schema().Plan(rec.Type).Join(rec)
			r.must(err)
		}
	})
	return msg
}

func (r *register) run(rules expiry.Rules, day expiry.Day, rehearse bool) []expiry.Expired {
	r.Helper()
	list, err := expiry.Run(context.Background(), r.engine, r.author, rules, day, rehearse)
	r.must(err)
	return list
}

func (r *register) mustBeHealthy() {
	r.Helper()
	r.engine.Close()
	_, err := syncengine.Check(context.Background(), syncengine.Options{Memory: r.disk}, "", func(d syncengine.Damage) { r.Error(d) })
	r.must(err)
}
