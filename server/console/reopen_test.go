package console

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var reopens = regexp.MustCompile(`(?s)action="(/history/[^"]+/reopen)"[^>]*><input type="hidden" name="position" value="(\d+)"><input type="hidden" name="field" value="(\d+)">\s*<button class="other">([^<]*)<`)

// waysBack are the forms of a history that open something again.
func (b *browser) waysBack(record merge.RecordID) [][]string {
	b.Helper()
	at := historyPath + "/" + b.hall.String() + "/" + record.String()
	shown := b.get(at)
	shown.mustBe(http.StatusOK, at)
	return reopens.FindAllStringSubmatch(shown.body, -1)
}

func (b *browser) reopen(way []string) shown {
	b.Helper()
	return b.post(way[1], "position", way[2], "field", html.UnescapeString(way[3]))
}

// The review remembers the last settlements alone, and none after a restart; the
// log has all of them.
func TestASettlementIsOpenedAgainFromTheHistoryOfItsRecord(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("coordinator")
	if ways := b.waysBack(l.olena); len(ways) != 0 {
		t.Fatalf("before anything was settled: %v", ways)
	}
	b.post(reviewPath, "choose", choices(b.get(reviewPath + "?kind=cell").body)[1], "to", reviewPath)
	for i := range 120 { // long ago: the history has pages
		data, err := proto.Marshal(&recordsv1.Participant{OriginPcode: fmt.Sprint(i)})
		l.must(err)
		_, _, err = l.engine.Write(t.Context(), l.people["coordinator"], l.hall, []syncengine.WriteRecord{{Type: "zhurnal.records.v1.Participant", Record: l.olena, Message: data}})
		l.must(err)
	}
	b.get(reviewPath+"?kind=cell").mustBe(http.StatusOK, reviewPath, "Nothing disagrees")
	older := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	at := historyPath + "/" + l.hall.String() + "/" + l.olena.String()
	var ways [][]string
	for path := at; len(ways) == 0; {
		shown := b.get(path)
		ways = reopens.FindAllStringSubmatch(shown.body, -1)
		if next := older.FindStringSubmatch(shown.body); next != nil {
			path = html.UnescapeString(next[1])
		} else if len(ways) == 0 {
			t.Fatalf("there is no way back:\n%s", shown.body)
		}
	}
	if len(ways) != 1 || ways[0][4] != "Open it again" {
		t.Fatal(ways)
	}
	for _, other := range []string{"facilitator", "admin"} { // who do not settle
		if got := l.signIn(other).reopen(ways[0]); got.status != http.StatusNotFound {
			t.Errorf("%s opens it again: %d", other, got.status)
		}
	}
	b.reopen(ways[0]).mustBe(http.StatusOK, at, "it is open again")
	b.get(reviewPath+"?kind=cell").mustBe(http.StatusOK, reviewPath, "A-17", "B-99", "1 disagreement")
	for _, tablet := range []*ownTablet{l.first, l.second} {
		tablet.sync()
		kept, err := clientsdk.Get[*recordsv1.Participant](t.Context(), tablet.Register, l.hall, clientsdk.RecordID(l.olena))
		l.must(err)
		if len(kept.Disagreements) == 0 {
			t.Error("a tablet does not know that it is open again")
		}
	}
	for name, wrong := range map[string][]string{"no such change": {"", ways[0][1], "1", "1"}, "another field": {"", ways[0][1], ways[0][2], "99"}, "no number": {"", ways[0][1], "x", "1"}} {
		if got := b.reopen(wrong); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	// Settled once more, the first settlement holds no more.
	b.post(reviewPath, "choose", choices(b.get(reviewPath + "?kind=cell").body)[0], "to", reviewPath)
	if got := b.reopen(ways[0]); got.status != http.StatusConflict {
		t.Errorf("what holds no more is opened again: %d", got.status)
	}
}

// The grid leads to the mark by which an attendance was settled.
func TestASettledAttendanceIsOpenedAgainFromItsMark(t *testing.T) {
	l := newLesson(t)
	l.first.edit(l.day, &recordsv1.TrainingDay{Status: recordsv1.SessionStatus_SESSION_STATUS_HELD}) // whoever was there
	l.first.sync()
	b := l.signIn("coordinator")
	b.post(reviewPath, "choose", choices(b.get(reviewPath + "?kind=attendance").body)[0], "to", reviewPath)
	grid := b.get(trainingsPath + "/" + l.hall.String() + "/" + l.training.String())
	found := regexp.MustCompile(`href="/history/[0-9a-f]{32}/([0-9a-f]{32})" title="settled`).FindStringSubmatch(grid.body)
	if found == nil {
		t.Fatalf("the grid leads nowhere:\n%s", grid.body)
	}
	mark, err := parseID[merge.RecordID](found[1])
	l.must(err)
	ways := b.waysBack(mark)
	if len(ways) != 1 || ways[0][4] != "Take my decision back" {
		t.Fatal(ways)
	}
	b.reopen(ways[0]).mustBe(http.StatusOK, historyPath+"/"+l.hall.String()+"/"+mark.String(), "it is open again")
	b.get(reviewPath+"?kind=attendance").mustBe(http.StatusOK, reviewPath, "Шевченко Олена", "1 disagreement")
	if ways := b.waysBack(mark); len(ways) != 0 {
		t.Errorf("twice: %v", ways)
	}
}

func TestASettledVoidIsTurnedRound(t *testing.T) {
	l := newLesson(t)
	_, err := l.first.Write(t.Context(), l.hall, func(tx *clientsdk.Tx) error { return tx.Void(clientsdk.RecordID(l.training)) })
	l.must(err)
	l.second.edit(l.training, &recordsv1.Training{TitleEn: "First aid"})
	l.first.sync()
	l.second.sync()
	b := l.signIn("coordinator")
	if ways := b.waysBack(l.training); len(ways) != 0 {
		t.Fatalf("what only a tablet has said: %v", ways)
	}
	b.post(reviewPath, "choose", choices(b.get(reviewPath + "?kind=void").body)[1], "to", reviewPath)
	for _, want := range []string{"It is a mistake after all", "It is no mistake", "It is a mistake after all"} {
		ways := b.waysBack(l.training)
		if len(ways) != 1 || ways[0][4] != want {
			t.Fatalf("%v, want %s", ways, want)
		}
		b.reopen(ways[0]).mustBe(http.StatusOK, historyPath+"/"+l.hall.String()+"/"+l.training.String())
	}
}

// What was erased comes back by no way.
func TestWhatWasErasedIsNotOpenedAgain(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("coordinator")
	b.post(reviewPath, "choose", choices(b.get(reviewPath + "?kind=cell").body)[1], "to", reviewPath)
	ways := b.waysBack(l.olena)
	_, err := l.engine.Erase(t.Context(), l.people["officer"], l.hall, l.olena, nil)
	l.must(err)
	if left := b.waysBack(l.olena); len(left) != 0 {
		t.Errorf("there are ways back: %v", left)
	}
	if got := b.reopen(ways[0]); got.status < 400 {
		t.Errorf("%d at %s:\n%s", got.status, got.path, got.body)
	}
	b.get(historyPath+"/"+l.hall.String()+"/"+l.olena.String()).mustNotHave("A-17", "B-99")
}
