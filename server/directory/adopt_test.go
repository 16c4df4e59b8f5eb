package directory_test

import (
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// A hub lets in those that home lets in, and no others, however many there are.
func TestAHubLetsInWhomHomeLetsIn(t *testing.T) {
	o := newOffice(t)
	known := func(number int) directory.Known {
		key := make([]byte, 32)
		key[0], key[1] = byte(number), byte(number>>8)
		return directory.Known{
			Device: directory.DeviceID{0xde, byte(number), byte(number >> 8)}, User: merge.PersonID{0x0e, byte(number / 2), byte(number >> 9)},
			Organisation: o.org, Algorithm: directoryv1.KeyAlgorithm_KEY_ALGORITHM_ED25519, PublicKey: key,
		}
	}
	var all []directory.Known
	for number := range 400 {
		all = append(all, known(number))
	}
	same := func(letIn []directory.Known) {
		t.Helper()
		o.must(o.dir.Adopt(t.Context(), letIn))
		due := map[directory.DeviceID]bool{}
		for _, k := range letIn {
			due[k.Device] = true
		}
		for _, k := range all {
			if got := o.view().LetIn(k.Device); (got != nil) != due[k.Device] {
				t.Fatalf("device %s: let in %v", k.Device, got != nil)
			}
		}
		version := o.engine.DirectoryVersion()
		o.must(o.dir.Adopt(t.Context(), letIn))
		if again := o.engine.DirectoryVersion(); again != version {
			t.Errorf("what is known was written again: version %d after %d", again, version)
		}
	}
	same(all)
	same(all[10:])
	same(nil)
	same(all[:390])
	o.mustBeHealthy()
}
