package fieldwork

import (
	"slices"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Attendance is what was decided about one person at one session.
type Attendance struct {
	Session Ref
	// Person is the id under which the person is counted.
	Person merge.RecordID
	// Marks are all marks about the person there, in the order of their records.
	Marks []Mark
	Decision
}

// attendanceBySession decides about every person at every session; each list
// is in the order of the persons' ids.
func attendanceBySession(marks map[Ref]Mark, persons *Persons) map[Ref][]Attendance {
	bySession := map[Ref]map[merge.RecordID][]Mark{}
	for _, at := range sortedRefs(marks) {
		m := marks[at]
		if bySession[m.Session] == nil {
			bySession[m.Session] = map[merge.RecordID][]Mark{}
		}
		person := persons.Canonical(m.Participant)
		bySession[m.Session][person] = append(bySession[m.Session][person], m)
	}
	attendance := make(map[Ref][]Attendance, len(bySession))
	for session, byPerson := range bySession {
		for _, person := range sortedRecords(byPerson) {
			marks := byPerson[person]
			attendance[session] = append(attendance[session], Attendance{session, person, marks, Decide(marks)})
		}
	}
	return attendance
}

// somebodyThere tells whether a deciding mark made by hand says that a person
// was there, be it disputed.
func somebodyThere(attendance []Attendance) bool {
	return slices.ContainsFunc(attendance, func(a Attendance) bool {
		return slices.ContainsFunc(a.Deciding, func(m Mark) bool { return m.byHand() && m.claim() == claimThere })
	})
}

// SessionState is what became of a session: what tablets say of it, and whether
// somebody was there, which outweighs all of it.
type SessionState struct {
	status        recordsv1.SessionStatus
	void          bool
	calledOff     bool
	somebodyThere bool
}

func (s SessionState) saidHeld() bool {
	return s.status == recordsv1.SessionStatus_SESSION_STATUS_HELD || s.status == recordsv1.SessionStatus_SESSION_STATUS_CLOSED
}

// Held tells whether the session took place: somebody was there, or a tablet
// says so. (A session called a mistake is only here if somebody was there.)
func (s SessionState) Held() bool { return s.somebodyThere || s.saidHeld() }

// HeldUnmarked tells of a session that a tablet says was held, and where nobody
// is marked or counted.
func (s SessionState) HeldUnmarked() bool { return s.Held() && !s.somebodyThere }

// CancelledButAttended tells of a session that somebody was at, although a
// tablet says that it was cancelled, put off or did not happen. It is held;
// a coordinator should hear of it.
func (s SessionState) CancelledButAttended() bool { return s.somebodyThere && s.calledOff }

// VoidedButAttended likewise tells of a session that was called a mistake.
func (s SessionState) VoidedButAttended() bool { return s.somebodyThere && s.void }

// Day is one day of a training.
type Day struct {
	Ref     Ref
	Message *recordsv1.TrainingDay
	// Attendance has everybody who is marked, in the order of their ids.
	Attendance []Attendance
	SessionState
}

func newDay(at Ref, s session[*recordsv1.TrainingDay], attendance []Attendance) Day {
	state := SessionState{s.msg.GetStatus(), s.void, s.calledOff, somebodyThere(attendance)}
	return Day{at, s.msg, attendance, state}
}

// heldAttendance is the attendance of a day that was held, nothing otherwise.
func (d *Day) heldAttendance() []Attendance {
	if !d.Held() {
		return nil
	}
	return d.Attendance
}

// Date is the calendar day, zero where nobody entered it.
func (d *Day) Date() int32 { return d.Message.GetFieldDate() }

// Attended is how many people were there, each once.
func (d *Day) Attended() int {
	n := 0
	for i := range d.Attendance {
		if d.Attendance[i].Outcome.Attended() {
			n++
		}
	}
	return n
}

// SheetDifference is how many more people are marked there than signed the
// paper sheet, negative for fewer; false where the sheet was not counted.
func (d *Day) SheetDifference() (int, bool) {
	if d.Message.SheetCount == nil {
		return 0, false
	}
	return d.Attended() - int(d.Message.GetSheetCount()), true
}
