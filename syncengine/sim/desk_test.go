package sim

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// coordinatorSettles lets the witness, who may read and so write, end a
// disagreement at the server.
func (d *doing) coordinatorSettles() {
	space := d.space()
	list, _, err := d.home.engine.Disagreements(noCut, d.witness.person, space, "")
	d.must(err, "list disagreements")
	if len(list) == 0 {
		return
	}
	about := list[d.IntN(len(list))]
	if about.Cell.Key.Element != "" || about.Cell.Name == "" {
		return // an element of a set is there or not; a field of a newer app is not for an older server's desk
	}
	write := syncengine.WriteRecord{
		Type: about.Type, Record: about.Record, Header: about.Header, Fields: []uint32{about.Cell.Key.Field},
		Message: about.Cell.Values[d.IntN(len(about.Cell.Values))].Data,
	}
	for _, v := range about.Cell.Values {
		write.Seen = append(write.Seen, v.Change)
	}
	id, _, err := d.home.engine.Write(noCut, d.witness.person, space, []syncengine.WriteRecord{write})
	if d.home.isFull() && err != nil {
		return
	}
	d.must(err, "a coordinator settles")
	d.tally.Settled++
	d.acknowledged[space][id] = acknowledgement{by: coordinator}
	d.say("a coordinator settles %s of a %s", about.Cell.Name, about.Type)
}

// coordinatorDecides vouches for a change that is kept back, or gives it back to its
// author.
func (d *doing) coordinatorDecides() {
	space := d.space()
	list, _, err := d.home.engine.Quarantined(noCut, d.witness.person, space, "")
	d.must(err, "list what is kept back")
	if len(list) == 0 {
		return
	}
	id := list[d.IntN(len(list))].Change
	if d.IntN(2) == 0 {
		err = d.home.engine.Accept(noCut, d.witness.person, space, []merge.ID{id})
		if err == nil {
			d.tally.Accepted++
			d.say("a coordinator vouches for change %s", id)
			return
		}
		if !d.home.isFull() && fault.KindOf(err) != fault.Invalid { // nobody can vouch for it
			d.must(err, "a coordinator vouches for a change")
		}
	}
	err = d.home.engine.Dismiss(noCut, d.witness.person, space, []merge.ID{id}, "not.ours")
	if d.home.isFull() && err != nil {
		return
	}
	d.must(err, "a coordinator dismisses a change")
	d.tally.Dismissed++
	d.dismissed[id] = true
	d.say("a coordinator gives change %s back to its author", id)
}

// strangerLies sends what no honest tablet would. Whatever becomes of it, what
// others wrote must not suffer.
func (d *doing) strangerLies() {
	space := d.space()
	person := merge.PersonID(mergetest.ID16("stranger"))
	d.home.allow(person, space, d.IntN(2) == 0)
	w := mergetest.NewWriter(space, string(d.name16()), "stranger")
	all := slices.Concat(lies, signatureLies)
	lie := all[d.IntN(len(all))]
	batch := lie.make(d, space, w)
	if batch == nil {
		return
	}
	d.tally.Lies++
	d.witness.look()
	before := d.witness.logs[space].position()
	_, err := d.home.engine.Push(noCut, person, space, [][]byte{batch})
	d.say("a stranger sends %s: %v", lie.name, err)
	d.witness.look()
	if after := d.witness.logs[space].position(); lie.refused && (err == nil || after != before) {
		d.fail("%s was not refused (%v), or left something at positions %d to %d", lie.name, err, before+1, after)
	}
	if err != nil {
		d.tally.Refused++
	}
}

func (d *doing) name16() []byte {
	name := make([]byte, 16)
	for i := range name {
		name[i] = byte(d.Uint32())
	}
	return name
}

// lie is a batch that no honest tablet sends; refused says that the server must
// not take any of it.
type lie struct {
	name    string
	refused bool
	make    func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte
}

var lies = []lie{
	{"a change under another's replica", false, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		known := d.anyChange(space)
		if known == nil {
			return nil
		}
		w.Replica, w.Seq, w.Previous = known.ID.Replica, known.ID.Seq-1, known.Previous
		return d.batch(space, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
	}},
	{"a change that replaces what nobody wrote", false, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		unknown := merge.ID{Replica: merge.ReplicaID(d.name16()), Seq: 1 + d.Uint64N(3)}
		return d.batch(space, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, &unknown)))
	}},
	{"a change whose predecessors nobody has seen", false, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		w.Seq, w.Previous = 40, merge.Hash(append(d.name16(), d.name16()...))
		return d.batch(space, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
	}},
	{"200 changes at once", false, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		var all []*merge.Change
		for range 200 {
			all = append(all, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
		}
		return d.batch(space, all...)
	}},
	{"two changes that do not follow each other", false, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		first := w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil))
		w.Previous[0] ^= 1
		return d.batch(space, first, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
	}},
	{"another stamp under the hash of a change", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		first := w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil))
		second := w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil))
		first.Stamp--
		return d.batch(space, first, second)
	}},
	{"noise", true, func(d *doing, _ merge.SpaceID, _ *mergetest.Writer) []byte { return d.name16() }},
}

// anyChange is a change of the log, nil if there is none.
func (d *doing) anyChange(space merge.SpaceID) *merge.Change {
	facts := d.witness.logs[space].facts
	if len(facts) == 0 {
		return nil
	}
	return facts[d.IntN(len(facts))].Change
}

// batch is a batch of changes that the stranger's device has signed.
func (d *doing) batch(space merge.SpaceID, changes ...*merge.Change) []byte {
	d.must(wire.Sign(space, d.stranger().id, changes, d.stranger().Sign), "sign a lie")
	return d.unsigned(space, changes...)
}

// visit writes to a record that others write to.
func (d *doing) visit(space merge.SpaceID, replaces *merge.ID) merge.RecordWrites {
	plan := olderTypes().Plan(typeVisit)
	msg := d.messageOf(plan)
	header, err := plan.Header(msg)
	d.must(err, "compose a lie")
	draft := schema.Draft{Message: msg, Record: merge.KeyedRecordID(space, typeVisit, header)}
	writes, err := plan.Compose(space, nil, draft)
	d.must(err, "compose a lie")
	if replaces != nil {
		writes.Writes[0].Replaces = []merge.ID{*replaces}
	}
	return writes
}
