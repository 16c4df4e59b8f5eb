package survey

import (
	"slices"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// linkType is of what says that two registrations are one person.
var linkType = string((*recordsv1.PersonLink)(nil).ProtoReflect().Descriptor().FullName())

// count is one pass over the records of a space.
type count struct {
	id      merge.SpaceID
	types   *schema.Schema
	book    *fieldwork.Book
	writers map[merge.PersonID]bool
	records uint32
	// states are the records that others refer to, as they are shown.
	states map[merge.RecordID]*syncv1.RecordState
	found  []foundCell
	marks  map[merge.RecordID]markRow
}

// foundCell is a cell in which people disagree.
type foundCell struct {
	record *syncv1.RecordName
	about  []merge.RecordID
	cell   schema.Disagreement
}

// markRow is an attendance mark, with what is live of its value.
type markRow struct {
	name   *syncv1.RecordName
	values []merge.Value
}

func newCount(id merge.SpaceID, types *schema.Schema) *count {
	return &count{
		id: id, types: types, book: fieldwork.NewBook(), writers: map[merge.PersonID]bool{},
		states: map[merge.RecordID]*syncv1.RecordState{}, marks: map[merge.RecordID]markRow{},
	}
}

// add takes one record.
func (c *count) add(rec *merge.Record) error {
	c.records++
	for i := range rec.Cells {
		for j := range rec.Cells[i].Values {
			c.writers[rec.Cells[i].Values[j].Author] = true
		}
	}
	plan := c.types.Plan(rec.Type)
	name := nameOf(rec)
	if contested, ok := schema.ContestedVoid(rec); ok {
		c.found = append(c.found, foundCell{name, []merge.RecordID{rec.ID}, contested})
	}
	if plan == nil {
		return nil
	}
	msg, err := plan.Join(rec)
	if err != nil {
		return nil // the report says how many there are
	}
	c.book.Add(c.id, rec, msg)
	c.keep(rec, name, msg)
	for _, cell := range plan.Disagreements(rec) {
		c.found = append(c.found, foundCell{name, aboutOf(rec.ID, msg), cell})
	}
	return nil
}

// keep keeps what others refer to, and marks.
func (c *count) keep(rec *merge.Record, name *syncv1.RecordName, msg proto.Message) {
	if _, ok := msg.(*recordsv1.AttendanceMark); ok {
		if cell := rec.Cell(merge.CellKey{Field: markField}); cell != nil {
			c.marks[rec.ID] = markRow{name, cell.Values}
		}
		return
	}
	if data, err := proto.Marshal(msg); err == nil {
		c.states[rec.ID] = &syncv1.RecordState{Record: name, Message: data}
	}
}

// markField is the lowest field of the group that a mark's value is.
const markField = 4

func nameOf(rec *merge.Record) *syncv1.RecordName {
	name := &syncv1.RecordName{Type: rec.Type, Header: slices.Clone(rec.Header)}
	if id := rec.ID; len(rec.Header) == 0 { // else it follows from the header
		name.RecordId = id[:]
	}
	return name
}

// aboutOf are the records by which a person knows what a record is: itself, and
// those that it is of.
func aboutOf(id merge.RecordID, msg proto.Message) []merge.RecordID {
	about := []merge.RecordID{id}
	add := func(ids ...[]byte) {
		for _, data := range ids {
			if len(data) == len(id) {
				about = append(about, merge.RecordID(data))
			}
		}
	}
	switch m := msg.(type) {
	case *recordsv1.TrainingDay:
		add(m.TrainingId)
	case *recordsv1.Enrolment:
		add(m.ParticipantId, m.TrainingId)
	case *recordsv1.AttendanceMark:
		add(m.ParticipantId, m.SessionId)
	case *recordsv1.Participation:
		add(m.ParticipantId, m.EventId)
	case *recordsv1.HeadCountSheet:
		add(m.EventId)
	case *recordsv1.Membership:
		add(m.ParticipantId, m.GroupId)
	case *recordsv1.Consent:
		add(m.ParticipantId)
	case *recordsv1.CounsellingSession:
		add(m.ClientIds...)
	case *recordsv1.FollowUp:
		add(m.ClientId)
	}
	return about
}

// space is what the pass comes to.
func (c *count) space(today int32) *Space {
	r := c.book.Reckon()
	n := &syncv1.SpaceSurvey{
		SpaceId: c.id[:], Records: c.records, Orphans: uint32(len(r.Orphans())), Events: uint32(len(r.Events())),
		SuspectDates: uint32(len(r.SuspectDates(today))), Registrations: uint32(r.Registrations()), Marks: uint32(r.Marks()), WriterIds: sortedWriters(c.writers),
	}
	trainings := r.Trainings()
	n.Trainings = uint32(len(trainings))
	for i := range trainings {
		unmarked, unlike := daysOver(&trainings[i], today)
		n.DaysHeld += uint32(trainings[i].HeldDays())
		n.DaysUnmarked += uint32(unmarked)
		n.DaysUnlikeSheet += uint32(unlike)
	}
	s := &Space{Numbers: n}
	for i := range c.found {
		s.add(c.cellItem(&c.found[i]), c.found[i].cell.Review)
	}
	for _, dispute := range r.OpenDisputes() {
		s.Review = append(s.Review, c.attendanceItem(&dispute))
		n.DisputedAttendances++
	}
	return s
}

func (s *Space) add(item *syncv1.ReviewItem, review bool) {
	switch {
	case !review:
		s.Minor = append(s.Minor, item)
		s.Numbers.MinorDisagreements++
	case item.Kind == syncv1.ReviewKind_REVIEW_KIND_VOID:
		s.Review = append(s.Review, item)
		s.Numbers.ContestedVoids++
	default:
		s.Review = append(s.Review, item)
		s.Numbers.Disagreements++
	}
}

func (c *count) cellItem(f *foundCell) *syncv1.ReviewItem {
	item := &syncv1.ReviewItem{
		SpaceId: c.id[:], Kind: syncv1.ReviewKind_REVIEW_KIND_CELL, Record: f.record,
		Field: f.cell.Key.Field, Element: []byte(f.cell.Key.Element), About: c.about(f.about),
	}
	if f.cell.Key == merge.Lifecycle {
		item.Kind = syncv1.ReviewKind_REVIEW_KIND_VOID
	}
	for i := range f.cell.Values {
		item.Values = append(item.Values, &syncv1.ReviewValue{Value: liveValue(&f.cell.Values[i])})
	}
	return item
}

func (c *count) attendanceItem(a *fieldwork.Attendance) *syncv1.ReviewItem {
	item := &syncv1.ReviewItem{SpaceId: c.id[:], Kind: syncv1.ReviewKind_REVIEW_KIND_ATTENDANCE, Field: markField}
	about := []merge.RecordID{a.Person, a.Session.Record}
	for i := range a.Marks {
		row := c.marks[a.Marks[i].Record]
		for j := range row.values {
			if row.values[j].Change == a.Marks[i].Change {
				item.Values = append(item.Values, &syncv1.ReviewValue{Value: liveValue(&row.values[j]), Record: row.name})
			}
		}
		about = append(about, a.Marks[i].Participant)
	}
	if len(item.Values) > 0 {
		item.Record = item.Values[0].Record
	}
	item.About = c.about(about)
	return item
}

// about are the records of these ids, and of what they are days of, each once.
func (c *count) about(ids []merge.RecordID) (states []*syncv1.RecordState) {
	seen := map[merge.RecordID]bool{}
	for i := 0; i < len(ids); i++ {
		state := c.states[ids[i]]
		if state == nil || seen[ids[i]] {
			continue
		}
		seen[ids[i]] = true
		states = append(states, state)
		if day := (&recordsv1.TrainingDay{}); state.Record.Type == dayType && proto.Unmarshal(state.Message, day) == nil && len(day.TrainingId) == len(ids[i]) {
			ids = append(ids, merge.RecordID(day.TrainingId))
		}
	}
	return states
}

var dayType = string((*recordsv1.TrainingDay)(nil).ProtoReflect().Descriptor().FullName())

func calledOff(day *recordsv1.TrainingDay) bool {
	switch day.GetStatus() {
	case recordsv1.SessionStatus_SESSION_STATUS_POSTPONED, recordsv1.SessionStatus_SESSION_STATUS_CANCELLED, recordsv1.SessionStatus_SESSION_STATUS_DID_NOT_HAPPEN:
		return true
	}
	return false
}

func liveValue(v *merge.Value) *syncv1.LiveValue {
	return &syncv1.LiveValue{Change: wire.ChangeIDToProto(v.Change), Author: v.Author[:], AtMillis: v.At, Value: v.Data}
}
