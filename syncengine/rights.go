package syncengine

import (
	"context"
	"encoding/hex"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// maySeeToRights is the one place that says who may see to a person's rights in a
// space, erase the person or hand out what is held: whoever may read it.
func maySeeToRights(snapshot *store.Snapshot, space merge.SpaceID, by merge.PersonID) error {
	_, _, err := readable(snapshot, space, by)
	return err
}

// ExportPage is a part of what a space holds about a person.
type ExportPage struct {
	Records []ExportedRecord
	// Quarantined are changes about the person that are kept and not merged, on
	// the last page.
	Quarantined []QuarantinedChange
	// Next is the token of the next page; empty after the last.
	Next string
}

// ExportedRecord is a record with all that is kept of it.
type ExportedRecord struct {
	Record *merge.Record
	// Changes and CutThrough are as in HistoryPage, all of them.
	Changes    []HistoryChange
	CutThrough uint64
}

// exportPage bounds one page, beside limits.PageBytes.
const exportPage = 100

// Export gives what a space holds about a person: every record that is about
// them, live values and replaced ones, who wrote them and when, and what is in
// quarantine. subject and access are as for Erase.
func (e *Engine) Export(ctx context.Context, by merge.PersonID, space merge.SpaceID, subject merge.RecordID, token string) (ExportPage, error) {
	if err := e.gate.enter(); err != nil {
		return ExportPage{}, err
	}
	defer e.gate.leave()
	var from merge.RecordID
	if token != "" {
		data, err := hex.DecodeString(token)
		if err != nil || len(data) != len(from) {
			return ExportPage{}, fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
		}
		from = merge.RecordID(data)
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	if err := maySeeToRights(snapshot, space, by); err != nil {
		return ExportPage{}, err
	}
	x := &exporting{snapshot: snapshot, space: space, by: by, person: merge.Erasure{Subject: subject, Rules: e.Schema().ErasureRules()}}
	if err := x.records(ctx, from); err != nil || x.page.Next != "" {
		return x.page, err
	}
	return x.page, x.quarantined()
}

type exporting struct {
	snapshot *store.Snapshot
	space    merge.SpaceID
	by       merge.PersonID
	person   merge.Erasure
	page     ExportPage
}

func (x *exporting) records(ctx context.Context, from merge.RecordID) error {
	budgetBytes := limits.PageBytes
	return x.snapshot.Records(x.space, from, func(rec *merge.Record) error {
		if x.person.Concerns(rec) == nil {
			return nil
		}
		if len(x.page.Records) == exportPage || budgetBytes <= 0 {
			x.page.Next = rec.ID.String()
			return store.ErrStop
		}
		exported, sizeBytes, err := x.record(ctx, rec)
		x.page.Records = append(x.page.Records, exported)
		budgetBytes -= sizeBytes
		return err
	})
}

// record gathers the whole history of a record.
func (x *exporting) record(ctx context.Context, rec *merge.Record) (exported ExportedRecord, sizeBytes int, err error) {
	walk, err := newRecordWalk(ctx, x.snapshot, x.by, x.space, rec.ID)
	if err != nil {
		return exported, 0, err
	}
	exported.Record = rec
	for before := uint64(0); ; {
		changes, next, err := walk.describeBelow(before, historyPageMax)
		if err != nil {
			return exported, 0, err
		}
		exported.Changes = append(exported.Changes, changes...)
		if before = next; next == 0 {
			break
		}
	}
	if walk.beyond {
		exported.CutThrough = walk.cut
	}
	for i := range exported.Changes {
		for j := range exported.Changes[i].Writes {
			sizeBytes += 64 + len(exported.Changes[i].Writes[j].Value)
		}
	}
	return exported, sizeBytes, nil
}

func (x *exporting) quarantined() error {
	return x.snapshot.QuarantinedChanges(x.space, merge.ID{}, func(id merge.ID, q *logv1.Quarantined) error {
		c, err := quarantinedChange(x.space, q)
		if err != nil {
			return fault.New(fault.Damaged, "quarantined change %s: %w", id, err)
		}
		about := c.Records[:0]
		for i := range c.Records {
			if x.person.ConcernsWrites(&c.Records[i]) != nil {
				about = append(about, c.Records[i]) // what it says of others is not theirs to have
			}
		}
		if c.Records = about; len(about) > 0 {
			x.page.Quarantined = append(x.page.Quarantined, c)
		}
		return nil
	})
}
