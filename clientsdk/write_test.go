package clientsdk_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// refused runs a transaction that must fail with this kind, and checks that it
// left nothing.
func (tab *tablet) refused(kind fault.Kind, fn func(tx *clientsdk.Tx) error) {
	tab.t.Helper()
	before := tab.status().Saved
	_, err := tab.Write(context.Background(), tab.space, fn)
	if err == nil || fault.KindOf(err) != kind {
		tab.t.Fatalf("kind %d is due, got %v", kind, err)
	}
	if after := tab.status().Saved; after != before {
		tab.t.Fatalf("%v, and yet %d changes were saved", err, after-before)
	}
}

func mark(day, person, recorder clientsdk.RecordID, presence recordsv1.Presence) *recordsv1.AttendanceMark {
	return &recordsv1.AttendanceMark{
		SessionId: day[:], ParticipantId: person[:], RecorderId: recorder[:],
		Presence: presence, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL,
	}
}

func TestOneTransactionOverSeveralRecordsIsOneChange(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	var training, day clientsdk.RecordID
	oksana.write(func(tx *clientsdk.Tx) (err error) {
		if training, err = tx.Create(&recordsv1.Training{TitleUk: "Перша допомога"}); err != nil {
			return err
		}
		day, err = tx.Put(&recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 1, FieldDate: 20160801})
		return err
	})
	oksana.sync()
	petro.sync()
	row, err := clientsdk.Get[*recordsv1.TrainingDay](t.Context(), petro, petro.space, day)
	if err != nil || row.Message.FieldDate != 20160801 {
		t.Fatalf("%v, %v", row.Message, err)
	}
	if _, position := h.digest(oksana.space); position != 1 {
		t.Fatalf("home has %d changes", position)
	}
	if id, _ := oksana.KeyedID(oksana.space, &recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 1}); id != day {
		t.Fatalf("the key gives %s, Put gave %s", id, day)
	}
}

func TestWhatIsAsItShouldBeIsNotWritten(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	written := oksana.write(func(tx *clientsdk.Tx) error {
		return tx.Update(olena, &recordsv1.Participant{FamilyName: "Коваленко", GivenName: "Олена"})
	})
	if written.Change != (clientsdk.ChangeID{}) || oksana.status().Saved != 1 {
		t.Fatalf("%v, %d saved", written, oksana.status().Saved)
	}
}

