package clientsdk_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// entry has home take in one entry of some size, of bytes that do not compress,
// in a field that only a newer app knows. It returns the size.
func (h *home) entry(space clientsdk.SpaceID, person string, number byte, records, recordBytes int) (sizeBytes int) {
	h.t.Helper()
	c := &merge.Change{ID: merge.ID{Replica: merge.ReplicaID{number}, Seq: 1}, Stamp: august2016, Author: named[merge.PersonID](person), Salt: merge.Salt{1}}
	for i := range records {
		value := make([]byte, recordBytes)
		_, _ = seeded(uint64(number)<<8 | uint64(i)).Read(value)
		value = protowire.AppendBytes(protowire.AppendTag(nil, 900, protowire.BytesType), value)
		c.Records = append(c.Records, merge.RecordWrites{
			Type: "zhurnal.records.v1.Participant", Record: merge.RecordID{number, byte(i)},
			Writes: []merge.Write{{Cell: merge.CellKey{Field: 900}, Value: value}},
		})
	}
	c.Seal(space)
	batches, err := wire.EncodeBatches(space, []*merge.Change{c})
	if err != nil {
		h.t.Fatal(err)
	}
	outcomes, err := h.engine.Push(context.Background(), c.Author, space, batches)
	if err != nil || !outcomes[0].Verdict.Merged() {
		h.t.Fatalf("%+v, %v", outcomes, err)
	}
	return len(batches[0])
}

func pagesBytes(resp *syncv1.SyncResponse) (n int) {
	for _, down := range resp.Spaces {
		for _, e := range down.Page.GetEntries() {
			n += len(e.Batch)
		}
		for _, r := range down.Page.GetRows() {
			n += len(r.Row)
		}
	}
	return n
}

// A coordinator's new tablet fetches 300 communities. No answer is larger than
// a page and one entry, and one Sync completes all.
func TestANewTabletFetches300Spaces(t *testing.T) {
	const spaces = 300
	h := newHome(t)
	tab := newTablet(t, h, "coordinator", "space 0")
	entryBytes, answers := 0, 0
	for i := range spaces {
		space := named[clientsdk.SpaceID](fmt.Sprint("space ", i))
		h.access(space, community, true, "coordinator")
		if i > 0 {
			tab.join(fmt.Sprint("space ", i), community)
		}
		entryBytes = max(entryBytes, h.entry(space, "coordinator", byte(i), 1, 20_000))
	}
	h.alter = func(resp *syncv1.SyncResponse) {
		answers++
		if n := pagesBytes(resp); n > limits.PageBytes+entryBytes {
			t.Errorf("answer %d holds %d bytes", answers, n)
		}
	}
	result := tab.sync()
	if result.Changes != spaces || len(result.Spaces) != spaces || answers > spaces {
		t.Fatalf("%d changes of %d spaces in %d answers", result.Changes, len(result.Spaces), answers)
	}
	for i, s := range result.Spaces {
		if want := named[clientsdk.SpaceID](fmt.Sprint("space ", i)); s.Space != want || s.Position != 1 {
			t.Fatalf("space %d: %+v", i, s)
		}
	}
	tab.mustEqual(h)
}

// The link bears one answer at a time, and the app is closed after each. A
// space with a long log before it keeps no other waiting, and what a tablet has
// written in a space that is put off is answered all the same.
func TestALongLogStarvesNoOtherSpace(t *testing.T) {
	h := newHome(t)
	tab := newTablet(t, h, "oksana", "lyman")
	tab.join("svatove", community)
	lyman, svatove := tab.space, named[clientsdk.SpaceID]("svatove")
	for i, space := range []clientsdk.SpaceID{lyman, svatove} {
		h.access(space, community, true, "oksana", "petro")
		for n := range 12 {
			h.entry(space, "petro", byte(100*i+n), 1, 5_000)
		}
	}
	tab.space = svatove
	tab.register("Коваленко")
	h.pageBytes = 4_000 // one entry
	h.alter = func(resp *syncv1.SyncResponse) {
		for _, down := range resp.Spaces {
			if p := down.Page; p.More && !p.Consistent {
				p.Position += 77 // of a page that was put off it means nothing
			}
		}
	}
	positions := map[clientsdk.SpaceID]uint64{}
	for trip := range 4 {
		requests := 0
		h.before = func() error {
			if requests++; requests > 1 {
				return errCut
			}
			return nil
		}
		result, err := tab.Sync(t.Context(), tab.line)
		if fault.KindOf(err) != fault.Unavailable || result.Err() != nil {
			t.Fatalf("%+v, %v", result, err)
		}
		if s := tab.status(); trip == 0 && (s.Waiting != 0 || s.Saved != 1) {
			t.Fatalf("what was sent with the first request: %+v", s)
		}
		moved := 0
		for _, s := range result.Spaces {
			if s.Position > positions[s.Space] {
				moved++
			}
			positions[s.Space] = s.Position
		}
		if moved != 1 {
			t.Fatalf("trip %d: %d spaces moved on: %v", trip, moved, positions)
		}
		if err := tab.Close(); err != nil {
			t.Fatal(err)
		}
		tab.open(recordTypes())
	}
	if positions[lyman] != 2 || positions[svatove] != 2 {
		t.Fatalf("after two turns each: %v", positions)
	}
	h.before = nil
	tab.sync()
	for _, tab.space = range []clientsdk.SpaceID{lyman, svatove} {
		tab.mustEqual(h)
	}
}

// A server that puts off all that it is asked for ends the sync, and costs the
// tablet nothing of what it has.
func TestAServerThatServesNoSpaceAtAll(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	oksana.join("svatove", community)
	h.access(oksana.space, community, true, "oksana")
	h.access(named[clientsdk.SpaceID]("svatove"), community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.sync()
	h.alter = func(resp *syncv1.SyncResponse) {
		for i, down := range resp.Spaces {
			down.Page = &syncv1.Page{More: true, Cursor: h.last().Spaces[i].Cursor}
		}
	}
	result, err := oksana.Sync(t.Context(), oksana.line)
	if err != nil || result.RoundTrips != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	for _, s := range result.Spaces {
		if fault.KindOf(s.Err) != fault.Malformed {
			t.Fatalf("%+v", s)
		}
	}
	if oksana.person(olena).Message.FamilyName != "Коваленко" {
		t.Fatal("what was there is gone")
	}
	h.alter = nil
	oksana.sync()
	oksana.mustEqual(h)
}
