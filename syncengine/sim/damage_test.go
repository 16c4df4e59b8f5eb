package sim

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// isDamaged alters a record that home has delivered, as storage does that fails
// without a word. The next complete sync must leave the copy equal.
func (d *doing) isDamaged() {
	t := d.tablet
	if t.busy {
		return
	}
	space := d.space()
	beside, err := t.disk.beside()
	d.must(err, "open the register of %s beside it", t)
	err = beside.Write(noCut, func(tx localstore.Tx) error {
		held, err := tx.Space(space)
		if err != nil {
			return err
		}
		var delivered []merge.RecordID
		err = tx.BaseRows(func(n int64, id merge.RecordID, _ []byte) error {
			if n == held.N {
				delivered = append(delivered, id)
			}
			return nil
		})
		if err != nil || len(delivered) == 0 {
			return err
		}
		slices.SortFunc(delivered, func(a, b merge.RecordID) int { return slices.Compare(a[:], b[:]) })
		waited, err := waitedOn(tx, held.N, delivered)
		if err != nil {
			return err
		}
		rec, err := tx.Record(held.N, waited[d.IntN(len(waited))])
		if err != nil {
			return err
		}
		d.tally.Damaged++
		t.damaged[space], t.struck[space] = true, true
		return d.damage(tx, held.N, rec)
	})
	d.must(err, "damage the register of %s", t)
	d.must(beside.Close(), "close it")
}

// waitedOn returns those of the records on which something lies that home has not
// confirmed, which mending must not lose; all of them if there is none.
func waitedOn(tx localstore.Tx, space int64, records []merge.RecordID) (waited []merge.RecordID, err error) {
	for _, id := range records {
		rec, err := tx.Record(space, id)
		if err != nil {
			return nil, err
		}
		if rec.View != nil {
			waited = append(waited, id)
		}
	}
	if len(waited) == 0 {
		return records, nil
	}
	return waited, nil
}

// damage does one of the things that happen to a record.
func (d *doing) damage(tx localstore.Tx, space int64, rec *localstore.Record) error {
	base, err := merge.ParseRecord(rec.ID, rec.Base)
	how := d.IntN(4)
	switch {
	case err != nil || how == 0:
		d.say("%s: record %s can no longer be read", d.tablet, rec.ID)
		rec.Base = []byte{0xff, byte(how)}
	case how == 1:
		d.say("%s: record %s is gone", d.tablet, rec.ID)
		return tx.Erase(space, []merge.RecordID{rec.ID})
	case how == 2 && len(base.Cells) > 1:
		d.say("%s: record %s has lost a cell", d.tablet, rec.ID)
		base.Cells = slices.Delete(base.Cells, 0, 1)
		rec.Base = merge.AppendRecord(nil, base)
	default:
		d.say("%s: record %s is of another position", d.tablet, rec.ID)
		base.Position = d.Uint64N(max(base.Position, 1))
		rec.Base = merge.AppendRecord(nil, base)
	}
	return tx.SaveRecord(space, rec)
}

// isOfDamage tells whether an error may come of a record that was damaged.
func (f *fleet) isOfDamage(err error) bool {
	return f.tally.Damaged > 0 && fault.KindOf(err) == fault.Damaged
}

// Repair carries a question about a damaged copy to the server and the answer
// back, or does not.
func (l *link) Repair(_ context.Context, req *connect.Request[syncv1.RepairRequest]) (*connect.Response[syncv1.RepairResponse], error) {
	l.tally.RoundTrips++
	if l.cuts() {
		return nil, errNoNetwork
	}
	if l.failed != nil {
		return nil, errSeasonOver
	}
	ask, err := wire.RepairAskFromProto(req.Msg)
	l.must(err, "%s asks about its copy", l.tablet)
	answer, err := l.home.engine.Repair(noCut, l.person, ask)
	if err == nil && !l.home.allowed[ask.Space][l.person] {
		l.fail("the server tells of %s to someone who may not read it", l.names[ask.Space])
	}
	switch kind := fault.KindOf(err); {
	case l.cuts():
		return nil, errNoNetwork
	case err == nil:
		return connect.NewResponse(answer.ToProto()), nil
	case kind != fault.NoAccess && kind != fault.BadCursor:
		l.fail("the server mends nothing for %s: %w", l.tablet, err)
	}
	coded := connect.NewError(connect.CodeNotFound, err)
	detail, failed := connect.NewErrorDetail(&syncv1.Fault{Kind: syncv1.FaultKind(fault.KindOf(err)), Message: err.Error()})
	l.must(failed, "encode a fault")
	coded.AddDetail(detail)
	return nil, coded
}

// cuts tells whether the network is gone. What is due meanwhile may happen.
func (l *link) cuts() bool {
	if l.calm || l.draws.IntN(100) >= l.Faulty {
		return false
	}
	if l.draws.IntN(2) == 0 {
		return true
	}
	l.tally.Delayed++
	l.pass(l.now + l.wait())
	return l.doomed
}
