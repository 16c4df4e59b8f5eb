package syncengine

import (
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// awaits returns what the finding waits for; false if it waits for nothing.
func awaits(f *wire.Finding) (store.Awaited, bool) {
	switch f.Cause {
	case wire.PredecessorMissing, wire.ReplacedMissing:
		return store.Awaited{Change: f.MissingChange}, true
	case wire.ReferenceDangles:
		return store.Awaited{Record: f.MissingRecord}, true
	}
	return store.Awaited{}, false
}

// flag keeps what was found about an applied change, and has what is missing
// close it by itself when it comes.
func (s *applying) flag(id merge.ID, findings []wire.Finding) error {
	space := s.entry.Space
	s.fold.PutFindings(space, id, findings)
	var awaited []store.Awaited
	for i := range findings {
		what, waits := awaits(&findings[i])
		if !waits || slices.Contains(awaited, what) {
			continue
		}
		awaited = append(awaited, what)
		s.head.Awaited++
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
	space := s.entry.Space
	findings, err := openFindings(s.fold, space, id, wire.Flagged)
	if err != nil {
		return false, err
	}
	findings = slices.DeleteFunc(slices.Clone(findings), func(f wire.Finding) bool {
		awaited, ok := awaits(&f)
		if !ok || awaited != what {
			return false
		}
		if !merged && f.Cause == wire.ReplacedMissing {
			waits = true
			return false
		}
		return true
	})
	s.fold.PutFindings(space, id, findings)
	known, _, err := s.fold.Known(space, id)
	if err != nil {
		return false, err
	}
	verdict := wire.Flagged
	if len(findings) == 0 {
		verdict = wire.Applied
	}
	s.delivered = wire.AppendOutcome(s.delivered, id, verdict, known.Position, findings)
	return waits, s.fold.SetKnown(space, id, verdict, known.Position)
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
