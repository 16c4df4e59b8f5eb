package directory

import (
	"bytes"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// View is the directory at one version. It does not change, and neither must
// the messages that it returns.
type View struct {
	version uint64
	rows    map[syncengine.DirectoryKey]row
	// secrets are the invitations by the hashes of their secrets.
	secrets map[[32]byte]InvitationID
}

type row struct {
	version uint64
	message proto.Message
}

func emptyView() *View {
	return &View{rows: map[syncengine.DirectoryKey]row{}, secrets: map[[32]byte]InvitationID{}}
}

// next returns the view with what was written since.
func (v *View) next(engine Engine) (*View, error) {
	next := &View{rows: maps.Clone(v.rows), secrets: maps.Clone(v.secrets)}
	version, err := engine.DirectoryRows(v.version, func(key syncengine.DirectoryKey, version uint64, data []byte) error {
		if kindOf(key) == directoryv1.RowKind_ROW_KIND_PUBLICATION_PART {
			return nil // large, and read where it is asked for
		}
		message, err := decode(key, data)
		if err != nil {
			return err
		}
		next.rows[key] = row{version, message}
		if invitation, ok := message.(*directoryv1.Invitation); ok && len(invitation.SecretHash) == 32 {
			next.secrets[[32]byte(invitation.SecretHash)] = idOf[InvitationID](key)
		}
		return nil
	})
	next.version = version
	return next, err
}

// decode reads a row, of which it depends on the key what it is.
func decode(key syncengine.DirectoryKey, data []byte) (proto.Message, error) {
	var message proto.Message
	switch kindOf(key) {
	case directoryv1.RowKind_ROW_KIND_ORGANISATION:
		message = new(directoryv1.Organisation)
	case directoryv1.RowKind_ROW_KIND_PROGRAMME:
		message = new(directoryv1.Programme)
	case directoryv1.RowKind_ROW_KIND_SPACE:
		message = new(directoryv1.Space)
	case directoryv1.RowKind_ROW_KIND_USER:
		message = new(directoryv1.User)
	case directoryv1.RowKind_ROW_KIND_DEVICE:
		message = new(directoryv1.Device)
	case directoryv1.RowKind_ROW_KIND_INVITATION:
		message = new(directoryv1.Invitation)
	case directoryv1.RowKind_ROW_KIND_SIGN_IN_NAME:
		message = new(directoryv1.SignInName)
	case directoryv1.RowKind_ROW_KIND_PUBLICATION:
		message = new(directoryv1.Publication)
	default:
		return nil, fault.New(fault.Damaged, "row %s is of a kind that this program does not know; use a newer one", key)
	}
	if err := proto.Unmarshal(data, message); err != nil {
		return nil, fault.New(fault.Damaged, "row %s: %w: the store is damaged; restore it from a backup", key, err)
	}
	return message, nil
}

// find returns a row, nil if there is none.
func find[M proto.Message](v *View, key syncengine.DirectoryKey) (message M) {
	message, _ = v.rows[key].message.(M)
	return message
}

// Organisation returns a tenant, nil if there is none.
func (v *View) Organisation(id OrganisationID) *directoryv1.Organisation {
	return find[*directoryv1.Organisation](v, keyOf(directoryv1.RowKind_ROW_KIND_ORGANISATION, id))
}

// Programme returns a programme, nil if there is none.
func (v *View) Programme(id ProgrammeID) *directoryv1.Programme {
	return find[*directoryv1.Programme](v, keyOf(directoryv1.RowKind_ROW_KIND_PROGRAMME, id))
}

// Space returns a space, nil if the directory has none.
func (v *View) Space(id merge.SpaceID) *directoryv1.Space {
	return find[*directoryv1.Space](v, keyOf(directoryv1.RowKind_ROW_KIND_SPACE, id))
}

// User returns a user, nil if there is none.
func (v *View) User(id merge.PersonID) *directoryv1.User {
	return find[*directoryv1.User](v, keyOf(directoryv1.RowKind_ROW_KIND_USER, id))
}

// Device returns a device, nil if there is none.
func (v *View) Device(id DeviceID) *directoryv1.Device {
	return find[*directoryv1.Device](v, keyOf(directoryv1.RowKind_ROW_KIND_DEVICE, id))
}

// Invitation returns an invitation, nil if there is none.
func (v *View) Invitation(id InvitationID) *directoryv1.Invitation {
	return find[*directoryv1.Invitation](v, keyOf(directoryv1.RowKind_ROW_KIND_INVITATION, id))
}

// InvitationBySecret returns the invitation whose secret has a SHA-256, nil if
// there is none.
func (v *View) InvitationBySecret(hash [32]byte) (InvitationID, *directoryv1.Invitation) {
	id, ok := v.secrets[hash]
	if !ok {
		return id, nil
	}
	return id, v.Invitation(id)
}

// Organisations lists the tenants, in the order of their ids.
func (v *View) Organisations() []OrganisationID {
	return list(v, directoryv1.RowKind_ROW_KIND_ORGANISATION, func(_ OrganisationID, _ *directoryv1.Organisation) bool { return true })
}

// SpacesOf lists the spaces of an organisation, in the order of their ids.
func (v *View) SpacesOf(organisation OrganisationID) []merge.SpaceID {
	return list(v, directoryv1.RowKind_ROW_KIND_SPACE, func(_ merge.SpaceID, s *directoryv1.Space) bool {
		return OrganisationID(s.OrganisationId) == organisation
	})
}

// list returns the ids of the rows of a kind that are asked for, in their order.
func list[ID ~[16]byte, M proto.Message](v *View, kind directoryv1.RowKind, wanted func(ID, M) bool) (ids []ID) {
	for key, row := range v.rows {
		if kindOf(key) != kind {
			continue
		}
		if id := idOf[ID](key); wanted(id, row.message.(M)) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}
