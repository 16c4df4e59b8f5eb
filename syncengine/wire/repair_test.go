package wire_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What is taken for a question is one that can be asked.
func FuzzRepairAsk(f *testing.F) {
	buckets := new(wire.Buckets)
	buckets.Add(merge.RecordID{1}, merge.DigestRow(merge.RecordID{1}, []byte("row")))
	for _, m := range []*syncv1.RepairRequest{
		wire.RepairAskToProto(lyman, []byte("cursor"), buckets, nil),
		wire.RepairAskToProto(lyman, []byte("cursor"), nil, []merge.RecordID{{1}, {2}}),
	} {
		f.Add(marshalled(f, m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := new(syncv1.RepairRequest)
		if proto.Unmarshal(data, m) != nil {
			return
		}
		ask, err := wire.RepairAskFromProto(m)
		if err != nil {
			return
		}
		if (ask.Buckets == nil) == (ask.Records == nil) {
			t.Fatal("neither buckets nor records, or both")
		}
		for i := range ask.Records {
			if i > 0 && string(ask.Records[i-1][:]) >= string(ask.Records[i][:]) {
				t.Fatalf("record %d does not ascend", i)
			}
		}
	})
}

// What is taken for an answer goes over the wire again as it is.
func FuzzRepairAnswer(f *testing.F) {
	digest := merge.DigestRow(merge.RecordID{1}, []byte("row")).Short()
	for _, a := range []wire.RepairAnswer{
		{MovedOn: true},
		{Buckets: []wire.RepairBucket{{First: 1, Records: []wire.RecordDigest{{Record: merge.RecordID{1}, Digest: digest}}}, {First: 2, Records: []wire.RecordDigest{}}}},
		{Answered: 1, Rows: []wire.StateRow{{Record: merge.RecordID{1}, Row: []byte("row")}}},
	} {
		f.Add(marshalled(f, a.ToProto()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := new(syncv1.RepairResponse)
		if proto.Unmarshal(data, m) != nil {
			return
		}
		answer, err := wire.RepairAnswerFromProto(m)
		if err != nil {
			return
		}
		again, err := wire.RepairAnswerFromProto(answer.ToProto())
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(answer.ToProto(), again.ToProto()) {
			t.Fatalf("%+v became %+v", answer, again)
		}
	})
}

func marshalled(f *testing.F, m proto.Message) []byte {
	f.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	return data
}
