package season

import (
	"fmt"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// consentText is what was read out to people before they were registered.
const consentText = "2016-07/uk"

// register makes what the first tablet writes on the opening day: everybody who
// is expected, the group as it describes itself, and the events that are
// planned already.
func (c *community) register() {
	opening := &c.first.opening
	opening.turnTo(openingDay, 9*60)
	for _, m := range c.expected() {
		opening.write(c.space, c.enter(&c.first, m, m.record, m.how, openingDay, recordsv1.EnrolmentOrigin_ENROLMENT_ORIGIN_EXPECTED)...)
	}
	size := int32(len(c.members))
	opening.write(c.space, Act{Record: c.group(), Message: &recordsv1.Group{
		LeaderId: c.members[0].record.id(), DeclaredSize: &size, DeclaredAsOf: openingDay,
	}})
	opening.write(c.space, c.planEvents()...)
}

func (c *community) expected() []*member { return c.members[:len(c.members)-walkIns] }

// enter makes the records by which a recorder takes a person in.
func (c *community) enter(r *recorder, m *member, record Name, how script, on day, origin recordsv1.EnrolmentOrigin) []Act {
	person := m.registration(record, how, c.pcode())
	person.Code = r.nextCode()
	id := record.id()
	return []Act{
		{Record: record, Message: person},
		{Message: &recordsv1.Membership{
			GroupId: c.group().id(), ParticipantId: id, Role: m.role, Represents: m.speaksFor(person),
			JoinedOn: on, Status: recordsv1.MembershipStatus_MEMBERSHIP_STATUS_ACTIVE,
		}},
		{Message: &recordsv1.Enrolment{TrainingId: c.training().id(), ParticipantId: id, Origin: origin, GroupId: c.group().id()}},
		{Message: consent(id, recordsv1.ConsentPurpose_CONSENT_PURPOSE_REGISTRATION, recordsv1.ConsentState_CONSENT_STATE_GIVEN, on)},
	}
}

func consent(participant []byte, purpose recordsv1.ConsentPurpose, state recordsv1.ConsentState, on day) *recordsv1.Consent {
	return &recordsv1.Consent{
		ParticipantId: participant, Purpose: purpose, DocumentVersion: consentText,
		State: state, GivenBy: recordsv1.ConsentGiver_CONSENT_GIVER_SELF,
		Method: recordsv1.ConsentMethod_CONSENT_METHOD_SIGNATURE_ON_SHEET, Language: "uk", DecidedOn: on,
	}
}

// nextCode numbers the cards of a tablet; the last digit is a check digit.
func (r *recorder) nextCode() string {
	r.registered++
	return fmt.Sprintf("%s-%04d-%d", r.prefix, r.registered, digitSum(r.registered)%10)
}

func digitSum(n int) int {
	if n == 0 {
		return 0
	}
	return n%10 + digitSum(n/10)
}

// enterLate takes in, on a day of the training, who walks in and whom a
// recorder does not find in the list.
func (c *community) enterLate(number int, first, second *diary) {
	walkIn := recordsv1.EnrolmentOrigin_ENROLMENT_ORIGIN_WALK_IN
	for _, m := range c.members {
		switch {
		case m.part == walkedInFirst && number == 1:
			first.write(c.space, c.enter(&c.first, m, m.record, m.how, c.date(number), walkIn)...)
		case m.part == walkedInSecond && number == 1:
			second.write(c.space, c.enter(&c.second, m, m.record, m.how, c.date(number), walkIn)...)
		case m.part == twice && m.use != usedNever && number == 1:
			second.write(c.space, c.enter(&c.second, m, m.second, m.otherScript(), c.date(number), walkIn)...)
		case m.part == twice && m.use == usedNever && number == c.days():
			second.write(c.space, c.enter(&c.second, m, m.second, m.otherScript(), c.date(number), walkIn)...)
		}
	}
}

// otherScript is how the second recorder writes a person whom the first one has
// registered: so that a search for what was written finds nothing.
func (m *member) otherScript() script {
	return [...]script{ukrainian: latin, russian: ukrainian, latin: russian}[m.how]
}
