package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// linkMillis is how long a link is good.
const linkMillis = 24 * 60 * minute

// linksMax bounds links that wait to be used.
const linksMax = 1000

// linkSecret is the secret in a link: 128 bits.
type linkSecret [16]byte

var errLink = fault.New(fault.NotFound, "this link is not known, was used, has run out, or the server was started anew since: ask for another")

// links let somebody in once who cannot sign in yet: the first administrator,
// whose user is zero, and users without a way to sign in. Only hashes of their
// secrets are kept.
type links struct {
	now    func() int64
	random io.Reader

	mu     sync.Mutex
	byUser map[merge.PersonID]*link
}

type link struct {
	user    merge.PersonID
	hash    [32]byte
	expires int64
	// using is held by the one who uses it: of many at once, one does.
	using sync.Mutex
}

// make returns the secret of a new link, in whose stead an earlier one of the
// same user is no longer good.
func (l *links) make(user merge.PersonID) (text string, expires int64, err error) {
	var s linkSecret
	if err := secret(l.random, s[:]); err != nil {
		return "", 0, err
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for of, link := range l.byUser {
		if link.expires <= now {
			delete(l.byUser, of)
		}
	}
	if _, again := l.byUser[user]; !again && len(l.byUser) >= linksMax {
		return "", 0, fault.New(fault.Invalid, "links: %d wait to be used already; wait until some were, or for a day", linksMax)
	}
	made := &link{user: user, hash: sha256.Sum256(s[:]), expires: now + linkMillis}
	l.byUser[user] = made
	return text64.EncodeToString(s[:]), made.expires, nil
}

// find returns the link of a secret.
func (l *links) find(text string) (*link, error) {
	var s linkSecret
	if len(text) != text64.EncodedLen(len(s)) {
		return nil, errLink
	}
	if _, err := text64.Decode(s[:], []byte(text)); err != nil {
		return nil, errLink
	}
	hash, now := sha256.Sum256(s[:]), l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, link := range l.byUser {
		if subtle.ConstantTimeCompare(link.hash[:], hash[:]) == 1 && link.expires > now {
			return link, nil
		}
	}
	return nil, errLink
}

// use does what the link is for, once. It stays good if that fails.
func (l *links) use(text string, do func(user merge.PersonID) error) error {
	found, err := l.find(text)
	if err != nil {
		return err
	}
	found.using.Lock()
	defer found.using.Unlock()
	if _, err := l.find(text); err != nil { // it was used meanwhile, or another was made
		return err
	}
	if err := do(found.user); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byUser[found.user] == found {
		delete(l.byUser, found.user)
	}
	return nil
}
