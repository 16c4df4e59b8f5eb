package clientsdk

import (
	"context"
	"io"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Written says what a transaction wrote.
type Written struct {
	// Change is the identity of the change; zero if everything was as it should
	// be already, when nothing was written.
	Change ChangeID
	// Warnings are the rules of the schema that the written values break. They
	// are kept all the same, and the server will flag them: show them to the
	// person while the form is still open.
	Warnings []Warning
}

// Warning is a rule that a written value breaks.
type Warning struct {
	Type   string // the record's type
	Record RecordID
	Field  string // name of the field or group; empty for a rule about several
	// Key names the rule, such as "uint32.lte", for looking up a text that a
	// person reads.
	Key string
}

// Write runs fn in a transaction on one space: what it writes becomes one
// change, which other tablets get whole or not at all. When Write returns
// without an error the change is on the disk; otherwise nothing is kept, and fn
// may be run again. Transactions run one at a time; fn must call neither Write
// nor Sync, and must not keep the Tx.
func (r *Register) Write(ctx context.Context, space SpaceID, fn func(*Tx) error) (Written, error) {
	if err := r.checkLease(ctx); err != nil {
		return Written{}, about(err, "write to space %s", space)
	}
	var written Written
	err := r.store.Write(ctx, func(local localstore.Tx) error {
		if err := checkWipe(local); err != nil {
			return err
		}
		held, err := spaceOf(local, space)
		if err != nil {
			return err
		}
		tx := newTx(r, newWorkspace(r.options.Schema, local, held))
		if err := fn(tx); err != nil {
			return err
		}
		written, err = tx.commit()
		return err
	})
	if err != nil {
		return Written{}, about(err, "write to space %s", space)
	}
	return written, nil
}

// commit makes a change of what the transaction has written.
func (tx *Tx) commit() (Written, error) {
	parts := tx.written()
	warnings, err := check(parts)
	if err != nil {
		return Written{}, err
	}
	warnings = append(warnings, tx.unkept()...)
	if len(parts) == 0 {
		return Written{Warnings: warnings}, nil
	}
	c, err := tx.seal(parts)
	if err != nil {
		return Written{}, err
	}
	content, err := wire.EncodeChange(c)
	if err != nil {
		return Written{}, err
	}
	n, err := tx.w.tx.Append(tx.w.space, c, content)
	if err != nil {
		return Written{}, err
	}
	for i, p := range parts {
		p.held.overlay = append(p.held.overlay, n)
		if p.held.view, err = overlaid(p.current, c, &c.Records[i]); err != nil {
			return Written{}, err
		}
	}
	return Written{Change: c.ID, Warnings: warnings}, tx.w.flush()
}

// unkept warns of what was entered about persons who were erased.
func (tx *Tx) unkept() (warnings []Warning) {
	for _, p := range tx.parts {
		for _, field := range p.unkept {
			warnings = append(warnings, Warning{Type: p.plan.Name, Record: p.held.row.ID, Field: fieldName(p.plan, field), Key: KeyErased})
		}
	}
	return warnings
}

// written returns the parts that write something.
func (tx *Tx) written() []*part {
	var parts []*part
	for _, p := range tx.parts {
		if len(p.writes) > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// seal makes the change and holds it to what the server takes, so that nothing
// is accepted that could never be sent.
func (tx *Tx) seal(parts []*part) (*merge.Change, error) {
	chain := &tx.w.space.Chain
	c := &merge.Change{
		ID:       merge.ID{Replica: chain.Replica, Seq: chain.LastSeq + 1},
		Previous: chain.LastHash, Stamp: tx.stamp, Author: tx.register.options.Author,
	}
	if _, err := io.ReadFull(tx.register.options.Random, c.Salt[:]); err != nil {
		return nil, fault.New(fault.Internal, "random bytes: %w", err)
	}
	for _, p := range parts {
		c.Records = append(c.Records, merge.RecordWrites{Type: p.plan.Name, Record: p.held.row.ID, Header: p.header, Writes: p.writes})
	}
	c.Seal(tx.w.space.ID)
	if err := wire.CheckLimits(c); err != nil {
		return nil, err
	}
	if err := c.Check(); err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	return c, nil
}

// check evaluates the rules of the schema. The error is for bytes that no
// server could read.
func check(parts []*part) ([]Warning, error) {
	var warnings []Warning
	for _, p := range parts {
		id := p.held.row.ID
		violations, err := p.plan.Check(&merge.RecordWrites{Type: p.plan.Name, Record: id, Header: p.header, Writes: p.writes})
		if err != nil {
			return nil, err
		}
		for _, v := range violations {
			warnings = append(warnings, Warning{Type: p.plan.Name, Record: id, Field: fieldName(p.plan, v.Field), Key: v.Key})
		}
	}
	return warnings, nil
}
