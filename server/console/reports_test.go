package console

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// season writes a concert in one community, and one at which half as many people
// were in another.
func (o *office) season(t testing.TB, people int) {
	t.Helper()
	o.concert(t, o.hall, people, "UA1423049", "Лиман", "Lyman")
	o.concert(t, o.hall2, people/2, "UA4423050", "Сватове", "Svatove")
}

func (o *office) concert(t testing.TB, in merge.SpaceID, people int, pcode, nameUk, nameEn string) {
	t.Helper()
	write := func(id merge.RecordID, msg proto.Message) { o.written(in, id, msg) }
	named := func(name string) (id merge.RecordID) { copy(id[:], name+" "+nameEn); return id }
	write(merge.RecordID{}, &recordsv1.Community{Pcode: pcode, NameUk: nameUk, NameEn: nameEn})
	concert := named("concert")
	write(concert, &recordsv1.Event{
		TitleUk: "=HYPERLINK(\"http://example.org\")", Category: recordsv1.EventCategory_EVENT_CATEGORY_CULTURE, DateStart: 20240510,
		Status: recordsv1.SessionStatus_SESSION_STATUS_HELD,
	})
	for i := range people {
		person := named(fmt.Sprintf("p%d", i))
		write(person, &recordsv1.Participant{
			FamilyName: "Гончаренко", Sex: recordsv1.Sex(1 + i%2), SexBasis: recordsv1.SexBasis_SEX_BASIS_STATED,
			BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: int32(1950 + i*7%60), Displacement: recordsv1.Displacement(1 + i%4), DisplacementAsOf: 20240101,
		})
		write(merge.RecordID{}, &recordsv1.Participation{EventId: concert[:], ParticipantId: person[:]})
	}
}

// written has the coordinator write a record at the desk. A record whose type has a
// key is found by it, and is given no id.
func (o *office) written(in merge.SpaceID, id merge.RecordID, msg proto.Message) {
	o.Helper()
	data, err := proto.Marshal(msg)
	o.must(err)
	_, _, err = o.engine.Write(o.Context(), o.people["coordinator"], in, []syncengine.WriteRecord{
		{Type: string(msg.ProtoReflect().Descriptor().FullName()), Record: id, Message: data},
	})
	o.must(err)
}

func TestReportsAreListedAndCounted(t *testing.T) {
	o := newOffice(t)
	o.season(t, 12)
	b := o.signIn("coordinator")
	b.get("/reports").mustBe(http.StatusOK, "/reports", "People reached", `href="/reports/people-reached"`, "can be published")
	got := b.get("/reports/people-reached?from=2024-05-01&to=2024-05-31&p.target=24")
	got.mustBe(http.StatusOK, "/reports/people-reached", "<h1>People reached</h1>", "Lyman", ">18<", "75.0", "Stamp", "What this rests on", `role="img"`, "<title ", "female")
	got.mustNotHave("Гончаренко", "http://")
	b.get("/reports/people-reached?from=2025-01-01").mustBe(http.StatusOK, "/reports/people-reached", ">0<")
	b.header.Set("Accept-Language", "uk")
	b.get("/reports/people-reached").mustBe(http.StatusOK, "/reports/people-reached", "Охоплені люди", "Лиман")
}

func TestSmallNumbersAreNotOnAPublicPage(t *testing.T) {
	o := newOffice(t)
	o.season(t, 3)
	b := o.signIn("coordinator")
	internal := b.get("/reports/people-reached")
	const lyman = `<th scope="row">Lyman</th><td>UA1423049</td><td class="num">`
	internal.mustBe(http.StatusOK, "/reports/people-reached", lyman+`3</td>`)
	public := b.get("/reports/people-reached?public=1")
	public.mustBe(http.StatusOK, "/reports/people-reached", lyman+`*</td>`, "small numbers are suppressed")
	public.mustNotHave(lyman + `3</td>`)
}

func TestAReportThatMakesNoSenseSaysSoAboveItsForm(t *testing.T) {
	o := newOffice(t)
	b := o.signIn("coordinator")
	for query, text := range map[string]string{
		"from=2024-05-02&public=1":      "whole months",
		"from=2024-06-01&to=2024-05-01": "before it begins",
		"p.target=many":                 "whole number",
		"from=yesterday":                "not a day",
		"p.age_bands=old":               "one of",
	} {
		b.get("/reports/people-reached?"+query).mustBe(http.StatusUnprocessableEntity, "/reports/people-reached", text, `id="from"`, `role="alert"`)
	}
	b.get("/reports/people").mustBe(http.StatusNotFound, "/reports/people")
	b.get("/reports/overview?desk="+strings.Repeat("0", 32)).mustBe(http.StatusNotFound, "/reports/overview")
	b.get("/reports/overview?desk="+o.hall.String()).mustBe(http.StatusNotFound, "/reports/overview")
}

