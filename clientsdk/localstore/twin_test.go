package localstore

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// twins are two stores to which the same is done, one in SQLite and one in
// memory. They must be told apart by nothing.
type twins struct {
	stores [2]Store
	copies [2]func() Store // opens a copy of what is there
}

func newTwins(t *testing.T, rt *rapid.T) *twins {
	w := &twins{}
	for i, p := range []*place{filesPlace(t), memoryPlace(t)} {
		s, err := p.tryOpen(testKey)
		if err != nil {
			rt.Fatal(err)
		}
		rt.Cleanup(func() { s.Close() })
		w.stores[i], w.copies[i] = s, func() Store { return p.copied().open() }
	}
	return w
}

// deed is one call that writes, out of few enough that they meet.
type deed struct {
	kind    string
	space   int64
	n       int64 // a chain, a change, a record or a batch
	seq     uint64
	id      byte
	flag    bool
	content []byte
}

var deedKinds = []string{
	"property", "space", "chain", "save space", "touch", "stage", "drop staged",
	"append", "append", "pending", "drop pending", "reopen", "sent", "overlay", "drop overlay",
	"record", "record", "record", "save record", "delete", "reference", "reference", "drop reference", "clear", "drop references",
	"carry", "carry", "carry", "offer", "settle", "drop", "drop durable", "drop carried",
	"handed", "relay", "relay", "settle relayed", "offer relayed", "drop relayed", "applied", "applied", "drop applied", "clear applied",
}

func drawDeed(rt *rapid.T) deed {
	return deed{
		kind:  rapid.SampledFrom(deedKinds).Draw(rt, "kind"),
		space: rapid.Int64Range(1, 3).Draw(rt, "space"),
		n:     rapid.Int64Range(1, 4).Draw(rt, "n"),
		seq:   rapid.SampledFrom([]uint64{1, 2, 3, 1<<seqBits - 1}).Draw(rt, "seq"),
		id:    rapid.ByteRange(1, 5).Draw(rt, "id"),
		flag:  rapid.Bool().Draw(rt, "flag"),
		// An empty blob and none read the same.
		content: rapid.SampledFrom([][]byte{nil, {}, {1}, []byte("two"), []byte("a page of a pull")}).Draw(rt, "content"),
	}
}

var twinTypes = []string{"t.Person", "t.Place"}

// do writes, and tells what was returned.
func (d deed) do(tx Tx) (told string, err error) {
	var returned any
	own, target := ownN(d.n%3+1, d.seq), merge.RecordID{d.id}
	switch d.kind {
	case "property":
		err = tx.SetProperty(fmt.Sprint(d.id), d.content)
	case "space":
		err = tx.AddSpace(merge.SpaceID{byte(d.space)}, int32(d.n), merge.ReplicaID{d.id})
	case "save space":
		err = tx.SaveSpace(&Space{N: d.space, Cursor: d.content, HubCursor: d.content, Position: d.seq, Epoch: d.content, Durable: d.seq, Readable: d.flag, SyncedMillis: d.n})
	case "touch":
		err = tx.TouchSpaces([]merge.SpaceID{{byte(d.space)}, {d.id}}, d.n)
	case "stage":
		err = tx.Stage(d.space, notNull(d.content))
	case "drop staged":
		err = tx.DropStaged(d.space)
	case "chain", "append":
		returned, err = d.extend(tx)
	case "pending":
		err = tx.SavePending(&Pending{N: own, Verdict: d.id, Position: uint64(d.n), Overlaid: d.flag, Sent: !d.flag, Handed: d.flag, Findings: d.content})
	case "drop pending":
		err = tx.DropPending(own)
	case "reopen":
		err = tx.ReopenOwn(d.space, d.id)
	case "sent":
		err = tx.MarkSent([]int64{own, ownN(d.n, 1)})
	case "handed":
		err = tx.MarkHanded([]int64{own, ownN(d.n, 1)})
	case "overlay":
		err = tx.AddOverlay(d.n, d.onTop(own))
	case "drop overlay":
		err = tx.DropOverlay(d.n, d.onTop(own))
	default:
		return d.doRecord(tx, target)
	}
	return fmt.Sprint(returned), err
}

// onTop is an own change, or one that came by a hub.
func (d deed) onTop(own int64) int64 {
	if d.flag {
		return -d.n
	}
	return own
}

// extend goes on with a space that is read first.
func (d deed) extend(tx Tx) (returned string, err error) {
	space, err := tx.Space(merge.SpaceID{byte(d.space)})
	if err != nil || space == nil {
		return "no space", err
	}
	var n int64
	if d.kind == "chain" {
		space.Chain = Chain{Replica: merge.ReplicaID{d.id}, LastStamp: d.n}
		err = tx.AddChain(space)
	} else {
		c := &merge.Change{ID: merge.ID{Seq: d.seq, Tag: merge.Tag{d.id}}, Hash: merge.Hash{d.id}, Stamp: d.n}
		n, err = tx.Append(space, c, notNull(d.content))
	}
	return fmt.Sprint(n, space.Chain), err
}

