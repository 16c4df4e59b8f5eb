package clientsdk_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// ofDevice makes the tablet a device of its own.
func (tab *tablet) ofDevice(device clientsdk.DeviceID) {
	tab.t.Helper()
	tab.line.device, tab.deviceKey = device, must(clientsdk.NewSoftwareKey(seeded(7)))
	tab.reopen(recordTypes())
}

// unlockable is a tablet whose lease was over yesterday.
func unlockable(t *testing.T) (*home, *tablet) {
	t.Helper()
	h, tab := leased(t)
	tab.ofDevice(clientsdk.DeviceID{1})
	tab.sync()
	tab.goesTo(22)
	tab.mustBeLocked(true, "22 days after contact")
	return h, tab
}

// shows is what the tablet shows whoever asks for a code.
func (tab *tablet) shows() string {
	tab.t.Helper()
	challenge, err := tab.UnlockChallenge(tab.t.Context())
	if err != nil {
		tab.t.Fatal(err)
	}
	return challenge
}

// answers is the code that home gives.
func (h *home) answers(device clientsdk.DeviceID, challenge string, days int) string {
	h.t.Helper()
	key := must(h.engine.UnlockKey(device))
	return must(key.Code(must(credential.ParseUnlockChallenge(challenge)), days)).String()
}

func (tab *tablet) mustRefuse(code string, want error) {
	tab.t.Helper()
	before := tab.Lease()
	if _, err := tab.Unlock(tab.t.Context(), code); !errors.Is(err, want) || fault.KindOf(err) != fault.Unauthenticated {
		tab.t.Errorf("%s: %v", code, err)
	}
	if after := tab.Lease(); after.Added != before.Added || after.Left > before.Left {
		tab.t.Errorf("%s: what was left was %+v, and is %+v", code, before, after)
	}
}

// A code unlocks for its days, without a network, and what was not sent is there
// and goes up when home is met.
func TestACodeUnlocksALockedTablet(t *testing.T) {
	_, tab := unlockable(t)
	challenge := tab.shows()
	tab.reopen(recordTypes())
	if again := tab.shows(); again != challenge {
		t.Errorf("it showed %s, and opened anew shows %s", challenge, again)
	}
	tab.mustBeLocked(true, "while it shows what to ask for")
	lease, err := tab.Unlock(t.Context(), tab.line.home.answers(tab.line.device, challenge, 7))
	if err != nil || lease.Left.Round(time.Second) != 7*aDay || lease.Allowed != 21*aDay {
		t.Fatalf("%+v, %v", lease, err)
	}
	unsent := tab.register("Шевченко")
	tab.goesTo(28.9)
	tab.reopen(recordTypes())
	tab.mustBeLocked(false, "on the seventh day")
	tab.goesTo(29.1)
	tab.mustBeLocked(true, "on the eighth day")
	if result := tab.sync(); result.Sent == 0 {
		t.Errorf("nothing was sent: %+v", result)
	}
	if lease := tab.Lease(); lease.Added != 0 || tab.person(unsent).Message.FamilyName != "Шевченко" {
		t.Errorf("after contact: %+v", lease)
	}
	tab.goesTo(29.1 + 21.1)
	tab.mustBeLocked(true, "22 days after the next contact")
}

// Whoever has a code has it for one challenge of one tablet of one home.
func TestACodeIsGoodOnceForOneTablet(t *testing.T) {
	h, tab := unlockable(t)
	challenge := tab.shows()
	code := h.answers(tab.line.device, challenge, 7)
	tab.mustRefuse(h.answers(clientsdk.DeviceID{2}, challenge, 7), clientsdk.ErrUnlockCode)
	tab.mustRefuse(newHome(t).answers(tab.line.device, "000000 000000 000000", 7), clientsdk.ErrUnlockCode)
	mistyped := strings.Replace(code, code[8:9], string('0'+(code[8]-'0'+1)%10), 1)
	if _, err := tab.Unlock(t.Context(), mistyped); fault.KindOf(err) != fault.Invalid {
		t.Errorf("mistyped: %v", err)
	}
	if _, err := tab.Unlock(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	tab.mustRefuse(code, clientsdk.ErrUnlockCode)
	tab.reopen(recordTypes())
	tab.mustRefuse(code, clientsdk.ErrUnlockCode)
	if next := tab.shows(); next == challenge {
		t.Errorf("it shows %s again", next)
	}
	tab.mustRefuse(code, clientsdk.ErrUnlockCode)
	if left := tab.Lease().Left; left > 7*aDay {
		t.Errorf("left are %s", left)
	}
}

// What was asked for before home was met is not needed after.
func TestContactVoidsACode(t *testing.T) {
	h, tab := unlockable(t)
	code := h.answers(tab.line.device, tab.shows(), 30)
	tab.sync()
	tab.mustRefuse(code, clientsdk.ErrUnlockCode)
	tab.goesTo(22 + 22)
	tab.mustRefuse(code, clientsdk.ErrUnlockCode)
}

// Before it locks, a code adds its days to what is left; whatever its clock shows,
// it adds no more.
func TestACodeAddsItsDays(t *testing.T) {
	h, tab := leased(t)
	tab.ofDevice(clientsdk.DeviceID{1})
	if _, err := tab.UnlockChallenge(t.Context()); fault.KindOf(err) != fault.Invalid {
		t.Errorf("before there is a lease: %v", err)
	}
	tab.sync()
	unlock := func(days int) {
		t.Helper()
		if _, err := tab.Unlock(t.Context(), h.answers(tab.line.device, tab.shows(), days)); err != nil {
			t.Error(err)
		}
	}
	tab.goesTo(20)
	unlock(3)
	unlock(2)
	tab.goesTo(25.9)
	tab.mustBeLocked(false, "a day and five before it is over")
	tab.goesTo(26.1)
	tab.mustBeLocked(true, "after that")
	tab.goesTo(4000) // set forward, for years
	tab.mustBeLocked(true, "set forward")
	unlock(1)
	tab.mustBeLocked(false, "unlocked")
	tab.goesTo(27) // put right
	tab.mustBeLocked(false, "put right")
	tab.goesTo(27.9)
	tab.mustBeLocked(false, "0.9 days later")
	tab.goesTo(28.2)
	tab.mustBeLocked(true, "1.2 days later")
}

// Of many who type one code at once, one unlocks.
func TestOfManyWhoTypeACodeAtOnceOneUnlocks(t *testing.T) {
	h, tab := unlockable(t)
	code := h.answers(tab.line.device, tab.shows(), 7)
	var typing sync.WaitGroup
	var unlocked atomic.Int32
	for range 8 {
		typing.Go(func() {
			if _, err := tab.Unlock(t.Context(), code); err == nil {
				unlocked.Add(1)
			}
		})
	}
	typing.Wait()
	if left := tab.Lease().Left; unlocked.Load() != 1 || left > 7*aDay {
		t.Errorf("%d unlocked, left are %s", unlocked.Load(), left)
	}
}

// Home that gave no key cannot be asked for a code.
func TestATabletThatWasGivenNoKeySaysSo(t *testing.T) {
	h, tab := leased(t)
	h.withholdsKey = true
	tab.sync()
	tab.goesTo(22)
	if _, err := tab.UnlockChallenge(t.Context()); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	tab.mustRefuse(must(new(credential.UnlockKey).Code(credential.UnlockChallenge{}, 7)).String(), clientsdk.ErrUnlockCode)
}
