package wire_test

import (
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A change at a limit passes, and one beyond it is refused with a text that
// names the limit.
func TestEveryLimitOfAChange(t *testing.T) {
	cells := func(n, valueBytes int) []merge.Write {
		writes := make([]merge.Write, n)
		for i := range writes {
			writes[i] = merge.Write{Cell: merge.CellKey{Field: uint32(i + 1)}, Value: make([]byte, valueBytes)}
		}
		return writes
	}
	for _, c := range []struct {
		says  string
		limit int
		spoil func(n int) []merge.RecordWrites
	}{
		{"cells in one change", limits.ChangeWrites, func(n int) []merge.RecordWrites { return []merge.RecordWrites{{Type: "t", Writes: cells(n, 0)}} }},
		{"writes at most", limits.RecordBytes, func(n int) []merge.RecordWrites { return []merge.RecordWrites{{Type: "t", Writes: cells(1, n)}} }},
		{"writes at most", limits.RecordBytes, func(n int) []merge.RecordWrites {
			return []merge.RecordWrites{{Type: "t", Header: make([]byte, n-3), Writes: []merge.Write{{Cell: merge.CellKey{Field: 1, Element: "ab"}, Value: []byte{1}}}}}
		}},
		{"a type name of", limits.TypeNameBytes, func(n int) []merge.RecordWrites {
			return []merge.RecordWrites{{Type: strings.Repeat("n", n), Writes: cells(1, 1)}}
		}},
		{"replaces at most", limits.Replaces, func(n int) []merge.RecordWrites {
			return []merge.RecordWrites{{Type: "t", Writes: []merge.Write{{Cell: merge.CellKey{Field: 7}, Replaces: make([]merge.ID, n)}}}}
		}},
	} {
		if err := wire.CheckLimits(&merge.Change{Records: c.spoil(c.limit)}); err != nil {
			t.Errorf("%s: at the limit: %v", c.says, err)
		}
		err := wire.CheckLimits(&merge.Change{Records: c.spoil(c.limit + 1)})
		if fault.KindOf(err) != fault.TooLarge || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 200 {
			t.Errorf("%s: beyond the limit: %v", c.says, err)
		}
	}
}
