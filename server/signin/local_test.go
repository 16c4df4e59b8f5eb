package signin

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func TestAPasswordIsKeptAsArgon2id(t *testing.T) {
	o := newOffice(t, func(o *Options) { o.cost = usualCost })
	view, err := o.dir.View()
	o.must(err)
	hash := directory.Local(view.User(o.iryna)).PasswordHash
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=1$") {
		t.Error(hash)
	}
	if fits, err := o.service.passwords.fits(t.Context(), irynasPassword, hash); err != nil || !fits {
		t.Errorf("%v, %v", fits, err)
	}
}

// Whoever guesses logins sees the same for one that there is and one that there
// is not, and it is the same work.
func TestAnUnknownLoginIsAnsweredAsAWrongPassword(t *testing.T) {
	o := newOffice(t)
	var compared []string
	o.service.passwords.compared = func(hash string) { compared = append(compared, hash) }
	withoutPassword := o.user("Олег")
	_ = withoutPassword
	var answers []string
	for _, login := range []string{"iryna@example.org", "nobody@example.org", "", strings.Repeat("long", 1000)} {
		_, err := o.service.SignIn(t.Context(), desk, login, "хибний пароль")
		if fault.KindOf(err) != fault.Unauthenticated {
			t.Fatalf("%q: %v", login, err)
		}
		answers = append(answers, err.Error())
	}
	b := o.browser()
	known := b.post(signInPath, "login", "iryna@example.org", "password", "хибний пароль")
	unknown := b.post(signInPath, "login", "nobody@example.org", "password", "хибний пароль")
	if known.status != 401 || strings.ReplaceAll(known.body, "iryna", "nobody") != unknown.body {
		t.Errorf("%d:\n%s\n%s", known.status, known.body, unknown.body)
	}
	for i, answer := range answers {
		if answer != answers[0] {
			t.Errorf("%q and %q", answers[0], answer)
		}
		known, _, _, err := argon2id.DecodeHash(compared[0])
		o.must(err)
		other, _, _, err := argon2id.DecodeHash(compared[i])
		o.must(err)
		if *known != *other {
			t.Errorf("%+v is other work than %+v", other, known)
		}
	}
	if len(compared) != len(answers)+2 || o.audit.count(SignInFailed) != len(compared) {
		t.Errorf("%d compared, %d kept", len(compared), o.audit.count(SignInFailed))
	}
}

func TestOneLoginIsTriedSoOftenFromWherever(t *testing.T) {
	for _, login := range []string{"iryna@example.org", "nobody@example.org"} {
		o := newOffice(t)
		try := func(i int) error {
			from := netip.AddrFrom4([4]byte{198, 51, byte(i), 1})
			_, err := o.service.SignIn(t.Context(), from, login, fmt.Sprint("guess ", i))
			return err
		}
		for i := range loginAtOnce {
			if err := try(i); fault.KindOf(err) != fault.Unauthenticated {
				t.Fatalf("attempt %d: %v", i, err)
			}
		}
		compared := 0
		o.service.passwords.compared = func(string) { compared++ }
		if err := try(200); fault.KindOf(err) != fault.Throttled || fault.WaitOf(err) <= 0 {
			t.Errorf("%s: one more: %v", login, err)
		}
		if compared != 0 {
			t.Error("it was tried all the same")
		}
		o.pass(minute)
		if err := try(201); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: after a minute: %v", login, err)
		}
		if err := try(202); fault.KindOf(err) != fault.Throttled {
			t.Errorf("%s: and at once: %v", login, err)
		}
	}
}

func TestOneAddressTriesSoOften(t *testing.T) {
	o := newOffice(t)
	try := func(from string, i int) error {
		_, err := o.service.SignIn(t.Context(), netip.MustParseAddr(from), fmt.Sprint("login", i), "guess")
		return err
	}
	for i := range addressAtOnce {
		// All of 64 bits of IPv6 are one customer.
		if err := try(fmt.Sprintf("2001:db8:1:2:%x::1", i), i); fault.KindOf(err) != fault.Unauthenticated {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	if err := try("2001:db8:1:2:ffff::1", 1000); fault.KindOf(err) != fault.Throttled {
		t.Errorf("one more: %v", err)
	}
	if err := try("2001:db8:1:3::1", 1001); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("another: %v", err)
	}
}

func TestWhoKnowsThePasswordIsNotHeldUpByComingOften(t *testing.T) {
	o := newOffice(t)
	for range 3 * addressAtOnce {
		o.signIn()
	}
}

func TestWhatCannotBeLoggedIsNotDone(t *testing.T) {
	o := newOffice(t)
	o.audit.err = fault.New(fault.Unavailable, "the disk is full")
	if _, err := o.service.SignIn(t.Context(), desk, "iryna@example.org", irynasPassword); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("signed in: %v", err)
	}
	if n := len(o.service.sessions.byHash); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestAPasswordIsTheSameHoweverAKeyboardMakesIt(t *testing.T) {
	o := newOffice(t)
	hash, err := o.service.passwords.hash(t.Context(), "\u0457жак і пиріг")
	o.must(err)
	fits, err := o.service.passwords.fits(t.Context(), "\u0456\u0308жак і пиріг", hash) // ї of two signs
	if err != nil || !fits {
		t.Errorf("%v, %v", fits, err)
	}
}

func TestPasswordsThatAreTriedFirstAreRefused(t *testing.T) {
	for password, want := range map[string]error{
		"коротке":                    errShort,
		strings.Repeat("слово ", 50): errLong,
		"aaaaaaaaaaaaaaaa":           errSimple,
		"123412341234":               errSimple,
		"qwertyuiopasdf":             errSimple,
		"ЙЦУКЕНГШЩЗХЇ":               errSimple,
		"iryna-2026-spring":          errNamed,
		"моя опора назавжди":         errNamed,
		"кінь батарея скріпка":       nil,
		"correct horse battery":      nil,
	} {
		if err := checkPassword(password, "iryna@example.org", "БО Опора"); err != want {
			t.Errorf("%s: %v", password, err)
		}
	}
}

func TestTwoPeopleDoNotGetTheSameLogin(t *testing.T) {
	o := newOffice(t)
	names := []string{"Олег", "Оксана", "Остап", "Одарка"}
	errs := make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		user := o.user(name)
		all.Go(func() {
			errs[i] = o.dir.In(o.org).SetPassword(t.Context(), o.iryna, user, []string{"coord", "Coord"}[i%2], "$argon2id$")
		})
	}
	all.Wait()
	got := 0
	for _, err := range errs {
		if err == nil {
			got++
		} else if fault.KindOf(err) != fault.Invalid {
			t.Error(err)
		}
	}
	if got != 1 {
		t.Errorf("%d got it", got)
	}
}
