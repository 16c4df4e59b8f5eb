package syncengine_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Whatever people write, replace and call a mistake: a rule flag is open as long
// as, ever since it came, its value has been live and its record not void.
func TestRuleFlagsFollowTheState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &flagModel{ruled: openRuled(t), open: map[merge.ID]merge.RecordID{}}
		rt.Repeat(map[string]func(*rapid.T){"write": m.write, "void or meant": m.voidOrMeant, "pull": m.pull, "": m.compare})
		m.mustReplay()
		m.mustCount(rt)
	})
}

// flagModel is the flags that are due, beside the server.
type flagModel struct {
	*ruled
	all  []merge.ID
	open map[merge.ID]merge.RecordID
}

func (m *flagModel) draw(rt *rapid.T) (*device, merge.RecordID) {
	d := rapid.SampledFrom([]*device{m.oksana, m.petro}).Draw(rt, "tablet")
	return d, rapid.SampledFrom([]merge.RecordID{recordNamed("olena"), recordNamed("taras")}).Draw(rt, "record")
}

func (m *flagModel) write(rt *rapid.T) {
	d, id := m.draw(rt)
	phone := rapid.SampledFrom([]string{asDialled, "067", "+380501112233", ""}).Draw(rt, "phone")
	c := d.write(id, &recordsv1.Participant{Phone: phone}, "phone")
	if c == nil {
		return
	}
	if phone == asDialled || phone == "067" {
		m.open[c.ID] = id
	}
	m.push(rt, d, c)
}

func (m *flagModel) voidOrMeant(rt *rapid.T) {
	d, id := m.draw(rt)
	if d.view(id) == nil {
		return
	}
	deed := rapid.SampledFrom([]func(merge.RecordID) *merge.Change{d.void, d.meant}).Draw(rt, "deed")
	m.push(rt, d, deed(id))
}

// push sends the change, and closes what is due to close.
func (m *flagModel) push(rt *rapid.T, d *device, c *merge.Change) {
	m.all = append(m.all, c.ID)
	d.push(m.e)
	_, err := m.e.Records(d.space, func(rec *merge.Record) error {
		for change, id := range m.open {
			live := slices.Contains(rec.Cell(merge.CellKey{Field: phoneField}).Seen(), change)
			if id == rec.ID && (!live || rec.Standing() == merge.Void) {
				delete(m.open, change)
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

func (m *flagModel) pull(rt *rapid.T) {
	d, _ := m.draw(rt)
	d.pull(m.e, 0)
}

func (m *flagModel) compare(rt *rapid.T) {
	entries := m.log()
	for _, id := range m.all {
		want := wire.Applied
		if _, open := m.open[id]; open {
			want = wire.Flagged
		}
		outcomes, err := m.e.Verdicts(m.oksana.person, m.oksana.space, []merge.ID{id})
		if err != nil || len(outcomes) != 1 || outcomes[0].Verdict != want || toldOf(entries, id) != want {
			rt.Fatalf("change %s: %s is due, the server says %+v, %v, the log has told %s", id, want, outcomes, err, toldOf(entries, id))
		}
	}
}

// mustCount checks the number by which the server knows that nothing needs
// looking up.
func (m *flagModel) mustCount(rt *rapid.T) {
	s, err := store.Open(store.Options{Memory: m.disk})
	if err != nil {
		rt.Fatal(err)
	}
	defer s.Close()
	v := s.Snapshot()
	defer v.Close()
	head, err := v.Head(m.hall.space)
	if err != nil || head.RuleFlags != uint64(len(m.open)) {
		rt.Fatalf("%d flags are counted, %d are open, %v", head.GetRuleFlags(), len(m.open), err)
	}
}
