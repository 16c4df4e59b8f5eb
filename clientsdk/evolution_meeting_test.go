package clientsdk_test

import (
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// An old and a new app edit the same part of a record at the same time. Both
// values are kept, and the old app, which understands only half of the new one,
// can choose it: it stays what it was, byte for byte.
func TestAnOldAppSettlesForAValueOfANewOne(t *testing.T) {
	v := newCrossing(t, versions-1)
	p := v.pairs[slices.IndexFunc(v.pairs, func(p *pair) bool { return p.author == versions-1 && p.reader == 0 })]
	author, reader := v.author(t, p), v.reader(t, p)
	p.records = v.enterAll(t, p)
	author.sync()
	reader.sync()
	edit{&edited, 0}.make(t, reader, p)
	edit{&edited, versions - 1}.make(t, author, p)
	author.sync()
	reader.sync()

	household := func(tab *tablet) clientsdk.Row[proto.Message] {
		row, err := clientsdk.GetNamed(t.Context(), tab, p.space, householdName, p.records[householdName])
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	_, want := composed(t, v.want(p, householdName, p.records, edit{&edited, versions - 1}))
	differences := household(reader).Disagreements
	if !slices.ContainsFunc(differences, func(d clientsdk.Disagreement) bool { return d.Name == "dwelling" }) {
		t.Fatalf("%+v", differences)
	}
	for _, d := range differences {
		choice := slices.IndexFunc(d.Values, func(value merge.Value) bool { return string(value.Data) == want[d.Key] })
		if choice < 0 {
			t.Fatalf("cell %d: what the newer app wrote is not among %v", d.Key.Field, d.Values)
		}
		reader.write(func(tx *clientsdk.Tx) error { return tx.Settle(p.records[householdName], d, choice) })
	}
	reader.sync()
	author.sync()
	if got := cellBytes(household(author).Record()); !maps.Equal(got, want) {
		t.Fatalf("%s", differing(got, want))
	}
	v.mustBeCopies(t, p)
}

// A record type may come to live in one more kind of space. A server that has
// not heard of it keeps such a record for its author, and releases it once it
// has.
func TestARecordTypeComesToAnotherKindOfSpace(t *testing.T) {
	v := newCrossing(t, 0)
	tab := v.authors[versions-1]
	const desk = schemav1.SpaceKind_SPACE_KIND_DESK
	tab.join("desk", desk)
	p := &pair{author: versions - 1, space: named[clientsdk.SpaceID]("desk")}
	v.home.access(p.space, desk, true, "author 5")
	there := tab.in(t, p)
	made := make(map[string]clientsdk.RecordID)
	there.write(func(tx *clientsdk.Tx) (err error) {
		msg := newest().Plan(householdName).NewMessage()
		written.enter(p.author, msg)
		made[householdName], err = tx.Create(msg)
		return err
	})
	there.sync()
	if open := there.attention(); len(open) != 1 || open[0].Key != "space.wrong_kind" || !open[0].Quarantined {
		t.Fatalf("%+v", open)
	}
	v.mustHold(t, there, p, made)
	v.serve(versions - 1)
	there.sync()
	there.mustEqual(v.home)
	v.mustHold(t, there, p, made)
}
