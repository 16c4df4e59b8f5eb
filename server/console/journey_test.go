package console

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/zhurnal/zhurnal/clientsdk"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// A coordinator lets a tablet in, by the code on the screen, and sees it come.
func TestInABrowserATabletIsInvitedAndAppears(t *testing.T) {
	o := newOffice(t)
	w := o.openWindow()
	w.signIn("coordinator")
	w.open("/devices")
	w.click("a", "Invite a tablet")
	w.run(chromedp.SetValue("#user", o.people["facilitator"].String()))
	w.look("invite")
	w.click("form[1]//button", "Show the QR code")
	w.run(chromedp.WaitVisible(`.code img`))
	if width := evaluated[int](w, `(async () => { const img = document.querySelector(".code img"); await img.decode(); return img.naturalWidth })()`); width < 200 {
		t.Errorf("the code is %d pixels wide", width)
	}
	w.look("invited")
	tablet := o.enrol(evaluated[string](w, `document.getElementById("line").textContent`), "Планшет 7")
	tablet.put(&recordsv1.Training{TitleUk: "Домедична допомога"})
	tablet.sync() // which an open page hears of
	w.shows("Enrolled: Планшет 7")
	w.click("a", "Tablets")
	w.shows("just now")
	w.look("devices")
	w.open("/devices/" + tablet.deviceID())
	w.look("device")
}

// What a coordinator settles in a browser reaches the tablet that was away.
func TestInABrowserADisagreementIsSettledAndReachesATabletThatWasAway(t *testing.T) {
	l := newLesson(t)
	w := l.openWindow()
	w.signIn("coordinator")
	w.shows("2 disagreements wait to be settled")
	w.look("overview")
	w.click("a", "Look")
	w.shows("Шевченко Олена")
	w.look("review")
	w.open(reviewPath + "?kind=cell")
	w.clickAt(`//div[@class="value"][contains(., "B-99")]//button`)
	w.shows("1 disagreement is settled")
	w.isUsable("settled")
	l.first.sync()
	kept, err := clientsdk.Get[*recordsv1.Participant](t.Context(), l.first.Register, l.hall, clientsdk.RecordID(l.olena))
	l.must(err)
	if kept.Message.Code != "B-99" {
		t.Errorf("the tablet has %q", kept.Message.Code)
	}
	w.click("button", "Undo")
	w.shows("it is open again")
	w.click("a", "History")
	w.shows("Changes, the newest first")
	w.look("history")
	w.open(reviewPath + "?kind=cell")
	w.clickAt(`//div[@class="value"][contains(., "B-99")]//button`)
	w.shows("1 disagreement is settled")
	w.open(historyPath + "/" + l.hall.String() + "/" + l.olena.String()) // where it is, when the review has long forgotten it
	w.look("history-settled")
	w.click("button", "Open it again")
	w.shows("it is open again")
}

// A page that is open shows what a tablet brings, without anybody loading it anew;
// and leaves alone what somebody is about to tick.
func TestInABrowserAPageStaysUpToDate(t *testing.T) {
	l := newLesson(t)
	w := l.openWindow()
	w.signIn("coordinator")
	w.open(overviewPath)
	evaluated[bool](w, `window.stays = true`)
	l.first.edit(l.training, &recordsv1.Training{TitleEn: "First aid"})
	l.second.edit(l.training, &recordsv1.Training{TitleEn: "Aid"})
	l.first.put(&recordsv1.Event{TitleUk: "Концерт"})
	l.first.sync()
	w.run(chromedp.WaitVisible(`//td[@data-label="Events"]/span[text()="1"]`))
	if !evaluated[bool](w, `window.stays === true`) {
		t.Error("the page was loaded anew")
	}
}

func TestInABrowserAllPagesAreLookedAt(t *testing.T) {
	l := newLesson(t)
	w := l.openWindow()
	w.signIn("coordinator")
	for name, path := range map[string]string{
		"trainings": trainingsPath, "training": trainingsPath + "/" + l.hall.String(),
		"grid":   trainingsPath + "/" + l.hall.String() + "/" + l.training.String(),
		"sheet":  trainingsPath + "/" + l.hall.String() + "/" + l.training.String() + "/sheet?day=2",
		"events": eventsPath, "community-events": eventsPath + "/" + l.hall.String(), "quarantine": quarantinePath,
	} {
		w.open(path)
		w.look(name)
	}
	w.expects = "404"
	w.open("/nowhere")
	w.look("nowhere")
	w.run(chromedp.Submit(`form[action="/sign-out"]`), chromedp.WaitVisible("#login"))
	w.signIn("admin")
	w.open("/audit")
	w.look("audit")
	w.run(chromedp.Submit(`form[action="/sign-out"]`), chromedp.WaitVisible("#login"))
	w.signIn("officer")
	w.open(rightsPath)
	w.look("rights")
	w.open(rightsPath + "/person?subject=" + l.olena.String())
	w.shows("Participant")
	w.look("person-rights")
	w.run(chromedp.Submit(`form[action="/sign-out"]`), chromedp.WaitVisible("#login"))
	w.signIn("supervisor")
	w.open(counsellingPath)
	w.look("counselling")
}
