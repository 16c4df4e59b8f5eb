package season

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// Short names for what marks say.
const (
	present         = recordsv1.Presence_PRESENCE_PRESENT
	late            = recordsv1.Presence_PRESENCE_LATE
	leftEarly       = recordsv1.Presence_PRESENCE_LEFT_EARLY
	absentConfirmed = recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED
	absentDefault   = recordsv1.Presence_PRESENCE_ABSENT_DEFAULT
	excused         = recordsv1.Presence_PRESENCE_EXCUSED

	bulkDefault = recordsv1.Evidence_EVIDENCE_BULK_DEFAULT
	rollCall    = recordsv1.Evidence_EVIDENCE_ROLL_CALL
	cardScan    = recordsv1.Evidence_EVIDENCE_QR_CARD_SCAN
	signature   = recordsv1.Evidence_EVIDENCE_SIGNATURE_CHECKED
)

// mark is what a recorder notes about a registration.
type mark struct {
	participant Name
	presence    recordsv1.Presence
	evidence    recordsv1.Evidence
}

func (m *mark) record(session []byte, r *recorder) *recordsv1.AttendanceMark {
	out := &recordsv1.AttendanceMark{
		SessionId: session, ParticipantId: m.participant.id(), RecorderId: r.person.id(),
		Presence: m.presence, Evidence: m.evidence,
	}
	switch m.presence {
	case late, leftEarly:
		minutes := int32(taughtMinute - 30 - 15*draw(8, m.participant, "minutes"))
		out.MinutesPresent = &minutes
	case excused:
		out.Reason = pick(reasons, m.participant, "reason")
	}
	return out
}

var reasons = []recordsv1.AbsenceReason{
	recordsv1.AbsenceReason_ABSENCE_REASON_ILLNESS, recordsv1.AbsenceReason_ABSENCE_REASON_WORK,
	recordsv1.AbsenceReason_ABSENCE_REASON_TRANSPORT, recordsv1.AbsenceReason_ABSENCE_REASON_CHILDCARE,
}

// register is what one recorder takes on one day.
type register struct {
	// byHand are the taps, in order: a later one corrects an earlier one.
	byHand []mark
	// rest are those whom one tap called absent.
	rest []Name
}

func (r *register) tap(who Name, p recordsv1.Presence, e recordsv1.Evidence) {
	r.byHand = append(r.byHand, mark{who, p, e})
}

// present counts whom the register found, which is who signed the sheet.
func (r *register) present() int {
	there := map[Name]bool{}
	for _, m := range r.byHand {
		there[m.participant] = m.presence == present || m.presence == late || m.presence == leftEarly
	}
	n := 0
	for _, is := range there {
		if is {
			n++
		}
	}
	return n
}

// truth is what becomes of a member on a day when recorders agree. Everybody
// comes at least once.
func (c *community) truth(m *member, number int) recordsv1.Presence {
	if m.part == disputed || m.use == usedInTurn || m.use == usedAgainst {
		return present
	}
	if number == 1 && !c.comesLater(m) {
		return present
	}
	switch roll := draw(100, m.record.sub("day-%d", number), "truth"); {
	case roll < 86:
		return present
	case roll < 91:
		return late
	case roll < 93:
		return leftEarly
	case roll < 96:
		return excused
	default:
		return absentConfirmed
	}
}

// comesLater says whether the member is there on a day after the first on which
// nothing else happens to him or her.
func (c *community) comesLater(m *member) bool {
	switch c.truth(m, restOn) {
	case present, late, leftEarly:
		return true
	default:
		return false
	}
}

// rollCall makes what the two recorders note on a day.
func (c *community) rollCall(number int) (first, second *register) {
	first, second = &register{}, &register{}
	slip := c.slip()
	for _, m := range c.members {
		c.note(m, number, first, second)
		if number == restOn && m == slip {
			// The first recorder slips and corrects it at once.
			truth := &first.byHand[len(first.byHand)-1]
			right := *truth
			truth.presence = absentConfirmed
			first.byHand = append(first.byHand, right)
		}
	}
	if len(second.rest) > 0 {
		for _, m := range c.members {
			if m.part == twice && m.use != usedNever {
				second.rest = append(second.rest, m.record) // in the list, and nobody answered to it
			}
		}
	}
	return first, second
}

// slip is the member about whom the first recorder slips: the first who is
// there and to whom nothing else happens; nil if there is none.
func (c *community) slip() *member {
	for _, m := range c.members {
		if m.part == plain && c.truth(m, restOn) == present {
			return m
		}
	}
	return nil
}

// note makes what both recorders note about one member on one day.
func (c *community) note(m *member, number int, first, second *register) {
	truth := c.truth(m, number)
	switch {
	case m.part == twice && m.use != usedNever:
		c.noteTwice(m, number, first, second)
	case m.part == disputed && number == c.disputedOn(m):
		claims := c.disputedClaims(m)
		first.tap(m.record, claims[0], rollCall)
		second.tap(m.record, claims[1], rollCall)
	case m.part == signed && number == signedOn:
		first.tap(m.record, absentConfirmed, rollCall)
		second.tap(m.record, present, signature)
	case m.part == overlooked && number == restOn:
		first.tap(m.record, truth, rollCall)
		second.rest = append(second.rest, m.record)
	case m.part == unseen && number == c.days():
		first.rest = append(first.rest, m.record)
	case m.part == walkedInFirst:
		first.tap(m.record, truth, rollCall)
		if number == restOn && truth == present {
			second.tap(m.record, present, cardScan) // from the card; the tablet does not know the person yet
		}
	case m.part == walkedInSecond:
		second.tap(m.record, truth, rollCall)
	default:
		first.tap(m.record, truth, rollCall)
		second.tap(m.record, c.alsoSeen(m, number, truth), rollCall)
	}
}

// alsoSeen is what the second recorder sees of the same: now and then somebody
// is late whom the first one did not see come in, which is no contradiction.
func (c *community) alsoSeen(m *member, number int, truth recordsv1.Presence) recordsv1.Presence {
	if truth == present && draw(25, m.record.sub("day-%d", number), "also") == 0 {
		return late
	}
	return truth
}

// noteTwice is for who is registered on both tablets: each marks its own
// registration.
func (c *community) noteTwice(m *member, number int, first, second *register) {
	truth := c.truth(m, number)
	switch {
	case m.use == usedAgainst && number == restOn:
		first.tap(m.record, present, rollCall)
		second.tap(m.second, absentConfirmed, rollCall)
	case m.use == usedInTurn && number == c.days():
		first.rest = append(first.rest, m.record)
		second.tap(m.second, present, rollCall)
	default:
		first.tap(m.record, truth, rollCall)
		second.tap(m.second, truth, rollCall)
	}
}

// disputedOn is the day about which recorders contradict each other.
func (c *community) disputedOn(m *member) int { return 1 + draw(restOn, m.record, "disputed on") }

// disputedClaims are what the two say.
func (c *community) disputedClaims(m *member) [2]recordsv1.Presence {
	if draw(2, m.record, "who saw") == 0 {
		return [2]recordsv1.Presence{absentConfirmed, present}
	}
	return [2]recordsv1.Presence{present, absentConfirmed}
}
