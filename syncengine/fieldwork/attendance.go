package fieldwork

import (
	"bytes"
	"cmp"
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Outcome is what all marks about one person at one session come to.
type Outcome uint8

// The outcomes. A disputed person counts as not there in every figure, and is
// listed beside it; a screen shows a question mark.
const (
	Unmarked        Outcome = iota // no mark at all
	Present                        // there, from begin to end as far as noted
	Late                           // there, but late
	LeftEarly                      // there, but not to the end
	AbsentConfirmed                // looked for and not there
	AbsentDefault                  // nobody tapped the person before "rest absent"
	Excused                        // not there, and said so
	Disputed                       // equally well founded marks contradict each other
)

// String names the outcome in lower case.
func (o Outcome) String() string {
	return [...]string{
		"unmarked", "present", "late", "left early", "absent (confirmed)", "absent (by default)", "excused", "disputed",
	}[o]
}

// Attended tells whether the person was there, for whatever part of the session.
func (o Outcome) Attended() bool { return o == Present || o == Late || o == LeftEarly }

// AttendedInFull tells whether the session counts towards "attended all days".
func (o Outcome) AttendedInFull() bool { return o == Present || o == Late }

// Dispute is the state of a contradiction between recorders.
type Dispute uint8

// The states of a dispute.
const (
	NoDispute      Dispute = iota // the marks do not contradict each other
	DisputeOpen                   // they do, and nobody has decided
	DisputeSettled                // they do, and a coordinator has decided
)

// Decision is what [Decide] makes of the marks about one person.
type Decision struct {
	Outcome Outcome
	// Minutes is how long who attended was there: the shortest time that a
	// deciding mark noted, nil if none did.
	Minutes *int32
	// Deciding are the marks that made the outcome, or that contradict each
	// other. In the order of their record ids.
	Deciding []Mark
	// Dispute tells whether recorders contradict each other, whatever a
	// coordinator made of it.
	Dispute Dispute
	// DefaultsOverridden is how many recorders said "rest absent" of a person
	// about whom somebody else made a mark by name.
	DefaultsOverridden int
}

// Decide works out from all marks about one person at one session, under
// whichever of the person's registrations they stand, whether the person was
// there. The order of the marks does not matter, nor that one comes twice.
//
//  1. Of each recorder the latest mark stands, but "rest absent" and "rest
//     present" never replace a mark made by hand.
//  2. "Rest absent" says nothing where there is any other mark.
//  3. Only the best founded marks count: a signature outweighs a scanned card,
//     that a roll call, that somebody's word, that a tap for everybody.
//  4. If those agree that the person was there, the weakest claim is taken: left
//     early, late, present; if they agree that the person was not, excused goes
//     before absent. Otherwise the attendance is disputed.
//  5. A coordinator's settled mark outweighs all of that, until a mark backed
//     by a signature comes that the coordinator had not seen.
func Decide(marks []Mark) Decision {
	field, settled := perRecorder(marks)
	explicit, defaults := splitDefaults(field)
	plain := decideAmong(bestFounded(explicit), defaults)
	decision := plain
	if len(settled) > 0 {
		decision = decideAmong(reopening(settled, explicit), nil)
	}
	decision.Dispute = disputeOf(plain.Outcome, decision.Outcome)
	if len(explicit)+len(settled) > 0 {
		decision.DefaultsOverridden = len(defaults)
	}
	return decision
}

func disputeOf(plain, final Outcome) Dispute {
	switch {
	case final == Disputed:
		return DisputeOpen
	case plain == Disputed:
		return DisputeSettled
	default:
		return NoDispute
	}
}

// perRecorder keeps of each recorder the mark that stands, and sets apart what
// coordinators settled. What recorders say is in the order of record ids.
func perRecorder(marks []Mark) (field, settled []Mark) {
	type role struct {
		recorder merge.PersonID
		settled  bool
	}
	standing := make(map[role]Mark, len(marks))
	for _, m := range marks {
		at := role{m.Recorder, m.rank() == rankSettled}
		if was, ok := standing[at]; !ok || compareStanding(m, was) > 0 {
			standing[at] = m
		}
	}
	for at, m := range standing {
		if at.settled {
			settled = append(settled, m)
		} else {
			field = append(field, m)
		}
	}
	slices.SortFunc(field, byRecord)
	return field, settled
}

func byRecord(a, b Mark) int {
	return cmp.Or(compareRecords(a.Record, b.Record), bytes.Compare(a.Change.Tag[:], b.Change.Tag[:]))
}

// compareStanding orders marks of one recorder: what was made by hand, then
// what says anything, then what is later.
func compareStanding(a, b Mark) int {
	return cmp.Or(
		compareBool(a.byHand(), b.byHand()),
		compareBool(a.claim() != claimNothing, b.claim() != claimNothing),
		compareTime(a, b),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func splitDefaults(marks []Mark) (explicit, defaults []Mark) {
	for _, m := range marks {
		if m.claim() == claimNothing {
			defaults = append(defaults, m)
		} else {
			explicit = append(explicit, m)
		}
	}
	return explicit, defaults
}

func bestFounded(marks []Mark) []Mark {
	best := 0
	for i := range marks {
		best = max(best, marks[i].rank())
	}
	return slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return m.rank() < best })
}

// decideAmong is step 4 over marks that are equally well founded; without any,
// the defaults are all there is.
func decideAmong(marks, defaults []Mark) Decision {
	if len(marks) == 0 {
		if len(defaults) == 0 {
			return Decision{Outcome: Unmarked}
		}
		return Decision{Outcome: AbsentDefault, Deciding: defaults}
	}
	decision := Decision{Deciding: marks}
	has := map[recordsv1.Presence]bool{}
	there, notThere := false, false
	for i := range marks {
		has[marks[i].Presence] = true
		there = there || marks[i].claim() == claimThere
		notThere = notThere || marks[i].claim() != claimThere
	}
	switch {
	case there && notThere:
		decision.Outcome = Disputed
	case has[recordsv1.Presence_PRESENCE_LEFT_EARLY]:
		decision.Outcome = LeftEarly
	case has[recordsv1.Presence_PRESENCE_LATE]:
		decision.Outcome = Late
	case there:
		decision.Outcome = Present
	case has[recordsv1.Presence_PRESENCE_EXCUSED]:
		decision.Outcome = Excused
	default:
		decision.Outcome = AbsentConfirmed
	}
	if decision.Outcome.Attended() {
		decision.Minutes = shortest(marks)
	}
	return decision
}

func shortest(marks []Mark) *int32 {
	var least *int32
	for i := range marks {
		if m := marks[i].Minutes; m != nil && (least == nil || *m < *least) {
			least = m
		}
	}
	return least
}
