package syncengine

import (
	"slices"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// A rule is evaluated where a change enters, on what the change writes. That it
// failed is before people until somebody replaces one of the values that broke
// it, in whatever cell the rule reads: what is there then was judged when it was
// written. Of a set that is any of the elements which the change wrote. Nobody
// can replace a key, so a rule on one fails until the record is void, and in a
// void record none does. Calling the record meant again opens nothing: whoever
// does has the record before them. A reference to a record that has not come is
// closed in the same way, unless the record comes first.

// closeRules closes the rule flags of values that the change replaces, and those
// about records that it leaves void.
func (s *applying) closeRules(c *merge.Change) error {
	if s.head.GetRuleFlags() == 0 {
		return nil // the usual case costs no reading
	}
	for i := range c.Records {
		if !slices.ContainsFunc(c.Records[i].Writes, maySettle) {
			continue
		}
		if err := s.closeRulesOf(&c.Records[i]); err != nil {
			return err
		}
	}
	return nil
}

// maySettle tells whether the write can close a rule flag, as that to a new
// record cannot.
func maySettle(w merge.Write) bool { return len(w.Replaces) > 0 || w.Cell == merge.Lifecycle }

// closeRulesOf closes the rule flags about one record, whose writes are merged.
// It costs one look-up where there are none.
func (s *applying) closeRulesOf(part *merge.RecordWrites) error {
	void := func() (bool, error) {
		rec, err := s.fold.Record(s.entry.Space, part.Record)
		return rec != nil && rec.Standing() == merge.Void, err
	}
	return s.closeWhere(part.Record, void, func(id merge.ID, f *wire.Finding) bool {
		return slices.ContainsFunc(part.Writes, func(w merge.Write) bool {
			return isRead(f, w.Cell) && slices.Contains(w.Replaces, id)
		})
	})
}

// closeWhere closes rule flags about a record: all of them, or those that are
// gone.
func (s *applying) closeWhere(record merge.RecordID, all func() (bool, error), gone func(id merge.ID, f *wire.Finding) bool) error {
	space, what := s.entry.Space, store.Awaited{Record: record, Corrected: true}
	flagged, err := s.fold.Waiting(space, what)
	if err != nil || len(flagged) == 0 {
		return err
	}
	every, err := all()
	if err != nil {
		return err
	}
	var still []merge.ID
	for _, id := range flagged {
		stands, err := s.closeRulesBy(id, record, func(f *wire.Finding) bool { return every || gone(id, f) })
		if err != nil {
			return err
		}
		if stands {
			still = append(still, id)
		}
	}
	if len(still) == len(flagged) {
		return nil
	}
	s.head.RuleFlags -= uint64(len(flagged) - len(still))
	return s.fold.PutWaiting(space, what, still)
}

// closeRulesBy closes those of one flagged change, and tells whether any stands.
func (s *applying) closeRulesBy(id merge.ID, record merge.RecordID, gone func(f *wire.Finding) bool) (stands bool, err error) {
	because := store.Awaited{Record: record, Corrected: true}
	err = s.closeFindings(id, because, func(f *wire.Finding) bool {
		if !slices.Contains(awaits(f), because) {
			return false
		}
		closes := gone(f)
		stands = stands || !closes
		return closes
	})
	return stands, err
}

// isRead tells whether the rule that failed reads the cell, or the reference is
// in it: an element of a set is in a cell of its own.
func isRead(f *wire.Finding, cell merge.CellKey) bool {
	if f.Cause == wire.ReferenceDangles && cell.Element != "" && !strings.HasSuffix(cell.Element, string(f.MissingRecord[:])) {
		return false
	}
	return cell != merge.Lifecycle && (f.Field == cell.Field || slices.Contains(f.Fields, cell.Field))
}

// standing returns the findings about a change that has just been merged,
// without those that are settled already: what broke the rule came later than
// what replaces it, or the record is void all the same.
func (s *applying) standing(c *merge.Change, findings []wire.Finding) ([]wire.Finding, error) {
	if !slices.ContainsFunc(findings, mayBeSettled) {
		return findings, nil
	}
	var left []wire.Finding
	for i := range findings {
		f := &findings[i]
		if mayBeSettled(*f) {
			rec, err := s.fold.Record(s.entry.Space, f.Record)
			if err != nil {
				return nil, err
			}
			if rec == nil || rec.Standing() == merge.Void || !holdsAll(rec, c, f) {
				continue
			}
		}
		left = append(left, *f)
	}
	return left, nil
}

func mayBeSettled(f wire.Finding) bool {
	return f.Cause == wire.RuleFailed || f.Cause == wire.ReferenceDangles
}

// holdsAll tells whether all values of the change that the failed rule reads, or
// that hold the reference, are live in the record.
func holdsAll(rec *merge.Record, c *merge.Change, f *wire.Finding) bool {
	for i := range c.Records {
		if c.Records[i].Record != f.Record {
			continue
		}
		for j := range c.Records[i].Writes {
			cell := c.Records[i].Writes[j].Cell
			if isRead(f, cell) && !slices.Contains(rec.Cell(cell).Seen(), c.ID) {
				return false
			}
		}
	}
	return true
}
