package fieldwork

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Book gathers the records that the rules read, from as many spaces as the
// caller may see. It is not safe for concurrent use.
type Book struct {
	communities    map[Ref]*recordsv1.Community
	groups         map[Ref]*recordsv1.Group
	memberships    map[Ref]*recordsv1.Membership
	participants   map[Ref]registration
	links          map[Ref]Link
	trainings      map[Ref]session[*recordsv1.Training]
	days           map[Ref]session[*recordsv1.TrainingDay]
	enrolments     map[Ref]*recordsv1.Enrolment
	marks          map[Ref]Mark
	events         map[Ref]session[*recordsv1.Event]
	participations map[Ref]*recordsv1.Participation
	sheets         map[Ref]Sheet
	rooms          map[Ref]*recordsv1.CounsellingRoom
	clients        map[Ref]*recordsv1.Client
	counselling    map[Ref]*recordsv1.CounsellingSession
	followUps      map[Ref]*recordsv1.FollowUp
	venues         map[Ref]*recordsv1.Venue
	quotes         map[Ref]*recordsv1.Quote
	consents       map[Ref]*recordsv1.Consent
	unreadable     map[Ref]bool
}

// session is a record at which people are marked. One that is void stays in
// the book, since somebody who did not know may have marked people there.
type session[M proto.Message] struct {
	msg  M
	void bool
	// calledOff is set when a live value of the status says that the session
	// was cancelled, put off or did not happen, whatever value is shown.
	calledOff bool
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{
		communities:    map[Ref]*recordsv1.Community{},
		groups:         map[Ref]*recordsv1.Group{},
		memberships:    map[Ref]*recordsv1.Membership{},
		participants:   map[Ref]registration{},
		links:          map[Ref]Link{},
		trainings:      map[Ref]session[*recordsv1.Training]{},
		days:           map[Ref]session[*recordsv1.TrainingDay]{},
		enrolments:     map[Ref]*recordsv1.Enrolment{},
		marks:          map[Ref]Mark{},
		events:         map[Ref]session[*recordsv1.Event]{},
		participations: map[Ref]*recordsv1.Participation{},
		sheets:         map[Ref]Sheet{},
		rooms:          map[Ref]*recordsv1.CounsellingRoom{},
		clients:        map[Ref]*recordsv1.Client{},
		counselling:    map[Ref]*recordsv1.CounsellingSession{},
		followUps:      map[Ref]*recordsv1.FollowUp{},
		venues:         map[Ref]*recordsv1.Venue{},
		quotes:         map[Ref]*recordsv1.Quote{},
		consents:       map[Ref]*recordsv1.Consent{},
		unreadable:     map[Ref]bool{},
	}
}

// Add puts a merged record into the book: the record with its live values, and
// the message that a view shows of it. Adding a record again replaces it; the
// order of records does not matter. Records of types that no rule reads, and
// void records, are left out; so is a mark that marks nothing.
//
// The book keeps msg and value bytes of rec, which must not be altered
// afterwards; it keeps neither rec nor its slices.
func (b *Book) Add(space merge.SpaceID, rec *merge.Record, msg proto.Message) {
	at := Ref{space, rec.ID}
	meant := rec.Standing() != merge.Void
	keep(b.unreadable, at, true, meant && !readable(msg))
	meant = meant && readable(msg)
	switch m := msg.(type) {
	case *recordsv1.Community:
		keep(b.communities, at, m, meant)
	case *recordsv1.Group:
		keep(b.groups, at, m, meant)
	case *recordsv1.Membership:
		keep(b.memberships, at, m, meant)
	case *recordsv1.Participant:
		keep(b.participants, at, readRegistration(rec), meant)
	case *recordsv1.PersonLink:
		keep(b.links, at, LinkOf(m), meant)
	case *recordsv1.Training:
		keep(b.trainings, at, session[*recordsv1.Training]{msg: m, void: !meant}, true)
	case *recordsv1.TrainingDay:
		keep(b.days, at, session[*recordsv1.TrainingDay]{m, !meant, calledOff(rec, dayStatusField, dayStatus)}, true)
	case *recordsv1.Enrolment:
		keep(b.enrolments, at, m, meant)
	case *recordsv1.AttendanceMark:
		mark, marks := ReadMark(space, rec, m)
		keep(b.marks, at, mark, meant && marks)
	case *recordsv1.Event:
		keep(b.events, at, session[*recordsv1.Event]{m, !meant, calledOff(rec, eventStatusField, eventStatus)}, true)
	case *recordsv1.Participation:
		keep(b.participations, at, m, meant)
	case *recordsv1.HeadCountSheet:
		keep(b.sheets, at, Sheet{rec.ID, m.GetCountPoint(), personID(m.GetCounterId()), m}, meant)
	case *recordsv1.CounsellingRoom:
		keep(b.rooms, at, m, meant)
	case *recordsv1.Client:
		keep(b.clients, at, m, meant)
	case *recordsv1.CounsellingSession:
		keep(b.counselling, at, m, meant)
	case *recordsv1.FollowUp:
		keep(b.followUps, at, m, meant)
	case *recordsv1.Venue:
		keep(b.venues, at, m, meant)
	case *recordsv1.Quote:
		keep(b.quotes, at, m, meant)
	case *recordsv1.Consent:
		keep(b.consents, at, m, meant)
	}
}

