package syncengine

import (
	"bytes"
	"slices"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Every run of changes has the word of the device on which they were written. It
// is held against the device's key once, where the run enters; what was found is
// in the entry, so applying it asks for no key. The signature stays with the
// changes, whichever way they go on, and check holds it against the key again.
//
// Who brings a run may be another person than who wrote it: a hub, or a tablet
// that carries what a server has lost. Whose it is does not depend on them.

// Device is a device that signs what its person writes.
type Device struct {
	Person merge.PersonID
	// Verify tells whether the signature is by the device's key, over the message.
	Verify func(message, signature []byte) bool
	// LetIn says that the device and its person may sync.
	LetIn bool
}

// The keys under which people read why what a device signed is kept back.
const (
	deviceUnknown = "device.unknown"
	deviceRevoked = "device.revoked"
)

// proving looks who signed changes of one space.
type proving struct {
	options   *Options
	snapshot  *store.Snapshot
	space     merge.SpaceID
	serverKey credential.PublicKey
	// devices are those that were looked up.
	devices map[merge.DeviceID]*Device
	// proven are the signatures that hold, or are by a device that is not known.
	proven map[*merge.Signature]bool
}

func (e *Engine) newProving(snapshot *store.Snapshot, space merge.SpaceID) *proving {
	return &proving{
		options: &e.options, snapshot: snapshot, space: space, serverKey: e.epoch.key.Public(),
		devices: map[merge.DeviceID]*Device{}, proven: map[*merge.Signature]bool{},
	}
}

// device returns who signs by a name; nil if that is not known here.
func (p *proving) device(id merge.DeviceID) (*Device, error) {
	if device, ok := p.devices[id]; ok {
		return device, nil
	}
	device, err := p.options.Device(id, func(key DirectoryKey) ([]byte, error) {
		row, err := p.snapshot.DirectoryRow(key)
		return row.GetRow(), err
	})
	if err != nil {
		return nil, fault.New(fault.KindOf(err), "device %s: %w", id, err)
	}
	p.devices[id] = device
	return device, nil
}

// prove refuses changes that are not signed by the device that they name, for its
// person; each signature is looked at once. One by a device that is not known
// cannot be held against anything: see unproven.
func (p *proving) prove(changes []*merge.Change) error {
	if p.options.Device == nil {
		return nil
	}
	for _, c := range changes {
		if p.proven[c.Signed] {
			continue
		}
		if err := p.proveOne(c); err != nil {
			return fault.New(fault.KindOf(err), "change %d of replica %x: %w", c.ID.Seq, c.ID.Replica[:4], err)
		}
		p.proven[c.Signed] = true
	}
	return nil
}

func (p *proving) proveOne(c *merge.Change) error {
	if c.Signed == nil {
		return fault.New(fault.FalseSignature, "nobody has signed it: enrol the device, and send with an app that signs")
	}
	verify := p.serverKey.Verify
	if c.Signed.Device != (merge.DeviceID{}) {
		device, err := p.device(c.Signed.Device)
		switch {
		case err != nil || device == nil:
			return err
		case device.Person != c.Author:
			return fault.New(fault.FalseSignature, "it was signed by the device of another person than its author: only the author's device signs")
		}
		verify = device.Verify
	}
	if !verify(c.Signed.Message(p.space, c.ID.Replica), c.Signed.Bytes) {
		return fault.New(fault.FalseSignature, "its signature is not by the device that it names, over these changes: sign what is your own anew, and do not send on what is others'")
	}
	return nil
}

// unproven returns why what a device signed is kept back, though the signature
// is not false; empty if it is not kept back. What a device signed that was turned
// away counts no more by its author's word; who may write in the space and brings
// it vouches for it.
func (p *proving) unproven(c *merge.Change, sender merge.PersonID) (messageKey string, err error) {
	if p.options.Device == nil || c.Signed == nil || c.Signed.Device == (merge.DeviceID{}) {
		return "", nil
	}
	switch device, err := p.device(c.Signed.Device); {
	case err != nil:
		return "", err
	case device == nil:
		return deviceUnknown, nil
	case !device.LetIn && sender == c.Author:
		return deviceRevoked, nil
	}
	return "", nil
}

// sender is by whose access a change is judged.
func (p *push) sender(c *merge.Change, principal merge.PersonID) merge.PersonID {
	if p.byAuthors {
		return c.Author
	}
	return principal
}

// isOfOtherDevice tells whether a change was signed by another device than writes
// on its replica.
func (s *applying) isOfOtherDevice(c *merge.Change) (bool, error) {
	if c.Signed == nil {
		return false, nil
	}
	device, err := s.deviceOf(c.ID.Replica)
	return device != nil && !bytes.Equal(device, c.Signed.Device[:]), err
}

// deviceOf returns which device writes on a replica; nil if that is not known.
func (s *applying) deviceOf(replica merge.ReplicaID) (device []byte, err error) {
	if device, ok := s.devices[replica]; ok {
		return device, nil
	}
	row, err := s.fold.ReplicaDevice(s.entry.Space, replica)
	if err != nil {
		return nil, err
	}
	s.devices[replica] = row.GetDeviceId()
	return row.GetDeviceId(), nil
}

// noteDevice keeps that the device of a merged change writes on its replica, if no
// other does.
func (s *applying) noteDevice(c *merge.Change) error {
	if c.Signed == nil {
		return nil
	}
	device, err := s.deviceOf(c.ID.Replica)
	if err != nil || device != nil {
		return err
	}
	id := slices.Clone(c.Signed.Device[:])
	s.devices[c.ID.Replica] = id
	return s.fold.PutReplicaDevice(s.entry.Space, c.ID.Replica, &logv1.ReplicaDevice{DeviceId: id})
}

// verdictsAlone leaves of outcomes what may be told to whom the space is not
// shown.
func verdictsAlone(outcomes []wire.Outcome) (told []wire.Outcome) {
	for i := range outcomes {
		o := &outcomes[i]
		told = wire.JoinOutcomes(told, wire.Outcome{Replica: o.Replica, FirstSeq: o.FirstSeq, LastSeq: o.LastSeq, LastTag: o.LastTag, Verdict: o.Verdict})
	}
	return told
}
