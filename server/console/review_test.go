package console

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// lesson is a training with a day and a person, about whom two tablets disagree.
type lesson struct {
	*office
	first, second             *ownTablet
	training, day, olena      merge.RecordID
	firstsDevice, secondsName string
}

// newLesson has Olena marked present by one and absent by the other, and her code
// entered twice; neither tablet has seen the other's.
func newLesson(t testing.TB) *lesson {
	l := &lesson{office: newOffice(t), firstsDevice: "Планшет 1", secondsName: "Тарас Ведучий"}
	l.user("taras", l.secondsName, directory.Facilitator, directory.InProgramme(l.programme))
	l.first, l.second = l.invited("facilitator", l.firstsDevice), l.invited("taras", "Планшет 2")
	l.olena = l.first.put(&recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена"})
	l.training = l.first.put(&recordsv1.Training{TitleUk: "Домедична допомога"})
	l.day = l.first.put(&recordsv1.TrainingDay{TrainingId: l.training[:], DayNumber: 2, FieldDate: 20260714})
	l.first.sync()
	l.second.sync()
	l.first.mark(l, recordsv1.Presence_PRESENCE_PRESENT)
	l.second.mark(l, recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED)
	l.first.edit(l.olena, &recordsv1.Participant{Code: "A-17"})
	l.second.edit(l.olena, &recordsv1.Participant{Code: "B-99"})
	l.first.sync()
	l.second.sync()
	return l
}

func (t *ownTablet) mark(l *lesson, presence recordsv1.Presence) {
	t.Helper()
	t.put(&recordsv1.AttendanceMark{
		SessionId: l.day[:], ParticipantId: l.olena[:], RecorderId: t.me[:], Presence: presence, Evidence: recordsv1.Evidence_EVIDENCE_ROLL_CALL,
	})
}

func (t *ownTablet) edit(id merge.RecordID, msg proto.Message) {
	t.Helper()
	_, err := t.Write(t.Context(), t.hall, func(tx *clientsdk.Tx) error { return tx.Update(clientsdk.RecordID(id), msg) })
	t.must(err)
}

var chosen = regexp.MustCompile(`name="choose" value="([^"]+)"`)

// choices are the buttons of a page that settle something.
func choices(body string) (all []string) {
	for _, found := range chosen.FindAllStringSubmatch(body, -1) {
		all = append(all, found[1])
	}
	return all
}

func TestADisagreementIsSettledAndOpenedAgain(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("coordinator")
	b.get(overviewPath).mustBe(http.StatusOK, overviewPath, "2 disagreements wait to be settled")
	list := b.get(reviewPath + "?kind=cell")
	list.mustBe(http.StatusOK, reviewPath, "Шевченко Олена", "A-17", "B-99", "Олена Ведуча", l.secondsName, l.firstsDevice)
	all := choices(list.body)
	if len(all) != 2 {
		t.Fatal(all)
	}
	after := b.post(reviewPath, "choose", all[1], "to", reviewPath+"?kind=cell")
	after.mustBe(http.StatusOK, reviewPath, "1 disagreement is settled", "Nothing disagrees")
	if got := b.post(reviewPath, "choose", all[0], "to", reviewPath); got.status != http.StatusConflict {
		t.Errorf("settled once more: %d", got.status)
	}
	l.first.sync()
	kept, err := clientsdk.Get[*recordsv1.Participant](t.Context(), l.first.Register, l.hall, clientsdk.RecordID(l.olena))
	l.must(err)
	if got := kept.Message.Code; got != "A-17" && got != "B-99" {
		t.Errorf("the tablet has %q", got)
	}
	undo := regexp.MustCompile(`name="undo" value="(\d+)"`).FindStringSubmatch(after.body)
	if undo == nil {
		t.Fatalf("there is no way back:\n%s", after.body)
	}
	l.signIn("admin").post(reviewPath+"/undo", "undo", undo[1]).mustBe(http.StatusNotFound, reviewPath+"/undo") // nobody else's
	b.post(reviewPath+"/undo", "undo", undo[1], "to", reviewPath).mustBe(http.StatusOK, reviewPath, "it is open again", "A-17", "B-99")
}

// Whoever chooses among values that are others by now has seen them before
// anything is written.
func TestWhatWasNotSeenIsNotSettled(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("coordinator")
	seen := choices(b.get(reviewPath + "?kind=cell").body)
	l.user("third", "Третій Ведучий", directory.Facilitator, directory.InProgramme(l.programme))
	_, _, err := l.engine.Write(t.Context(), l.people["third"], l.hall, []syncengine.WriteRecord{{
		Type: "zhurnal.records.v1.Participant", Record: l.olena, Message: []byte("\x0a\x04C-33"), Seen: []merge.ID{{Seq: 1}},
	}})
	l.must(err)
	if got := b.post(reviewPath, "choose", seen[0], "to", reviewPath); got.status != http.StatusConflict {
		t.Errorf("settled among values that were not seen: %d", got.status)
	}
	b.get(reviewPath+"?kind=cell").mustBe(http.StatusOK, reviewPath, "A-17", "B-99", "C-33")
}

func TestAnAttendanceIsSettledByAMarkThatHasSeenTheOthers(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("coordinator")
	list := b.get(reviewPath + "?kind=attendance")
	list.mustBe(http.StatusOK, reviewPath, "Шевченко Олена", "Домедична допомога", "day 2", "14 July 2026", "present", "absent", "roll call")
	after := b.post(reviewPath, "choose", choices(list.body)[0], "to", reviewPath+"?kind=attendance")
	after.mustBe(http.StatusOK, reviewPath, "1 disagreement is settled", "Nothing disagrees")
	undo := regexp.MustCompile(`name="undo" value="(\d+)"`).FindStringSubmatch(after.body)
	b.post(reviewPath+"/undo", "undo", undo[1], "to", reviewPath+"?kind=attendance").mustBe(http.StatusOK, reviewPath, "it is open again", "Шевченко")
}

func TestManyAreSettledByARule(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("coordinator")
	b.post(reviewPath+"/many", "rule", "best").mustBe(http.StatusUnprocessableEntity, reviewPath+"/many")
	b.post(reviewPath+"/many", "rule", "latest").mustBe(http.StatusUnprocessableEntity, reviewPath+"/many", "nothing was ticked")
	b.post(reviewPath+"/many", "rule", "latest", "all", "1", "to", reviewPath).mustBe(http.StatusOK, reviewPath, "2 disagreements are settled", "Nothing disagrees")
}

func TestAContestedVoidIsSettled(t *testing.T) {
	l := newLesson(t)
	_, err := l.first.Write(t.Context(), l.hall, func(tx *clientsdk.Tx) error { return tx.Void(clientsdk.RecordID(l.training)) })
	l.must(err)
	l.second.edit(l.training, &recordsv1.Training{TitleEn: "First aid"})
	l.first.sync()
	l.second.sync()
	b := l.signIn("coordinator")
	list := b.get(reviewPath + "?kind=void")
	list.mustBe(http.StatusOK, reviewPath, "Домедична допомога", "Somebody calls it a mistake")
	b.post(reviewPath, "choose", choices(list.body)[1], "to", reviewPath+"?kind=void").mustBe(http.StatusOK, reviewPath, "is settled", "Nothing disagrees")
}

// A room's disagreements are its supervisor's business: nobody else is told that
// there is a room.
func TestCounsellingIsInTheSupervisorsQueueAlone(t *testing.T) {
	o := newOffice(t)
	client := merge.RecordID{7}
	for _, code := range []string{"K-1", "K-2"} {
		data, err := proto.Marshal(&recordsv1.Client{Code: code})
		o.must(err)
		record := syncengine.WriteRecord{Type: "zhurnal.records.v1.Client", Record: client, Message: data, Seen: []merge.ID{{Seq: 1}}}
		_, _, err = o.engine.Write(t.Context(), o.people["supervisor"], o.room, []syncengine.WriteRecord{record})
		o.must(err)
	}
	o.signIn("supervisor").get(reviewPath).mustBe(http.StatusOK, reviewPath, "K-1", "K-2", "Кімната підтримки")
	b := o.signIn("coordinator")
	for _, path := range []string{reviewPath, reviewPath + "?minor=1", reviewPath + "?rooms=1", overviewPath} {
		b.get(path).mustNotHave("K-1", "Кімната підтримки", o.room.String())
	}
	b.get(reviewPath+"?space="+o.room.String()).mustBe(http.StatusNotFound, reviewPath)
}

// Who is both a coordinator and a supervisor has two queues.
func TestTheQueuesOfCommunitiesAndRoomsAreTwo(t *testing.T) {
	l := newLesson(t)
	_, err := l.tenant.Assign(t.Context(), l.admin, l.people["coordinator"], directory.NewAssignment{Role: directory.ClinicalSupervisor, Scope: directory.InSpace(l.room)})
	l.must(err)
	for _, code := range []string{"\x0a\x03K-1", "\x0a\x03K-2"} {
		record := syncengine.WriteRecord{Type: "zhurnal.records.v1.Client", Record: merge.RecordID{7}, Message: []byte(code), Seen: []merge.ID{{Seq: 1}}}
		_, _, err := l.engine.Write(t.Context(), l.people["coordinator"], l.room, []syncengine.WriteRecord{record})
		l.must(err)
	}
	b := l.signIn("coordinator")
	communities := b.get(reviewPath)
	communities.mustBe(http.StatusOK, reviewPath, "A-17", "Counselling rooms")
	communities.mustNotHave("K-1")
	rooms := b.get(reviewPath + "?rooms=1")
	rooms.mustBe(http.StatusOK, reviewPath, "K-1", "K-2")
	rooms.mustNotHave("A-17")
}

func TestTenThousandItemsAreAPageAtATime(t *testing.T) {
	o := newOffice(t)
	const items = 10_000
	for i := 0; i < items; i += 100 {
		for _, code := range []string{"A", "B"} {
			var records []syncengine.WriteRecord
			for j := i; j < i+100; j++ {
				data, err := proto.Marshal(&recordsv1.Participant{Code: fmt.Sprint(code, j)})
				o.must(err)
				records = append(records, syncengine.WriteRecord{
					Type: "zhurnal.records.v1.Participant", Record: merge.RecordID{1, byte(j >> 8), byte(j)}, Message: data, Seen: []merge.ID{{Seq: 1}},
				})
			}
			_, _, err := o.engine.Write(t.Context(), o.people["coordinator"], o.hall, records)
			o.must(err)
		}
	}
	b := o.signIn("coordinator")
	list := b.get(reviewPath)
	list.mustBe(http.StatusOK, reviewPath, "10\u202f000 disagreements", "Next")
	if n := strings.Count(list.body, "<article"); n != 50 {
		t.Errorf("%d items on a page", n)
	}
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(list.body)
	b.get(strings.ReplaceAll(next[1], "&amp;", "&")).mustBe(http.StatusOK, reviewPath, "A50", "Back to the start")
	b.post(reviewPath+"/many", "rule", "latest", "all", "1", "to", reviewPath).mustBe(http.StatusOK, reviewPath, "500 disagreements are settled", "9500 are left", "Stop")
}
