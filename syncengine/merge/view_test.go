package merge_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// value makes a live value of a change with this time and tag. The higher the
// tag, the lower the replica, so that it matters which of them breaks a tie.
func value(at int64, tag byte, data string) merge.Value {
	return merge.Value{Change: merge.ID{Replica: merge.ReplicaID{255 - tag}, Tag: merge.Tag{tag}}, At: at, Data: []byte(data)}
}

func byLength(data []byte) int64 { return int64(len(data)) }

func TestPicks(t *testing.T) {
	heaviest := merge.Rule{Pick: merge.Heaviest, Weight: byLength}
	for _, c := range []struct {
		name   string
		rule   merge.Rule
		values []merge.Value
		want   string
	}{
		{"latest by time", merge.Rule{}, []merge.Value{value(2, 0, "new"), value(1, 9, "old")}, "new"},
		{"latest, a tie: the higher tag", merge.Rule{}, []merge.Value{value(1, 1, "low"), value(1, 2, "high")}, "high"},
		{"latest before 1970", merge.Rule{}, []merge.Value{value(-5, 1, "older"), value(-3, 0, "newer")}, "newer"},
		{"earliest by time", merge.Rule{Pick: merge.Earliest}, []merge.Value{value(2, 9, "new"), value(1, 0, "old")}, "old"},
		{"earliest, a tie: the higher tag", merge.Rule{Pick: merge.Earliest}, []merge.Value{value(1, 1, "low"), value(1, 2, "high")}, "high"},
		{"heaviest before latest", heaviest, []merge.Value{value(1, 0, "heavy"), value(2, 9, "new")}, "heavy"},
		{"heaviest, as heavy: the latest", heaviest, []merge.Value{value(1, 9, "old"), value(2, 0, "new")}, "new"},
		{"heaviest, as heavy and as late: the higher tag", heaviest, []merge.Value{value(1, 1, "low"), value(1, 2, "top")}, "top"},
		{"present before a later removal", merge.PresentFirst, []merge.Value{value(1, 0, "\x01"), value(2, 9, "")}, "\x01"},
		{"removed when nobody says present", merge.PresentFirst, []merge.Value{value(1, 0, ""), value(2, 0, "")}, ""},
		{"one value", merge.Rule{Pick: merge.Earliest}, []merge.Value{value(7, 0, "alone")}, "alone"},
	} {
		for range 2 { // in either order
			shown, ok := (&merge.Cell{Values: c.values}).Shown(c.rule)
			if !ok || string(shown.Data) != c.want {
				t.Errorf("%s: shows %q, %v; want %q", c.name, shown.Data, ok, c.want)
			}
			for i, j := 0, len(c.values)-1; i < j; i, j = i+1, j-1 {
				c.values[i], c.values[j] = c.values[j], c.values[i]
			}
		}
	}
}

func TestACellWithoutValuesShowsNothing(t *testing.T) {
	var none *merge.Cell
	for _, cell := range []*merge.Cell{none, {}, {Missing: []merge.ID{{Seq: 1}}}} {
		if shown, ok := cell.Shown(merge.Rule{}); ok {
			t.Errorf("%+v shows %+v", cell, shown)
		}
	}
	if (&merge.Record{}).Cell(nameCell) != nil || none.Seen() != nil {
		t.Error("a cell that nobody wrote has been seen")
	}
}

// Every copy shows the same value, whichever way the changes came.
func TestWhatIsShownDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := drawHistory(draws{t})
		one, other := mergetest.NewSpace(), mergetest.NewSpace()
		apply(t, one, facts...)
		apply(t, other, shuffled(draws{t}, facts)...)
		for i, rec := range one.Records() {
			for j := range rec.Cells {
				for _, rule := range []merge.Rule{{}, {Pick: merge.Earliest}, merge.PresentFirst} {
					a, _ := rec.Cells[j].Shown(rule)
					b, _ := other.Records()[i].Cells[j].Shown(rule)
					if a.Change != b.Change {
						t.Fatalf("record %s cell %v: %s here and %s there", rec.ID, rec.Cells[j].Key, a.Change, b.Change)
					}
				}
			}
		}
	})
}

// A tablet's clock runs ten years ahead. While only the tablet has the change
// its value is shown; once home has said when it came, a later one is.
func TestAClockInTheFutureGainsNothing(t *testing.T) {
	const now, tenYears = int64(1_700_000_000_000), int64(10 * 365 * 24 * 3600 * 1000)
	a, b := anna(), bohdan()
	a.Stamp, b.Stamp = now+tenYears, now+60_000
	ahead, later := put(a, nameCell, "from the future"), put(b, nameCell, "from a minute later")

	shown := func(receivedAhead, receivedLater int64) string {
		s := mergetest.NewSpace()
		apply(t, s, fact{Change: ahead, Received: receivedAhead}, fact{Change: later, Received: receivedLater})
		v, _ := visitIn(t, s).Cell(nameCell).Shown(merge.Rule{})
		return string(v.Data)
	}
	if got := shown(0, 0); got != "from the future" {
		t.Errorf("before home: shows %q", got)
	}
	if got := shown(now+1_000, now+90_000); got != "from a minute later" {
		t.Errorf("after home: shows %q; a clock in the future must gain nothing", got)
	}
	if ahead.Stamp < now+tenYears {
		t.Error("the signed stamp was altered")
	}
}

// A clock in the past is believed: home's time is taken only where it is lower.
func TestHomesTimeIsTakenOnlyWhereItIsLower(t *testing.T) {
	old := put(anna(), nameCell, "Olha")
	s := mergetest.NewSpace()
	apply(t, s, fact{Change: old, Received: old.Stamp + 1_000_000})
	if at := visitIn(t, s).Cell(nameCell).Values[0].At; at != old.Stamp {
		t.Errorf("at %d; want the stamp, %d", at, old.Stamp)
	}
}
