package merge_test

import (
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// The digest of a row depends on all of it and on whose it is; that of several
// on none's order.
func TestDigestsOfRows(t *testing.T) {
	row := make([]byte, 2000)
	id := merge.RecordID{1}
	whole := merge.DigestRow(id, row)
	if whole == merge.DigestRow(merge.RecordID{2}, row) {
		t.Error("two records with equal rows look alike")
	}
	for i := range row {
		row[i] ^= 1
		if merge.DigestRow(id, row) == whole || merge.DigestRow(id, row[:i]) == merge.DigestRow(id, row[:i+1]) {
			t.Fatalf("byte %d does not show", i)
		}
		row[i] ^= 1
	}
	other := merge.DigestRow(id, nil)
	if whole.Combine(other) != other.Combine(whole) || whole.Combine(other).Combine(whole) != other {
		t.Error("combining depends on the order, or cannot be taken back")
	}
}

// BenchmarkDigestRow is what a touched row costs the server, twice.
func BenchmarkDigestRow(b *testing.B) {
	row := make([]byte, 400)
	b.ReportAllocs()
	for b.Loop() {
		merge.DigestRow(merge.RecordID{1}, row)
	}
}
