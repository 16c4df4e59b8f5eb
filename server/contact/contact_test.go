package contact

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestContactsOutliveARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "contacts")
	b, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	want := Contact{At: 7, OffsetMillis: -3, Waiting: 2, OldestAt: 5, App: "1.2", Replicas: []merge.ReplicaID{{1}}}
	b.Note(credential.DeviceID{1}, Contact{At: 1, Silent: true})
	b.Note(credential.DeviceID{1}, want)
	b.Told(credential.DeviceID{1}, 9)
	want.ToldAt = 9
	if err := b.Keep(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := again.Of(credential.DeviceID{1}); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, ok)
	}
	if _, ok := again.Of(credential.DeviceID{2}); ok {
		t.Error("of a device that never synced")
	}
	if err := os.WriteFile(file, []byte("["), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file); fault.KindOf(err) != fault.Damaged {
		t.Errorf("a file that is none: %v", err)
	}
}
