package syncengine_test

import (
	"math"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// The disk has room for giving access, and none for what access frees: access
// is given, the server starts all the same, and the changes are merged as soon
// as there is room, by nobody's doing.
func TestWhatAFullDiskKeepsBackIsReleasedWhenThereIsRoom(t *testing.T) {
	disk := store.NewMemory()
	open := func() *syncengine.Engine {
		e, err := syncengine.Open(syncengine.Options{Memory: disk, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(1)})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	grant(t, e, "lyman", community, "petro")
	nadia := newDevice(t, "nadia", "lyman", 1)
	for i := range byte(50) {
		nadia.write(merge.RecordID{0: 1, 1: i}, &recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена"})
	}
	if outcomes := nadia.push(e); outcomes[0].Verdict != wire.Quarantined {
		t.Fatalf("%+v", outcomes)
	}
	disk.Fill(2000)
	grant(t, e, "lyman", community, "nadia")
	disk.Crash()
	_ = e.Close() // too late: the power is gone
	e = open()
	defer e.Close()
	if _, position, err := e.Digest(nadia.space); err != nil || position > 1 {
		t.Fatalf("position %d, %v: something was released on a full disk", position, err)
	}
	disk.Fill(math.MaxUint64)
	if _, err := e.Sync(t.Context(), personNamed("petro"), nil, 0); err != nil {
		t.Fatal(err)
	}
	nadia.pull(e, 0)
	nadia.mustEqual(e)
	if len(nadia.base) != 50 {
		t.Fatalf("%d of 50 records were released", len(nadia.base))
	}
}
