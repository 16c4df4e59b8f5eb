package season

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// verdict is what the marks about one person at one session come to.
type verdict struct {
	there, inFull      bool
	anybodySaysThere   bool
	disputed, decided  bool
	defaultsOverridden int
}

// verdictOf weighs the marks of the recorders, of whom a settled one is none.
func verdictOf(marks []*recordsv1.AttendanceMark, settled recordsv1.Presence) verdict {
	byHand, onlyDefault := perRecorder(marks)
	var v verdict
	if len(byHand) > 0 {
		v.defaultsOverridden = onlyDefault
	}
	best := bulkDefault
	for _, m := range byHand {
		best = max(best, m.Evidence)
	}
	yes, no, early := 0, 0, 0
	for _, m := range byHand {
		switch {
		case m.Evidence < best:
		case m.Presence == present || m.Presence == late:
			yes++
		case m.Presence == leftEarly:
			yes, early = yes+1, early+1
		default:
			no++
		}
	}
	v.disputed = yes > 0 && no > 0
	v.decided = v.disputed && settled != 0
	v.anybodySaysThere = yes > 0
	v.there = yes > 0 && no == 0 || v.decided && settled == present
	v.inFull = v.there && early == 0
	return v
}

// perRecorder returns what recorders noted by hand, and how many of them noted
// nothing but "rest absent".
func perRecorder(marks []*recordsv1.AttendanceMark) (byHand []*recordsv1.AttendanceMark, onlyDefault int) {
	wrote := map[string]bool{} // whether by hand
	for _, m := range marks {
		switch recorder := string(m.RecorderId); {
		case m.Evidence == recordsv1.Evidence_EVIDENCE_SETTLED:
		case m.Evidence == bulkDefault:
			if _, noted := wrote[recorder]; !noted {
				wrote[recorder] = false
			}
		default:
			wrote[recorder] = true
			byHand = append(byHand, m)
		}
	}
	for _, hand := range wrote {
		if !hand {
			onlyDefault++
		}
	}
	return byHand, onlyDefault
}
