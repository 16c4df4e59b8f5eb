package season

import (
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// decide makes what the coordinator decides about the community afterwards.
func (c *community) decide() {
	disputes := c.casting.disputes + 1
	ordinal := c.casting.firstOf(c.casting.disputes, c.index)
	for _, m := range c.members {
		switch {
		case m.part == twice:
			c.links = append(c.links, Link{
				Space: c.space, First: m.record, Second: m.second, Same: true,
				Basis: "Same sheet line and telephone, name written in another script.",
			})
			if m.use == usedAgainst && settles(disputes-1, disputes, c.casting.disputesSettled) {
				c.settle(m, restOn)
			}
		case m.part == disputed:
			if settles(ordinal, disputes, c.casting.disputesSettled) {
				c.settle(m, c.disputedOn(m))
			}
			ordinal++
		}
	}
}

// settle decides a dispute by the signatures on the paper sheet.
func (c *community) settle(m *member, number int) {
	session := keyedID(c.space, c.dayKey(number))
	c.settlements = append(c.settlements, Settlement{
		Space: c.space, Session: session, Participant: m.record.Record(),
		Present: draw(3, m.record, "signature") > 0,
		Marks:   c.marksOf(m, session),
	})
}

// marksOf returns the marks of both tablets about all registrations of a member
// at a session, in the order of their ids.
func (c *community) marksOf(m *member, session merge.RecordID) []merge.RecordID {
	var marks []merge.RecordID
	for _, step := range slices.Concat(c.first.diary.steps, c.second.diary.steps) {
		for i := range step.Acts {
			msg, ok := step.Acts[i].Message.(*recordsv1.AttendanceMark)
			if ok && string(msg.SessionId) == string(session[:]) && m.registeredAs(msg.ParticipantId) {
				marks = append(marks, step.Acts[i].ID(c.space))
			}
		}
	}
	slices.SortFunc(marks, compareRecords)
	return slices.Compact(marks)
}

func (m *member) registeredAs(id []byte) bool {
	return string(id) == string(m.record.id()) || m.second != "" && string(id) == string(m.second.id())
}

func compareRecords(a, b merge.RecordID) int { return slices.Compare(a[:], b[:]) }
