package directory

import (
	"crypto/sha256"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// loginBytes bounds logins; the longest that people have are addresses of mail.
const loginBytes = 100

// FoldLogin returns a login as it is compared: one that differs only in capital
// letters, or in how a letter is put together, is the same.
func FoldLogin(login string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(login)))
}

func checkLogin(login string) error {
	odd := strings.ContainsFunc(login, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	if odd || login == "" || len(login) > loginBytes || !utf8.ValidString(login) {
		return fault.New(fault.Invalid, "login: 1 to %d bytes of UTF-8 without spaces are due", loginBytes)
	}
	return nil
}

// nameKey is where it is written whose a way to sign in is; see SignInName.
func nameKey(account *directoryv1.SignInAccount) syncengine.DirectoryKey {
	var name string
	switch with := account.With.(type) {
	case *directoryv1.SignInAccount_Local:
		name = "login\x00" + FoldLogin(with.Local.Login)
	case *directoryv1.SignInAccount_OpenId:
		name = "openid\x00" + with.OpenId.Issuer + "\x00" + with.OpenId.Subject
	case *directoryv1.SignInAccount_Passkey:
		name = "passkey\x00" + string(with.Passkey.CredentialId)
	}
	hash := sha256.Sum256([]byte(name))
	return keyOf(directoryv1.RowKind_ROW_KIND_SIGN_IN_NAME, [16]byte(hash[:16]))
}

// ByPassword is a local account.
func ByPassword(login, passwordHash string) *directoryv1.SignInAccount {
	return &directoryv1.SignInAccount{With: &directoryv1.SignInAccount_Local{Local: &directoryv1.LocalAccount{Login: login, PasswordHash: passwordHash}}}
}

// ByOpenID is an account at a provider.
func ByOpenID(issuer, subject string) *directoryv1.SignInAccount {
	return &directoryv1.SignInAccount{With: &directoryv1.SignInAccount_OpenId{OpenId: &directoryv1.OpenIDAccount{Issuer: issuer, Subject: subject}}}
}

// ByPasskey is a credential; its id alone says which.
func ByPasskey(key *directoryv1.Passkey) *directoryv1.SignInAccount {
	return &directoryv1.SignInAccount{With: &directoryv1.SignInAccount_Passkey{Passkey: key}}
}

// UserByLogin returns who has a local account of this login, nil if nobody.
func (v *View) UserByLogin(login string) (merge.PersonID, *directoryv1.User) {
	return v.userByName(ByPassword(login, ""))
}

// UserByOpenID returns whom a provider means by a subject, nil if nobody.
func (v *View) UserByOpenID(issuer, subject string) (merge.PersonID, *directoryv1.User) {
	return v.userByName(ByOpenID(issuer, subject))
}

// UserByPasskey returns whose a credential is, nil if it is nobody's.
func (v *View) UserByPasskey(credentialID []byte) (merge.PersonID, *directoryv1.User) {
	return v.userByName(ByPasskey(&directoryv1.Passkey{CredentialId: credentialID}))
}

func (v *View) userByName(account *directoryv1.SignInAccount) (id merge.PersonID, user *directoryv1.User) {
	name := find[*directoryv1.SignInName](v, nameKey(account))
	if copy(id[:], name.GetUserId()) != len(id) {
		return id, nil
	}
	return id, v.User(id)
}

// Local returns the local account of a user, nil if it has none.
func Local(user *directoryv1.User) *directoryv1.LocalAccount {
	for _, account := range user.GetSignInAccounts() {
		if local := account.GetLocal(); local != nil {
			return local
		}
	}
	return nil
}

// Passkeys lists those of a user, in the order in which they were added.
func Passkeys(user *directoryv1.User) (keys []*directoryv1.Passkey) {
	for _, account := range user.GetSignInAccounts() {
		if key := account.GetPasskey(); key != nil {
			keys = append(keys, key)
		}
	}
	return keys
}
