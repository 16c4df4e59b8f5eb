package enrol_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"sync/atomic"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func (s *scene) challenge(device credential.DeviceID) credential.Nonce {
	s.t.Helper()
	nonce, err := s.Challenge(device)
	if err != nil {
		s.t.Fatal(err)
	}
	return nonce
}

func signed(t testing.TB, key *credential.SoftwareKey, message []byte) []byte {
	t.Helper()
	signature, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// token gets one as a tablet does.
func (s *scene) token(device credential.DeviceID, key *credential.SoftwareKey) string {
	s.t.Helper()
	nonce := s.challenge(device)
	token, err := s.Token(context.Background(), device, nonce, signed(s.t, key, credential.TokenMessage(s.office, device, nonce)))
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func TestATokenSaysWhoCalls(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	caller, err := s.Caller(s.token(device, key))
	if want := (auth.Principal{Person: olena, Organisation: s.office, Device: device}); err != nil || caller != want {
		t.Errorf("%+v, %v", caller, err)
	}
}

// The attacks on the way to a token. Each has a device that is let in, and must
// not get it a token.
func TestWhoDoesNotSignTheChallengeGetsNoToken(t *testing.T) {
	for name, attack := range map[string]func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte){
		"a replayed nonce": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			nonce := s.challenge(d)
			signature := signed(t, key, credential.TokenMessage(s.office, d, nonce))
			if _, err := s.Token(t.Context(), d, nonce, signature); err != nil {
				t.Fatal(err)
			}
			return d, nonce, signature
		},
		"an expired nonce": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			nonce := s.challenge(d)
			s.passes(60_000)
			return d, nonce, signed(t, key, credential.TokenMessage(s.office, d, nonce))
		},
		"a nonce of the device's own making": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			nonce := s.challenge(d)
			nonce[7]++ // a millisecond more
			return d, nonce, signed(t, key, credential.TokenMessage(s.office, d, nonce))
		},
		"a nonce that another device was given": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			other, _ := s.enrolled()
			nonce := s.challenge(other)
			return d, nonce, signed(t, key, credential.TokenMessage(s.office, d, nonce))
		},
		"a nonce of the process before": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			nonce := s.restart(credential.HubID{}).challenge(d)
			return d, nonce, signed(t, key, credential.TokenMessage(s.office, d, nonce))
		},
		"a forged device id: signed with one's own key": func(s *scene, d credential.DeviceID, _ *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			_, mine := s.enrolled()
			nonce := s.challenge(d)
			return d, nonce, signed(t, mine, credential.TokenMessage(s.office, d, nonce))
		},
		"a device that does not exist": func(s *scene, _ credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			nobody := credential.DeviceID{1}
			nonce := s.challenge(nobody)
			return nobody, nonce, signed(t, key, credential.TokenMessage(s.office, nobody, nonce))
		},
		"a signature that was made for a hub, which passed on the challenge": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			nonce := s.challenge(d)
			return d, nonce, signed(t, key, credential.HubTokenMessage(credential.HubID(s.office), d, nonce))
		},
		"a signature for another organisation's server": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			nonce := s.challenge(d)
			return d, nonce, signed(t, key, credential.TokenMessage(credential.OrganisationID{9}, d, nonce))
		},
		"a revoked device": func(s *scene, d credential.DeviceID, key *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			s.turnAway(d)
			nonce := s.challenge(d)
			return d, nonce, signed(t, key, credential.TokenMessage(s.office, d, nonce))
		},
		"no signature": func(s *scene, d credential.DeviceID, _ *credential.SoftwareKey) (credential.DeviceID, credential.Nonce, []byte) {
			return d, s.challenge(d), nil
		},
	} {
		s := newScene(t)
		device, key := s.enrolled()
		id, nonce, signature := attack(s, device, key)
		token, err := s.Token(t.Context(), id, nonce, signature)
		if token != "" || fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %q, %v", name, token, err)
		}
		if want := wantRefusal(s); err.Error() != want {
			t.Errorf("%s shows: %v", name, err)
		}
	}
}

// wantRefusal is what a stranger is told.
func wantRefusal(s *scene) string {
	_, err := s.Token(context.Background(), credential.DeviceID{2}, credential.Nonce{}, nil)
	return err.Error()
}

func TestATokenOfARevokedDeviceIsRefusedAtTheNextUse(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	other, otherKey := s.enrolled()
	token, kept := s.token(device, key), s.token(other, otherKey)
	s.turnAway(device) // nobody has called Recheck yet
	if _, err := s.Caller(token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("it is still good: %v", err)
	}
	if _, err := s.Caller(kept); err != nil {
		t.Errorf("another device has lost its own: %v", err)
	}
}

func TestADeviceOfAPersonWhoHasEndedIsNotLetIn(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	token := s.token(device, key)
	for _, status := range []directoryv1.UserStatus{directoryv1.UserStatus_USER_STATUS_ENDED, directoryv1.UserStatus_USER_STATUS_ACTIVE} {
		s.must(s.directory.In(s.office).SetUserStatus(t.Context(), merge.PersonID{}, olena, status))
		// Nor is the token good again when the person is back.
		if _, err := s.Caller(token); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", status, err)
		}
	}
	s.token(device, key)
}

