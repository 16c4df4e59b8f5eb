package console

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	download "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Olena was at a concert in Lyman under one registration and at one in Svatove under
// another. The coordinator links them, and sees one person fewer reached, on the page
// and in the workbook for the donor.
func TestInABrowserAFigureFallsWhenADuplicateIsLinked(t *testing.T) {
	o := newOffice(t)
	lyman, svatove := o.twice()
	o.goesTo(o.hall, 4, lyman)
	o.goesTo(o.hall2, 5, svatove)
	w := o.openWindow()
	w.signIn("coordinator")
	const all = `//tr[th[contains(., "All, each person once")]]/td[2]`
	reached := func(want string) {
		t.Helper()
		w.open("/reports/people-reached")
		w.run(chromedp.WaitVisible(all + `[normalize-space(.) = "` + want + `"]`))
	}
	reached("2")
	w.open(duplicatesPath)
	w.click("button", "Same person")
	w.shows("From now on they are one person.")
	reached("1")
	if got := w.downloaded("Download Excel"); !hasRow(t, got, "All, each person once", "1") {
		t.Errorf("the workbook %s does not say that one person was reached", got)
	}
}

// goesTo has somebody be at a concert.
func (o *office) goesTo(in merge.SpaceID, number byte, person merge.RecordID) {
	o.Helper()
	concert := merge.RecordID{number, 15: 1}
	o.written(in, concert, &recordsv1.Event{
		TitleUk: "Концерт", Category: recordsv1.EventCategory_EVENT_CATEGORY_CULTURE, DateStart: 20160910, Status: recordsv1.SessionStatus_SESSION_STATUS_HELD,
	})
	o.written(in, merge.RecordID{}, &recordsv1.Participation{EventId: concert[:], ParticipantId: person[:]})
}

// downloaded clicks a link, and returns the file that comes of it.
func (w *window) downloaded(link string) (file string) {
	w.Helper()
	dir := w.TempDir()
	called(w, download.SetDownloadBehavior, download.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: dir})
	w.click("a", link)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		whole, err := filepath.Glob(filepath.Join(dir, "*.xlsx"))
		w.must(err)
		if len(whole) == 1 {
			return whole[0]
		}
	}
	left, _ := os.ReadDir(dir)
	w.Fatalf("no workbook came: %v", left)
	return ""
}

// hasRow tells whether a sheet of the workbook has a row that begins with a title and
// has a value.
func hasRow(t *testing.T, file, title, value string) bool {
	t.Helper()
	book, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for i := 1; i < len(row) && row[0] == title; i++ {
				if row[i] == value {
					return true
				}
			}
		}
	}
	return false
}
