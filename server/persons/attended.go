package persons

import (
	"cmp"
	"context"
	"slices"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Attended is what all marks about a person at one training day or event come to.
type Attended struct {
	// Activity is the training or the event.
	Activity         fieldwork.Ref
	Event            bool
	TitleUk, TitleEn string
	// Day is the number of the training day; zero for an event.
	Day     int32
	Date    int32
	Outcome fieldwork.Outcome
}

// attendedMost bounds what is told of one person: a day of training each workday
// of two years.
const attendedMost = 500

// Attended returns where a person was marked, the newest day first. It reads the
// communities in which the person is registered, and decides by the rules by which
// reports count.
func (f *Finder) Attended(ctx context.Context, someone *Someone) ([]Attended, error) {
	end, err := f.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	about, spaces := map[merge.RecordID]bool{}, map[merge.SpaceID]bool{}
	links := make([]fieldwork.Link, 0, len(someone.Registrations))
	for i := range someone.Registrations {
		r := &someone.Registrations[i]
		about[r.ID], spaces[r.Space] = true, true
		links = append(links, fieldwork.Link{First: someone.Registrations[0].ID, Second: r.ID, Verdict: recordsv1.LinkVerdict_LINK_VERDICT_SAME})
	}
	book := fieldwork.NewBook()
	for space := range spaces {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := f.registers.Records(space, func(rec *merge.Record) error { return f.addAbout(book, space, rec, about) }); err != nil {
			return nil, err
		}
	}
	return attendedIn(book.ReckonAs(fieldwork.NewPersons(links))), nil
}

// addAbout puts into the book what was held, and of what people did there that
// which is about some of them.
func (f *Finder) addAbout(book *fieldwork.Book, space merge.SpaceID, rec *merge.Record, about map[merge.RecordID]bool) error {
	plan := f.registers.Schema().Plan(rec.Type)
	if plan == nil {
		return nil
	}
	key := plan.NewMessage()
	switch key.(type) {
	case *recordsv1.Training, *recordsv1.TrainingDay, *recordsv1.Event:
	case *recordsv1.AttendanceMark, *recordsv1.Participation:
		if proto.Unmarshal(rec.Header, key) != nil {
			return nil
		}
		id := key.(interface{ GetParticipantId() []byte }).GetParticipantId()
		if len(id) != 16 || !about[merge.RecordID(id)] {
			return nil
		}
	default:
		return nil
	}
	if msg, err := plan.Join(rec); err == nil { // what cannot be read a report counts
		book.Add(space, rec, msg)
	}
	return nil
}

func attendedIn(r *fieldwork.Reckoning) (list []Attended) {
	for _, t := range r.Trainings() {
		for i := range t.Days {
			day := &t.Days[i]
			for _, a := range day.Attendance {
				list = append(list, Attended{
					Activity: t.Ref, TitleUk: t.Message.GetTitleUk(), TitleEn: t.Message.GetTitleEn(),
					Day: day.Message.GetDayNumber(), Date: day.Date(), Outcome: a.Outcome,
				})
			}
		}
	}
	for _, e := range r.Events() {
		at := Attended{Activity: e.Ref, Event: true, TitleUk: e.Message.GetTitleUk(), TitleEn: e.Message.GetTitleEn(), Date: e.Date()}
		for _, a := range e.Attendance {
			at.Outcome = a.Outcome
		}
		if len(e.Named) > 0 && at.Outcome == fieldwork.Unmarked {
			at.Outcome = fieldwork.Present
		}
		if at.Outcome != fieldwork.Unmarked {
			list = append(list, at)
		}
	}
	slices.SortStableFunc(list, func(a, b Attended) int { return cmp.Compare(b.Date, a.Date) })
	return list[:min(len(list), attendedMost)]
}
