package enrol

import (
	"context"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Guest is whom the operator invites: somebody who is there, or is to be made.
type Guest struct {
	// Home is what the tablet is to know of this server. Its organisation may be
	// zero if the server has one, or none yet. A wipe key and recipients that it
	// names are the organisation's from then on.
	Home credential.Home
	// OrganisationName, if set, is of an organisation that is to be made.
	OrganisationName string
	// Person may be zero for one who is to be made.
	Person merge.PersonID
	// PersonName, if set, is of a person who is to be made.
	PersonName string
	// Printed says that the invitation goes on paper.
	Printed bool
	// Hub says that the device will be a hub.
	Hub bool
}

// InviteGuest makes an invitation, and the organisation and the person before it
// if they are named. The first person of an organisation is its administrator.
func (s *Service) InviteGuest(ctx context.Context, by merge.PersonID, g Guest) (credential.Invitation, merge.PersonID, error) {
	// The line is checked before anything is made; its secret is drawn later.
	tried := g.Home
	if tried.Organisation == (credential.OrganisationID{}) {
		tried.Organisation[0] = 1
	}
	if _, err := credential.ParseInvitation((&credential.Invitation{Home: tried}).Text()); err != nil {
		return credential.Invitation{}, g.Person, err
	}
	if g.Person == auth.Operator {
		return credential.Invitation{}, g.Person, fault.New(fault.Invalid, "this id is the operator's in the log, and nobody else's")
	}
	if len(g.Home.WipeKey) == 0 && len(g.Home.Recipients) > 0 {
		return credential.Invitation{}, g.Person, fault.New(fault.Invalid, "recipients open what a tablet seals before it is wiped: give the wipe key too")
	}
	var err error
	if g.Home.Organisation, err = s.organisation(ctx, by, &g); err != nil {
		return credential.Invitation{}, g.Person, err
	}
	if len(g.Home.WipeKey) > 0 {
		if err := s.directory.In(g.Home.Organisation).SetWipeKey(ctx, by, g.Home.WipeKey, g.Home.Recipients); err != nil {
			return credential.Invitation{}, g.Person, err
		}
	}
	switch {
	case g.PersonName != "":
		if g.Person, err = s.directory.In(g.Home.Organisation).AddUser(ctx, by, g.Person, g.PersonName); err != nil {
			return credential.Invitation{}, g.Person, err
		}
	case g.Person == (merge.PersonID{}):
		return credential.Invitation{}, g.Person, fault.New(fault.Invalid, "who is invited? The id of a person who is there is due, or the name of one who is to be made")
	}
	if g.OrganisationName != "" { // somebody must keep its directory
		administrator := directory.NewAssignment{Role: directory.Administrator, Scope: directory.Everywhere()}
		if _, err := s.directory.In(g.Home.Organisation).Assign(ctx, by, g.Person, administrator); err != nil {
			return credential.Invitation{}, g.Person, err
		}
	}
	n := directory.NewInvitation{User: g.Person, Medium: directoryv1.InvitationMedium_INVITATION_MEDIUM_SCREEN, Hub: g.Hub}
	if g.Printed {
		n.Medium = directoryv1.InvitationMedium_INVITATION_MEDIUM_PRINTED
	}
	invitation, _, err := s.invite(ctx, s.directory.In(g.Home.Organisation), by, g.Home, n)
	return invitation, g.Person, err
}

// organisation returns the guest's organisation.
func (s *Service) organisation(ctx context.Context, by merge.PersonID, g *Guest) (credential.OrganisationID, error) {
	view, err := s.directory.View()
	if err != nil {
		return g.Home.Organisation, err
	}
	switch there := view.Organisations(); {
	case g.OrganisationName != "" && g.Home.Organisation != (credential.OrganisationID{}):
		return g.Home.Organisation, fault.New(fault.Invalid, "an organisation that is to be made gets its id: leave the id out, or the name")
	case g.OrganisationName != "":
		return s.directory.AddOrganisation(ctx, by, g.OrganisationName)
	case g.Home.Organisation != (credential.OrganisationID{}):
		return g.Home.Organisation, nil
	case len(there) == 1:
		return there[0], nil
	case len(there) == 0:
		return g.Home.Organisation, fault.New(fault.Invalid, "there is no organisation yet: give the name of the first")
	default:
		return g.Home.Organisation, fault.New(fault.Invalid, "there are %d organisations: say which with its id", len(there))
	}
}