func TestATransactionSeesWhatItWrites(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	stop := errors.New("the person pressed back")
	_, err := oksana.Write(t.Context(), oksana.space, func(tx *clientsdk.Tx) error {
		ivan, err := tx.Create(&recordsv1.Participant{FamilyName: "Бондар"})
		if err != nil {
			return err
		}
		if err := tx.Update(olena, &recordsv1.Participant{FamilyName: "Мельник", GivenName: "Олена"}); err != nil {
			return err
		}
		people, err := clientsdk.Query[*recordsv1.Participant](t.Context(), tx, oksana.space, clientsdk.OrderBy("family_name"))
		if err != nil || len(people) != 2 || people[0].ID != ivan || people[1].Message.FamilyName != "Мельник" || !people[0].Provisional {
			t.Fatalf("inside: %v, %v", people, err)
		}
		row, err := clientsdk.Get[*recordsv1.Participant](t.Context(), tx, oksana.space, ivan)
		if err != nil || row.Message.FamilyName != "Бондар" {
			t.Fatalf("inside: %v, %v", row, err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if people := oksana.people(); len(people) != 1 || people[0].Message.FamilyName != "Коваленко" || oksana.status().Saved != 1 {
		t.Fatalf("afterwards: %v", people)
	}
}

// Reading inside a transaction writes rows under an identity that the change
// will not have. They must not outlive it.
func TestReadingInATransactionLeavesNoTrace(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	training := oksana.register("a stand-in for a training")
	oksana.write(func(tx *clientsdk.Tx) error {
		for _, date := range []int32{20160801, 20160802, 20160801} {
			if _, err := tx.Put(&recordsv1.TrainingDay{TrainingId: training[:], DayNumber: 1, FieldDate: date}); err != nil {
				return err
			}
			days, err := clientsdk.Query[*recordsv1.TrainingDay](t.Context(), tx, oksana.space, clientsdk.Refers("training_id", training))
			if err != nil || len(days) != 1 || days[0].Message.FieldDate != date {
				t.Fatalf("inside: %v, %v", days, err)
			}
		}
		return nil
	})
	oksana.sync()
	oksana.mustEqual(h)
}

func TestSeveralWritesToACellOfOneTransactionAreOne(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.update(olena, &recordsv1.Participant{NameLatin: "before"})
	oksana.write(func(tx *clientsdk.Tx) error {
		for _, latin := range []string{"Olena", "Olenka", "", "Olena K"} {
			if err := tx.Update(olena, &recordsv1.Participant{NameLatin: latin}, "name_latin"); err != nil {
				return err
			}
		}
		return tx.Update(olena, &recordsv1.Participant{Phone: "+380501112233"})
	})
	row := oksana.person(olena)
	if row.Message.NameLatin != "Olena K" || row.Message.Phone != "+380501112233" || row.Message.FamilyName != "Коваленко" || len(row.Disagreements) != 0 {
		t.Fatalf("%v", row)
	}
	oksana.sync()
	if open := oksana.attention(); len(open) != 0 {
		t.Fatalf("the server found %+v", open)
	}
	oksana.mustEqual(h)
}

func TestSetsAndEmptying(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	oksana.update(olena, &recordsv1.Participant{Languages: []string{"uk", "ru"}, NameLatin: "Olena"})
	oksana.update(olena, &recordsv1.Participant{Languages: []string{"sgn"}})
	if got := oksana.person(olena).Message.Languages; len(got) != 3 {
		t.Fatalf("added: %v", got)
	}
	oksana.update(olena, &recordsv1.Participant{Languages: []string{"uk"}}, "languages", "name_latin")
	if got := oksana.person(olena).Message; len(got.Languages) != 1 || got.NameLatin != "" {
		t.Fatalf("named: %v", got)
	}
}

func TestSaveWritesWhatDiffers(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	olena := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()

	form := petro.person(olena) // Petro opens the form,
	oksana.update(olena, &recordsv1.Participant{NameLatin: "Olena from Lyman"})
	oksana.update(olena, &recordsv1.Participant{Code: "K7-0412-9"})
	oksana.sync()
	petro.sync() // Oksana's values come behind it,
	form.Message.NameLatin = "Olena Kovalenko"
	form.Message.Languages = []string{"uk"}
	petro.write(func(tx *clientsdk.Tx) error { return tx.Save(form) }) // and Petro saves.

	row := petro.person(olena)
	if row.Message.Code != "K7-0412-9" || row.Message.FamilyName != "Коваленко" || len(row.Message.Languages) != 1 {
		t.Fatalf("%v", row.Message)
	}
	if len(row.Disagreements) != 1 || row.Disagreements[0].Name != "name_latin" || len(row.Disagreements[0].Values) != 2 {
		t.Fatalf("what Petro had not seen must stay: %+v", row.Disagreements)
	}
	row.Message.NameLatin = row.Message.NameLatin + "!"
	petro.write(func(tx *clientsdk.Tx) error { return tx.Save(row) })
	if row := petro.person(olena); len(row.Disagreements) != 0 || !strings.HasSuffix(row.Message.NameLatin, "!") {
		t.Fatalf("%+v", row)
	}
	if again := petro.write(func(tx *clientsdk.Tx) error { return tx.Save(petro.personIn(tx, olena)) }); again.Change != (clientsdk.ChangeID{}) {
		t.Fatal("saving an unchanged form wrote a change")
	}
}

func TestARecordEnteredAgainIsMeant(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	days, persons := roll(oksana, 1)
	recorder := clientsdk.RecordID(oksana.line.person)
	again := mark(days[0], persons[0], recorder, recordsv1.Presence_PRESENCE_PRESENT)
	id, err := oksana.KeyedID(oksana.space, again)
	if err != nil {
		t.Fatal(err)
	}
	for _, presence := range []recordsv1.Presence{recordsv1.Presence_PRESENCE_PRESENT, recordsv1.Presence_PRESENCE_LATE} {
		oksana.write(func(tx *clientsdk.Tx) error { return tx.Void(id) })
		again.Presence = presence // the first time it is what it was
		oksana.write(func(tx *clientsdk.Tx) error { _, err := tx.Put(again); return err })
		if marks := oksana.marks(clientsdk.Refers("session_id", days[0])); len(marks) != 1 || marks[0].Message.Presence != presence {
			t.Fatalf("%v", marks)
		}
		if open := oksana.attention(); len(open) != 0 {
			t.Fatalf("%+v", open)
		}
	}
	oksana.sync()
	oksana.mustEqual(h)
}

func TestAVoidRecordIsHiddenInsideTheTransaction(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	oksana.write(func(tx *clientsdk.Tx) error {
		if err := tx.Void(olena); err != nil {
			return err
		}
		people, err := clientsdk.Query[*recordsv1.Participant](t.Context(), tx, oksana.space)
		if len(people) != 0 {
			t.Errorf("%v", people)
		}
		return err
	})
}

func (tab *tablet) personIn(tx *clientsdk.Tx, id clientsdk.RecordID) clientsdk.Row[*recordsv1.Participant] {
	row, err := clientsdk.Get[*recordsv1.Participant](context.Background(), tx, tab.space, id)
	if err != nil {
		tab.t.Fatal(err)
	}
	return row
}

func TestVoidAndRestore(t *testing.T) {
	h := newHome(t)
	oksana, petro := newTablet(t, h, "oksana", "lyman"), newTablet(t, h, "petro", "lyman")
	h.access(oksana.space, community, true, "oksana", "petro")
	olena := oksana.register("Коваленко")
	oksana.sync()
	petro.sync()

	oksana.write(func(tx *clientsdk.Tx) error { return tx.Void(olena) })
	if len(oksana.people()) != 0 || len(oksana.people(clientsdk.WithVoid())) != 1 {
		t.Fatal("a void record is hidden unless asked for")
	}
	petro.update(olena, &recordsv1.Participant{Phone: "+380501112233"}) // who had not seen that
	oksana.sync()
	petro.sync()
	oksana.sync()
	if people := oksana.people(); len(people) != 1 || people[0].Message.Phone == "" {
		t.Fatalf("an unseen edit keeps the record alive: %v", people)
	}
	if open := oksana.attention(); len(open) != 1 || open[0].Key != clientsdk.KeyVoidContested || open[0].Record != olena {
		t.Fatalf("%+v", open)
	}
	oksana.write(func(tx *clientsdk.Tx) error { return tx.Restore(olena) })
	oksana.sync()
	if open := oksana.attention(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
	oksana.mustEqual(h)

	oksana.refused(fault.Invalid, func(tx *clientsdk.Tx) error {
		return errors.Join(tx.Update(olena, &recordsv1.Participant{NameLatin: "O"}), tx.Void(olena))
	})
	oksana.refused(fault.Invalid, func(tx *clientsdk.Tx) error {
		if err := tx.Void(olena); err != nil {
			return err
		}
		return tx.Update(olena, &recordsv1.Participant{NameLatin: "O"})
	})
}

func TestWhatCouldNeverBeSentIsRefused(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	long := strings.Repeat("ї", 20<<10)
	oksana.refused(fault.TooLarge, func(tx *clientsdk.Tx) error {
		return tx.Update(olena, &recordsv1.Participant{NameLatin: long})
	})
	oksana.refused(fault.TooLarge, func(tx *clientsdk.Tx) error {
		for range 4000 {
			if _, err := tx.Create(&recordsv1.Participant{FamilyName: "Коваленко", GivenName: "Олена"}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestWhatIsNoRecordOfTheSpaceIsRefused(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	for what, fn := range map[string]func(tx *clientsdk.Tx) error{
		"a counselling note": func(tx *clientsdk.Tx) error { _, err := tx.Create(&recordsv1.Note{Text: "…"}); return err },
		"no record type":     func(tx *clientsdk.Tx) error { _, err := tx.Create(&emptypb.Empty{}); return err },
		"nil":                func(tx *clientsdk.Tx) error { _, err := tx.Create(nil); return err },
		"a typed nil": func(tx *clientsdk.Tx) error {
			_, err := tx.Put((*recordsv1.AttendanceMark)(nil))
			return err
		},
		"a key in Create": func(tx *clientsdk.Tx) error {
			_, err := tx.Create(mark(olena, olena, olena, recordsv1.Presence_PRESENCE_LATE))
			return err
		},
		"no key in Put":    func(tx *clientsdk.Tx) error { _, err := tx.Put(&recordsv1.Participant{}); return err },
		"an empty key":     func(tx *clientsdk.Tx) error { _, err := tx.Put(&recordsv1.AttendanceMark{}); return err },
		"an unknown field": func(tx *clientsdk.Tx) error { return tx.Update(olena, &recordsv1.Participant{}, "shoe_size") },
		"another type":     func(tx *clientsdk.Tx) error { return tx.Update(olena, &recordsv1.Training{TitleEn: "x"}) },
		"a bad choice": func(tx *clientsdk.Tx) error {
			return tx.Settle(olena, clientsdk.Disagreement{}, 0)
		},
	} {
		t.Log(what)
		oksana.refused(fault.Invalid, fn)
	}
	nobody := clientsdk.RecordID{9}
	for _, fn := range []func(tx *clientsdk.Tx) error{
		func(tx *clientsdk.Tx) error { return tx.Update(nobody, &recordsv1.Participant{NameLatin: "x"}) },
		func(tx *clientsdk.Tx) error { return tx.Void(nobody) },
		func(tx *clientsdk.Tx) error { return tx.Restore(nobody) },
	} {
		oksana.refused(fault.NotFound, fn)
	}
	if _, err := oksana.Write(t.Context(), clientsdk.SpaceID{7}, func(*clientsdk.Tx) error { return nil }); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a space that was not joined: %v", err)
	}
}

func TestBrokenRulesAreWarnings(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	var olena clientsdk.RecordID
	written := oksana.write(func(tx *clientsdk.Tx) (err error) {
		olena, err = tx.Create(&recordsv1.Participant{FamilyName: "Коваленко", Phone: "050 111"})
		return err
	})
	if len(written.Warnings) != 1 || written.Warnings[0].Record != olena || written.Warnings[0].Field != "phone" || written.Warnings[0].Key != "string.pattern" {
		t.Fatalf("%+v", written.Warnings)
	}
	if oksana.person(olena).Message.Phone != "050 111" {
		t.Fatal("what was entered must be there")
	}
	oksana.sync()
	open := oksana.attention()
	if len(open) != 1 || open[0].Record != olena || open[0].Field != "phone" || open[0].Key != "string.pattern" || open[0].Quarantined || open[0].Change != written.Change {
		t.Fatalf("%+v", open)
	}
	oksana.mustEqual(h)
}

func TestUnknownFieldsAreKept(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	olena := oksana.register("Коваленко")
	form := oksana.person(olena)
	form.Message.ProtoReflect().SetUnknown([]byte{0xfa, 0x3e, 1, 'x'}) // field 1007 of a newer app
	form.Message.NameLatin = "Olena"
	oksana.write(func(tx *clientsdk.Tx) error { return tx.Save(form) })
	if got := oksana.person(olena).Message; got.NameLatin != "Olena" || got.FamilyName != "Коваленко" {
		t.Fatal(got)
	}
}

func TestMessagesAreNotShared(t *testing.T) {
	oksana := newTablet(t, newHome(t), "oksana", "lyman")
	msg := &recordsv1.Participant{FamilyName: "Коваленко", DocumentDigests: [][]byte{bytes.Repeat([]byte{1}, 32)}}
	before := proto.Clone(msg)
	var id clientsdk.RecordID
	oksana.write(func(tx *clientsdk.Tx) (err error) {
		id, err = tx.Create(msg)
		msg.DocumentDigests[0][0] = 9 // the app goes on with its buffer
		return err
	})
	if got := oksana.person(id).Message; !proto.Equal(got, before) {
		t.Fatalf("%v", got)
	}
}
