package clientsdk

import (
	"slices"

	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// discarded is the verdict of the tablet itself over a draft that was entered
// again, or is not wanted.
const discarded = wire.Verdict(255)

// openChange is an own change about which something is open.
type openChange struct {
	localstore.Pending
	changed bool
}

// pending returns the open own changes of the space, by name.
func (w *workspace) pending() (map[int64]*openChange, error) {
	if w.open != nil {
		return w.open, nil
	}
	list, err := w.tx.Pending(w.space.N)
	if err != nil {
		return nil, err
	}
	w.open = make(map[int64]*openChange, len(list))
	for i := range list {
		w.open[list[i].N] = &openChange{Pending: list[i]}
	}
	return w.open, nil
}

// ownName returns the name of an own change, zero for one of another's. A
// change that is not in the store although its replica is one of ours tells
// that another store goes by the same replica: a copy of this one, or what it
// was before a backup of the device was put back.
func (w *workspace) ownName(id merge.ID) (int64, error) {
	ours, err := w.isOwnReplica(id.Replica)
	if err != nil || !ours {
		return 0, err
	}
	n, err := w.tx.Own(w.chains[id.Replica], id)
	if err == nil && n == 0 {
		w.fork(id.Replica)
	}
	return n, err
}

func (w *workspace) isOwnReplica(id merge.ReplicaID) (bool, error) {
	if w.chains == nil {
		chains, err := w.tx.Chains(w.space.N)
		if err != nil {
			return false, err
		}
		w.chains = chains
	}
	_, ours := w.chains[id]
	return ours, nil
}

// fork notes that a replica is used twice. The changes made under it stay what
// they are; new ones go under a fresh replica.
func (w *workspace) fork(replica merge.ReplicaID) {
	w.forked = w.forked || replica == w.space.Chain.Replica
}

// outcome takes in a verdict over changes of the tablet's own, and leaves those
// over others' alone, but for one that came by a hub and was given back. After a verdict of a kind that this version has not heard
// of, a change goes on waiting.
func (w *workspace) outcome(o *wire.Outcome) error {
	if o.Verdict < wire.Applied || o.Verdict > wire.Dismissed {
		return nil
	}
	last, err := w.ownName(o.Last())
	if err == nil && last == 0 && o.Verdict == wire.Dismissed {
		err = w.endRelayed(o.Last())
	}
	if err != nil || last == 0 {
		return err
	}
	for n := last - int64(o.LastSeq-o.FirstSeq); n <= last; n++ {
		if err := w.verdict(n, o.Verdict, o.LastPosition, o.Findings); err != nil {
			return err
		}
	}
	return nil
}

// verdict takes in what home made of an own change. position is its place in
// home's log, or one that is not before it; zero if it is in none.
func (w *workspace) verdict(n int64, verdict wire.Verdict, position uint64, findings []wire.Finding) error {
	pending, err := w.pending()
	if err != nil {
		return err
	}
	delete(w.awaited, n)
	p := pending[n]
	if p == nil {
		if verdict == wire.Applied {
			return nil // as it was
		}
		// It was applied and settled; now something is open about it again.
		p = &openChange{Pending: localstore.Pending{N: n, Verdict: uint8(wire.Applied), Sent: true}}
		pending[n] = p
	}
	if wire.Verdict(p.Verdict) == discarded {
		return nil
	}
	encoded, err := encodeFindings(findings)
	if err != nil {
		return err
	}
	if len(findings) == 0 && uint8(verdict) == p.Verdict {
		encoded = p.Findings // who may not read the space is told the verdict only
	}
	if wire.Verdict(p.Verdict) == wire.Quarantined != (verdict == wire.Quarantined) {
		if err := w.eachPart(n, func(*held) {}); err != nil { // which shows in its views
			return err
		}
	}
	p.Verdict, p.Position, p.Findings, p.changed = uint8(verdict), position, encoded, true
	if slices.ContainsFunc(findings, func(f wire.Finding) bool { return f.Cause == wire.Forked }) {
		c, err := w.change(n)
		if err != nil {
			return err
		}
		w.fork(c.ID.Replica)
	}
	return nil
}

// settle brings the overlay in line with the verdicts and with the position of
// the base, and forgets changes about which nothing is open. replaced tells
// whether the base was begun anew.
func (w *workspace) settle(replaced bool) error {
	pending, err := w.pending()
	if err != nil {
		return err
	}
	names := make([]int64, 0, len(pending))
	for n := range pending {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		p := pending[n]
		if err := w.settleOne(p, w.belongsOnTop(p, replaced), replaced); err != nil {
			return err
		}
	}
	if replaced {
		return w.putRelayedOn()
	}
	return nil
}

// belongsOnTop tells whether a change is part of the overlay: home has not
// merged it, or has merged it beyond the position of the base. A change that is
// sent again because its base is doubtful stays where it was until there is
// another base.
func (w *workspace) belongsOnTop(p *openChange, replaced bool) bool {
	switch verdict := wire.Verdict(p.Verdict); {
	case verdict == wire.Dismissed, verdict == discarded:
		return false
	case verdict.Merged():
		return w.space.Readable && p.Position > w.space.Position
	case verdict == wire.Quarantined:
		return true
	default:
		return p.Overlaid || replaced
	}
}

// settleOne lays a change over its records or takes it off. Where the base was
// begun anew it is laid over them whatever the records say: one that was damaged
// may be gone, and with it that something was on top.
func (w *workspace) settleOne(p *openChange, onTop, replaced bool) error {
	if onTop != p.Overlaid || onTop && replaced {
		move := w.takeOff
		if onTop {
			move = w.putOn
		}
		if err := move(p.N); err != nil {
			return err
		}
		p.Overlaid, p.changed = onTop, p.changed || onTop != p.Overlaid
	}
	if !onTop && wire.Verdict(p.Verdict) == wire.Applied {
		delete(w.open, p.N)
		return w.tx.DropPending(p.N)
	}
	if !p.changed {
		return nil
	}
	p.changed = false
	return w.tx.SavePending(&p.Pending)
}

func encodeFindings(findings []wire.Finding) ([]byte, error) {
	data, err := proto.Marshal(&syncv1.Outcome{Findings: wire.FindingsToProto(findings)})
	if err != nil {
		return nil, fault.New(fault.Internal, "findings: %w", err)
	}
	return data, nil
}

func decodeFindings(data []byte) ([]wire.Finding, error) {
	var m syncv1.Outcome
	if err := proto.Unmarshal(data, &m); err != nil {
		return nil, fault.New(fault.Damaged, "findings: %w", err)
	}
	return wire.FindingsFromProto(m.Findings)
}
