package enrol_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/enrol"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestAnInvitationMakesADeviceOfItsPerson(t *testing.T) {
	s := newScene(t)
	es256, err := credential.NewES256Key()
	s.must(err)
	for _, key := range []*credential.SoftwareKey{drawKey(t), es256} {
		id, person, err := s.Enrol(t.Context(), s.ask(s.invite(), key))
		s.must(err)
		kept := s.device(id)
		if person != olena || kept == nil || merge.PersonID(kept.UserId) != olena || string(kept.PublicKey) != string(key.Public().Bytes()) ||
			credential.Algorithm(kept.Algorithm) != key.Public().Algorithm() || kept.TabletLabel != "Tablet 7" {
			t.Errorf("%s, %v", person, kept)
		}
	}
}

// The attacks and accidents of enrolment.
func TestWhoIsNotInvitedIsNotLetIn(t *testing.T) {
	key := drawKey(t)
	for name, attack := range map[string]func(s *scene) *enrol.Ask{
		"a guessed secret": func(s *scene) *enrol.Ask {
			return s.ask(credential.Secret{1}, key)
		},
		"an expired invitation": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			s.passes(30 * 60_000)
			return a
		},
		"a printed invitation, the next day": func(s *scene) *enrol.Ask {
			i, err := s.Invite(t.Context(), merge.PersonID{}, s.home(), olena, directoryv1.InvitationMedium_INVITATION_MEDIUM_PRINTED)
			s.must(err)
			s.passes(24 * 3600_000)
			return s.ask(i.Secret, key)
		},
		"a withdrawn invitation": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			view, err := s.directory.View()
			s.must(err)
			id, _ := view.InvitationBySecret(a.Secret.Hash())
			s.must(s.directory.In(s.office).WithdrawInvitation(t.Context(), merge.PersonID{}, id))
			return a
		},
		"a replayed QR: another tablet has used it": func(s *scene) *enrol.Ask {
			secret := s.invite()
			s.must(s.enrol(s.ask(secret, drawKey(t))))
			return s.ask(secret, key)
		},
		"an invitation of a person who has ended": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			s.must(s.directory.In(s.office).SetUserStatus(t.Context(), merge.PersonID{}, olena, directoryv1.UserStatus_USER_STATUS_ENDED))
			return a
		},
		"an invitation of another organisation": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			a.Organisation[0]++
			return s.sign(a, key)
		},
		"a key that is another's: no proof of possession": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			a.Key = drawKey(t).Public()
			return s.sign(a, key)
		},
		"a signature over another invitation": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			a.Secret = s.invite()
			return a
		},
		"a label changed on the way": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			a.Label = "Tablet 8"
			return a
		},
		"a signature over a challenge": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			a.Signature, _ = key.Sign(credential.TokenMessage(s.office, credential.DeviceID{}, credential.Nonce{}))
			return a
		},
		"no key": func(s *scene) *enrol.Ask {
			a := s.ask(s.invite(), key)
			a.Key = credential.PublicKey{}
			return a
		},
	} {
		s := newScene(t)
		a := attack(s)
		before := s.devices()
		err := s.enrol(a)
		if kind := fault.KindOf(err); kind != fault.Unauthenticated && kind != fault.NotFound || s.devices() != before {
			t.Errorf("%s: %v, %d devices before and %d after", name, err, before, s.devices())
		}
	}
}

func TestAPrintedInvitationIsGoodForADay(t *testing.T) {
	s := newScene(t)
	i, err := s.Invite(t.Context(), merge.PersonID{}, s.home(), olena, directoryv1.InvitationMedium_INVITATION_MEDIUM_PRINTED)
	s.must(err)
	s.passes(24*3600_000 - 1)
	s.must(s.enrol(s.ask(i.Secret, drawKey(t))))
}

func TestOneRefusalStandsForAllReasons(t *testing.T) {
	s, key := newScene(t), drawKey(t)
	used, expired := s.invite(), s.invite()
	s.must(s.enrol(s.ask(used, drawKey(t))))
	s.passes(30 * 60_000)
	texts := map[string]string{}
	for name, secret := range map[string]credential.Secret{"used": used, "expired": expired, "unknown": {1}} {
		texts[s.enrol(s.ask(secret, key)).Error()] += name + " "
	}
	if len(texts) != 1 {
		t.Errorf("what is known shows: %q", texts)
	}
}

func TestATabletThatLostTheAnswerGetsItsDevice(t *testing.T) {
	s, key := newScene(t), drawKey(t)
	a := s.ask(s.invite(), key)
	first, _, err := s.Enrol(t.Context(), a)
	s.must(err)
	s.passes(7 * 24 * 3600_000) // it was on its way back to a network
	again, person, err := s.restart(credential.HubID{}).Enrol(t.Context(), a)
	if err != nil || again != first || person != olena || s.devices() != 1 {
		t.Errorf("%s after %s, %v, %d devices", again, first, err, s.devices())
	}
}

func TestAKeyIsOfOneDevice(t *testing.T) {
	s := newScene(t)
	device, key := s.enrolled()
	for _, revoked := range []bool{false, true} {
		if revoked {
			s.turnAway(device)
		}
		if err := s.enrol(s.ask(s.invite(), key)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("revoked %v: a key enrols with a second invitation: %v", revoked, err)
		}
	}
}

func TestALabelIsWhatPeopleCanRead(t *testing.T) {
	s, key := newScene(t), drawKey(t)
	for _, label := range []string{"", " ", strings.Repeat("a", 65), "a\nb", "\xff", "a\u202eb"} {
		a := s.ask(s.invite(), key)
		a.Label = label
		err := s.enrol(s.sign(a, key))
		if kind := fault.KindOf(err); kind != fault.Malformed && kind != fault.Invalid {
			t.Errorf("%q: %v", label, err)
		}
	}
}

func TestAHubEnrolsNobody(t *testing.T) {
	s := newScene(t)
	secret := s.invite()
	hub := s.restart(credential.HubID{1})
	if err := hub.enrol(hub.ask(secret, drawKey(t))); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

// Two tablets that have photographed the same sheet of paper.
func TestAnInvitationUsedTwiceAtOnceHasExactlyOneWinner(t *testing.T) {
	const tries = 1000
	s := newScene(t)
	for try := range tries {
		secret := s.invite()
		var racing sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			a := s.ask(secret, drawKey(t))
			racing.Go(func() { errs[i] = s.enrol(a) })
		}
		racing.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("try %d: %v", try, errors.Join(errs...))
		}
	}
	if s.devices() != tries {
		t.Errorf("%d invitations made %d devices", tries, s.devices())
	}
}
