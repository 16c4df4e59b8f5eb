package credential_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func unlockKeyOf(t *testing.T, secret byte, device credential.DeviceID) *credential.UnlockKey {
	t.Helper()
	key, err := credential.UnlockKeyOf([]byte{secret, 31: 0}, device)
	if err != nil {
		t.Fatal(err)
	}
	return &key
}

// typed is a code as it comes out of being read and typed.
func typed(t *testing.T, code credential.UnlockCode) credential.UnlockCode {
	t.Helper()
	again, err := credential.ParseUnlockCode(code.String())
	if err != nil || again != code {
		t.Fatalf("%s is read as %+v, %v", code, again, err)
	}
	return again
}

// A code answers one challenge of one device of one home, and says itself for how
// many days.
func TestACodeUnlocksOneDeviceOnceForItsDays(t *testing.T) {
	device, other := credential.DeviceID{1}, credential.DeviceID{2}
	key := unlockKeyOf(t, 1, device)
	challenge := credential.NewUnlockChallenge(device, [4]byte{1, 2, 3, 4})
	heard, err := credential.ParseUnlockChallenge(challenge.String())
	if err != nil || heard != challenge || !heard.IsOf(device) || heard.IsOf(other) {
		t.Fatalf("%s is read as %s, %v", challenge, heard, err)
	}
	for _, days := range []int{1, 7, credential.UnlockDaysMost} {
		code, err := key.Code(heard, days)
		if err != nil || code.Days != days || !key.Unlocks(challenge, typed(t, code)) {
			t.Errorf("%d days: %s, %v", days, code, err)
		}
		longer := code
		longer.Days++
		for what, unlocks := range map[string]bool{
			"another challenge": key.Unlocks(credential.NewUnlockChallenge(device, [4]byte{1, 2, 3, 5}), code),
			"another device":    unlockKeyOf(t, 1, other).Unlocks(challenge, code),
			"another home":      unlockKeyOf(t, 2, device).Unlocks(challenge, code),
			"a day more":        key.Unlocks(challenge, longer),
		} {
			if unlocks {
				t.Errorf("%d days: the code unlocks %s", days, what)
			}
		}
	}
	for _, days := range []int{-1, 0, credential.UnlockDaysMost + 1, 256 + 7} {
		if code, err := key.Code(challenge, days); fault.KindOf(err) != fault.Invalid || key.Unlocks(challenge, code) {
			t.Errorf("%d days: %s, %v", days, code, err)
		}
	}
}

// One wrong digit, or two neighbours exchanged, is found, and in which group.
func TestWhatIsMistypedIsFoundInItsGroup(t *testing.T) {
	code, err := unlockKeyOf(t, 1, credential.DeviceID{1}).Code(credential.NewUnlockChallenge(credential.DeviceID{1}, [4]byte{}), 7)
	if err != nil {
		t.Fatal(err)
	}
	digits := strings.ReplaceAll(code.String(), " ", "")
	refused := func(mistyped string, group int) {
		t.Helper()
		_, err := credential.ParseUnlockCode(mistyped)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), fmt.Sprintf("number %d", group)) {
			t.Errorf("%s for %s: %v", mistyped, digits, err)
		}
	}
	for i := range digits {
		for d := byte('0'); d <= '9'; d++ {
			if d != digits[i] {
				refused(digits[:i]+string(d)+digits[i+1:], i/6+1)
			}
		}
		if i%6 < 5 && digits[i] != digits[i+1] {
			refused(digits[:i]+string(digits[i+1])+string(digits[i])+digits[i+2:], i/6+1)
		}
	}
	refused(digits[:18]+"999999", 4) // a multiple of eleven, of more than 16 bits
}

func TestACodeIsReadHoweverItIsParted(t *testing.T) {
	code, err := unlockKeyOf(t, 1, credential.DeviceID{1}).Code(credential.NewUnlockChallenge(credential.DeviceID{1}, [4]byte{}), 7)
	if err != nil {
		t.Fatal(err)
	}
	text := code.String()
	for _, way := range []string{text, strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(text, " ", "-"), " " + strings.ReplaceAll(text, " ", "\u00a0\n")} {
		if again, err := credential.ParseUnlockCode(way); err != nil || again != code {
			t.Errorf("%q: %+v, %v", way, again, err)
		}
	}
	for _, none := range []string{"", text[1:], text + "1", "x" + text[1:], strings.Repeat("١", 24), "+" + text[1:]} {
		if _, err := credential.ParseUnlockCode(none); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "4 groups of 6 digits") {
			t.Errorf("%q: %v", none, err)
		}
	}
}

func TestAnUnlockKeyShowsNowhere(t *testing.T) {
	key := unlockKeyOf(t, 1, credential.DeviceID{1})
	if text := fmt.Sprintf("%v %x %+v %s", *key, *key, struct{ credential.UnlockKey }{*key}, key); strings.Contains(text, fmt.Sprintf("%x", key[:4])) || !strings.Contains(text, "(secret)") {
		t.Error(text)
	}
}

// Worked out by another program from what docs/protocol.md says.
func TestUnlockVectors(t *testing.T) {
	var device credential.DeviceID
	var key credential.UnlockKey
	for i := range key {
		key[i], device[i%16] = byte(i), byte(i%16)
	}
	challenge := credential.NewUnlockChallenge(device, [4]byte{1, 2, 3, 4})
	if got := challenge.String(); got != "064295 002838 008492" {
		t.Errorf("challenge %s", got)
	}
	if code, err := key.Code(challenge, 7); err != nil || code.String() != "020867 317658 610434 490666" {
		t.Errorf("code %s, %v", code, err)
	}
}
