package signin

import (
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// link makes a link and returns the secret in it.
func (o *office) link(user merge.PersonID) string {
	o.Helper()
	text, _, err := o.service.MakeLink(o.Context(), merge.PersonID{}, user)
	o.must(err)
	u, err := url.Parse(text)
	o.must(err)
	if u.Path != welcomePath || !strings.HasPrefix(text, o.service.o.URL) {
		o.Errorf("a link to %s", text)
	}
	return u.Query().Get("link")
}

func filledIn(link string) []string {
	return []string{
		"link", link, "organisation", "Опора", "name", "Ірина", "login", "iryna@example.org",
		"new", irynasPassword, "again", irynasPassword,
	}
}

func TestFirstStartMakesTheOrganisationAndItsAdministrator(t *testing.T) {
	o := newRegister(t)
	if needed, err := o.service.NeedsFirst(); err != nil || !needed {
		t.Fatalf("%v, %v", needed, err)
	}
	b, link := o.browser(), o.link(merge.PersonID{})
	b.get(welcomePath+"?link="+link).mustBe(t, 200, welcomePath, "First start")
	b.post(welcomePath, filledIn(link)...).mustBe(t, 200, accountPath, "Опора")
	if needed, err := o.service.NeedsFirst(); err != nil || needed {
		t.Fatalf("still needed: %v, %v", needed, err)
	}
	view, err := o.dir.View()
	o.must(err)
	user, row := view.UserByLogin("iryna@example.org")
	if row == nil || len(row.Assignments) != 1 || row.Assignments[0].Role != directoryv1.Role_ROLE_ADMINISTRATOR {
		t.Errorf("%v: %v", user, row)
	}
	o.signIn()
}

func TestALinkIsGoodOnce(t *testing.T) {
	o := newRegister(t)
	link := o.link(merge.PersonID{})
	o.browser().post(welcomePath, filledIn(link)...).mustBe(t, 200, accountPath, "Опора")
	o.browser().post(welcomePath, filledIn(link)...).mustBe(t, 404, welcomePath, "was used")
	view, err := o.dir.View()
	o.must(err)
	o.org = view.Organisations()[0]
	user := o.user("Олег")
	second := o.link(user)
	form := []string{"link", second, "login", "oleh", "new", "зовсім інші слова тут", "again", "зовсім інші слова тут"}
	o.browser().post(welcomePath, form...).mustBe(t, 200, accountPath, "Олег")
	o.browser().post(welcomePath, form...).mustBe(t, 404, welcomePath, "was used")
}

func TestOfManyWhoUseALinkAtOnceOneDoes(t *testing.T) {
	o := newRegister(t)
	link := o.link(merge.PersonID{})
	var all sync.WaitGroup
	var got [6]error
	for i := range got {
		all.Go(func() {
			w := welcome{link: link, organisation: "Опора", name: "Ірина"}
			_, got[i] = o.service.useLink(t.Context(), w, merge.PersonID{}, directory.ByPassword(strings.Repeat("i", i+1), "$argon2id$"))
		})
	}
	all.Wait()
	in := 0
	for _, err := range got {
		if err == nil {
			in++
		}
	}
	view, err := o.dir.View()
	o.must(err)
	if in != 1 || len(view.Organisations()) != 1 {
		t.Errorf("%d came in, %d organisations", in, len(view.Organisations()))
	}
}

// Others have found the link good while the first was using it.
func TestWhoWaitsForALinkThatIsBeingUsedIsTooLate(t *testing.T) {
	o := newOffice(t)
	text := o.link(o.user("Олег"))
	var waiting, others sync.WaitGroup
	var used atomic.Int32
	o.must(o.service.links.use(text, func(merge.PersonID) error {
		for range 8 {
			waiting.Add(1)
			others.Go(func() {
				waiting.Done()
				if err := o.service.links.use(text, func(merge.PersonID) error { return nil }); err == nil {
					used.Add(1)
				}
			})
		}
		waiting.Wait()
		for range 1000 {
			runtime.Gosched()
		}
		return nil
	}))
	others.Wait()
	if n := used.Load(); n != 0 {
		t.Errorf("%d more used it", n)
	}
}

func TestALinkIsGoodFor24HoursAndUntilAnotherIsMade(t *testing.T) {
	o := newRegister(t)
	first := o.link(merge.PersonID{})
	second := o.link(merge.PersonID{})
	b := o.browser()
	b.get(welcomePath+"?link="+first).mustBe(t, 404, welcomePath, "not known")
	o.pass(linkMillis - 1)
	b.get(welcomePath+"?link="+second).mustBe(t, 200, welcomePath, "First start")
	o.pass(1)
	b.get(welcomePath+"?link="+second).mustBe(t, 404, welcomePath, "has run out")
	b.post(welcomePath, filledIn(second)...).mustBe(t, 404, welcomePath, "has run out")
	for _, wrong := range []string{"", "AAAA", strings.Repeat("A", 22), second + "A"} {
		b.get(welcomePath+"?link="+wrong).mustBe(t, 404, welcomePath, "not known")
	}
}

func TestALinkForTheFirstIsOverWhenThereIsOne(t *testing.T) {
	o := newRegister(t)
	link := o.link(merge.PersonID{})
	var err error
	o.org, o.iryna, err = o.dir.AddFirst(t.Context(), directory.First{Organisation: "Опора", Name: "Ірина", Account: directory.ByPassword("iryna", "$argon2id$")})
	o.must(err)
	o.browser().post(welcomePath, filledIn(link)...).mustBe(t, 422, welcomePath, "an administrator")
	if _, _, err := o.service.MakeLink(t.Context(), merge.PersonID{}, merge.PersonID{}); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "--user") {
		t.Errorf("another one is made: %v", err)
	}
	// That she has ended does not open the register to whoever comes.
	o.administrator("Hanna")
	o.end(o.iryna)
	if _, _, err := o.service.MakeLink(t.Context(), merge.PersonID{}, merge.PersonID{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("after she has ended: %v", err)
	}
}

// What was mistyped does not cost the link.
func TestALinkThatDidNotDoItIsStillGood(t *testing.T) {
	o := newRegister(t)
	b, link := o.browser(), o.link(merge.PersonID{})
	form := filledIn(link)
	for at, wrong := range map[int]string{3: " ", 5: "", 7: "with a space", 9: "short", 11: "another password"} {
		mistyped := append([]string{}, form...)
		mistyped[at] = wrong
		if got := b.post(welcomePath, mistyped...); got.status != 422 {
			t.Errorf("%s %q: status %d", form[at-1], wrong, got.status)
		}
	}
	b.post(welcomePath, form...).mustBe(t, 200, accountPath, "Опора")
}

func TestALinkForAUserSetsAnotherPasswordAndEndsSessions(t *testing.T) {
	o := newOffice(t)
	before := o.signIn()
	b, link := o.browser(), o.link(o.iryna)
	const next = "забула і вигадала новий"
	b.get(welcomePath+"?link="+link).mustBe(t, 200, welcomePath, "Welcome, Ірина")
	b.post(welcomePath, "link", link, "login", "iryna@example.org", "new", next, "again", next).mustBe(t, 200, accountPath, "Ірина")
	if o.isIn(before) {
		t.Error("a session of before goes on")
	}
	if _, err := o.service.SignIn(t.Context(), desk, "iryna@example.org", next); err != nil {
		t.Error(err)
	}
	if o.audit.count(LinkMade) != 1 || o.audit.count(LinkUsed) != 1 {
		t.Errorf("kept: %+v", o.audit.events)
	}
}

func TestALinkIsNotForWhoHasEnded(t *testing.T) {
	o := newOffice(t)
	oleh := o.user("Олег")
	link := o.link(oleh)
	o.end(oleh)
	o.browser().get(welcomePath+"?link="+link).mustBe(t, 404, welcomePath, "not known")
	if _, _, err := o.service.MakeLink(t.Context(), merge.PersonID{}, oleh); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}
