package clientsdk_test

import (
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// vouchersSince is the version that brought the record type Voucher.
const vouchersSince = 4

func (v *crossing) authorsWrite() {
	v.each("writes", func(t *testing.T, p *pair) { p.records = v.enterAll(t, p) })
	syncAll(v.authors)
}

// authorsLearnVerdicts checks that values that the server's rules refuse are
// merged and flagged, and that only a type that it does not know is kept back,
// in its author's view.
func (v *crossing) authorsLearnVerdicts() {
	v.each("learns the verdict", func(t *testing.T, p *pair) {
		tab := v.author(t, p)
		quarantined, want := 0, v.wantFindings(p)
		if p.author >= vouchersSince && v.server < vouchersSince {
			quarantined, want = 1, slices.Insert(want, 0, " type.unknown")
		}
		if got := findings(tab, p); !slices.Equal(got, want) {
			t.Fatalf("findings %q, want %q", got, want)
		}
		if status := tab.status(); status.Quarantined != quarantined || status.Waiting != 0 {
			t.Fatalf("%+v", status)
		}
		v.mustHold(t, tab, p, p.records)
	})
}

// wantFindings are what a server of the version says about what the
// author has written.
func (v *crossing) wantFindings(p *pair) (list []string) {
	const moved, guarded, stricter, looser = 1, 5, 3, 5 // the versions that brought it
	if p.author >= moved && v.server < moved || p.author >= guarded && v.server < guarded {
		list = append(list, "outcome enum.defined_only")
	}
	if p.author < stricter && v.server >= stricter {
		list = append(list, "people uint32.lte")
	}
	if p.author >= looser && v.server < looser {
		list = append(list, "rooms uint32.lte")
	}
	return list
}

// findings are what the server has said about the author's first changes, by
// field and rule.
func findings(tab *tablet, p *pair) (list []string) {
	for _, a := range tab.attention() {
		if slices.Contains(slices.Collect(maps.Values(p.records)), a.Record) {
			list = append(list, a.Field+" "+a.Key)
		}
	}
	slices.Sort(list)
	return list
}

// mustHold checks these records of the pair, all of whose types the app knows.
func (v *crossing) mustHold(t *testing.T, tab *tablet, p *pair, made map[string]clientsdk.RecordID, edits ...edit) {
	t.Helper()
	for name := range made {
		v.mustHoldOne(t, tab, p, name, made, edits...)
	}
}

func (v *crossing) mustHoldOne(t *testing.T, tab *tablet, p *pair, name string, made map[string]clientsdk.RecordID, edits ...edit) {
	t.Helper()
	row, err := clientsdk.GetNamed(t.Context(), tab, tab.space, name, made[name])
	if err != nil {
		t.Fatal(err)
	}
	mustShow(t, row, v.want(p, name, made, edits...))
}

// readersEdit lets readers of every version have what the authors wrote: their
// copies equal home's, whatever they know of it.
func (v *crossing) readersEdit() {
	syncAll(v.readers)
	v.each("edits", func(t *testing.T, p *pair) {
		tab := v.reader(t, p)
		tab.mustEqual(v.home)
		for name := range p.records {
			if v.sees(p.reader, name) {
				v.mustHoldOne(t, tab, p, name, p.records)
			}
		}
		edit{&edited, p.reader}.make(t, tab, p)
	})
	syncAll(v.readers)
}

// authorsSeeEdits gives the authors back what readers of other versions have
// saved, with all in it that those did not know.
func (v *crossing) authorsSeeEdits() {
	syncAll(v.authors)
	v.each("sees the edits", func(t *testing.T, p *pair) {
		tab := v.author(t, p)
		tab.baseMustEqual(v.home)
		v.mustHold(t, tab, p, p.records, edit{&edited, p.reader})
	})
}

// authorsGoBackAndForth gives every author the first version of the app, with
// records of the later one not sent yet, lets them edit and sync with it, and
// brings their own version back.
func (v *crossing) authorsGoBackAndForth() {
	v.each("writes before going back", func(t *testing.T, p *pair) { p.unsent = v.enterAll(t, p) })
	for _, tab := range v.authors {
		tab.reopen(versionSchemas()[0])
	}
	v.each("edits with the first version", func(t *testing.T, p *pair) { edit{&again, 0}.make(t, v.author(t, p), p) })
	syncAll(v.authors)
	for version, tab := range v.authors {
		tab.reopen(versionSchemas()[version])
	}
	v.each("comes forward again", func(t *testing.T, p *pair) {
		tab := v.author(t, p)
		if status := tab.status(); status.Waiting != 0 {
			t.Fatalf("%+v", status)
		}
		v.mustHold(t, tab, p, p.records, edit{&edited, p.reader}, edit{&again, 0})
		v.mustHold(t, tab, p, p.unsent)
	})
}

// serverIsUpgraded gives the server the newest version, by a call or by another
// program. What it could not explain is released by itself, and readers of every
// version come to hold it.
func (v *crossing) serverIsUpgraded() {
	if v.server%2 == 0 {
		if _, _, err := v.home.engine.AddSchema(v.t.Context(), named[clientsdk.PersonID]("admin"), protoImages()[versions-1]); err != nil {
			v.t.Fatal(err)
		}
	} else {
		v.serve(versions - 1)
	}
	syncAll(v.authors)
	syncAll(v.readers)
	v.each("holds all", func(t *testing.T, p *pair) {
		author := v.author(t, p)
		if status := author.status(); status.Quarantined != 0 || status.Confirmed != status.Saved {
			t.Fatalf("%+v", status)
		}
		if got, want := findings(author, p), v.wantFindings(p); !slices.Equal(got, want) {
			t.Fatalf("findings %q, want %q", got, want)
		}
		v.mustBeCopies(t, p)
	})
}

// appsAreUpgraded gives all apps the newest version: what they held and could
// not show is there, with all fields, found by its key and by what it refers to.
func (v *crossing) appsAreUpgraded() {
	for i := range versions {
		v.authors[i].reopen(newest())
		v.readers[i].reopen(newest())
	}
	v.each("shows all", func(t *testing.T, p *pair) {
		v.mustBeCopies(t, p)
		for _, tab := range []*tablet{v.author(t, p), v.reader(t, p)} {
			v.mustHold(t, tab, p, p.records, edit{&edited, p.reader}, edit{&again, 0})
			v.mustHold(t, tab, p, p.unsent)
			v.mustFind(t, tab, p, p.records)
			v.mustFind(t, tab, p, p.unsent)
		}
	})
}

// mustBeCopies checks that both tablets have what home has, byte for byte.
func (v *crossing) mustBeCopies(t *testing.T, p *pair) {
	t.Helper()
	for _, tab := range []*tablet{v.author(t, p), v.reader(t, p)} {
		tab.mustEqual(v.home)
	}
}

// mustFind finds keyed records by their keys, and records by what they refer to.
func (v *crossing) mustFind(t *testing.T, tab *tablet, p *pair, made map[string]clientsdk.RecordID) {
	t.Helper()
	for _, name := range []string{callName, voucherName} {
		id, there := made[name]
		if !there {
			continue
		}
		if got, err := tab.KeyedID(p.space, v.want(p, name, made)); err != nil || got != id {
			t.Fatalf("%s by its key: %s, %v, want %s", name, got, err, id)
		}
		mustRefer(t, tab, name, "household_id", made[householdName], id)
	}
	if voucher, there := made[voucherName]; there {
		mustRefer(t, tab, callName, "voucher_id", voucher, made[callName])
	}
}

func mustRefer(t *testing.T, tab *tablet, name, field string, to, id clientsdk.RecordID) {
	t.Helper()
	rows, err := clientsdk.QueryNamed(t.Context(), tab, tab.space, name, clientsdk.Refers(field, to))
	is := func(row clientsdk.Row[proto.Message]) bool { return row.ID == id }
	if err != nil || len(rows) != 1 || !slices.ContainsFunc(rows, is) {
		t.Fatalf("%s that refer to %s: %d, %v", name, to, len(rows), err)
	}
}
