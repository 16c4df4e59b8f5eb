package clientsdk_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// roll registers people and takes a register of two days: on the second every
// third person is late.
func roll(tab *tablet, people int) (days [2]clientsdk.RecordID, persons []clientsdk.RecordID) {
	tab.t.Helper()
	recorder := clientsdk.RecordID(tab.line.person)
	tab.write(func(tx *clientsdk.Tx) error {
		training, err := tx.Create(&recordsv1.Training{TitleUk: "Перша допомога"})
		if err != nil {
			return err
		}
		for d := range days {
			if days[d], err = tx.Put(&recordsv1.TrainingDay{TrainingId: training[:], DayNumber: int32(d) + 1, FieldDate: 20160801 + int32(d)}); err != nil {
				return err
			}
		}
		for i := range people {
			id, err := tx.Create(&recordsv1.Participant{FamilyName: fmt.Sprintf("Прізвище %02d", (i*7)%people)})
			if err != nil {
				return err
			}
			persons = append(persons, id)
		}
		return nil
	})
	for d, day := range days {
		tab.write(func(tx *clientsdk.Tx) error {
			for i, person := range persons {
				presence := recordsv1.Presence_PRESENCE_PRESENT
				if d == 1 && i%3 == 0 {
					presence = recordsv1.Presence_PRESENCE_LATE
				}
				if _, err := tx.Put(mark(day, person, recorder, presence)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return days, persons
}

func (tab *tablet) marks(where ...clientsdk.Where) []clientsdk.Row[*recordsv1.AttendanceMark] {
	tab.t.Helper()
	rows, err := clientsdk.Query[*recordsv1.AttendanceMark](tab.t.Context(), tab, tab.space, where...)
	if err != nil {
		tab.t.Fatal(err)
	}
	return rows
}

func TestQueries(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	days, persons := roll(oksana, 30)
	check := func(when string) {
		for what, c := range map[string]struct {
			rows []clientsdk.Row[*recordsv1.AttendanceMark]
			want int
		}{
			"all marks":              {oksana.marks(), 60},
			"the marks of a day":     {oksana.marks(clientsdk.Refers("session_id", days[1])), 30},
			"those who were late":    {oksana.marks(clientsdk.Refers("session_id", days[1]), clientsdk.Equals("presence", recordsv1.Presence_PRESENCE_LATE)), 10},
			"the marks of a person":  {oksana.marks(clientsdk.Refers("participant_id", persons[3])), 2},
			"a person's mark of day": {oksana.marks(clientsdk.Refers("participant_id", persons[3]), clientsdk.Refers("session_id", days[0])), 1},
			"a recorder's marks":     {oksana.marks(clientsdk.Refers("recorder_id", clientsdk.RecordID(oksana.line.person))), 60},
			"another's marks":        {oksana.marks(clientsdk.Refers("recorder_id", persons[0])), 0},
			"of a day that is none":  {oksana.marks(clientsdk.Refers("session_id", persons[0])), 0},
			"by number":              {oksana.marks(clientsdk.Equals("evidence", 3)), 60},
		} {
			if len(c.rows) != c.want {
				t.Errorf("%s: %s: %d rows, want %d", when, what, len(c.rows), c.want)
			}
		}
		people := oksana.people(clientsdk.OrderBy("family_name"), clientsdk.Descending())
		if len(people) != 30 || people[0].Message.FamilyName != "Прізвище 29" || people[29].Message.FamilyName != "Прізвище 00" {
			t.Errorf("%s: people are out of order", when)
		}
	}
	check("before the sync")
	oksana.sync()
	check("after the sync")
}

func TestReferencesFollowTheValue(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	child, mother, aunt := oksana.register("Коваленко"), oksana.register("Коваленко"), oksana.register("Бондар")
	oksana.update(child, &recordsv1.Participant{GuardianId: mother[:]})
	oksana.sync()
	petro.sync()
	oksana.update(child, &recordsv1.Participant{GuardianId: aunt[:]})
	of := func(tab *tablet, guardian clientsdk.RecordID) int {
		return len(tab.people(clientsdk.Refers("guardian_id", guardian)))
	}
	if of(oksana, mother) != 0 || of(oksana, aunt) != 1 || of(petro, mother) != 1 {
		t.Fatal("before the sync")
	}
	oksana.sync()
	petro.sync()
	if of(petro, mother) != 0 || of(petro, aunt) != 1 {
		t.Fatal("after the sync")
	}
	for _, tab := range []*tablet{oksana, petro} {
		if n, err := tab.Indexed(t.Context(), tab.space, "zhurnal.records.v1.Participant", 33, mother); n != 0 || err != nil {
			t.Fatalf("the index still has %d for the mother, %v", n, err)
		}
	}
	oksana.update(child, &recordsv1.Participant{}, "guardian_id")
	if of(oksana, aunt) != 0 {
		t.Fatal("after emptying")
	}
}

func TestQuestionsThatMakeNoSense(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	for what, where := range map[string][]clientsdk.Where{
		"no such field":       {clientsdk.Equals("shoe_size", 43)},
		"no such reference":   {clientsdk.Refers("shoe_id", clientsdk.RecordID{})},
		"a text for a number": {clientsdk.Equals("birth_year", "1984")},
		"a number for a text": {clientsdk.Equals("family_name", 7)},
		"nil":                 {clientsdk.Equals("family_name", nil)},
		"a list to order by":  {clientsdk.OrderBy("languages")},
		"descending nothing":  {clientsdk.Descending()},
	} {
		_, err := clientsdk.Query[*recordsv1.Participant](t.Context(), oksana, oksana.space, where...)
		if err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := clientsdk.Query[*recordsv1.Participant](t.Context(), oksana, clientsdk.SpaceID{9}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another space: %v", err)
	}
	if _, err := clientsdk.Get[*recordsv1.Participant](t.Context(), oksana, oksana.space, clientsdk.RecordID{9}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
	olena := oksana.register("Коваленко")
	if _, err := clientsdk.Get[*recordsv1.Training](t.Context(), oksana, oksana.space, olena); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a person read as a training: %v", err)
	}
}

func TestASnapshotIsOfOneMoment(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	oksana.register("Коваленко")
	err := oksana.Snapshot(t.Context(), func(s *clientsdk.Snapshot) error {
		before, err := clientsdk.Query[*recordsv1.Participant](t.Context(), s, oksana.space)
		if err != nil {
			return err
		}
		oksana.register("Бондар")
		after, err := clientsdk.Query[*recordsv1.Participant](t.Context(), s, oksana.space)
		if len(before) != 1 || len(after) != 1 {
			t.Errorf("%d people, then %d", len(before), len(after))
		}
		return err
	})
	if err != nil || len(oksana.people()) != 2 {
		t.Fatal(err)
	}
}

func TestTwoSpacesKeepApart(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	oksana.join("svatove", community)
	lyman, svatove := oksana.space, named[clientsdk.SpaceID]("svatove")
	h.access(lyman, community, true, "oksana")
	h.access(svatove, community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.space = svatove
	ivan := oksana.register("Бондар")
	if result := oksana.sync(); result.RoundTrips != 1 || result.Sent != 2 {
		t.Fatalf("%+v", result)
	}
	for space, want := range map[clientsdk.SpaceID]clientsdk.RecordID{lyman: olena, svatove: ivan} {
		oksana.space = space
		if people := oksana.people(); len(people) != 1 || people[0].ID != want {
			t.Fatalf("space %s: %v", space, people)
		}
		oksana.mustEqual(h)
	}
	if spaces, err := oksana.Spaces(t.Context()); err != nil || len(spaces) != 2 || spaces[0] != lyman {
		t.Fatalf("%v %v", spaces, err)
	}
	if err := oksana.Join(t.Context(), lyman, community); err != nil {
		t.Errorf("joining again: %v", err)
	}
	if err := oksana.Join(t.Context(), lyman, room); fault.KindOf(err) != fault.Invalid {
		t.Errorf("joining as another kind: %v", err)
	}
}

func TestReadingByName(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	const name = "zhurnal.records.v1.Participant"
	rows, err := clientsdk.QueryNamed(t.Context(), oksana, oksana.space, name, clientsdk.Equals("given_name", "Олена"))
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	row, err := clientsdk.GetNamed(t.Context(), oksana, oksana.space, name, olena)
	if err != nil || !proto.Equal(row.Message, rows[0].Message) {
		t.Fatalf("%v, %v", row, err)
	}
}
