package shared

import (
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// tries are the wrong PINs since the last right one. They are on the disk before a
// PIN is tried, so that pulling the battery gives no try back.
type tries struct {
	Failed int `json:"failed"`
	// LastMillis is when, by the tablet's clock.
	LastMillis int64 `json:"last_millis"`
}

const triesFile = "tries"

// Of wrong PINs the first five cost nothing, since people mistype; then there is
// half a minute between two, twice as much after each, an hour at most: 24 tries
// in a day.
const (
	freeTries = 5
	firstWait = 30 * time.Second
	mostWait  = time.Hour
)

// wait is how long after the last try the next one may come.
func (t *tries) wait() time.Duration {
	if t.Failed < freeTries {
		return 0
	}
	return min(firstWait<<min(t.Failed-freeTries, 16), mostWait)
}

// left is how long is still to be waited. A clock that was set back begins the
// wait anew: setting it never makes it shorter than it was, or endless.
func (t *tries) left(nowMillis int64) time.Duration {
	passed := time.Duration(max(nowMillis-t.LastMillis, 0)) * time.Millisecond
	return max(t.wait()-passed, 0)
}

func readTries(dir string) (*tries, error) {
	t := new(tries)
	if err := read(dir, triesFile, t); err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	return t, nil
}

func (t *tries) save(dir string) error {
	data, err := json.Marshal(t)
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	return kept(atomicfile.Replace(filepath.Join(dir, triesFile), data))
}

// begin notes a try before it is made, or says how long to wait.
func begin(dir string, nowMillis int64) error {
	t, err := readTries(dir)
	if err != nil {
		return err
	}
	if nowMillis < t.LastMillis && t.wait() > 0 {
		t.LastMillis = nowMillis
		if err := t.save(dir); err != nil {
			return err
		}
	}
	if left := t.left(nowMillis); left > 0 {
		return fault.Throttle(left, "%d wrong PINs: the next may be tried in %s. Nothing is lost by waiting", t.Failed, left.Round(time.Second))
	}
	t.Failed, t.LastMillis = t.Failed+1, nowMillis
	return t.save(dir)
}