// readable tells whether a row about a person names one.
func readable(msg proto.Message) bool {
	switch m := msg.(type) {
	case *recordsv1.PersonLink:
		return hasID(m.GetFirstPersonId()) && hasID(m.GetSecondPersonId())
	case *recordsv1.Membership:
		return hasID(m.GetParticipantId())
	case *recordsv1.Enrolment:
		return hasID(m.GetParticipantId())
	case *recordsv1.AttendanceMark:
		return hasID(m.GetParticipantId())
	case *recordsv1.Participation:
		return hasID(m.GetParticipantId())
	default:
		return true
	}
}

func keep[T any](into map[Ref]T, at Ref, record T, meant bool) {
	if !meant {
		delete(into, at)
		return
	}
	into[at] = record
}

// LinkOf reads what somebody has decided.
func LinkOf(m *recordsv1.PersonLink) Link {
	return Link{recordID(m.GetFirstPersonId()), recordID(m.GetSecondPersonId()), personID(m.GetDeciderId()), m.GetVerdict()}
}

// The cells that hold the status of a day and of an event. In both the status
// is the field that names the cell.
const (
	dayStatusField   = 9
	eventStatusField = 14
)

func dayStatus(data []byte) recordsv1.SessionStatus {
	var day recordsv1.TrainingDay
	_ = proto.Unmarshal(data, &day) // bytes that cannot be read say nothing
	return day.GetStatus()
}

func eventStatus(data []byte) recordsv1.SessionStatus {
	var event recordsv1.Event
	_ = proto.Unmarshal(data, &event)
	return event.GetStatus()
}

// calledOff looks at every live value of the status, for a view shows "held"
// before "cancelled" and a coordinator wants to know of both.
func calledOff(rec *merge.Record, field uint32, status func(data []byte) recordsv1.SessionStatus) bool {
	cell := rec.Cell(merge.CellKey{Field: field})
	return cell != nil && slices.ContainsFunc(cell.Values, func(v merge.Value) bool {
		switch status(v.Data) {
		case recordsv1.SessionStatus_SESSION_STATUS_POSTPONED,
			recordsv1.SessionStatus_SESSION_STATUS_CANCELLED,
			recordsv1.SessionStatus_SESSION_STATUS_DID_NOT_HAPPEN:
			return true
		default:
			return false
		}
	})
}

// Reckon works everything out. What is added later does not change the result.
func (b *Book) Reckon() *Reckoning { return Reckon(b) }

// ReckonUnlinked works everything out as if nobody had linked registrations:
// what the figures were, or would be, with every registration a person.
func (b *Book) ReckonUnlinked() *Reckoning { return ReckonUnlinked(b) }

// ReckonAs works everything out with persons that are known from elsewhere: a book
// of one community lacks what was decided at the desk.
func (b *Book) ReckonAs(persons *Persons) *Reckoning {
	return new(Reckoner).reckon([]*Book{b}, persons)
}

// Reckon works everything out over several books, of which no two have records
// of one space.
func Reckon(books ...*Book) *Reckoning { return new(Reckoner).Reckon(books...) }

