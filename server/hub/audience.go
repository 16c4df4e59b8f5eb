package hub

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// adoptAudiences gives and takes access at the hub as the home server has given
// and taken it. A space that the hub itself may not read any more is shown to
// nobody.
func (r *Relay) adoptAudiences(ctx context.Context) error {
	resp, err := r.home.Audiences.ListAudiences(ctx, connect.NewRequest(&syncv1.ListAudiencesRequest{}))
	switch {
	case connect.CodeOf(err) == connect.CodeNotFound:
		return fault.New(fault.NoAccess, "the home server does not know this device as a hub: enrol it anew, with an invitation that `zhurnal invite --hub` has made")
	case err != nil:
		return fault.New(fault.Unavailable, "no answer from the home server: %w", err)
	}
	if err := r.adoptDevices(ctx, resp.Msg.Devices); err != nil {
		return err
	}
	had, err := r.engine.Audiences(r.person)
	if err != nil {
		return err
	}
	for _, m := range resp.Msg.Audiences {
		due, err := audienceFromProto(m)
		if err != nil {
			return err
		}
		var before []merge.PersonID
		if i := slices.IndexFunc(had, func(a syncengine.Audience) bool { return a.Space == due.Space }); i >= 0 {
			before = had[i].People
			had = slices.Delete(had, i, i+1)
		}
		if err := r.adopt(ctx, due, before); err != nil {
			return err
		}
	}
	for _, gone := range had {
		if err := r.adopt(ctx, syncengine.Audience{Space: gone.Space, Kind: gone.Kind}, gone.People); err != nil {
			return err
		}
	}
	return nil
}

// adopt gives access to those that are not among the people before, and takes it
// from those that were; the hub's own first and last, so that a cut leaves the
// space in its list.
func (r *Relay) adopt(ctx context.Context, due syncengine.Audience, before []merge.PersonID) error {
	set := func(person merge.PersonID, allowed bool) error {
		_, err := r.engine.SetAccess(ctx, r.person, due.Space, due.Kind, person, allowed)
		return err
	}
	if slices.Contains(due.People, r.person) && !slices.Contains(before, r.person) {
		if err := set(r.person, true); err != nil {
			return err
		}
	}
	for _, person := range due.People {
		if person == r.person || slices.Contains(before, person) {
			continue
		}
		if err := set(person, true); err != nil {
			return err
		}
	}
	for _, person := range before {
		if person == r.person || slices.Contains(due.People, person) {
			continue
		}
		if err := set(person, false); err != nil {
			return err
		}
	}
	if slices.Contains(before, r.person) && !slices.Contains(due.People, r.person) {
		return set(r.person, false)
	}
	return nil
}

// adoptDevices lets in the devices that the home server lets in, and no others,
// and has an order to wipe one ready for it.
func (r *Relay) adoptDevices(ctx context.Context, devices []*syncv1.KnownDevice) error {
	if r.directory == nil {
		return nil
	}
	known := make([]directory.Known, len(devices))
	for i, m := range devices {
		k := &known[i]
		var err error
		if k.Device, err = wire.ID16[directory.DeviceID](m.DeviceId, "device_id"); err != nil {
			return err
		}
		if k.User, err = wire.ID16[merge.PersonID](m.PersonId, "person_id"); err != nil {
			return err
		}
		if k.Organisation, err = wire.ID16[directory.OrganisationID](m.OrganisationId, "organisation_id"); err != nil {
			return err
		}
		if _, err := credential.ParsePublicKey(m.Algorithm, m.PublicKey); err != nil {
			return err
		}
		k.Algorithm, k.PublicKey = directoryv1.KeyAlgorithm(m.Algorithm), m.PublicKey
		k.WipeKey, k.WipeOrder = m.WipeKey, m.WipeOrder
	}
	return r.directory.Adopt(ctx, known)
}

func audienceFromProto(m *syncv1.Audience) (syncengine.Audience, error) {
	space, err := wire.ID16[merge.SpaceID](m.SpaceId, "space_id")
	if err != nil {
		return syncengine.Audience{}, err
	}
	a := syncengine.Audience{Space: space, Kind: m.Kind}
	for _, id := range m.PersonIds {
		person, err := wire.ID16[merge.PersonID](id, "person_id")
		if err != nil {
			return syncengine.Audience{}, err
		}
		a.People = append(a.People, person)
	}
	return a, nil
}
