package clientsdk_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// fleet is two tablets of one community, and a home that is reached over a bad
// network.
type fleet struct {
	*rapid.T
	home    *home
	tablets []*tablet
	// records are the records that a tablet has made, whether others have
	// heard of them or not.
	records []clientsdk.RecordID
	allowed bool
}

// Whatever two tablets write, however the network cuts, and whenever access is
// taken away and given back: in the end both are what home is, and until then
// what a tablet wrote last, and nobody else, is what it shows.
func TestTabletsConverge(t *testing.T) {
	fewerChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		h := newHome(t)
		defer h.engine.Close()
		f := &fleet{T: rt, home: h, allowed: true}
		for _, person := range []string{"oksana", "petro"} {
			f.tablets = append(f.tablets, newTablet(t, h, person, "lyman"))
			h.access(f.tablets[0].space, community, true, person)
		}
		defer func() {
			for _, tab := range f.tablets {
				tab.Close()
			}
		}()
		f.Repeat(map[string]func(*rapid.T){
			"":       f.audit,
			"write":  f.write,
			"write2": f.write,
			"sync":   f.sync,
			"reopen": f.reopen,
			"access": f.access,
			"page":   func(rt *rapid.T) { h.pageBytes = rapid.SampledFrom([]int{0, 1, 300}).Draw(rt, "bytes") },
		})
		f.converge()
	})
}

// fewerChecks runs a third of the usual checks, of which each takes some hundred
// commits to disk, and fewer under the race detector; unless the command line
// says how many.
func fewerChecks(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() != checks.DefValue {
		return
	}
	t.Cleanup(func() { _ = checks.Value.Set(checks.DefValue) })
	few := "35"
	if testing.Short() {
		few = "15"
	}
	if err := checks.Value.Set(few); err != nil {
		t.Fatal(err)
	}
}

func (f *fleet) tablet(rt *rapid.T) *tablet { return rapid.SampledFrom(f.tablets).Draw(rt, "tablet") }

func (f *fleet) write(rt *rapid.T) {
	tab := f.tablet(rt)
	text := rapid.StringMatching(`[a-zа-яїєґ]{0,6}`).Draw(rt, "text")
	kind := rapid.IntRange(0, 9).Draw(rt, "kind")
	if kind == 0 || len(f.records) == 0 {
		f.records = append(f.records, tab.register(text))
		return
	}
	id := rapid.SampledFrom(f.records).Draw(rt, "record")
	row, err := clientsdk.Get[*recordsv1.Participant](f.home.t.Context(), tab, tab.space, id)
	if err != nil {
		return // it has not come here yet
	}
	var want *recordsv1.Participant
	switch kind {
	case 1:
		tab.write(func(tx *clientsdk.Tx) error { return tx.Void(id) })
		return
	case 2:
		tab.write(func(tx *clientsdk.Tx) error { return tx.Restore(id) })
		return
	case 3:
		want = proto.CloneOf(row.Message)
		want.Languages = []string{text}
		tab.update(id, want, "languages")
	case 4: // two records and a keyed one in one change
		other := rapid.SampledFrom(f.records).Draw(rt, "other")
		tab.write(func(tx *clientsdk.Tx) error {
			if _, err := tx.Put(mark(id, other, id, recordsv1.Presence_PRESENCE_LATE)); err != nil {
				return err
			}
			return tx.Update(id, &recordsv1.Participant{Phone: text}, "phone")
		})
	default:
		want = row.Message
		want.FamilyName = text
		tab.write(func(tx *clientsdk.Tx) error { return tx.Save(row) })
	}
	if want == nil {
		return
	}
	if got := tab.person(id); fmt.Sprint(got.Message.Languages) != fmt.Sprint(want.Languages) || got.Message.FamilyName != want.FamilyName {
		rt.Fatalf("written %v, shown %v", want, got.Message)
	}
}

func (f *fleet) sync(rt *rapid.T) {
	tab := f.tablet(rt)
	cut := rapid.SampledFrom([]string{"no", "before", "after", "later"}).Draw(rt, "cut")
	left := rapid.IntRange(0, 3).Draw(rt, "rounds")
	fail := func(when string) func() error {
		return func() error {
			if left--; cut == when || cut == "later" && left < 0 {
				return errCut
			}
			return nil
		}
	}
	f.home.before, f.home.after = fail("before"), fail("after")
	result, err := tab.Sync(f.home.t.Context(), tab.line)
	f.home.before, f.home.after = nil, nil
	if cut == "no" && (err != nil || f.allowed && result.Err() != nil) {
		rt.Fatal(err, result.Err())
	}
}

func (f *fleet) reopen(rt *rapid.T) {
	tab := f.tablet(rt)
	if rapid.Bool().Draw(rt, "killed") {
		// The files as they are now are what a killed process leaves.
		dir := filepath.Join(filepath.Dir(tab.dir), "r"+filepath.Base(tab.dir))
		copyInto(f.home.t, dir, tab.dir)
		if err := tab.Close(); err != nil {
			rt.Fatal(err)
		}
		tab.dir = dir
	} else if err := tab.Close(); err != nil {
		rt.Fatal(err)
	}
	tab.open(recordTypes())
}

func (f *fleet) access(*rapid.T) {
	f.allowed = !f.allowed
	f.home.access(f.tablets[1].space, community, f.allowed, "petro")
}

func (f *fleet) audit(rt *rapid.T) {
	for _, tab := range f.tablets {
		if err := tab.Audit(f.home.t.Context(), tab.space); err != nil {
			rt.Fatal(err)
		}
	}
}

func (f *fleet) converge() {
	if !f.allowed {
		f.access(nil)
	}
	f.home.pageBytes = 0
	for range 2 {
		for _, tab := range f.tablets {
			tab.sync()
		}
	}
	for _, tab := range f.tablets {
		tab.mustEqual(f.home)
		if s := tab.status(); s.Waiting != 0 || s.Quarantined != 0 || s.Saved != s.Confirmed {
			f.Fatalf("%+v", s)
		}
	}
}
