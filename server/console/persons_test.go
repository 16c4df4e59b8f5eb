package console

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// register writes a participant in a community.
func (o *office) register(space merge.SpaceID, id byte, p *recordsv1.Participant) merge.RecordID {
	o.Helper()
	record := merge.RecordID{id, 15: 1}
	o.written(space, record, p)
	return record
}

// twice registers one woman in two communities, and somebody else.
func (o *office) twice() (lyman, svatove merge.RecordID) {
	o.Helper()
	lyman = o.register(o.hall, 1, &recordsv1.Participant{
		FamilyName: "Шевченко", GivenName: "Олена", Patronymic: "Іванівна", Sex: recordsv1.Sex_SEX_FEMALE, Code: "K7-0412-9",
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_DATE, BirthDate: 19840305, Phone: "+380501234567",
	})
	svatove = o.register(o.hall2, 2, &recordsv1.Participant{
		FamilyName: "Shevchenko", GivenName: "Elena", BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_AGE, AgeYears: proto.Int32(32), AgeAsOf: 20160901, Phone: "+380501234567",
	})
	o.register(o.hall, 3, &recordsv1.Participant{FamilyName: "Коваль", GivenName: "Іван"})
	return lyman, svatove
}

func TestTwoRegistrationsAreDecidedOnAPage(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	b.get(duplicatesPath).mustBe(http.StatusOK, duplicatesPath, "Nothing waits for a decision")
	lyman, svatove := o.twice()
	waiting := b.get(duplicatesPath)
	waiting.mustBe(http.StatusOK, duplicatesPath, "1 pair", "Шевченко Олена Іванівна", "Shevchenko Elena", "Shevchenko Olena Ivanivna", "5 March 1984", "32 years (told on 1 September 2016)",
		"same surname, spelt another way", "same telephone", "Лиман", "Сватове", "K7-0412-9")
	waiting.mustNotHave("Коваль")

	form := []string{"in", o.desk.String(), "first", lyman.String(), "second", svatove.String(), "back", "/duplicates?state="}
	decided := b.post(duplicatesPath, append(form, "verdict", "same")...)
	decided.mustBe(http.StatusOK, duplicatesPath, "From now on they are one person.", "Nothing waits for a decision", `value="taken_back"`)
	b.get(duplicatesPath+"?state=decided").mustBe(http.StatusOK, duplicatesPath, "counted as one person", "you: <strong>the same person", "Take back my decision")
	b.get(peoplePath+"?q=elena").mustBe(http.StatusOK, peoplePath, "1 person", "Лиман, Сватове")

	b.post(duplicatesPath, append(form, "verdict", "taken_back")...).mustBe(http.StatusOK, duplicatesPath, "The decision was taken back.", "1 pair")
	b.post(duplicatesPath, append(form, "verdict", "unsure")...).mustBe(http.StatusUnprocessableEntity, duplicatesPath, "what would help")
	b.post(duplicatesPath, append(form, "verdict", "unsure", "basis", "ask <Olena>")...).mustBe(http.StatusOK, duplicatesPath, "not known yet")
	b.get(duplicatesPath+"?state=undecided").mustBe(http.StatusOK, duplicatesPath, "ask &lt;Olena&gt;")
	for name, wrong := range map[string][]string{
		"no such verdict": append(form, "verdict", "perhaps"), "no pair": {"in", o.desk.String(), "verdict", "same"}, "no space": {"verdict", "same"},
		"nobody": {"in", o.desk.String(), "first", lyman.String(), "second", merge.RecordID{9}.String(), "verdict", "same"},
	} {
		if got := b.post(duplicatesPath, wrong...); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := b.get(duplicatesPath + "?state=what"); got.status != http.StatusNotFound {
		t.Errorf("no such state: %d", got.status)
	}
	if got := b.get(duplicatesPath + "?in=" + o.room.String()); got.status != http.StatusNotFound {
		t.Errorf("in a room: %d", got.status)
	}
	if got := o.signIn("facilitator").post(duplicatesPath, append(form, "verdict", "same")...); got.status != http.StatusNotFound {
		t.Errorf("a facilitator decides: %d", got.status)
	}
}

func TestAPersonIsFoundByAnySpelling(t *testing.T) {
	o := newOffice(t)
	lyman, svatove := o.twice()
	b := o.signIn("coordinator")
	for _, query := range []string{"шевч", "Shev", "Олена", "лена шевченко", "Elena", "K7-0412-9"} {
		b.get(peoplePath+"?q="+strings.ReplaceAll(query, " ", "+")).mustBe(http.StatusOK, peoplePath, "Шевченко Олена Іванівна")
	}
	b.get(peoplePath+"?q=nobody").mustBe(http.StatusOK, peoplePath, "Nobody was found")
	b.get(peoplePath).mustBe(http.StatusOK, peoplePath, "3 people", "Коваль Іван")
	o.write(t, "coordinator", &recordsv1.Training{TitleEn: "First aid"}) // nobody was there
	b.get(peoplePath+"?in="+o.hall2.String()).mustBe(http.StatusOK, peoplePath, "1 person", "Shevchenko Elena")
	at := peoplePath + "/" + lyman.String()
	b.get(at).mustBe(http.StatusOK, at, "<h1>Шевченко Олена Іванівна</h1>", "1 registration", "has not been marked anywhere", `href="/history/`+o.hall.String()+"/"+lyman.String(), "Is it the same person?", svatove.String(), "data-protection officer")
	back := b.post(duplicatesPath, "in", o.desk.String(), "first", lyman.String(), "second", svatove.String(), "back", at, "verdict", "same")
	back.mustBe(http.StatusOK, at, "From now on they are one person.", "2 registrations", "Undo")
	for _, nowhere := range []string{peoplePath + "/" + merge.RecordID{9}.String(), peoplePath + "/what"} {
		if got := b.get(nowhere); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", nowhere, got.status)
		}
	}
}

