package report

import (
	"slices"
	"time"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// doubts are what somebody has to look at, whatever the report.
type doubts struct {
	disputes                          fieldwork.DisputeCount
	unregistered                      int
	unregisteredAt, voidedButAttended []fieldwork.SessionRef
	calledOffButAttended              []fieldwork.SessionRef
	undecided, possible               int
	eventsToReview                    int
	sheetsDiffer                      int
}

func (r *reckoned) findDoubts(m *memory) doubts {
	d := doubts{
		disputes: r.Disputes(), unregistered: len(r.Unregistered()), unregisteredAt: r.UnregisteredAt(),
		voidedButAttended: r.VoidedButAttended(), calledOffButAttended: r.CancelledButAttended(),
		undecided: len(r.Persons().Undecided()), possible: m.possibleDuplicates(r), eventsToReview: len(r.EventTotals(fieldwork.Period{}).Review),
	}
	for i := range r.Trainings() {
		for j := range r.Trainings()[i].Days {
			if n, counted := r.Trainings()[i].Days[j].SheetDifference(); counted && n != 0 {
				d.sheetsDiffer++
			}
		}
	}
	return d
}

// heard says who was heard from, and when last, in milliseconds since 1970.
func (r *run) heard() map[merge.PersonID]int64 {
	heard := map[merge.PersonID]int64{}
	for _, a := range r.accounts() {
		for person, at := range a.recorders {
			heard[person] = max(heard[person], at)
		}
	}
	return heard
}

// accounts are those that the caller may have: of a room that the caller may not
// read nothing counts that holds what is sealed, not even that somebody has
// written.
func (r *run) accounts() []*account {
	var all []*account
	for _, p := range r.portions {
		all = append(all, &p.open)
		if r.named(p) {
			all = append(all, &p.sealed)
		}
	}
	return all
}

// siblings are the cells with several values; those of a room are for the room.
func (r *run) siblings() int {
	n := 0
	for _, p := range r.portions {
		if r.named(p) {
			n += p.open.siblings + p.sealed.siblings
		}
	}
	return n
}

func (r *run) unreadable() int {
	n := len(r.Unreadable())
	for _, a := range r.accounts() {
		n += a.unreadable
	}
	return n
}

// silence is what is known of who should have been heard from.
type silence struct {
	heard, missing []Recorder
	// days is for how long each of those heard has been silent on the day of the
	// report, longest the most of them. Whose newest entry is of a later day, by a
	// clock that is wrong, has none.
	days    map[merge.PersonID]int
	longest int
}

func (r *run) silence() silence {
	heard := r.heard()
	s := silence{days: map[merge.PersonID]int{}}
	expected := slices.Clone(r.q.Expected)
	slices.SortFunc(expected, func(a, b Recorder) int { return slices.Compare(a.ID[:], b.ID[:]) })
	expected = slices.CompactFunc(expected, func(a, b Recorder) bool { return a.ID == b.ID })
	for _, recorder := range expected {
		at, ok := heard[recorder.ID]
		if !ok {
			s.missing = append(s.missing, recorder)
			continue
		}
		s.heard = append(s.heard, recorder)
		if day := dayOf(at); day <= r.on { // else a clock is wrong
			s.days[recorder.ID] = daysBetween(day, r.on)
			s.longest = max(s.longest, s.days[recorder.ID])
		}
	}
	return s
}

// bySilence are those heard from, who is silent for longest first.
func (s *silence) bySilence() []Recorder {
	heard := slices.Clone(s.heard)
	slices.SortStableFunc(heard, func(a, b Recorder) int { return s.days[b.ID] - s.days[a.ID] })
	return heard
}

// daysBetween counts the nights from a day to a later one; none to an earlier.
func daysBetween(from, to int32) int {
	a, err := dayTime(from)
	b, other := dayTime(to)
	if err != nil || other != nil {
		return 0
	}
	return max(0, int(b.Sub(a)/(24*time.Hour)))
}

// completeness is what the figures rest on and what is in doubt. It is the same
// table in every report.
func (r *run) completeness() table.Table {
	d, s := r.doubts(), r.silence()
	replicas := map[merge.ReplicaID]bool{}
	for _, a := range r.accounts() {
		for replica := range a.replicas {
			replicas[replica] = true
		}
	}
	l := list{name: "completeness", title: table.Text{"На чому це ґрунтується", "What this rests on"}}
	people := func(key string, label table.Text, n int) {
		cell := table.Number(n)
		if r.q.Public && n > 0 && n < plainThreshold {
			cell = table.Cell{State: table.Suppressed}
		}
		l.row(key, label, cell)
	}
	l.count("spaces", table.Text{"просторів враховано", "spaces counted"}, len(r.portions))
	l.count("recorders_heard", table.Text{"реєстраторів, від яких щось надійшло", "recorders heard from"}, len(r.heard()))
	l.count("replicas_heard", table.Text{"сховищ, у яких це записано", "local stores in which that was written"}, len(replicas))
	l.count("recorders_expected", table.Text{"реєстраторів очікувалося", "recorders expected"}, len(s.heard)+len(s.missing))
	l.count("recorders_missing", table.Text{"з них не надійшло нічого", "of them nothing has come from"}, len(s.missing))
	if len(s.heard) > 0 {
		l.count("silence_days", table.Text{"найдовше мовчання реєстратора, днів", "longest silence of a recorder, in days"}, s.longest)
	}
	if to := r.q.Period.To; to != 0 {
		since := 0
		for _, recorder := range s.heard {
			if dayOf(r.heard()[recorder.ID]) > to {
				since++
			}
		}
		l.count("recorders_since", table.Text{"з них щось надійшло після кінця періоду", "of them heard from since the period ended"}, since)
	}
	people("disputes_open", table.Text{"спірних відвідувань, рахуються як відсутність", "attendances in dispute, counted as not there"}, d.disputes.Open)
	people("duplicates_undecided", table.Text{"пар реєстрацій, про які не вирішено", "pairs of registrations not decided"}, d.undecided)
	people("duplicates_possible", table.Text{"пар реєстрацій, які можуть бути однією людиною", "pairs of registrations that may be one person"}, d.possible)
	l.count("suspect_dates", table.Text{"заходів із неможливою датою, у жодному періоді", "held on a day that cannot be, in no period"}, len(r.SuspectDates(r.on)))
	l.count("orphans", table.Text{"рядків, чиїх заходів ще немає, у жодному числі", "rows whose parent has not come, in no figure"}, len(r.Orphans()))
	l.count("unreadable", table.Text{"записів, які не читаються, у жодному числі", "records that cannot be read, in no figure"}, r.unreadable())
	people("unregistered", table.Text{"людей, які були і ніде не зареєстровані", "people who were there and are registered nowhere"}, d.unregistered)
	l.count("called_off_but_attended", table.Text{"днів і подій скасовано на одному планшеті й відвідано", "days and events called off on one tablet and attended"}, len(d.calledOffButAttended))
	l.count("voided_but_attended", table.Text{"днів і подій визнано помилкою й відвідано", "days and events called a mistake and attended"}, len(d.voidedButAttended))
	l.count("events_to_review", table.Text{"подій, чиї списки чи підрахунки суперечать собі", "events whose lists or counts contradict each other"}, d.eventsToReview)
	l.count("sheets_differ", table.Text{"днів, де відміток не стільки, скільки підписів", "days with more or fewer marks than signatures"}, d.sheetsDiffer)
	if len(s.missing) > 0 {
		l.notes = append(l.notes, table.Text{"Ці числа можуть зрости, коли надійде решта.", "These figures may grow when the others sync."})
	}
	return l.table()
}
