package directory

import (
	"bytes"
	"context"
	"errors"
	"slices"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// The bounds of what one user signs in with.
const (
	accountsMax       = 16
	subjectBytes      = 255 // OpenID Connect Core 1.0, 2: at most 255 ASCII characters
	issuerBytes       = 255
	credentialBytes   = 1023 // Web Authentication, level 3, 4
	publicKeyBytesMax = 2048
)

// ErrTaken says that somebody signs in so already.
var ErrTaken = errors.New("it is somebody's already: choose another")

// SetPassword gives a user of the tenant a local account, or changes it. A login
// that is empty stays what it is.
func (t *Tenant) SetPassword(ctx context.Context, by, user merge.PersonID, login, passwordHash string) error {
	return t.changeAccounts(ctx, by, user, func(w *writing, u *directoryv1.User) error {
		was := Local(u)
		if login == "" {
			login = was.GetLogin()
		}
		if err := checkLogin(login); err != nil {
			return err
		}
		if was != nil {
			if err := drop(w, u, ByPassword(was.Login, "")); err != nil {
				return err
			}
		}
		return claim(w, u, user, ByPassword(login, passwordHash))
	})
}

// AddAccount gives a user of the tenant another way to sign in. A password is set
// by SetPassword.
func (t *Tenant) AddAccount(ctx context.Context, by, user merge.PersonID, account *directoryv1.SignInAccount) error {
	return t.changeAccounts(ctx, by, user, func(w *writing, u *directoryv1.User) error {
		return claim(w, u, user, account)
	})
}

// RemoveAccount takes a way to sign in from a user of the tenant.
func (t *Tenant) RemoveAccount(ctx context.Context, by, user merge.PersonID, account *directoryv1.SignInAccount) error {
	return t.changeAccounts(ctx, by, user, func(w *writing, u *directoryv1.User) error {
		return drop(w, u, account)
	})
}

// SetSignCount notes how often a credential says that it has signed.
func (t *Tenant) SetSignCount(ctx context.Context, user merge.PersonID, credentialID []byte, count uint32) error {
	return t.changeAccounts(ctx, user, user, func(_ *writing, u *directoryv1.User) error {
		for _, key := range Passkeys(u) {
			if bytes.Equal(key.CredentialId, credentialID) {
				key.SignCount = count
				return nil
			}
		}
		return errNotHere("passkey")
	})
}

func (t *Tenant) changeAccounts(ctx context.Context, by, user merge.PersonID, change func(*writing, *directoryv1.User) error) error {
	return t.directory.change(ctx, by, func(w *writing) error {
		u, key, err := of[*directoryv1.User](t, w, directoryv1.RowKind_ROW_KIND_USER, user, "user")
		if err != nil {
			return err
		}
		if u.Status != directoryv1.UserStatus_USER_STATUS_ACTIVE {
			return fault.New(fault.Invalid, "user: the person has ended, and signs in no more")
		}
		if err := change(w, u); err != nil {
			return err
		}
		return w.put(key, u, syncengine.NotLasting)
	})
}

// claim gives a user a way to sign in that is nobody else's.
func claim(w *writing, u *directoryv1.User, user merge.PersonID, account *directoryv1.SignInAccount) error {
	if err := checkAccount(account); err != nil {
		return err
	}
	key := nameKey(account)
	switch owner := find[*directoryv1.SignInName](w.view, key).GetUserId(); {
	case bytes.Equal(owner, user[:]) && slices.ContainsFunc(u.SignInAccounts, sameName(key)):
		return fault.New(fault.Invalid, "%s: the person has it already", kindOfAccount(account))
	case len(owner) > 0 && !bytes.Equal(owner, user[:]):
		return fault.New(fault.Invalid, "%s: %w", kindOfAccount(account), ErrTaken)
	case len(u.SignInAccounts) >= accountsMax:
		return fault.New(fault.Invalid, "%s: the person has %d ways to sign in already: remove one that is not used", kindOfAccount(account), accountsMax)
	}
	u.SignInAccounts = append(u.SignInAccounts, account)
	return setName(w, key, user[:])
}

// drop takes a way to sign in from a user.
func drop(w *writing, u *directoryv1.User, account *directoryv1.SignInAccount) error {
	key := nameKey(account)
	at := slices.IndexFunc(u.SignInAccounts, sameName(key))
	if at < 0 {
		return errNotHere(kindOfAccount(account))
	}
	u.SignInAccounts = slices.Delete(u.SignInAccounts, at, at+1)
	return setName(w, key, nil)
}

// setName says whose a name is. One that is dropped and claimed in the same
// change is put once.
func setName(w *writing, key syncengine.DirectoryKey, owner []byte) error {
	w.puts = slices.DeleteFunc(w.puts, func(p syncengine.DirectoryPut) bool { return p.Key == key })
	return w.put(key, &directoryv1.SignInName{UserId: owner, Free: len(owner) == 0}, syncengine.NotLasting)
}

func sameName(key syncengine.DirectoryKey) func(*directoryv1.SignInAccount) bool {
	return func(a *directoryv1.SignInAccount) bool { return nameKey(a) == key }
}

func kindOfAccount(account *directoryv1.SignInAccount) string {
	switch account.With.(type) {
	case *directoryv1.SignInAccount_Local:
		return "login"
	case *directoryv1.SignInAccount_OpenId:
		return "account at a provider"
	}
	return "passkey"
}

func checkAccount(account *directoryv1.SignInAccount) error {
	switch with := account.With.(type) {
	case *directoryv1.SignInAccount_Local:
		return checkLogin(with.Local.Login)
	case *directoryv1.SignInAccount_OpenId:
		if o := with.OpenId; o.Issuer == "" || o.Subject == "" || len(o.Issuer) > issuerBytes || len(o.Subject) > subjectBytes {
			return fault.New(fault.Invalid, "account at a provider: an issuer and a subject of 1 to %d bytes are due", subjectBytes)
		}
	case *directoryv1.SignInAccount_Passkey:
		if k := with.Passkey; len(k.CredentialId) == 0 || len(k.CredentialId) > credentialBytes || len(k.PublicKey) == 0 || len(k.PublicKey) > publicKeyBytesMax {
			return fault.New(fault.Invalid, "passkey: its id or its key is missing or too long")
		}
	}
	return nil
}
