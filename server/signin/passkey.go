package signin

import (
	"context"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// newPasskeys returns nil for a server that browsers find by a number: passkeys
// are bound to a name (Web Authentication, level 3, 5.1.2).
func newPasskeys(at *url.URL) (*webauthn.WebAuthn, error) {
	if _, err := netip.ParseAddr(at.Hostname()); err == nil {
		return nil, nil
	}
	keys, err := webauthn.New(&webauthn.Config{
		RPID: at.Hostname(), RPDisplayName: "Zhurnal", RPOrigins: []string{at.String()},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			// Whoever has the key must be its owner, too: by a PIN or a finger.
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fault.New(fault.Internal, "passkeys: %w", err)
	}
	return keys, nil
}

var (
	errNoPasskeys = fault.New(fault.Invalid, "passkeys need a server with a name: open it by its name, not by a number")
	errPasskey    = fault.New(fault.Unauthenticated, "this passkey is not known here, or did not prove itself: try again, or sign in another way")
)

// keyOwner is a user as package webauthn wants to see one.
type keyOwner struct {
	id  merge.PersonID
	row *directoryv1.User
}

// WebAuthnID is what the authenticator keeps, and finds the user by.
func (o keyOwner) WebAuthnID() []byte { return o.id[:] }

// WebAuthnName is shown where somebody chooses among several.
func (o keyOwner) WebAuthnName() string { return o.row.GetName() }

// WebAuthnDisplayName is the same.
func (o keyOwner) WebAuthnDisplayName() string { return o.row.GetName() }

// WebAuthnCredentials are those of the directory.
func (o keyOwner) WebAuthnCredentials() (all []webauthn.Credential) {
	for _, key := range directory.Passkeys(o.row) {
		c := webauthn.Credential{ID: key.CredentialId, PublicKey: key.PublicKey}
		c.Flags.BackupEligible = key.BackupEligible
		c.Authenticator.SignCount = key.SignCount
		for _, transport := range key.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(transport))
		}
		all = append(all, c)
	}
	return all
}

// askForKey says what a browser is to ask whoever keeps the person's keys. If the
// user is zero, whose key it is comes out by that.
func (s *Service) askForKey(user merge.PersonID, row *directoryv1.User) (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
	if s.passkeys == nil {
		return nil, nil, errNoPasskeys
	}
	verified := webauthn.WithUserVerification(protocol.VerificationRequired)
	var ask *protocol.CredentialAssertion
	var kept *webauthn.SessionData
	var err error
	if user == (merge.PersonID{}) {
		ask, kept, err = s.passkeys.BeginDiscoverableLogin(verified)
	} else {
		ask, kept, err = s.passkeys.BeginLogin(keyOwner{user, row}, verified)
	}
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "passkey: %w", err)
	}
	return ask, kept, nil
}

// byKey returns who has proven by a passkey who it is.
func (s *Service) byKey(ctx context.Context, begun proof, answer []byte) (user merge.PersonID, row *directoryv1.User, err error) {
	view, err := s.o.Directory.View()
	if err != nil {
		return user, nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return user, nil, errPasskey
	}
	var key *webauthn.Credential
	if begun.purpose == toProve {
		user, row = begun.who.Person, view.User(begun.who.Person)
		key, err = s.passkeys.ValidateLogin(keyOwner{user, row}, *begun.passkey, parsed)
	} else {
		_, key, err = s.passkeys.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
			if copy(user[:], handle) != len(user) || len(handle) != len(user) {
				return nil, errPasskey
			}
			row = view.User(user)
			return keyOwner{user, row}, nil
		}, *begun.passkey, parsed)
	}
	if err != nil || !isActive(row) || key.Authenticator.CloneWarning {
		if err := s.noteFailure(ctx, user, row, byPasskey); err != nil {
			return user, nil, err
		}
		return user, nil, errPasskey
	}
	return user, row, s.countKey(ctx, user, row, key)
}

// countKey keeps how often a key has signed, if it counts: one that was copied
// shows by that.
func (s *Service) countKey(ctx context.Context, user merge.PersonID, row *directoryv1.User, key *webauthn.Credential) error {
	for _, known := range directory.Passkeys(row) {
		if string(known.CredentialId) == string(key.ID) && known.SignCount != key.Authenticator.SignCount {
			return s.o.Directory.In(directory.OrganisationID(row.OrganisationId)).SetSignCount(ctx, user, key.ID, key.Authenticator.SignCount)
		}
	}
	return nil
}

// askForNewKey says what a browser is to ask for, to make one for a user.
func (s *Service) askForNewKey(user merge.PersonID, row *directoryv1.User) (*protocol.CredentialCreation, *webauthn.SessionData, error) {
	if s.passkeys == nil {
		return nil, nil, errNoPasskeys
	}
	owner := keyOwner{user, row}
	ask, kept, err := s.passkeys.BeginRegistration(owner, webauthn.WithExclusions(webauthn.Credentials(owner.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "passkey: %w", err)
	}
	return ask, kept, nil
}

// newKey returns the key that was made.
func (s *Service) newKey(begun proof, row *directoryv1.User, answer []byte) (*directoryv1.SignInAccount, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, errPasskey
	}
	key, err := s.passkeys.CreateCredential(keyOwner{begun.user, row}, *begun.passkey, parsed)
	if err != nil {
		return nil, errPasskey
	}
	made := &directoryv1.Passkey{
		CredentialId: key.ID, PublicKey: key.PublicKey, SignCount: key.Authenticator.SignCount,
		BackupEligible: key.Flags.BackupEligible, AddedMillis: s.o.Now(),
	}
	for _, transport := range key.Transport {
		made.Transports = append(made.Transports, string(transport))
	}
	return directory.ByPasskey(made), nil
}
