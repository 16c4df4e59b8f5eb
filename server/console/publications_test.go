package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const monthAsked = "from=2024-05-01&to=2024-05-31"

// stampOn is the stamp in the form by which a report is published.
var stampOn = regexp.MustCompile(`name="stamp" value="([0-9a-f]+)"`)

// publishReport goes the way of a coordinator: from the report by its button to the
// form, and sends it.
func (b *browser) publishReport(query string, form ...string) shown {
	b.Helper()
	b.get("/reports/people-reached?"+query).mustBe(http.StatusOK, "/reports/people-reached", `href="/reports/people-reached/publish?`+strings.ReplaceAll(query, "&", "&amp;"))
	at := "/reports/people-reached/publish?" + query
	asked := b.get(at)
	asked.mustBe(http.StatusOK, "/reports/people-reached/publish", "for good", "2024-05-01 to 2024-05-31")
	stamp := stampOn.FindStringSubmatch(asked.body)
	if stamp == nil {
		b.Fatalf("no stamp in the form:\n%s", asked.body)
	}
	return b.post(at, append([]string{"stamp", stamp[1]}, form...)...)
}

func TestAReportIsPublishedFromItsPage(t *testing.T) {
	o := newOffice(t)
	o.season(t, 12)
	b := o.signIn("coordinator")
	b.get("/reports").mustBe(http.StatusOK, "/reports", `href="/publications"`)
	b.get("/publications").mustBe(http.StatusOK, "/publications", "Nothing has been published yet")
	year := time.UnixMilli(o.now()).UTC().Format("2006")

	first := b.publishReport(monthAsked, "note", "for the <embassy>")
	first.mustBe(http.StatusOK, "/publications/"+year+"/1", "The report is published.", "for the &lt;embassy&gt;", ">18<", "SHA-256", "Оксана Координаторка", `href="/publications/`+year+`/1/csv?desk=`)
	first.mustNotHave(`/publish?`)

	o.concert(t, o.hall, 30, "UA1423049", "Лиман", "Another")
	b.get("/reports/people-reached?"+monthAsked).mustBe(http.StatusOK, "/reports/people-reached", ">48<")
	b.get("/publications/"+year+"/1").mustBe(http.StatusOK, "/publications/"+year+"/1", ">18<")
	second := b.publishReport(monthAsked, "instead", year+"/1", "reason", "a sheet came late")
	second.mustBe(http.StatusOK, "/publications/"+year+"/2", ">48<", "a sheet came late", "/publications/"+year+"/1?desk=")
	b.get("/publications/"+year+"/1").mustBe(http.StatusOK, "/publications/"+year+"/1", ">18<", "Superseded by "+year+"/2")
	b.get("/publications").mustBe(http.StatusOK, "/publications", year+"/2", "Superseded by "+year+"/2", "for the &lt;embassy&gt;", "2024-05-01 — 2024-05-31", "for the organisation")
	csv := b.get("/publications/" + year + "/1/csv")
	csv.mustBe(http.StatusOK, "/publications/"+year+"/1/csv", "\ufeff", "Lyman", "18")
	if at := csv.header.Get("Content-Disposition"); at != `attachment; filename="zhurnal-`+year+`-1-people-reached.csv"` {
		t.Errorf("the file is %q", at)
	}
	b.get("/publications/"+year+"/1/xlsx").mustBe(http.StatusOK, "/publications/"+year+"/1/xlsx", "PK")
	b.get("/publications/"+year+"/9").mustBe(http.StatusNotFound, "/publications/"+year+"/9")
	b.get("/publications/last/one").mustBe(http.StatusNotFound, "/publications/last/one")

	b.header.Set("Accept-Language", "uk")
	b.get("/publications/"+year+"/1").mustBe(http.StatusOK, "/publications/"+year+"/1", "Охоплені люди", "Лиман", "Замінено публікацією "+year+"/2")
	b.get("/publications").mustBe(http.StatusOK, "/publications", "Публікації", "для організації")
	facilitator := o.signIn("facilitator")
	facilitator.get("/publications/"+year+"/1").mustBe(http.StatusNotFound, "/publications/"+year+"/1")
	o.signIn("mel").get("/publications").mustBe(http.StatusOK, "/publications", year+"/1")
}

func TestWhatIsNotPublishedFromAPage(t *testing.T) {
	o := newOffice(t)
	o.season(t, 12)
	b := o.signIn("coordinator")
	b.post("/reports/data-quality/publish", "note", "").mustBe(http.StatusUnprocessableEntity, "/reports/data-quality/publish", `role="alert"`, "names people")
	b.post("/reports/people-reached/publish?"+monthAsked, "stamp", strings.Repeat("0", 32), "note", "keep what I wrote").
		mustBe(http.StatusConflict, "/reports/people-reached/publish", `role="alert"`, "look at it again", "keep what I wrote")
	b.post("/reports/people-reached/publish?"+monthAsked, "instead", "2024/7", "reason", "why").mustBe(http.StatusNotFound, "/reports/people-reached/publish")
	b.post("/reports/people-reached/publish?"+monthAsked, "reason", "why").mustBe(http.StatusUnprocessableEntity, "/reports/people-reached/publish", "needs a reason")
	b.get("/publications").mustBe(http.StatusOK, "/publications", "Nothing has been published yet")
	o.ahead.Store(6 * 60_000) // no fresh proof any more
	if got := b.get("/reports/people-reached/publish?" + monthAsked); got.path != "/prove" {
		t.Errorf("without a proof: %d at %s", got.status, got.path)
	}
	if got := b.post("/reports/people-reached/publish?"+monthAsked, "note", ""); got.path != "/prove" {
		t.Errorf("without a proof: %d at %s", got.status, got.path)
	}
}

func TestInABrowserAReportIsPublished(t *testing.T) {
	o := newOffice(t)
	o.season(t, 47)
	w := o.openWindow()
	w.signIn("coordinator")
	w.open("/publications")
	w.look("publications-none")
	for _, number := range []string{"/1", "/2"} {
		w.open("/reports/people-reached?" + monthAsked + "&public=1")
		w.click("a", "Publish")
		w.run(chromedp.WaitVisible("#note"))
		w.look("publish" + strings.Replace(number, "/", "-", 1))
		if number == "/2" {
			evaluated[bool](w, `(() => { document.querySelector("#instead").selectedIndex = 1; return true })()`)
			w.run(chromedp.SendKeys("#reason", "A sheet came late."))
		}
		w.run(chromedp.SendKeys("#note", "For the embassy"))
		w.click("button", "Publish for good")
		w.shows("The report is published.")
	}
	w.look("publication")
	w.open("/publications")
	w.look("publications")
}
