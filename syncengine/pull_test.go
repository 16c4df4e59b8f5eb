package syncengine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// A space whose log is much longer than its rows is served as rows, and the
// copy is the same.
func TestRowsAreServedWhereTheyAreShorterThanTheLog(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana", "petro", "late")
	a := newDevice(t, "oksana", "lyman", 1)
	edit := func(n int) {
		for i := range n {
			id := merge.RecordID{byte(i % 20), 9}
			a.write(id, &recordsv1.Participant{FamilyName: fmt.Sprint(len(a.chain), "-", a.salt*2654435761)}, "family_name")
			if len(a.unsent) == 50 {
				a.push(e)
				a.pull(e, 0)
			}
		}
	}
	edit(2000)
	late := newDevice(t, "late", "lyman", 3)
	page, err := e.Pull(context.Background(), late.person, late.space, nil, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Rows) == 0 || len(page.Entries) > 0 || page.Consistent || !page.ReplacesAll {
		t.Fatalf("the first page of a long log: %d rows, %d entries, consistent %v, replaces all %v", len(page.Rows), len(page.Entries), page.Consistent, page.ReplacesAll)
	}
	late.take(page)
	edit(200) // the log goes on between two pages
	late.pull(e, 2000)
	late.mustEqual(e)

	late.pull(e, 0)
	edit(3000) // far behind again: the rows that were touched since
	pages := late.pull(e, 1000)
	late.mustEqual(e)
	if pages < 2 {
		t.Fatalf("%d pages", pages)
	}
}

func TestACursorThatWasTamperedWithIsRefused(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	grant(t, e, "svatove", community, "oksana")
	a := newDevice(t, "oksana", "lyman", 1)
	a.write(recordNamed("olena"), olena())
	a.push(e)
	a.pull(e, 0)
	for i := range a.cursor {
		bad := append([]byte(nil), a.cursor...)
		bad[i] ^= 1
		if _, err := e.Pull(context.Background(), a.person, a.space, bad, 0); fault.KindOf(err) != fault.BadCursor || err == nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if _, err := e.Pull(context.Background(), a.person, spaceNamed("svatove"), a.cursor, 0); fault.KindOf(err) != fault.BadCursor || err == nil {
		t.Fatalf("a cursor of another space: %v", err)
	}
	if _, err := e.SetAccess(context.Background(), a.person, a.space, community, a.person, false); err != nil {
		t.Fatal(err)
	}
	grant(t, e, "lyman", community, "oksana")
	if _, err := e.Pull(context.Background(), a.person, a.space, a.cursor, 0); fault.KindOf(err) != fault.BadCursor || err == nil {
		t.Fatalf("access regained begins the copy again: %v", err)
	}
}

func TestWatchTellsOfEverySpaceThatMoves(t *testing.T) {
	e := openEngine(t, "")
	grant(t, e, "lyman", community, "oksana")
	grant(t, e, "svatove", community, "oksana")
	grant(t, e, "room", community, "psychologist")
	a := newDevice(t, "oksana", "lyman", 1)
	stop := errors.New("stop")
	told := map[merge.SpaceID]uint64{}
	spaces := []merge.SpaceID{spaceNamed("lyman"), spaceNamed("svatove"), spaceNamed("room")}
	err := e.Watch(context.Background(), a.person, spaces, func(space merge.SpaceID, position uint64) error {
		told[space] = position
		if len(told) == 2 && told[a.space] == 0 && len(a.chain) == 0 {
			a.write(recordNamed("olena"), olena())
			a.push(e)
		}
		if told[a.space] == 1 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if _, ok := told[spaceNamed("room")]; ok {
		t.Fatal("told of a space that is not for the watcher")
	}
}

// Whatever tablets write, push twice, lose and pull in pages of whatever size:
// every copy is the server's, and the server holds what a fresh server would
// hold that got all changes in another order.
func TestCopiesConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := openEngine(t, "")
		defer e.Close()
		grant(t, e, "lyman", community, "p1", "p2", "p3")
		var devices []*device
		for i := range 3 {
			devices = append(devices, newDevice(t, fmt.Sprint("p", i+1), "lyman", byte(i+1)))
		}
		ids := []merge.RecordID{recordNamed("a"), recordNamed("b"), recordNamed("c")}
		for range rapid.IntRange(5, 60).Draw(rt, "steps") {
			d := devices[rapid.IntRange(0, 2).Draw(rt, "device")]
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1, 2:
				drawWrite(rt, d, ids)
			case 3: // the answer is lost: the device sends the same again later
				if len(d.unsent) > 0 {
					if _, err := e.Push(context.Background(), d.person, d.space, d.batches(d.unsent...)); err != nil {
						rt.Fatal(err)
					}
				}
			case 4:
				if len(d.unsent) > 0 {
					d.push(e)
				}
			case 5:
				if len(d.unsent) == 0 {
					d.pull(e, rapid.SampledFrom([]int{1, 300, 0}).Draw(rt, "page"))
				}
			}
		}
		other := openEngine(t, "")
		defer other.Close()
		grant(t, other, "lyman", community, "p1", "p2", "p3")
		for i := range devices {
			if d := devices[i]; len(d.unsent) > 0 {
				d.push(e)
			}
		}
		for i := range devices {
			d := devices[len(devices)-1-i]
			d.pull(e, 0)
			d.mustEqual(e)
			for j := range d.chain { // backwards: every change before what it builds on
				c := d.chain[len(d.chain)-1-j]
				if _, err := other.Push(context.Background(), d.person, d.space, d.batches(c)); err != nil {
					rt.Fatal(err)
				}
			}
		}
		mustSameDigest(rt, e, other, devices[0].space)
	})
}

func drawWrite(rt *rapid.T, d *device, ids []merge.RecordID) {
	id := rapid.SampledFrom(ids).Draw(rt, "record")
	text := rapid.StringMatching(`[a-zа-яїєґ]{1,5}`).Draw(rt, "text")
	var msg proto.Message
	var fields []string
	switch rapid.IntRange(0, 3).Draw(rt, "field") {
	case 0:
		msg, fields = &recordsv1.Participant{FamilyName: text}, []string{"family_name"}
	case 1:
		msg, fields = &recordsv1.Participant{Phone: text}, []string{"phone"}
	case 2:
		msg, fields = &recordsv1.Participant{Languages: []string{text, "uk"}}, []string{"languages"}
	case 3:
		msg = &recordsv1.Membership{GroupId: id[:], ParticipantId: ids[0][:]}
	}
	if len(fields) == 0 && d.view(merge.RecordID{}) == nil {
		d.write(merge.RecordID{}, msg)
		return
	}
	d.write(id, msg, fields...)
}

func mustSameDigest(rt *rapid.T, a, b *syncengine.Engine, space merge.SpaceID) {
	one, _, err := a.Digest(space)
	if err != nil {
		rt.Fatal(err)
	}
	two, _, err := b.Digest(space)
	if err != nil {
		rt.Fatal(err)
	}
	if one != two {
		rt.Fatal("the same changes in another order give another state")
	}
}
