package sealing

import (
	"crypto/ed25519"
	"slices"

	"filippo.io/age"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// RecipientsMax bounds to how many keys a value is sealed: each costs some hundred
// bytes in every note.
const RecipientsMax = 16

// Pins are what the app knows of a room from the invitation, and takes from no
// server. One of them at least must name a recipient, or the notes would be lost
// with the tablet of their author.
type Pins struct {
	// Supervisors are recipients, "age1…".
	Supervisors []string
	// Recovery is the recipient of last resort; may be empty.
	Recovery string
	// Signer is the public key that signs announcements; may be nil.
	Signer ed25519.PublicKey
}

// Check tells whether the keys can be used as they are.
func (k *Keys) Check() error {
	switch {
	case k == nil:
		return nil
	case k.Identity == nil:
		return fault.New(fault.Invalid, "keys: Identity must be set; without one leave Keys out")
	}
	for space, pins := range k.Rooms {
		if n := len(pins.Signer); n != 0 && n != ed25519.PublicKeySize {
			return fault.New(fault.Invalid, "keys: room %s: the signer's public key has %d bytes, not %d", space, n, ed25519.PublicKeySize)
		}
		for _, text := range pins.recipients() {
			if _, err := parseRecipient(text); err != nil {
				return fault.New(fault.Invalid, "keys: room %s: %w", space, err)
			}
		}
	}
	return nil
}

// parseRecipient says of a text that is none nothing but that: it may be the
// identity, pasted into the wrong field.
func parseRecipient(text string) (*age.X25519Recipient, error) {
	recipient, err := age.ParseX25519Recipient(text)
	if err != nil {
		return nil, fault.New(fault.Invalid, "not a recipient: it begins with age1, in small letters, and has 62 characters")
	}
	return recipient, nil
}

func (p Pins) recipients() []string {
	if p.Recovery == "" {
		return p.Supervisors
	}
	return append(slices.Clone(p.Supervisors), p.Recovery)
}

// Trusts tells whether an announcement in the room may be believed: its recipient
// is pinned, or the pinned key has signed it.
func (p Pins) Trusts(space merge.SpaceID, key *schemav1.SealingKey) bool {
	return slices.Contains(p.recipients(), key.GetRecipient()) || p.isSigned(space, key)
}

// Recipients returns to whom a value of the room is sealed, the author first, and
// then further ones that the app names for this value. announced are all keys
// that the room's records announce, believed or not.
func (k *Keys) Recipients(space merge.SpaceID, announced []*schemav1.SealingKey, further []string) ([]age.Recipient, error) {
	if k == nil {
		return nil, fault.New(fault.Invalid, "to write a sealed field the register must be opened with Keys")
	}
	pins := k.Rooms[space]
	supervisors := pins.supervisors(space, announced)
	if len(supervisors) == 0 {
		return nil, fault.New(fault.Invalid, "no supervisor of room %s is pinned or announced under a pinned signature, and nobody but you could open what you write: take the room's keys in from the invitation", space)
	}
	own := k.Identity.Recipient()
	all := []age.Recipient{own}
	seen := []string{own.String()}
	for _, text := range slices.Concat(supervisors, further) {
		if slices.Contains(seen, text) {
			continue
		}
		recipient, err := parseRecipient(text)
		if err != nil {
			return nil, fault.New(fault.Invalid, "recipient of room %s: %w", space, err)
		}
		all, seen = append(all, recipient), append(seen, text)
	}
	if len(all) > RecipientsMax {
		return nil, fault.New(fault.TooLarge, "%d recipients in room %s, at most %d are possible: end keys that are not in use", len(all), space, RecipientsMax)
	}
	return all, nil
}

// supervisors are those that are pinned or signed, without those whose last
// signed statement says something else.
func (p Pins) supervisors(space merge.SpaceID, announced []*schemav1.SealingKey) []string {
	last := make(map[string]*schemav1.SealingKey)
	recipients := slices.Clone(p.recipients())
	for _, key := range announced {
		if !p.isSigned(space, key) {
			continue
		}
		if before := last[key.Recipient]; before == nil || isLater(key, before) {
			last[key.Recipient] = key
		}
		if !slices.Contains(recipients, key.Recipient) {
			recipients = append(recipients, key.Recipient)
		}
	}
	return slices.DeleteFunc(recipients, func(text string) bool {
		key := last[text]
		return key != nil && key.Role != schemav1.SealingRole_SEALING_ROLE_SUPERVISOR
	})
}

// isLater compares two statements about one recipient; of one moment the one that
// lets less be sealed to it holds.
func isLater(a, b *schemav1.SealingKey) bool {
	if a.SinceMillis != b.SinceMillis {
		return a.SinceMillis > b.SinceMillis
	}
	return a.Role > b.Role
}
