package directory_test

import (
	"strings"
	"sync"
	"testing"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func TestOfManyWhoAreFirstAtOnceOneIs(t *testing.T) {
	o := newOffice(t)
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() {
			_, _, errs[i] = o.dir.AddFirst(t.Context(), directory.First{Organisation: "Опора", Name: "Ірина", Account: directory.ByPassword(strings.Repeat("i", i+1), "$")})
		})
	}
	all.Wait()
	first := 0
	for _, err := range errs {
		if err == nil {
			first++
		} else if err != directory.ErrNotFirst {
			t.Error(err)
		}
	}
	if first != 1 || !o.view().HasAdministrator() || len(o.view().Organisations()) != 1 {
		t.Errorf("%d are first, of %d organisations", first, len(o.view().Organisations()))
	}
	o.mustBeHealthy()
}

func TestAWayToSignInIsOnePersons(t *testing.T) {
	o := newOffice(t)
	oleh, ivan := o.user("Олег"), o.user("Іван")
	subject := directory.ByOpenID("https://login.example.org", "42")
	key := directory.ByPasskey(&directoryv1.Passkey{CredentialId: []byte{1}, PublicKey: []byte{2}})
	tenant := o.tenant()
	for _, account := range []*directoryv1.SignInAccount{subject, key} {
		o.must(tenant.AddAccount(t.Context(), o.admin, oleh, account))
		if err := tenant.AddAccount(t.Context(), o.admin, ivan, account); fault.KindOf(err) != fault.Invalid {
			t.Errorf("another gets it too: %v", err)
		}
		if err := tenant.AddAccount(t.Context(), o.admin, oleh, account); fault.KindOf(err) != fault.Invalid {
			t.Errorf("twice: %v", err)
		}
		o.must(tenant.RemoveAccount(t.Context(), o.admin, oleh, account))
		o.must(tenant.AddAccount(t.Context(), o.admin, ivan, account)) // free again
	}
	if id, _ := o.view().UserByOpenID("https://login.example.org", "42"); id != ivan {
		t.Errorf("the subject is %s", id)
	}
	if id, _ := o.view().UserByPasskey([]byte{1}); id != ivan {
		t.Errorf("the key is %s's", id)
	}
	o.mustBeHealthy()
}

func TestALoginThatIsChangedIsFreeAndTheOtherNot(t *testing.T) {
	o := newOffice(t)
	oleh, ivan := o.user("Олег"), o.user("Іван")
	tenant := o.tenant()
	o.must(tenant.SetPassword(t.Context(), o.admin, oleh, "Oleh", "$a"))
	o.must(tenant.SetPassword(t.Context(), o.admin, oleh, "", "$b")) // stays what it is
	if id, row := o.view().UserByLogin("oleh"); id != oleh || directory.Local(row).PasswordHash != "$b" || len(row.SignInAccounts) != 1 {
		t.Errorf("%s: %v", id, row)
	}
	o.must(tenant.SetPassword(t.Context(), o.admin, oleh, "oleh.k", "$c"))
	if id, row := o.view().UserByLogin("oleh"); row != nil {
		t.Errorf("the login of before is %s", id)
	}
	o.must(tenant.SetPassword(t.Context(), o.admin, ivan, "OLEH", "$d"))
	if err := tenant.SetPassword(t.Context(), o.admin, ivan, "oleh.K", "$e"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("somebody's login: %v", err)
	}
	if id, _ := o.view().UserByLogin("oleh"); id != ivan {
		t.Error("a change that was refused was made in part")
	}
}

func TestNobodyElsesUsersGetAWayToSignIn(t *testing.T) {
	o := newOffice(t)
	other := must(o.dir.AddOrganisation(t.Context(), merge.PersonID{}, "Інша"))(t)
	err := o.dir.In(other).SetPassword(t.Context(), merge.PersonID{}, o.admin, "iryna", "$")
	if fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}