func (d deed) doRecord(tx Tx, target merge.RecordID) (returned string, err error) {
	r := &Record{ID: target, Type: twinTypes[d.n%2], Standing: merge.Standing(d.n % 3), Open: d.flag, Quarantined: !d.flag}
	if len(d.content) > 0 { // a row is never empty
		r.Base = d.content
	}
	if d.seq%2 == 0 {
		r.View, r.Base = r.Base, nil
	}
	switch d.kind {
	case "record":
		err = tx.SaveRecord(d.space, r)
	case "save record":
		r.N = d.n
		err = tx.SaveRecord(d.space, r)
	case "delete":
		err = tx.DeleteRecord(d.n)
	case "reference":
		err = tx.AddReference(d.n, uint32(1+d.seq%2), target)
	case "drop reference":
		err = tx.DropReference(d.n, uint32(1+d.seq%2), target)
	case "clear":
		err = tx.ClearBase(d.space)
	case "drop references":
		err = tx.DropReferences()
	case "relay":
		r.N, err = tx.AddRelayed(d.space, d.relayed(), notNull(d.content))
	default:
		err = d.doCarried(tx)
	}
	return fmt.Sprint(r.N), err
}

// relayed is a change that came by a hub.
func (d deed) relayed() merge.ID {
	return merge.ID{Replica: merge.ReplicaID{d.id % 2}, Seq: d.seq, Tag: merge.Tag{byte(d.n)}}
}

func (d deed) doRelayed(tx Tx) error {
	run := Run{FirstSeq: 1, LastSeq: d.seq, LastTag: merge.Tag{d.id}}
	replica := merge.ReplicaID{byte(d.n)}
	switch d.kind {
	case "settle relayed":
		return tx.SettleRelayed(-d.n)
	case "offer relayed":
		return tx.OfferRelayed(d.space)
	case "drop relayed":
		return tx.DropRelayed(-d.n)
	case "applied":
		return tx.AddApplied(d.space, replica, run)
	case "drop applied":
		return tx.DropApplied(d.space, replica, run)
	case "clear applied":
		return tx.ClearApplied(d.space)
	}
	panic("no such deed: " + d.kind)
}

func (d deed) doCarried(tx Tx) error {
	switch d.kind {
	case "carry":
		return tx.Carry(d.space, d.seq, int(d.n), []byte{d.id})
	case "offer":
		return tx.OfferCarried(d.space)
	case "settle":
		return tx.Settle(d.n, d.seq)
	case "drop":
		return tx.Drop(d.n)
	case "drop durable":
		return tx.DropDurable(d.space, d.seq)
	case "drop carried":
		return tx.DropCarried(d.space)
	}
	return d.doRelayed(tx)
}

// dump asks everything that can be asked.
func dump(tx Tx) (string, error) {
	var out bytes.Buffer
	var all []error
	note := func(what string, value any, err error) {
		fmt.Fprintf(&out, "%s: %+v\n", what, value)
		all = append(all, err)
	}
	for id := byte(1); id <= 5; id++ {
		value, err := tx.Property(fmt.Sprint(id))
		note("property", value, err)
		space, err := tx.Space(merge.SpaceID{id})
		note("space", space == nil, err)
	}
	spaces, err := tx.Spaces()
	note("spaces", spaces, err)
	for space := int64(1); space <= 3; space++ {
		dumpSpace(tx, space, note)
		dumpRecords(tx, space, note)
	}
	for n := int64(1); n <= 4; n++ {
		names, err := tx.Overlay(n)
		note("overlay", names, err)
		for _, seq := range []uint64{1, 1<<seqBits - 1, 1 << seqBits} {
			content, err := tx.OwnContent(ownN(n, seq))
			note("content", content, err)
			for tag := byte(1); tag <= 2; tag++ {
				name, err := tx.Own(n, merge.ID{Seq: seq, Tag: merge.Tag{tag}})
				note("own", name, err)
			}
		}
	}
	return out.String(), errors.Join(all...)
}

func dumpSpace(tx Tx, space int64, note func(string, any, error)) {
	chains, err := tx.Chains(space)
	note("chains", chains, err)
	count, err := tx.OwnCount(space)
	note("own count", count, err)
	pending, err := tx.Pending(space)
	note("pending", pending, err)
	err = tx.Unsent(space, func(p Pending, content []byte) bool {
		note("unsent", []any{p, content}, nil)
		return true
	})
	note("unsent", nil, err)
	has, err := tx.HasStaged(space)
	note("has staged", has, err)
	err = tx.Staged(space, func(page []byte) error {
		note("staged", len(page), nil)
		return nil
	})
	note("staged", nil, err)
	err = tx.Offered(space, func(c Carried) bool {
		note("offered", c, nil)
		return true
	})
	note("offered", nil, err)
	count, err = tx.CarriedCount(space)
	note("carried", count, err)
	dumpRelayed(tx, space, note)
}

