package directory

import (
	"context"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// NewInvitation is a right to enrol one device.
type NewInvitation struct {
	User       merge.PersonID
	SecretHash [32]byte // SHA-256
	Medium     directoryv1.InvitationMedium
	ExpiresAt  int64 // milliseconds since 1970
	// WipeKey is the one that the invitation gives to the device; empty for none.
	WipeKey []byte
	// Hub says that the device will be a hub.
	Hub bool
}

// Invite makes an invitation for a user who is active.
func (t *Tenant) Invite(ctx context.Context, by merge.PersonID, n NewInvitation) (InvitationID, error) {
	id, err := newID[InvitationID](t.directory.random)
	if err != nil {
		return id, err
	}
	switch n.Medium {
	case directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN, directoryv1.InvitationMedium_INVITATION_MEDIUM_PRINTED:
	default:
		return id, fault.New(fault.Invalid, "invitation: on a screen or printed is due")
	}
	return id, t.directory.change(ctx, by, func(w *writing) error {
		user, userKey, err := of[*directoryv1.User](t, w, directoryv1.RowKind_ROW_KIND_USER, n.User, "user")
		p := t.powersIn(w)
		switch _, taken := w.view.InvitationBySecret(n.SecretHash); {
		case err != nil:
			return err
		case !p.changesDevicesOf(n.User, w.now):
			return errNotHere("user")
		case n.Hub && t.keeper != nil:
			return fault.New(fault.Invalid, "invitation: whoever runs the server makes a hub, since it learns of all devices")
		case user.Status != directoryv1.UserStatus_USER_STATUS_ACTIVE:
			return fault.New(fault.Invalid, "invitation: the user is not active")
		case taken != nil:
			return fault.New(fault.Invalid, "invitation: the secret is not new; make another")
		case n.ExpiresAt <= w.now:
			return fault.New(fault.Invalid, "invitation: it would have run out already")
		}
		w.restsOn(userKey)
		return t.add(w, keyOf(directoryv1.RowKind_ROW_KIND_INVITATION, id), &directoryv1.Invitation{
			OrganisationId: t.organisation[:], UserId: n.User[:], SecretHash: n.SecretHash[:],
			MadeBy: w.byOrNobody(), MadeMillis: w.now, ExpiresMillis: n.ExpiresAt, Medium: n.Medium, WipeKey: n.WipeKey, Hub: n.Hub,
		})
	})
}

// WithdrawInvitation closes an invitation that was not used.
func (t *Tenant) WithdrawInvitation(ctx context.Context, by merge.PersonID, id InvitationID) error {
	return t.directory.change(ctx, by, func(w *writing) error {
		invitation, key, err := of[*directoryv1.Invitation](t, w, directoryv1.RowKind_ROW_KIND_INVITATION, id, "invitation")
		p := t.powersIn(w)
		switch {
		case err != nil:
			return err
		case !p.changesDevicesOf(merge.PersonID(invitation.UserId), w.now):
			return errNotHere("invitation")
		case len(invitation.UsedByDevice) > 0:
			return fault.New(fault.Invalid, "invitation %s: it was used; revoke the device", id)
		case !invitation.Withdrawn:
			invitation.Withdrawn, invitation.ClosedMillis = true, w.now
		}
		return w.put(key, invitation, syncengine.Ended) // also if it is so: the register may not have it
	})
}