// Ten thousand pairs are a page like any other, and the way to the next.
func TestManyDuplicatesComePageByPage(t *testing.T) {
	o := newOffice(t)
	for i := range 30 {
		p := &recordsv1.Participant{FamilyName: fmt.Sprintf("Ковал%cч%cк", []rune("аеоуи")[i%5], []rune("аеоуиб")[i/5]), GivenName: "Ганна", BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: int32(1950 + i)}
		o.register(o.hall, byte(2*i+1), p)
		p.GivenName = "Анна"
		o.register(o.hall, byte(2*i+2), p)
	}
	b := o.signIn("coordinator")
	first := b.get(duplicatesPath)
	first.mustBe(http.StatusOK, duplicatesPath, "30 pairs")
	if n := strings.Count(first.body, `<article class="sheet pair"`); n != pairsShown {
		t.Errorf("%d pairs on a page", n)
	}
	next := regexp.MustCompile(`href="(/duplicates\?after=[^"]*)" rel="next"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatal("there is no way on")
	}
	if n := strings.Count(b.get(next[1]).body, `<article class="sheet pair"`); n != 30-pairsShown {
		t.Errorf("%d pairs on the last page", n)
	}
}

func TestInABrowserADuplicateIsLinkedAndTakenBack(t *testing.T) {
	o := newOffice(t)
	w := o.openWindow()
	w.signIn("coordinator")
	w.open(duplicatesPath)
	w.shows("Nothing waits for a decision")
	w.look("duplicates-empty")
	lyman, _ := o.twice()
	w.shows("Шевченко Олена Іванівна") // by itself, once the space has moved
	w.look("duplicates")
	w.click("button", "Same person")
	w.shows("From now on they are one person.")
	w.click("button", "Undo")
	w.shows("The decision was taken back.")
	w.click("summary", "Not sure")
	w.run(chromedp.SendKeys(`input[name=basis]`, "ask her mother"))
	w.click(`form//button`, "Not sure")
	w.shows("Noted: not known yet.")
	w.open(duplicatesPath + "?state=undecided")
	w.shows("ask her mother")
	w.look("duplicates-undecided")
	w.open(peoplePath)
	w.run(chromedp.SendKeys("#q", "elena"), chromedp.Submit("#q"))
	w.shows("Shevchenko Elena")
	w.look("people")
	w.open(peoplePath + "/" + lyman.String())
	w.shows("Is it the same person?")
	w.look("person")
}

// Everybody is on one page of the list, and a search goes on in the next.
func TestPeopleArePagedOnThePage(t *testing.T) {
	o := newOffice(t)
	for i := range 120 {
		o.register(o.hall, byte(i+1), &recordsv1.Participant{FamilyName: fmt.Sprintf("Коваль-%03d", i), GivenName: "Іван"})
	}
	o.register(o.hall, 200, &recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена"})
	b := o.signIn("coordinator")
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`)
	names, at := regexp.MustCompile(`>Коваль-(\d{3}) Іван</a>`), peoplePath+"?q=коваль"
	var got []string
	for pages := 0; at != ""; pages++ {
		shown := b.get(at)
		shown.mustBe(http.StatusOK, peoplePath, "120 people", `value="коваль"`)
		if pages > 0 {
			shown.mustBe(http.StatusOK, peoplePath, "Back to the start")
		}
		for _, found := range names.FindAllStringSubmatch(shown.body, -1) {
			got = append(got, found[1])
		}
		at = ""
		if to := next.FindStringSubmatch(shown.body); to != nil {
			at = html.UnescapeString(to[1])
		}
		if pages > 3 {
			t.Fatal("the pages have no end")
		}
	}
	if len(got) != 120 || !slices.IsSorted(got) {
		t.Errorf("%d people, in this order: %v", len(got), got)
	}
	b.get(peoplePath+"?after=what").mustBe(http.StatusUnprocessableEntity, peoplePath)
}

// By keyboard alone: what is looked for, and the next page.
func TestInABrowserPeopleArePagedByKeyboard(t *testing.T) {
	o := newOffice(t)
	for i := range 60 {
		o.register(o.hall, byte(i+1), &recordsv1.Participant{FamilyName: fmt.Sprintf("Коваль-%03d", i), GivenName: "Іван"})
	}
	w := o.openWindow()
	w.signIn("coordinator")
	w.open(peoplePath)
	w.run(chromedp.SendKeys("#q", "коваль"+kb.Enter))
	w.shows("60 people")
	w.look("people-paged")
	evaluated[bool](w, `(document.querySelector("main tbody tr:last-child a").focus(), true)`)
	w.run(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	w.shows("Коваль-059 Іван")
	w.run(chromedp.WaitVisible(`//nav[@class="pages"]//a[contains(., "Back to the start")]`))
}

// The overview leads to the pairs that wait, with the number that the queue has.
func TestTheOverviewCountsPairsThatMayBeOnePerson(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	queue := duplicatesPath + "?in=" + o.desk.String()
	b.get(overviewPath).mustBe(http.StatusOK, overviewPath, `<a href="`+queue+`"><strong>0</strong>`)
	b.get(overviewPath).mustNotHave("may be one person</span><a")
	lyman, svatove := o.twice() // in two communities, which the desk sees together
	b.get(overviewPath).mustBe(http.StatusOK, overviewPath, `<a href="`+queue+`"><strong>1</strong>`, `1 pair of registrations may be one person</span><a href="`+queue+`"`)
	b.get(queue).mustBe(http.StatusOK, duplicatesPath, "1 pair")
	b.post(duplicatesPath, "in", o.desk.String(), "first", lyman.String(), "second", svatove.String(), "verdict", "different").mustBe(http.StatusOK, duplicatesPath)
	b.get(overviewPath).mustBe(http.StatusOK, overviewPath, `<a href="`+queue+`"><strong>0</strong>`)
	o.signIn("supervisor").get(overviewPath).mustNotHave("may be one person") // who decides about none

	// Who coordinates one community has no desk, and is told of what that one has.
	o.register(o.hall2, 4, &recordsv1.Participant{FamilyName: "Коваль", GivenName: "Іван", Phone: "+380671112233"})
	o.register(o.hall2, 5, &recordsv1.Participant{FamilyName: "Коваль", GivenName: "Иван", Phone: "+380671112233"})
	o.user("local", "Лідія Місцева", directory.Coordinator, directory.InSpace(o.hall2))
	o.signIn("local").get(overviewPath).mustBe(http.StatusOK, overviewPath, `<a href="`+duplicatesPath+"?in="+o.hall2.String()+`"><strong>1</strong>`)
}
