package clientsdk

import (
	"context"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Draft is a change that a person at the desk gave back to its author. It is
// not in the register any more, and nothing of it is lost.
type Draft struct {
	Space   SpaceID
	Change  ChangeID
	Records []DraftRecord
	// Reason is for looking up the text that says why; empty if the author was
	// not told, as one who may not read the space.
	Reason string
}

// DraftRecord is what a draft wanted to write to one record.
type DraftRecord struct {
	Type   string
	Record RecordID
	// Message holds the key fields and the values that were to be written, but
	// for sealed ones that cannot be opened; nil if the type is unknown or nothing
	// but void or restore was wanted.
	Message proto.Message
	// Fields are the names of the fields that were to be written, also those
	// that were to be emptied.
	Fields []string
	// Void and Restore say what was wanted of the record as a whole.
	Void, Restore bool
}

// Drafts lists the drafts of all spaces, in the order in which they were
// written. To enter one again, write what is right of it and call
// [Tx.DiscardDraft] in the same transaction.
func (r *Register) Drafts(ctx context.Context) ([]Draft, error) {
	var drafts []Draft
	err := r.show(ctx, func(tx localstore.Tx) error {
		spaces, err := tx.Spaces()
		if err != nil {
			return err
		}
		for i := range spaces {
			of, err := draftsOf(newWorkspace(r.options.Schema, tx, &spaces[i]), r.options.Keys)
			if err != nil {
				return err
			}
			drafts = append(drafts, of...)
		}
		return nil
	})
	return drafts, about(err, "drafts")
}

func draftsOf(w *workspace, keys *sealing.Keys) ([]Draft, error) {
	pending, err := w.tx.Pending(w.space.N)
	if err != nil {
		return nil, err
	}
	var drafts []Draft
	for i := range pending {
		if wire.Verdict(pending[i].Verdict) != wire.Dismissed {
			continue
		}
		c, err := w.change(pending[i].N)
		if err != nil {
			return nil, err
		}
		d := Draft{Space: w.space.ID, Change: c.ID}
		if d.Reason, err = reasonOf(&pending[i]); err != nil {
			return nil, err
		}
		for j := range c.Records {
			part := &c.Records[j]
			if !slices.ContainsFunc(part.Writes, hasContent) {
				continue // the person was erased
			}
			open := newOpening(keys, w.schema.Plan(part.Type), w.space.ID, part.Record)
			rec, err := draftRecord(open, c, part)
			if err != nil {
				return nil, err
			}
			d.Records = append(d.Records, rec)
		}
		if len(d.Records) > 0 {
			drafts = append(drafts, d)
		}
	}
	return drafts, nil
}

func hasContent(w merge.Write) bool { return w.Purged == nil }

// reasonOf returns why a change was given back.
func reasonOf(p *localstore.Pending) (string, error) {
	findings, err := decodeFindings(p.Findings)
	for i := range findings {
		if findings[i].Cause == wire.GivenBack {
			return findings[i].MessageKey, err
		}
	}
	return "", err
}

// draftRecord makes a message of writes.
func draftRecord(open *opening, c *merge.Change, part *merge.RecordWrites) (DraftRecord, error) {
	d, plan := DraftRecord{Type: part.Type, Record: part.Record}, open.plan
	data := append([]byte(nil), part.Header...)
	for i := range part.Writes {
		w := &part.Writes[i]
		switch {
		case !hasContent(*w):
			continue
		case w.Cell == merge.Lifecycle:
			d.Void = len(w.Value) > 0
			d.Restore = !d.Void && len(w.Replaces) > 0
			continue
		case w.Cell.Element == "":
			data = append(data, open.written(c, w)...)
		case len(w.Value) > 0:
			data = append(data, w.Cell.Element...)
		}
		d.addFields(plan, w.Cell.Field)
	}
	if plan == nil || len(d.Fields) == 0 && len(part.Header) == 0 {
		return d, nil
	}
	d.Message = plan.NewMessage()
	if err := proto.Unmarshal(data, d.Message); err != nil {
		return d, fault.New(fault.Damaged, "draft of %s %s: %w", part.Type, part.Record, err)
	}
	return d, nil
}

// addFields adds the names of the fields of a cell.
func (d *DraftRecord) addFields(plan *schema.Plan, field uint32) {
	if plan == nil {
		return
	}
	cell, known := plan.Cell(protowire.Number(field))
	if !known {
		return
	}
	for _, fd := range cell.Fields {
		if name := string(fd.Name()); len(d.Fields) == 0 || d.Fields[len(d.Fields)-1] != name {
			d.Fields = append(d.Fields, name)
		}
	}
}

// DiscardDraft takes a draft off the list, since it was entered again or is not
// wanted. Its original stays in the register's files.
func (tx *Tx) DiscardDraft(change ChangeID) error {
	n, err := tx.w.ownName(change)
	if err != nil {
		return err
	}
	pending, err := tx.w.pending()
	if err != nil {
		return err
	}
	p := pending[n]
	if p == nil || wire.Verdict(p.Verdict) != wire.Dismissed {
		return fault.New(fault.NotFound, "discard draft: there is no draft %s in the space", change)
	}
	p.Verdict = uint8(discarded)
	return tx.w.tx.SavePending(&p.Pending)
}
