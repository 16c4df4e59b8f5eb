package syncengine_test

import (
	"fmt"
	"slices"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// fillSpaces gives each of so many spaces one entry of some 90 kB, which makes
// rows of 30 kB. It returns the spaces and the size of the largest entry.
func fillSpaces(t *testing.T, e *syncengine.Engine, person string, spaces int) (up []wire.SpaceUp, largest int) {
	t.Helper()
	for i := range spaces {
		name := fmt.Sprint("space ", i)
		grant(t, e, name, community, person)
		d := newDevice(t, person, name, byte(i))
		var records []merge.RecordWrites
		for n := range 3 {
			records = append(records, fat(merge.RecordID{1, byte(n)}, participantType, 30_000, uint64(3*i+n)))
		}
		batches := d.batches(d.raw(records...))
		largest = max(largest, len(batches[0]))
		d.push(e)
		up = append(up, wire.SpaceUp{Space: d.space})
	}
	return up, largest
}

// servedBytes is what the pages of an answer hold.
func servedBytes(down []wire.SpaceDown) (n int) {
	for i := range down {
		for _, entry := range down[i].Page.Entries {
			n += len(entry.Batch)
		}
		for _, row := range down[i].Page.Rows {
			n += len(row.Row)
		}
	}
	return n
}

// pulled returns the cursor of a copy that has all of a space.
func pulled(t *testing.T, e *syncengine.Engine, space merge.SpaceID) (cursor []byte) {
	t.Helper()
	for {
		page, err := e.Pull(bg, personNamed("coordinator"), space, cursor, 0)
		if err != nil {
			t.Fatal(err)
		}
		if cursor = page.Cursor; !page.More {
			return cursor
		}
	}
}

// mustBePutOff checks that a page asks for nothing but to be asked for again.
func mustBePutOff(t *testing.T, page *wire.Page, cursor []byte) {
	t.Helper()
	if !page.More || page.Consistent || page.ReplacesAll || len(page.Entries)+len(page.Rows) != 0 || string(page.Cursor) != string(cursor) {
		t.Fatalf("a space that was put off: more %v, consistent %v, replaces all %v, %d entries, %d rows, cursor %x for %x",
			page.More, page.Consistent, page.ReplacesAll, len(page.Entries), len(page.Rows), page.Cursor, cursor)
	}
}

// A coordinator's tablet, new, asks for 300 spaces at once. No answer holds more
// than a page and one entry or row, each moves something on, and with those
// first that were put off all come.
func TestManySpacesShareOnePage(t *testing.T) {
	const spaces = 300
	e := openEngine(t, "")
	asked, largest := fillSpaces(t, e, "coordinator", spaces)
	done := 0
	for len(asked) > 0 {
		down, err := e.Sync(bg, personNamed("coordinator"), asked, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n := servedBytes(down); n > limits.PageBytes+largest || n == 0 {
			t.Fatalf("an answer of %d bytes; a page has %d, the largest entry or row %d", n, limits.PageBytes, largest)
		}
		var putOff, begun []wire.SpaceUp
		for i := range down {
			switch page := down[i].Page; {
			case !page.More && page.Consistent:
				done++
			case len(page.Entries)+len(page.Rows) > 0:
				begun = append(begun, wire.SpaceUp{Space: down[i].Space, Cursor: page.Cursor})
			default:
				mustBePutOff(t, page, asked[i].Cursor)
				putOff = append(putOff, asked[i])
			}
		}
		asked = append(putOff, begun...)
	}
	if done != spaces {
		t.Fatalf("%d of %d spaces came", done, spaces)
	}
}

// What costs nothing is not put off: a space without news is told so however
// full the answer is, and one that may not be read, or whose cursor is none.
func TestAFullAnswerStillTellsOfSpacesWithoutNews(t *testing.T) {
	e := openEngine(t, "")
	up, _ := fillSpaces(t, e, "coordinator", 3)
	up[2].Cursor = pulled(t, e, up[2].Space) // has everything
	grant(t, e, "empty", community, "coordinator")
	up = append(up, wire.SpaceUp{Space: spaceNamed("empty")}, wire.SpaceUp{Space: spaceNamed("nowhere")}, wire.SpaceUp{Space: up[0].Space, Cursor: up[2].Cursor})
	up = slices.Delete(up, 0, 1)
	down, err := e.Sync(bg, personNamed("coordinator"), up, 1)
	if err != nil {
		t.Fatal(err)
	}
	if p := down[0].Page; len(p.Rows)+len(p.Entries) != 1 {
		t.Fatalf("the first space: %d rows, %d entries", len(p.Rows), len(p.Entries))
	}
	for _, i := range []int{1, 2} {
		if p := down[i].Page; !p.Consistent || p.More || len(p.Cursor) == 0 {
			t.Fatalf("space %d, without news: consistent %v, more %v", i, p.Consistent, p.More)
		}
	}
	for _, i := range []int{3, 4} {
		if down[i].Err == nil || down[i].Page != nil {
			t.Fatalf("space %d was served", i)
		}
	}
}

// In the midst of rows, too, a space is put off where it is.
func TestASpaceIsPutOffBetweenItsRows(t *testing.T) {
	e := openEngine(t, "")
	up, _ := fillSpaces(t, e, "coordinator", 1)
	grant(t, e, "lyman", community, "coordinator")
	a, late := newDevice(t, "coordinator", "lyman", 8), newDevice(t, "coordinator", "lyman", 9)
	for i := range 2000 {
		a.write(merge.RecordID{byte(i % 20), 9}, &recordsv1.Participant{FamilyName: fmt.Sprint(i, "-", i*2654435761)}, "family_name")
		if len(a.unsent) == 50 {
			a.push(e)
			a.pull(e, 0)
		}
	}
	page, err := e.Pull(bg, late.person, late.space, nil, 1000)
	if err != nil || len(page.Rows) == 0 || page.Consistent {
		t.Fatalf("%d rows, consistent %v, %v", len(page.Rows), page.Consistent, err)
	}
	late.take(page)
	for _, cursor := range [][]byte{nil, late.cursor} {
		down, err := e.Sync(bg, late.person, []wire.SpaceUp{up[0], {Space: late.space, Cursor: cursor}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		mustBePutOff(t, down[1].Page, cursor)
	}
	late.pull(e, 1000)
	late.mustEqual(e)
}
