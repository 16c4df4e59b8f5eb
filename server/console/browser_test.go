package console

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe/axe.min.js
var axe string

// picturesVariable names a directory in which pictures of pages are kept.
const picturesVariable = "ZHURNAL_PICTURES"

// window is Chromium, in which a person signs in to an office. Whatever is wrong
// on a page that it shows (an error on the console, a request to another host)
// fails the test.
type window struct {
	*office
	ctx     context.Context
	mu      sync.Mutex
	expects string // an error that is due, in part
}

// openWindow starts Chromium. Where there is none the test is skipped, or fails if
// everything is to be tested.
func (o *office) openWindow() *window {
	o.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		if os.Getenv("ZHURNAL_REQUIRE") != "" {
			o.Fatal("Chromium is not installed")
		}
		o.Skip("Chromium is not installed")
	}
	ctx, end := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.WindowSize(1280, 900), chromedp.Flag("lang", "en"), chromedp.Flag("disable-background-networking", true)))
	o.Cleanup(end)
	w := &window{office: o, ctx: ctx}
	o.must(chromedp.Listen(ctx, w.hear))
	for _, enable := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, runtime.Enable} {
		called(w, enable, cdp.Empty{})
	}
	called(w, network.Enable, network.EnableParams{})
	called(w, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "en"}})
	return w
}

// called calls a command of Chromium.
func called[P, R any](w *window, command cdp.Command[P, R], params P) R {
	w.Helper()
	answer, err := chromedp.Call(w.ctx, command, params)
	w.must(err)
	return answer
}

// hear fails the test for what should not happen on any page.
func (w *window) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if at, err := url.Parse(e.Request.URL); err == nil && at.Scheme != "data" && "http://"+at.Host != w.url && at.Scheme != "about" {
			w.Errorf("a page asked for %s", e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			w.Errorf("on the console: %s", e.Args[0].Value)
		}
	case *runtime.EventExceptionThrown:
		w.Errorf("a script failed: %s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *log.EventEntryAdded:
		w.mu.Lock()
		defer w.mu.Unlock()
		if e.Entry.Level == log.EntryLevelError && (w.expects == "" || !strings.Contains(e.Entry.Text, w.expects)) {
			w.Errorf("in the browser's log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}
}

// patience is how long something that should show may take on a machine that has
// other things to do.
const patience = time.Minute

func (w *window) run(steps ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		at, _ := chromedp.Run(w.ctx, chromedp.Location())
		body, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		w.Fatalf("%v, at %s:\n%s", err, at, body)
	}
}

// evaluated is what an expression comes to on the page.
func evaluated[T any](w *window, expression string) T {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	w.must(err)
	return value
}

func (w *window) open(path string) {
	w.Helper()
	w.run(chromedp.Navigate(w.url+path), chromedp.WaitReady("main"))
}

func (w *window) signIn(login string) {
	w.Helper()
	w.open("/sign-in")
	w.run(chromedp.SendKeys("#login", login), chromedp.SendKeys("#password", password), chromedp.Submit("#by-password"), chromedp.WaitVisible(".places"))
}

// click clicks what shows a text.
func (w *window) click(selector, text string) {
	w.Helper()
	w.clickAt(fmt.Sprintf(`//%s[contains(normalize-space(.), %q)]`, selector, text))
}

// clickAt clicks what an XPath finds, in one step of the page: a part that is taken
// anew, or laid out anew, does not come between finding and clicking.
func (w *window) clickAt(xpath string) {
	w.Helper()
	w.run(chromedp.WaitVisible(xpath))
	evaluated[bool](w, fmt.Sprintf(`(() => { document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue.click(); return true })()`, xpath))
}

// shows waits until the page shows a text.
func (w *window) shows(text string) {
	w.Helper()
	w.run(chromedp.WaitVisible(fmt.Sprintf(`//main//*[contains(normalize-space(.), %q)]`, text)))
}

// violation is something that axe finds wrong.
type violation struct {
	ID, Help string
	Nodes    []struct{ HTML string }
}

// isUsable lets axe look at the page that is shown.
func (w *window) isUsable(name string) {
	w.Helper()
	w.run(chromedp.Evaluate[chromedp.Void](axe + "; null"))
	found := evaluated[[]violation](w, `axe.run({resultTypes: ["violations"]}).then((r) => r.violations.map((v) =>
		({ID: v.id, Help: v.help, Nodes: v.nodes.map((n) => ({HTML: n.html}))})))`)
	for _, v := range found {
		w.Errorf("%s: %s (%s), at %s", name, v.Help, v.ID, v.Nodes[0].HTML)
	}
}

// looks are how a page is looked at.
var looks = []struct {
	name  string
	width int64
	dark  bool
}{{"wide", 1280, false}, {"wide-dark", 1280, true}, {"narrow", 360, false}, {"narrow-dark", 360, true}}

// look lets axe look at a page, wide and narrow, light and dark; the page must not
// be wider than the window. A picture of each is kept, if somebody wants it.
func (w *window) look(name string) {
	w.Helper()
	for _, how := range looks {
		scheme := "light"
		if how.dark {
			scheme = "dark"
		}
		called(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: how.width, Height: 900, DeviceScaleFactor: 1, Mobile: how.width < 500})
		called(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		over := evaluated[int](w, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
		if over > 0 {
			w.Errorf("%s (%s) is %d pixels wider than the window", name, how.name, over)
		}
		w.isUsable(name + " " + how.name)
		w.keep(name + "-" + how.name)
	}
	called(w, emulation.ClearDeviceMetricsOverride, cdp.Empty{})
	called(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

func (w *window) keep(name string) {
	dir := os.Getenv(picturesVariable)
	if dir == "" {
		return
	}
	height := evaluated[float64](w, `document.documentElement.scrollHeight`)
	width := evaluated[float64](w, `document.documentElement.clientWidth`)
	beyond := true
	picture := called(w, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &beyond, Clip: &page.Viewport{Width: width, Height: min(height, 2400), Scale: 1},
	})
	w.must(os.WriteFile(filepath.Join(dir, name+".png"), picture.Data, 0o600))
}

func TestInABrowserTheLanguageIsSwitched(t *testing.T) {
	o := newOffice(t)
	w := o.openWindow()
	w.open("/sign-in")
	w.look("sign-in")
	w.signIn("coordinator")
	w.open("/devices")
	w.click("a", "Українською")
	w.run(chromedp.WaitVisible(`html[lang=uk] h1`))
	w.shows("Планшетів поки немає")
	w.look("devices-empty")
	w.click("button", "Вийти")
	w.run(chromedp.WaitVisible("#login"))
}
