package report

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

var quotesReport = Definition{
	Name:  "quotes",
	Title: table.Text{"Слова учасників", "What people said"},
	About: table.Text{"Що сказали учасники і що можна опублікувати?", "What did people say, and what may be published?"},

	Publishable: true,
	build:       (*run).quoted,
	notes: []table.Text{{
		"Тут є те, що координатор дозволив публікувати, а сам учасник не заборонив: якщо відомо, хто це сказав, потрібна згода. Підпис — лише роль і громада; громади немає там, де охоплено менше п'яти людей. Слів дітей тут немає.",
		"Here is what a coordinator lets be published and the speaker allows: where it is known who said it, a consent is needed. It is signed with role and community alone; without the community where fewer than five people were reached. What children said is left out.",
	}},
}

var speakerRoles = []category{
	{"training_participant", table.Text{"Учасник тренінгу", "Training participant"}},
	{"event_participant", table.Text{"Учасник події", "Event participant"}},
	{"group_leader", table.Text{"Лідер групи", "Group leader"}},
	{"facilitator", table.Text{"Фасилітатор", "Facilitator"}},
	{"institution_staff", table.Text{"Працівник закладу", "Member of an institution's staff"}},
	{"local_authority", table.Text{"Представник місцевої влади", "Representative of the local authority"}},
	{"participant", table.Text{"Учасник", "Participant"}},
}

func (r *run) quoted() []table.Table {
	t := r.tally(everything)
	reached := map[string]int{}
	for at, people := range t.rows {
		reached[r.pcodes[at]] = len(people)
	}
	tab := table.Table{Name: "quotes", Title: table.Text{"Цитати", "Quotes"}, Personal: true, Columns: []table.Column{
		{Name: "quote", Title: table.Text{"Слова", "Words"}, Kind: table.Words},
		{Name: "signed", Title: table.Text{"Підпис", "Signed"}, Kind: table.Words},
		{Name: "language", Title: table.Text{"Мова оригіналу", "Language of the original"}, Kind: table.Words},
	}}
	l := list{name: "numbers", title: table.Text{"Скільки", "How many"}}
	published := 0
	for i := range r.Quotes() {
		q := &r.Quotes()[i]
		if !r.q.Period.Contains(q.Message.GetSaidOn()) || !q.Approved() || r.child(q) {
			continue
		}
		published++
		m := q.Message
		words := orElse(table.Text{m.GetTranslationUk(), m.GetTranslationEn()}, table.Same(m.GetText()))
		tab.Rows = append(tab.Rows, table.Row{Key: q.Ref.Record.String(), Cells: []table.Cell{
			table.Wording(words), table.Wording(r.signed(q, reached[q.Community])), table.Wording(table.Same(m.GetLanguage())),
		}})
	}
	sortRows(&tab, 1, 0)
	l.count("published", table.Text{"можна публікувати", "may be published"}, published)
	return []table.Table{tab, l.table()}
}

// child tells whether the speaker is known to have been younger than 18.
func (r *run) child(q *fieldwork.Quote) bool {
	if q.Speaker == ([16]byte{}) || !realDay(q.Message.GetSaidOn()) {
		return false
	}
	profile := r.Profile(q.Speaker)
	years, known := profile.AgeOn(q.Message.GetSaidOn())
	return known && years < 18
}

// signed is the role, and the community where it does not tell who it was.
func (r *run) signed(q *fieldwork.Quote, reached int) table.Text {
	role := speakerRoles[placeIn(speakerRoles, recordsv1.SpeakerRole(q.Message.GetSpeakerRole()))].title
	if q.Community == "" || reached < plainThreshold {
		return role
	}
	place := r.placeName(q.Community)
	return table.Text{role[0] + ", " + place[0], role[1] + " from " + place[1]}
}
