package publication

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
)

// reached is a report with numbers of people by community.
func reached(threshold int, numbers ...int) *table.Document {
	t := table.Table{
		Name: "by_community", Title: table.Text{"За громадами", "By community"}, Threshold: threshold,
		Columns: []table.Column{{Name: "community", Kind: table.Words}, {Name: "people", Title: table.Text{"Людей", "People"}, Kind: table.Count, People: true}},
	}
	for i, n := range numbers {
		cell := table.Number(n)
		if n < 0 {
			cell = table.Cell{State: table.Suppressed}
		}
		t.Rows = append(t.Rows, table.Row{Key: fmt.Sprint("UA", i), Cells: []table.Cell{table.Wording(table.Same(fmt.Sprint("place ", i))), cell}})
	}
	return &table.Document{Name: "people-reached", Title: table.Text{"Охоплені люди", "People reached"}, Stamp: "s", Tables: []table.Table{t}}
}

func frozen(t *testing.T, d *table.Document) (data []byte, hash [sha256.Size]byte) {
	t.Helper()
	data, hash, err := Freeze(d)
	if err != nil {
		t.Fatal(err)
	}
	return data, hash
}

func TestWhatWasFrozenIsReadAsItWas(t *testing.T) {
	d := reached(5, 12, -1, 900)
	for i := range 40_000 { // in several rows of the directory, since it does not pack
		d.Notes = append(d.Notes, table.Same(fmt.Sprintf("%d %x", i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))))
	}
	d.Notes = d.Notes[:12_000]
	data, hash := frozen(t, d)
	again, _ := frozen(t, d)
	if !bytes.Equal(data, again) {
		t.Error("the same document has other bytes when it is frozen again")
	}
	parts, err := Pack(data)
	if err != nil || len(parts) < 3 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	for _, part := range parts {
		if len(part)+64 > limits.DirectoryRowBytes {
			t.Errorf("a part of %d bytes", len(part))
		}
	}
	unpacked, err := Unpack(parts, hash[:])
	if err != nil || !bytes.Equal(unpacked, data) {
		t.Fatalf("unpacked %d bytes of %d, %v", len(unpacked), len(data), err)
	}
	got, err := Thaw(unpacked)
	want := table.FromWire(table.ToWire(d)) // what needs no sending to be published stays behind
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("thawed %v, %v", got.Tables, err)
	}
}

func TestWhatIsNotWhatWasPublishedIsDamaged(t *testing.T) {
	data, hash := frozen(t, reached(5, 12))
	other, otherHash := frozen(t, reached(5, 13))
	parts, err := Pack(data)
	if err != nil {
		t.Fatal(err)
	}
	otherParts, err := Pack(other)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		parts [][]byte
		hash  []byte
	}{
		"another": {otherParts, hash[:]}, "another hash": {parts, otherHash[:]}, "no hash": {parts, nil}, "nothing": {nil, hash[:]},
		"a part too many": {append(otherParts, parts...), otherHash[:]}, "not packed": {[][]byte{data}, hash[:]},
	} {
		if _, err := Unpack(c.parts, c.hash); fault.KindOf(err) != fault.Damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsTooLargeIsNotKept(t *testing.T) {
	d := reached(5, 12)
	noise := make([]byte, 1<<20)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(' ' + source.IntN(90))
	}
	d.Notes = []table.Text{table.Same(string(noise))}
	data, _ := frozen(t, d)
	if _, err := Pack(data); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("packed: %v", err)
	}
	d.Notes = []table.Text{{"", strings.Repeat("a", documentBytes)}}
	if _, _, err := Freeze(d); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("packs well, and is too large to be read: %v", err)
	}
}

func TestWhatNamesPeopleIsNotPublished(t *testing.T) {
	d := reached(5, 12)
	if err := Check(d); err != nil {
		t.Error(err)
	}
	d.Tables = append(d.Tables, table.Table{Name: "recorders", Title: table.Text{"Реєстратори", "Recorders"}, Personal: true})
	if err := Check(d); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `"Recorders"`) {
		t.Errorf("%v", err)
	}
}

// A reader has both, and subtracts.
func TestACorrectionTellsOfNobody(t *testing.T) {
	for name, c := range map[string]struct {
		before, now []int
		refused     bool
	}{
		"the same":                        {[]int{12, 40}, []int{12, 40}, false},
		"one more":                        {[]int{12, 40}, []int{13, 40}, true},
		"four fewer":                      {[]int{12, 40}, []int{12, 36}, true},
		"five more":                       {[]int{12, 40}, []int{17, 40}, false},
		"what is suppressed is not known": {[]int{-1, 40}, []int{-1, 40}, false},
		"a community more":                {[]int{12}, []int{12, 7}, false},
	} {
		data, _ := frozen(t, reached(5, c.before...))
		before, err := Thaw(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckCorrection(before, reached(5, c.now...)); (fault.KindOf(err) == fault.Conflict) != c.refused || err != nil && !c.refused {
			t.Errorf("%s: %v", name, err)
		}
		if err := CheckCorrection(before, reached(0, c.now...)); err != nil {
			t.Errorf("%s, about no people: %v", name, err)
		}
	}
}