// ReckonUnlinked works everything out over several books as if nobody had linked
// registrations.
func ReckonUnlinked(books ...*Book) *Reckoning { return new(Reckoner).reckon(books, NewPersons(nil)) }

// Reckoner reckons again and again, and remembers what it made of each book: as
// long as no registrations are linked, only books that it has not seen are work.
// Nothing may be added to a book that it has seen. It is not safe for concurrent
// use.
type Reckoner struct {
	persons  *Persons
	chapters map[*Book]*chapter
}

// Reckon works everything out over several books, of which no two have records
// of one space.
func (k *Reckoner) Reckon(books ...*Book) *Reckoning {
	var links []Link
	for _, b := range books {
		links = slices.AppendSeq(links, maps.Values(b.links))
	}
	return k.reckon(books, NewPersons(links))
}

// chapter is what is made of one book.
type chapter struct {
	orphans   []Orphan
	groups    []Group
	venues    []Venue
	quotes    []Quote
	trainings []Training
	mistaken  []Training
	events    []Event
}

func (k *Reckoner) reckon(books []*Book, persons *Persons) *Reckoning {
	known := k.chapters
	if k.persons == nil || !maps.Equal(k.persons.canonical, persons.canonical) {
		known = nil
	}
	k.persons, k.chapters = persons, map[*Book]*chapter{}
	r := &Reckoning{
		persons:      persons,
		participants: byRecordID(joined(books, func(b *Book) map[Ref]registration { return b.participants })),
		places:       newPlaces(joined(books, func(b *Book) map[Ref]*recordsv1.Community { return b.communities })),
		members:      members{},
		rooms:        joined(books, func(b *Book) map[Ref]*recordsv1.CounsellingRoom { return b.rooms }),
		clients:      joined(books, func(b *Book) map[Ref]*recordsv1.Client { return b.clients }),
		counselling:  joined(books, func(b *Book) map[Ref]*recordsv1.CounsellingSession { return b.counselling }),
		followUps:    joined(books, func(b *Book) map[Ref]*recordsv1.FollowUp { return b.followUps }),
		unreadable:   slices.SortedFunc(maps.Keys(joined(books, func(b *Book) map[Ref]bool { return b.unreadable })), Ref.Compare),
	}
	for _, b := range books {
		r.marks += len(b.marks)
		r.registrations += len(b.participants)
		r.addMembers(b)
		c := known[b]
		if c == nil {
			c = r.readChapter(b)
		}
		k.chapters[b] = c
		r.orphans = append(r.orphans, c.orphans...)
		r.groups = append(r.groups, c.groups...)
		r.venues = append(r.venues, c.venues...)
		r.quotes = append(r.quotes, c.quotes...)
		r.trainings = append(r.trainings, c.trainings...)
		r.mistaken = append(r.mistaken, c.mistaken...)
		r.events = append(r.events, c.events...)
	}
	slices.SortFunc(r.orphans, func(a, b Orphan) int { return a.Row.Compare(b.Row) })
	slices.SortFunc(r.groups, func(a, b Group) int { return a.Ref.Compare(b.Ref) })
	slices.SortFunc(r.venues, func(a, b Venue) int { return a.Ref.Compare(b.Ref) })
	slices.SortFunc(r.quotes, func(a, b Quote) int { return a.Ref.Compare(b.Ref) })
	slices.SortFunc(r.trainings, func(a, b Training) int { return a.Ref.Compare(b.Ref) })
	slices.SortFunc(r.mistaken, func(a, b Training) int { return a.Ref.Compare(b.Ref) })
	slices.SortFunc(r.events, func(a, b Event) int { return a.Ref.Compare(b.Ref) })
	return r
}

func (r *Reckoning) readChapter(b *Book) *chapter {
	attendance := attendanceBySession(b.marks, r.persons)
	trainings, mistaken := r.readTrainings(b, attendance)
	return &chapter{
		b.orphans(), r.readGroups(b), r.readVenues(b), r.readQuotes(b), trainings, mistaken, r.readEvents(b, attendance),
	}
}

// joined puts what several books have into one map.
func joined[T any](books []*Book, of func(*Book) map[Ref]T) map[Ref]T {
	all := map[Ref]T{}
	for _, b := range books {
		maps.Copy(all, of(b))
	}
	return all
}
