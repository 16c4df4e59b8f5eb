package enrol

import (
	"context"
	"io"
	"unicode/utf8"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Options say for whom devices are let in.
type Options struct {
	Directory *directory.Directory
	// Now is the clock, in milliseconds since 1970.
	Now func() int64
	// Random gives unguessable bytes: crypto/rand.Reader.
	Random io.Reader
	// Hub is the id of the hub's store; zero at home. A hub enrols nobody.
	Hub credential.HubID
}

// Service lets devices in. It is safe for concurrent use.
type Service struct {
	directory  *directory.Directory
	now        func() int64
	random     io.Reader
	hub        credential.HubID
	challenges challenges
	// decoy is what an unknown device's signature is held against, so that the
	// answer takes its time.
	decoy credential.PublicKey
	*Tokens
}

// New returns a service that has given no tokens yet.
func New(o Options) (*Service, error) {
	s := &Service{directory: o.Directory, now: o.Now, random: o.Random, hub: o.Hub}
	s.Tokens = newTokens(o.Directory, o.Now)
	s.challenges.used = map[credential.DeviceID][]usedNonce{}
	o.Directory.OnChange(s.Recheck)
	nobody, err := credential.NewSoftwareKey(o.Random)
	if err != nil {
		return nil, err
	}
	s.decoy = nobody.Public()
	return s, s.draw(s.challenges.key[:])
}

// Hub returns the id of the hub's store; zero at home.
func (s *Service) Hub() credential.HubID { return s.hub }

func (s *Service) draw(to []byte) error {
	if _, err := io.ReadFull(s.random, to); err != nil {
		return fault.New(fault.Internal, "random bytes: %w", err)
	}
	return nil
}

// Ask is what a device sends to enrol.
type Ask struct {
	Organisation credential.OrganisationID
	Secret       credential.Secret
	Key          credential.PublicKey
	Label        string
	Signature    []byte
}

// labelBytes bounds what people call a device; what it looks like is the
// directory's to say.
const labelBytes = 64

// Enrol makes a device of an invitation, if who asks has the key. The device that
// asks again because the answer was lost is told the same again, also when the
// invitation has expired meanwhile.
func (s *Service) Enrol(ctx context.Context, ask *Ask) (credential.DeviceID, merge.PersonID, error) {
	none := merge.PersonID{}
	if s.hub != (credential.HubID{}) {
		return credential.DeviceID{}, none, fault.New(fault.Invalid, "this is a hub, which enrols nobody: enrol at the home server")
	}
	if len(ask.Label) > labelBytes || !utf8.ValidString(ask.Label) {
		return credential.DeviceID{}, none, fault.New(fault.Malformed, "label: at most %d bytes of UTF-8, by which people know the device", labelBytes)
	}
	if !ask.Key.Verify(credential.EnrolMessage(ask.Organisation, ask.Secret, ask.Key, ask.Label), ask.Signature) {
		return credential.DeviceID{}, none, fault.New(fault.Unauthenticated, "the signature is not the key's over this invitation")
	}
	id, device, err := s.directory.UseInvitation(ctx, ask.Secret.Hash(), directory.NewDevice{
		Organisation: ask.Organisation, TabletLabel: ask.Label,
		Algorithm: directoryv1.KeyAlgorithm(ask.Key.Algorithm()), PublicKey: ask.Key.Bytes(),
	})
	if err != nil {
		return credential.DeviceID{}, none, err
	}
	return id, merge.PersonID(device.UserId), nil
}

// keyOf returns the key of a device in the directory.
func keyOf(device *directoryv1.Device) (credential.PublicKey, error) {
	return credential.ParsePublicKey(credential.Algorithm(device.Algorithm), device.PublicKey)
}
