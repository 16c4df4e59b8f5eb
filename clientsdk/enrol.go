package clientsdk

import (
	"context"
	"io"
	"net/http"

	"connectrpc.com/connect"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// What a device proves itself with; see package credential.
type (
	// Invitation is what a tablet reads from a screen or a sheet of paper.
	Invitation = credential.Invitation
	// Identity is what a device is known by: the app keeps its Text.
	Identity = credential.Identity
	// DeviceID names the device.
	DeviceID = credential.DeviceID
	// Signer signs with the device's key. The key store of the platform is one.
	Signer = credential.Signer
	// SoftwareKey is a Signer where there is no key store.
	SoftwareKey = credential.SoftwareKey
)

// ParseInvitation reads the line of an invitation, as a camera has found it.
func ParseInvitation(line string) (Invitation, error) { return credential.ParseInvitation(line) }

// ParseIdentity reads the line that [Identity.Text] has written.
func ParseIdentity(line string) (Identity, error) { return credential.ParseIdentity(line) }

// NewSoftwareKey draws a key; ParseSoftwareKey reads one that was kept. Whoever
// reads what is kept is the device: on a phone, use its key store.
func NewSoftwareKey(random io.Reader) (*SoftwareKey, error) { return credential.NewSoftwareKey(random) }

// ParseSoftwareKey reads what [SoftwareKey.Private] has returned.
func ParseSoftwareKey(private []byte) (*SoftwareKey, error) {
	return credential.ParseSoftwareKey(private)
}

// Enrol makes the device known to its home server. Label is what people call it,
// such as what is written on its back. The app keeps the answer, which names who
// the register's author is; nothing in it is secret. An answer that was lost is
// had by asking again with the same key, also after the invitation has run out.
//
// A server that was restored from a backup of before does not know the device any
// more. Enrolled again with the same key, and another invitation for the same
// person, it is the device that it was: what it signed counts again.
//
// If the invitation has pins, the server must show one of them, whatever else
// the client trusts.
func Enrol(ctx context.Context, invitation Invitation, label string, signer Signer, client *http.Client) (Identity, error) {
	pinned, err := pinnedClient(client, &invitation.Home)
	if err != nil {
		return Identity{}, about(err, "enrol")
	}
	key := signer.Public()
	signature, err := signer.Sign(credential.EnrolMessage(invitation.Organisation, invitation.Secret, key, label))
	if err != nil {
		return Identity{}, about(err, "enrol: sign")
	}
	resp, err := enrolv1connect.NewEnrolServiceClient(pinned, invitation.Server, boundedAnswers()).Enrol(ctx, connect.NewRequest(&enrolv1.EnrolRequest{
		OrganisationId: invitation.Organisation[:], Secret: invitation.Secret[:],
		Algorithm: key.Algorithm(), PublicKey: key.Bytes(), Label: label, Signature: signature,
	}))
	if err != nil {
		return Identity{}, about(callError(ctx, err), "enrol")
	}
	identity := Identity{Home: invitation.Home}
	if len(resp.Msg.DeviceId) != len(identity.Device) || len(resp.Msg.PersonId) != len(identity.Person) {
		return Identity{}, fault.New(fault.Malformed, "enrol: the server does not say which device of whom this is")
	}
	identity.Device, identity.Person = credential.DeviceID(resp.Msg.DeviceId), merge.PersonID(resp.Msg.PersonId)
	if identity.Device != credential.DeviceOf(key.Algorithm(), key.Bytes()) {
		return Identity{}, fault.New(fault.Malformed, "enrol: the server gives this device the id of another key")
	}
	return identity, nil
}