func TestATokenEndsAfterFifteenMinutes(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	token := s.token(device, key)
	s.passes(enrol.TokenMillis - 1)
	if _, err := s.Caller(token); err != nil {
		t.Errorf("a millisecond before: %v", err)
	}
	s.passes(1)
	if _, err := s.Caller(token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("it is good for longer: %v", err)
	}
	s.passes(-365 * 24 * 3600_000) // the server's clock was wrong, and is set back
	if _, err := s.Caller(token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a clock that is set back makes it good for a year: %v", err)
	}
}

func TestATokenIsOfOneProcess(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	token := s.token(device, key)
	if _, err := s.restart(credential.HubID{}).Caller(token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("%v", err)
	}
}

func TestADeviceHasFourTokensAndTheOldestGivesWay(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	var tokens []string
	for range 6 {
		tokens = append(tokens, s.token(device, key))
	}
	for i, token := range tokens {
		if _, err := s.Caller(token); (err == nil) != (i >= 2) {
			t.Errorf("token %d of 6: %v", i+1, err)
		}
	}
}

func TestADeviceGetsSixteenTokensInAMinute(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	other, otherKey := s.enrolled()
	for range 16 {
		s.token(device, key)
	}
	nonce := s.challenge(device)
	signature := signed(t, key, credential.TokenMessage(s.office, device, nonce))
	if _, err := s.Token(t.Context(), device, nonce, signature); fault.KindOf(err) != fault.Throttled {
		t.Errorf("a seventeenth: %v", err)
	}
	s.token(other, otherKey) // nobody else waits
	s.passes(59_999)
	if _, err := s.Token(t.Context(), device, nonce, signature); fault.KindOf(err) != fault.Throttled {
		t.Errorf("after 59.999 s: %v", err)
	}
	s.passes(1)
	s.token(device, key)
}

func TestWhatIsNoTokenIsRefused(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	token := s.token(device, key)
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	for name, text := range map[string]string{
		"nothing":            "",
		"a person's id":      olena.String(),
		"a device's id":      device.String(),
		"a shorter one":      token[:42],
		"a longer one":       token + "A",
		"of another writing": base64.StdEncoding.EncodeToString(raw),
		"random bytes":       base64.RawURLEncoding.EncodeToString(make([]byte, 32)),
		"with a line break":  token[:20] + "\n" + token[20:],
	} {
		if _, err := s.Caller(text); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRequestsOfARevokedDeviceAreCut(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	other, otherKey := s.enrolled()
	var cut, kept, left atomic.Int32
	caller := func(d credential.DeviceID, k *credential.SoftwareKey) auth.Principal {
		p, err := s.Caller(s.token(d, k))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	mine, others := caller(device, key), caller(other, otherKey)
	defer s.Attend(mine, func() { cut.Add(1) })()
	defer s.Attend(others, func() { kept.Add(1) })()
	s.Attend(mine, func() { left.Add(1) })() // a request that has ended
	s.Recheck()
	if cut.Load() != 0 {
		t.Fatal("cut while nothing has changed")
	}
	s.passes(2 * enrol.TokenMillis) // the watch is older than its token
	s.turnAway(device)
	s.Recheck()
	s.Recheck()
	if cut.Load() != 1 || kept.Load() != 0 || left.Load() != 0 {
		t.Errorf("cut %d times, another's %d, an ended one %d", cut.Load(), kept.Load(), left.Load())
	}
	// Let in a moment before it was turned away.
	late := atomic.Int32{}
	defer s.Attend(mine, func() { late.Add(1) })()
	if late.Load() != 1 {
		t.Error("a request that began while the device was turned away goes on")
	}
}

func TestAHubGivesTokensForItself(t *testing.T) {
	home := newScene(t)
	device, key := home.enrolled()
	hub := home.restart(credential.HubID{0x4b})
	nonce := hub.challenge(device)
	if _, err := hub.Token(t.Context(), device, nonce, signed(t, key, credential.TokenMessage(home.office, device, nonce))); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("what was signed for home is good at a hub: %v", err)
	}
	token, err := hub.Token(t.Context(), device, nonce, signed(t, key, credential.HubTokenMessage(credential.HubID{0x4b}, device, nonce)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hub.Caller(token); err != nil {
		t.Error(err)
	}
	if _, err := home.Caller(token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a hub's token is good at home: %v", err)
	}
}

func TestAChallengeCostsTheServerNothing(t *testing.T) {
	s := newScene(t)
	seen := map[credential.Nonce]bool{}
	for range 1000 {
		var stranger credential.DeviceID
		_, _ = rand.Read(stranger[:])
		nonce := s.challenge(stranger)
		if seen[nonce] {
			t.Fatal("a nonce was given twice")
		}
		seen[nonce] = true
		if _, err := s.Token(t.Context(), stranger, nonce, make([]byte, 64)); fault.KindOf(err) != fault.Unauthenticated {
			t.Fatal(err)
		}
	}
	if kept := s.Remembered(); kept != 0 {
		t.Errorf("%d things are remembered of strangers", kept)
	}
}