func dumpRelayed(tx Tx, space int64, note func(string, any, error)) {
	list, err := tx.RelayedChanges(space)
	note("relayed", list, err)
	count, err := tx.RelayedCount(space)
	note("relayed count", count, err)
	err = tx.RelayedOffers(space, func(r Relayed) bool {
		note("relayed offer", r, nil)
		return true
	})
	note("relayed offers", nil, err)
	for _, r := range list {
		n, err := tx.Relayed(space, r.ID)
		note("relayed name", n, err)
		content, err := tx.RelayedContent(n)
		note("relayed content", content, err)
	}
	for replica := byte(1); replica <= 4; replica++ {
		runs, err := tx.AppliedRuns(space, merge.ReplicaID{replica})
		note("applied", runs, err)
	}
}

func dumpRecords(tx Tx, space int64, note func(string, any, error)) {
	// Records that are asked for by type or reference come in no order.
	sorted := func(what string, records []Record, err error) {
		slices.SortFunc(records, func(a, b Record) int { return cmp.Compare(a.N, b.N) })
		note(what, records, err)
	}
	for id := byte(1); id <= 5; id++ {
		r, err := tx.Record(space, merge.RecordID{id})
		if r == nil {
			r = &Record{}
		}
		note("record", *r, err)
	}
	for _, name := range twinTypes {
		records, err := tx.RecordsOfType(space, name)
		sorted("of type", records, err)
		for id := byte(1); id <= 5; id++ {
			for field := uint32(1); field <= 2; field++ {
				records, err := tx.RecordsReferring(space, name, field, merge.RecordID{id})
				sorted("referring", records, err)
			}
		}
	}
	open, err := tx.OpenRecords(space)
	note("open", open, err)
	ids, err := tx.ViewedRecords(space)
	note("viewed", ids, err)
	ids, err = tx.RecordIDs(space)
	note("all", ids, err)
}

// transact does the same in both, and takes it back in both, or in neither.
func (w *twins) transact(rt *rapid.T) {
	deeds := rapid.SliceOfN(rapid.Custom(drawDeed), 1, 10).Draw(rt, "deeds")
	no := errors.New("no")
	end := rapid.SampledFrom([]error{nil, nil, nil, no}).Draw(rt, "end")
	var told [2]bytes.Buffer
	for i, s := range w.stores {
		err := s.Write(rt.Context(), func(tx Tx) error {
			for _, d := range deeds {
				returned, err := d.do(tx)
				if err != nil {
					fmt.Fprintln(&told[i], d.kind, "is refused")
					return no
				}
				fmt.Fprintln(&told[i], d.kind, returned)
			}
			if end == nil {
				return nil
			}
			within, err := dump(tx) // what nobody else will see
			told[i].WriteString(within)
			return errors.Join(err, end)
		})
		if err != nil && !errors.Is(err, no) {
			rt.Fatalf("store %d: %v", i, err)
		}
	}
	mustBeEqual(rt, told[0].String(), told[1].String())
}

// writeToSnapshots is refused by both.
func (w *twins) writeToSnapshots(rt *rapid.T) {
	d := rapid.Custom(drawDeed).Draw(rt, "deed")
	for i, s := range w.stores {
		before := w.dumped(rt, s)
		_ = s.Read(rt.Context(), func(tx Tx) error {
			_, err := d.do(tx)
			return err
		})
		if w.dumped(rt, s) != before {
			rt.Fatalf("store %d: %s wrote to a snapshot", i, d.kind)
		}
	}
}

func (w *twins) dumped(rt *rapid.T, s Store) (all string) {
	err := s.Read(rt.Context(), func(tx Tx) (err error) {
		all, err = dump(tx)
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
	return all
}

func (w *twins) compare(rt *rapid.T) {
	mustBeEqual(rt, w.dumped(rt, w.stores[0]), w.dumped(rt, w.stores[1]))
}

func (w *twins) compareCopies(rt *rapid.T) {
	one, other := w.copies[0](), w.copies[1]()
	defer one.Close()
	defer other.Close()
	mustBeEqual(rt, w.dumped(rt, one), w.dumped(rt, other))
}

// mustBeEqual shows the first line that differs.
func mustBeEqual(rt *rapid.T, sqlite, memory string) {
	if sqlite == memory {
		return
	}
	one, other := bytes.Split([]byte(sqlite), []byte("\n")), bytes.Split([]byte(memory), []byte("\n"))
	for i := range min(len(one), len(other)) {
		if !bytes.Equal(one[i], other[i]) {
			rt.Fatalf("SQLite: %.500s\nmemory: %.500s", one[i], other[i])
		}
	}
	rt.Fatalf("%d lines from SQLite, %d from memory", len(one), len(other))
}

func TestBothStoresHoldTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newTwins(t, rt)
		rt.Repeat(map[string]func(*rapid.T){
			"transact":         w.transact,
			"transact again":   w.transact,
			"write to readers": w.writeToSnapshots,
			"copy":             w.compareCopies,
			"":                 w.compare,
		})
	})
}
