package sim

import (
	"bytes"
	"crypto/sha256"

	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// signer is the key of a device: what it signs is a hash under its secret, which
// costs next to nothing. To whom does not have the secret it is as good as any
// other signature.
type signer struct {
	id     merge.DeviceID
	person merge.PersonID
	secret merge.Hash
}

// newSigner makes the device of a person known to the fleet; of a name there is
// one.
func (f *fleet) newSigner(name string, person merge.PersonID) *signer {
	s := &signer{id: mergetest.ID16("device of " + name), person: person, secret: sha256.Sum256([]byte("secret of " + name))}
	f.signers[s.id] = s
	return s
}

var _ credential.Signer = (*signer)(nil)

// Public implements credential.Signer: nobody asks.
func (s *signer) Public() credential.PublicKey { return credential.PublicKey{} }

// Sign implements credential.Signer.
func (s *signer) Sign(message []byte) ([]byte, error) {
	h := sha256.Sum256(append(s.secret[:], message...))
	return h[:], nil
}

func (s *signer) verify(message, signature []byte) bool {
	made, _ := s.Sign(message)
	return bytes.Equal(made, signature)
}

// device is what servers know of devices.
func (f *fleet) device(id merge.DeviceID, _ func(syncengine.DirectoryKey) ([]byte, error)) (*syncengine.Device, error) {
	s := f.signers[id]
	if s == nil {
		return nil, nil
	}
	return &syncengine.Device{Person: s.person, Verify: s.verify, LetIn: true}, nil
}

// authored holds a change of the log to the word of its author's device. Of those
// that the server has written itself nobody but a coordinator is the author.
func (w *witness) authored(space merge.SpaceID, c *merge.Change) {
	switch s := c.Signed; {
	case s == nil:
		w.fail("%s: nobody has signed change %s, which is in the log", w.names[space], c.ID)
	case s.Device == (merge.DeviceID{}):
		if c.Author != w.person {
			w.fail("%s: change %s is in the log by the server's own word, and not a coordinator's", w.names[space], c.ID)
		}
	case w.signers[s.Device] == nil || w.signers[s.Device].person != c.Author || !w.signedBy(s, space, c.ID.Replica):
		w.fail("%s: change %s is in the log and is not signed by its author's device", w.names[space], c.ID)
	}
}

// signedBy tells whether a signature holds, which changes share.
func (w *witness) signedBy(s *merge.Signature, space merge.SpaceID, replica merge.ReplicaID) bool {
	if w.held != s && w.signers[s.Device].verify(s.Message(space, replica), s.Bytes) {
		w.held = s
	}
	return w.held == s
}
