package console

import (
	"bytes"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	code "github.com/piglig/go-qr"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

func TestARegisterIsAGridOfPeopleAndDays(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("facilitator") // who has no survey, and reads the own community
	b.get(trainingsPath).mustBe(http.StatusOK, trainingsPath, "Лиман")
	list := trainingsPath + "/" + l.hall.String()
	b.get(list).mustBe(http.StatusOK, list, "Домедична допомога", "14 July 2026", "1 person")
	grid := list + "/" + l.training.String()
	b.get(grid).mustBe(http.StatusOK, grid, "Шевченко Олена", `class="mark doubt"`, "14.07")
	empty := trainingsPath + "/" + l.hall2.String()
	b.get(empty).mustBe(http.StatusOK, empty, "There are no trainings yet")
	for _, path := range []string{trainingsPath + "/" + l.room.String(), trainingsPath + "/" + l.desk.String(), list + "/" + l.olena.String(), trainingsPath + "/xyz"} {
		b.get(path).mustBe(http.StatusNotFound, path)
	}
}

// A sheet has a line for each who is expected, in the order of names, with a code
// that a tablet reads.
func TestASheetIsPrintedWithNamesAndCodes(t *testing.T) {
	l := newLesson(t)
	second := l.first.put(&recordsv1.Participant{FamilyName: "Бондар", GivenName: "Ганна"})
	l.first.put(&recordsv1.Enrolment{TrainingId: l.training[:], ParticipantId: second[:], Origin: recordsv1.EnrolmentOrigin_ENROLMENT_ORIGIN_EXPECTED},
		&recordsv1.Enrolment{TrainingId: l.training[:], ParticipantId: l.olena[:], Origin: recordsv1.EnrolmentOrigin_ENROLMENT_ORIGIN_EXPECTED})
	l.first.sync()
	b := l.signIn("coordinator")
	path := trainingsPath + "/" + l.hall.String() + "/" + l.training.String() + "/sheet"
	sheet := b.get(path + "?day=2")
	sheet.mustBe(http.StatusOK, path, "Домедична допомога", "14 July 2026")
	if first, then := strings.Index(sheet.body, "Бондар"), strings.Index(sheet.body, "Шевченко"); first < 0 || then < first {
		t.Errorf("Бондар at %d, Шевченко at %d", first, then)
	}
	at := regexp.MustCompile(`src="(/qr/[^"]+)" alt="QR code: Шевченко Олена"`).FindStringSubmatch(sheet.body)
	if at == nil {
		t.Fatal("no code for Шевченко")
	}
	picture, err := png.Decode(bytes.NewReader([]byte(b.get(at[1]).body)))
	l.must(err)
	if read, err := code.Decode(picture); err != nil || read != codePrefix+recordCode(l.olena) {
		t.Errorf("the code says %q, %v", read, err)
	}
	b.get(path+"?day=9").mustBe(http.StatusNotFound, path)
}

func TestEventsAndHistoryAreShown(t *testing.T) {
	l := newLesson(t)
	concert := l.first.put(&recordsv1.Event{TitleUk: "Концерт", Category: recordsv1.EventCategory_EVENT_CATEGORY_CULTURE, DateStart: 20260801, Status: recordsv1.SessionStatus_SESSION_STATUS_HELD})
	l.first.put(&recordsv1.HeadCountSheet{EventId: concert[:], CountPoint: "Головний вхід", CounterId: l.first.me[:], Total: proto.Int32(112)})
	l.first.sync()
	b := l.signIn("coordinator")
	path := eventsPath + "/" + l.hall.String()
	b.get(path).mustBe(http.StatusOK, path, "Концерт", "culture", "112", "1 August 2026")
	history := historyPath + "/" + l.hall.String() + "/" + l.olena.String()
	b.get(history).mustBe(http.StatusOK, history, "Шевченко Олена", "A-17", "B-99", "Олена Ведуча", l.secondsName, "holds")
	for _, path := range []string{historyPath + "/" + l.hall.String() + "/" + strings.Repeat("0", 32), historyPath + "/" + l.room.String() + "/" + l.olena.String()} {
		b.get(path).mustBe(http.StatusNotFound, path)
	}
}

func TestCounsellingIsCountedForTheRoomsOwnPeople(t *testing.T) {
	o := newOffice(t)
	o.signIn("supervisor").get(counsellingPath).mustBe(http.StatusOK, counsellingPath, "Кімната підтримки")
	o.signIn("psychologist").get(counsellingPath).mustBe(http.StatusOK, counsellingPath, "Кімната підтримки")
	o.signIn("coordinator").get(counsellingPath).mustBe(http.StatusNotFound, counsellingPath)
}
