package clientsdk

import (
	"context"
	"slices"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Attention is something that a person should look at. It never stops anything
// else.
type Attention struct {
	Space SpaceID
	// Type and Record say what it is about; empty if it is about a whole change.
	Type   string
	Record RecordID
	// Field is the name of the field or group; empty if it is about the record.
	Field string
	// Key is for looking up the text that a person reads: as the server gave
	// it, or one of those below.
	Key string
	// Finding is what the server found about a change of the tablet's own; its
	// cause is zero otherwise.
	Finding wire.Finding
	// Change is that change, and Quarantined says that the server has not
	// merged it: nobody else sees it yet.
	Change      ChangeID
	Quarantined bool
	// Disagreement has the values to choose from; see Tx.Settle.
	Disagreement *Disagreement
}

// The keys of what the tablet finds by itself.
const (
	// KeyDisagreement says that a field has several values.
	KeyDisagreement = "disagreement"
	// KeyVoidContested says that somebody has called the record a mistake, and
	// somebody has edited it without having seen that.
	KeyVoidContested = "void.contested"
	// KeyUntold says that the server has something about a change and does not
	// tell what, as to an author who may not read the space.
	KeyUntold = "finding.untold"
	// KeyUntrustedKey says that a record announces a key that nobody whom the app
	// trusts has signed: nothing is sealed to it. Who put it there, and why, is to
	// be found out.
	KeyUntrustedKey = "sealing.key_untrusted"
)

// Attention lists what is open: what the server found about the tablet's own
// changes, and records over which people differ and the schema wants a person
// to decide.
func (r *Register) Attention(ctx context.Context) ([]Attention, error) {
	var list []Attention
	err := r.show(ctx, func(tx localstore.Tx) error {
		spaces, err := tx.Spaces()
		if err != nil {
			return err
		}
		for i := range spaces {
			a := attending{schema: r.options.Schema, sealing: r.options.Keys, tx: tx, space: &spaces[i]}
			if err := a.findings(); err != nil {
				return err
			}
			if err := a.records(); err != nil {
				return err
			}
			if err := a.keys(); err != nil {
				return err
			}
			list = append(list, a.list...)
		}
		return nil
	})
	return list, about(err, "attention")
}

type attending struct {
	schema  *schema.Schema
	sealing *sealing.Keys
	tx      localstore.Tx
	space   *localstore.Space
	list    []Attention
}

// findings lists what the server found about own changes.
func (a *attending) findings() error {
	pending, err := a.tx.Pending(a.space.N)
	if err != nil {
		return err
	}
	for i := range pending {
		p := &pending[i]
		findings, err := decodeFindings(p.Findings)
		if err != nil {
			return err
		}
		verdict := wire.Verdict(p.Verdict)
		if verdict == wire.Dismissed || verdict == discarded {
			continue // see Drafts
		}
		if len(findings) == 0 && (verdict == wire.Quarantined || verdict == wire.Flagged) {
			findings = []wire.Finding{{MessageKey: KeyUntold}}
		}
		for _, f := range findings {
			a.list = append(a.list, Attention{
				Space: a.space.ID, Type: f.Type, Record: f.Record, Field: a.fieldName(f.Type, f.Field), Key: f.MessageKey,
				Finding: f, Change: p.ID, Quarantined: verdict == wire.Quarantined,
			})
		}
	}
	return nil
}

func (a *attending) fieldName(typeName string, field uint32) string {
	plan := a.schema.Plan(typeName)
	if plan == nil || field == 0 {
		return ""
	}
	return fieldName(plan, field)
}

// records lists the records over which people differ.
func (a *attending) records() error {
	records, err := a.tx.OpenRecords(a.space.N)
	if err != nil {
		return err
	}
	for i := range records {
		rec, err := parseRow(records[i].ID, records[i].Row())
		if err != nil {
			return err
		}
		a.record(rec)
	}
	return nil
}

func (a *attending) record(rec *merge.Record) {
	about := Attention{Space: a.space.ID, Type: rec.Type, Record: rec.ID}
	if rec.Standing() == merge.Contested {
		contested := about
		contested.Key = KeyVoidContested
		a.list = append(a.list, contested)
	}
	plan := a.schema.Plan(rec.Type)
	if plan == nil {
		return
	}
	open := newOpening(a.sealing, plan, a.space.ID, rec.ID)
	review := slices.DeleteFunc(open.disagreements(rec), func(d schema.Disagreement) bool { return !d.Review })
	for i := range review {
		disagreement := about
		disagreement.Key, disagreement.Field, disagreement.Disagreement = KeyDisagreement, review[i].Name, &review[i]
		a.list = append(a.list, disagreement)
	}
}
