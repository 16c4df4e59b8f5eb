package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestAPersonsDataIsTakenAwayAndErased(t *testing.T) {
	l := newLesson(t)
	b := l.signIn("officer")
	b.get(rightsPath).mustBe(http.StatusOK, rightsPath, "Лиман")
	person := rightsPath + "/person?subject=" + l.olena.String()
	b.get(person).mustBe(http.StatusOK, rightsPath+"/person", "Participant", "Attendance mark")
	file := b.get(rightsPath + "/export?subject=" + l.olena.String())
	file.mustBe(http.StatusOK, rightsPath+"/export", "Шевченко", "A-17", "B-99")
	if got := file.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("it is shown as %q", got)
	}
	b.post(rightsPath+"/erase", "subject", l.olena.String()).mustBe(http.StatusUnprocessableEntity, rightsPath+"/erase", "tick that it is meant")
	l.ahead.Store(6 * 60_000)
	b.get(person).mustBe(http.StatusOK, "/prove")
	b.post(rightsPath+"/erase", "subject", l.olena.String(), "sure", "1").mustBe(http.StatusOK, "/prove")
	b.post("/prove", "to", rightsPath, "password", password).mustBe(http.StatusOK, rightsPath)
	b.post(rightsPath+"/erase", "subject", l.olena.String(), "sure", "1").mustBe(http.StatusOK, rightsPath, "The person is erased")
	b.get(rightsPath+"/export?subject="+l.olena.String()).mustNotHave("Шевченко", "A-17", "B-99")
	b.get(rightsPath+"/person?subject="+merge.RecordID{9}.String()).mustBe(http.StatusOK, rightsPath+"/person", "Nothing is held")
	b.get(rightsPath+"/person?subject=1").mustBe(http.StatusUnprocessableEntity, rightsPath+"/person")
	l.signIn("supervisor").get(person).mustNotHave("Шевченко", "Participant") // who sees to rooms alone
}

// Whoever sees to the organisation reads who did what, in pages.
func TestWhoDidWhatIsRead(t *testing.T) {
	l := newLesson(t)
	coordinator := l.signIn("coordinator")
	list := coordinator.get(reviewPath)
	coordinator.post(reviewPath, "choose", choices(list.body)[0], "to", reviewPath)
	b := l.signIn("officer")
	b.get("/audit").mustBe(http.StatusOK, "/audit", "settled or wrote", "Оксана Координаторка", "Лиман")
	b.get("/audit?action=device.").mustNotHave("settled or wrote")
	b.get("/audit?about="+l.people["coordinator"].String()).mustBe(http.StatusOK, "/audit", "settled or wrote")
	b.get("/audit?about=xyz").mustBe(http.StatusUnprocessableEntity, "/audit")
	for range 120 {
		coordinator.get(overviewPath)
	}
	page := b.get("/audit")
	page.mustBe(http.StatusOK, "/audit", `rel="next"`)
	page.mustNotHave("settled or wrote")
}
