package syncengine

import (
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// awaits returns what the finding waits for, whichever comes first.
func awaits(f *wire.Finding) []store.Awaited {
	switch f.Cause {
	case wire.PredecessorMissing, wire.ReplacedMissing:
		return []store.Awaited{{Change: f.MissingChange}}
	case wire.ReferenceDangles:
		return []store.Awaited{{Record: f.MissingRecord}, {Record: f.Record, Corrected: true}}
	case wire.RuleFailed:
		return []store.Awaited{{Record: f.Record, Corrected: true}}
	}
	return nil
}

// awaitedBy returns what the findings wait for, each once.
func awaitedBy(findings []wire.Finding) (all []store.Awaited) {
	for i := range findings {
		for _, what := range awaits(&findings[i]) {
			if !slices.Contains(all, what) {
				all = append(all, what)
			}
		}
	}
	return all
}

// waiters is the number in the head by which it is known that nothing waits.
func (s *applying) waiters(what store.Awaited) *uint64 {
	if what.Corrected {
		return &s.head.RuleFlags
	}
	return &s.head.Awaited
}

// flag keeps what was found about an applied change, and has what is missing
// close it by itself when it comes, and a correction what broke a rule or refers
// to nothing.
func (s *applying) flag(id merge.ID, findings []wire.Finding) error {
	space := s.entry.Space
	s.fold.PutFindings(space, id, findings)
	for _, what := range awaitedBy(findings) {
		*s.waiters(what)++
		if err := s.fold.Wait(space, what, id); err != nil {
			return err
		}
	}
	return nil
}

// arrived closes the flags that waited for this. merged is false for a change
// that came but was not applied: its values have not come with it.
func (s *applying) arrived(what store.Awaited, merged bool) error {
	if s.head.GetAwaited() == 0 {
		return nil // the usual case costs no reading
	}
	space := s.entry.Space
	waiting, err := s.fold.Waiting(space, what)
	if err != nil || len(waiting) == 0 {
		return err
	}
	var still []merge.ID
	for _, id := range waiting {
		waits, err := s.close(id, what, merged)
		if err != nil {
			return err
		}
		if waits {
			still = append(still, id)
		}
	}
	s.head.Awaited -= uint64(len(waiting) - len(still))
	return s.fold.PutWaiting(space, what, still)
}

// close removes the findings about a flagged change that waited for something,
// and tells whether some of them go on waiting for it.
func (s *applying) close(id merge.ID, what store.Awaited, merged bool) (waits bool, err error) {
	err = s.closeFindings(id, what, func(f *wire.Finding) bool {
		if !slices.Contains(awaits(f), what) {
			return false
		}
		still := !merged && f.Cause == wire.ReplacedMissing
		waits = waits || still
		return !still
	})
	return waits, err
}

// closeFindings removes findings about a flagged change, because of something
// for whose waiting changes the caller answers. With the last of them the flag
// goes.
func (s *applying) closeFindings(id merge.ID, because store.Awaited, gone func(f *wire.Finding) bool) error {
	space := s.entry.Space
	before, err := openFindings(s.fold, space, id, wire.Flagged)
	if err != nil {
		return err
	}
	findings := slices.DeleteFunc(slices.Clone(before), func(f wire.Finding) bool { return gone(&f) })
	if len(findings) == len(before) {
		return nil
	}
	if err := s.stopWaiting(id, because, before, findings); err != nil {
		return err
	}
	s.fold.PutFindings(space, id, findings)
	s.noteChanged(id)
	known, _, err := s.fold.Known(space, id)
	if err != nil || len(findings) > 0 {
		return err
	}
	return s.fold.SetKnown(space, id, wire.Applied, known.Position)
}

// stopWaiting has a change no longer wait for what only findings waited for that
// are not left.
func (s *applying) stopWaiting(id merge.ID, because store.Awaited, before, left []wire.Finding) error {
	space, still := s.entry.Space, awaitedBy(left)
	for _, what := range awaitedBy(before) {
		if what == because || slices.Contains(still, what) {
			continue
		}
		waiting, err := s.fold.Waiting(space, what)
		if err != nil {
			return err
		}
		others := slices.DeleteFunc(slices.Clone(waiting), func(other merge.ID) bool { return other == id })
		*s.waiters(what) -= uint64(len(waiting) - len(others))
		if err := s.fold.PutWaiting(space, what, others); err != nil {
			return err
		}
	}
	return nil
}

func (s *applying) noteChanged(id merge.ID) {
	if s.told[id] {
		return
	}
	if s.told == nil {
		s.told = map[merge.ID]bool{}
	}
	s.told[id] = true
	s.changed = append(s.changed, id)
}

// deliverChanged tells what has become of flagged changes, once each however
// much of what they waited for came in the entry.
func (s *applying) deliverChanged() error {
	for _, id := range s.changed {
		known, _, err := s.fold.Known(s.entry.Space, id)
		if err != nil {
			return err
		}
		findings, err := openFindings(s.fold, s.entry.Space, id, known.Verdict)
		if err != nil {
			return err
		}
		s.delivered = wire.AppendOutcome(s.delivered, id, known.Verdict, known.Position, findings)
	}
	return nil
}

// findingsReader is a fold or a snapshot.
type findingsReader interface {
	Findings(space merge.SpaceID, id merge.ID) ([]wire.Finding, error)
	Quarantined(space merge.SpaceID, id merge.ID) (*logv1.Quarantined, error)
}

// openFindings returns why a change has the verdict it has.
func openFindings(r findingsReader, space merge.SpaceID, id merge.ID, verdict wire.Verdict) ([]wire.Finding, error) {
	switch verdict {
	case wire.Flagged, wire.Dismissed:
		return r.Findings(space, id)
	case wire.Quarantined:
		q, err := r.Quarantined(space, id)
		if err != nil {
			return nil, err
		}
		return wire.FindingsFromProto(q.GetFindings())
	}
	return nil, nil
}
