package syncengine_test

import (
	"testing"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// fork is a conflict over one sequence number: a tablet's own change, and that
// of somebody who has learnt the tablet's replica.
type fork struct {
	*testing.T
	e               *syncengine.Engine
	honest, twin    *device
	byHonest, other *merge.Change
}

func newFork(t *testing.T) *fork {
	f := &fork{T: t, e: openEngine(t, ""), honest: newDevice(t, "oksana", "lyman", 1), twin: newDevice(t, "taras", "lyman", 1)}
	grant(t, f.e, "lyman", community, "oksana")
	f.byHonest, f.other = f.honest.write(recordNamed("olena"), olena()), f.twin.write(recordNamed("ivan"), olena())
	return f
}

// push sends a change and checks its verdict; cause zero is for a plain one.
func (f *fork) push(d *device, c *merge.Change, verdict wire.Verdict, cause wire.Cause) {
	f.Helper()
	outcomes, err := f.e.Push(bg, d.person, d.space, d.batches(c))
	if err != nil {
		f.Fatal(err)
	}
	mustVerdict(f.T, outcomes, verdict, cause)
}

func (f *fork) access(d *device, allowed bool) {
	f.Helper()
	if _, err := f.e.SetAccess(bg, personNamed("admin"), d.space, community, d.person, allowed); err != nil {
		f.Fatal(err)
	}
}

// What is not merged makes nobody's change a fork, in whatever order the two
// come and however often; what is merged later is then found to be one.
func TestWhoHasNoAccessForksNobody(t *testing.T) {
	for name, story := range map[string]func(f *fork){
		"the twin comes first": func(f *fork) {
			f.push(f.twin, f.other, wire.Quarantined, wire.NoAccess)
			f.push(f.honest, f.byHonest, wire.Applied, 0)
		},
		"the twin comes last": func(f *fork) {
			f.push(f.honest, f.byHonest, wire.Applied, 0)
			f.push(f.twin, f.other, wire.Quarantined, wire.NoAccess)
		},
		"both are kept back, and the honest one is freed first": func(f *fork) {
			f.access(f.honest, false)
			f.push(f.twin, f.other, wire.Quarantined, wire.NoAccess)
			f.push(f.honest, f.byHonest, wire.Quarantined, wire.NoAccess)
			f.access(f.honest, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFork(t)
			story(f)
			for range 2 { // resends
				f.push(f.twin, f.other, wire.Quarantined, wire.NoAccess)
				f.push(f.honest, f.byHonest, wire.Applied, 0)
			}
			f.push(f.honest, f.honest.write(recordNamed("next"), olena()), wire.Applied, 0)
			f.access(f.twin, true)
			for range 2 {
				f.push(f.twin, f.other, wire.Flagged, wire.Forked)
				f.push(f.honest, f.byHonest, wire.Applied, 0)
			}
		})
	}
}

// Two with access, or a twin that was let in before: the later one is a fork.
func TestOfTwoMergedChangesTheLaterIsAFork(t *testing.T) {
	t.Run("both have access", func(t *testing.T) {
		f := newFork(t)
		f.access(f.twin, true)
		f.push(f.twin, f.other, wire.Applied, 0)
		f.push(f.honest, f.byHonest, wire.Flagged, wire.Forked)
	})
	t.Run("the twin is let in before the tablet comes", func(t *testing.T) {
		f := newFork(t)
		f.push(f.twin, f.other, wire.Quarantined, wire.NoAccess)
		f.access(f.twin, true)
		f.push(f.honest, f.byHonest, wire.Flagged, wire.Forked)
	})
	t.Run("both are freed at once", func(t *testing.T) {
		f := newFork(t)
		f.twin.person = f.honest.person // one person, two copies of a tablet
		f.access(f.honest, false)
		f.push(f.honest, f.byHonest, wire.Quarantined, wire.NoAccess)
		f.push(f.twin, f.other, wire.Quarantined, wire.NoAccess)
		f.access(f.honest, true)
		outcomes, err := f.e.Verdicts(f.honest.person, f.honest.space, []merge.ID{f.byHonest.ID, f.other.ID})
		if err != nil || len(outcomes) != 2 || outcomes[0].Verdict == outcomes[1].Verdict || len(outcomes[0].Findings)+len(outcomes[1].Findings) != 1 {
			t.Fatalf("one applied and one flagged are due: %+v, %v", outcomes, err)
		}
	})
}
