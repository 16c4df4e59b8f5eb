package sim

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// story tells what happens, in words that a field worker could read, and hashes
// what it tells: the same seed tells the same.
type story struct {
	names map[merge.SpaceID]string
	hash  hash.Hash
	tell  func(string)
}

func newStory(tell func(string)) story {
	return story{names: map[merge.SpaceID]string{}, hash: sha256.New(), tell: tell}
}

func (f *fleet) say(format string, args ...any) {
	at := time.UnixMilli(f.now).UTC()
	line := fmt.Sprintf("day %d %s  ", (f.now-beginning)/86_400_000+1, at.Format("15:04")) + fmt.Sprintf(format, args...)
	f.hash.Write([]byte(line + "\n"))
	if f.tell != nil {
		f.tell(line)
	}
}

// trace is the hash of everything told.
func (f *fleet) trace() string { return fmt.Sprintf("%x", f.hash.Sum(nil)[:8]) }

// tally counts what a season had in it, so that a run can show that its faults
// came and its checks checked.
type tally struct {
	Changes, Syncs, RoundTrips                              int
	CutBefore, CutAfter, Delayed, Repeated, TooLate         int
	Killed, Cloned, SetBack, ClocksMoved                    int
	Revoked, HomeCrashes, HomeFull, Restored, Lies, Refused int
	Flagged, Quarantined, Dismissed, Accepted, Settled      int
	Looks, Views, Forgotten, Erased                         int
	Damaged, Repaired                                       int
	Handed, ByHub, Relays, HubCrashes, HubsLost             int
}