// A tablet that syncs and has nothing to bring is in contact, on the board and
// beside a report; the report itself is what it was, to its stamp.
func TestATabletThatHasNothingToBringIsInContact(t *testing.T) {
	o := newOffice(t)
	tablet := o.invited("facilitator", "Планшет 7")
	stamp := regexp.MustCompile(`<code>([0-9a-f]{32})</code>`)
	report := func() (string, shown) {
		t.Helper()
		got := o.signIn("coordinator").get("/reports/data-quality?to=2024-05-31")
		got.mustBe(http.StatusOK, "/reports/data-quality", "The tablets now, by their last contact", "no part of the report")
		return stamp.FindStringSubmatch(got.body)[1], got
	}
	before, got := report()
	got.mustBe(http.StatusOK, "/reports/data-quality", "Планшет 7</a>, Олена Ведуча: never yet")
	tablet.put(&recordsv1.Event{TitleUk: "Концерт", DateStart: 20240510})
	tablet.sync()
	o.ahead.Store(8 * 24 * 3600_000)
	written, got := report()
	got.mustBe(http.StatusOK, "/reports/data-quality", "Not heard from for over a week</dt><dd>1</dd>", "8 days ago")
	if before == written {
		t.Error("the stamp does not know what was written")
	}
	tablet.sync() // with nothing to bring
	synced, got := report()
	got.mustBe(http.StatusOK, "/reports/data-quality", "Not heard from for over a week</dt><dd>0</dd>", "just now")
	if synced != written {
		t.Error("the report follows from when a tablet was heard from")
	}
	o.signIn("coordinator").get(overviewPath).mustBe(http.StatusOK, overviewPath, `title="`, "just now")
	o.signIn("coordinator").get(overviewPath).mustNotHave("has been silent for over a week")

	for _, login := range []string{"mel", "coordinator"} { // who may list no tablets; and to publish
		got := o.signIn(login).get("/reports/people-reached?public=" + map[string]string{"mel": "", "coordinator": "1"}[login])
		got.mustBe(http.StatusOK, "/reports/people-reached", "What this rests on")
		got.mustNotHave("The tablets now")
	}
}

func TestAReportIsDownloaded(t *testing.T) {
	o := newOffice(t)
	o.season(t, 12)
	b := o.signIn("coordinator")
	csv := b.get("/reports/events/csv?from=2024-05-01&to=2024-05-31")
	csv.mustBe(http.StatusOK, "/reports/events/csv", "\ufeffEvents", "Lyman,UA1423049,1,12,12")
	if got := csv.header.Get("Content-Disposition"); got != `attachment; filename="zhurnal-events-2024-05-01-2024-05-31.csv"` {
		t.Error(got)
	}
	xlsx := b.get("/reports/events/xlsx?public=1")
	xlsx.mustBe(http.StatusOK, "/reports/events/xlsx")
	book, err := zip.NewReader(strings.NewReader(xlsx.body), int64(len(xlsx.body)))
	o.must(err)
	var all bytes.Buffer
	for _, part := range book.File {
		in, err := part.Open()
		o.must(err)
		_, err = io.Copy(&all, in)
		o.must(err)
	}
	if !strings.Contains(all.String(), "Lyman") {
		t.Error("the workbook has no Lyman")
	}
	b.get("/reports/events/csv?from=2024-05-02&public=1").mustBe(http.StatusUnprocessableEntity, "/reports/events/csv", "whole months")
}

func TestInABrowserReportsAreReadable(t *testing.T) {
	o := newOffice(t)
	o.season(t, 47)
	w := o.openWindow()
	w.signIn("coordinator")
	w.open("/reports")
	w.look("reports")
	w.click("a", "People reached")
	w.run(chromedp.WaitVisible("svg.chart"))
	w.look("report-people-reached")
	w.open("/reports/events?from=2030-01-01")
	w.look("report-empty")
	w.open("/reports/data-quality")
	w.look("report-data-quality")
}
