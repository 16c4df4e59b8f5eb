package signin

import (
	"crypto/sha256"
	"io"
	"net/http"
	"sync"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/guard"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// purpose is what a proof is for.
type purpose string

const (
	toSignIn purpose = "sign-in"
	toProve  purpose = "prove"
	toAdd    purpose = "add"
	toUse    purpose = "link" // what a link is for
)

// proof is one that a browser has begun, with a passkey or at the provider, and
// comes back with.
type proof struct {
	purpose purpose
	to      string // where to go then
	// who began it, if it needs a session.
	who auth.Principal
	// welcome is what was filled in behind a link.
	welcome welcome
	// passkey is what the browser was asked; user for whom, if one is made.
	passkey *webauthn.SessionData
	user    merge.PersonID
	// state, nonce and verifier are what the provider was given.
	state, nonce, verifier string
	expires                int64
}

const (
	proofMillis = 10 * minute
	// proofsMax bounds them: some 500 bytes each.
	proofsMax = 10_000
)

var errNotBegun = fault.New(fault.Invalid, "this was not begun in this browser, was done already, or longer than 10 minutes ago: begin again")

// pending are proofs that have been begun. Each belongs to the browser that has
// its cookie, and is taken once, whatever comes of it.
type pending struct {
	now    func() int64
	random io.Reader

	mu     sync.Mutex
	byHash map[[32]byte]proof
}

func (p *pending) add(of proof) (cookie string, err error) {
	var key [32]byte
	if err := secret(p.random, key[:]); err != nil {
		return "", err
	}
	now := p.now()
	of.expires = now + proofMillis
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byHash) >= proofsMax {
		for hash, other := range p.byHash {
			if other.expires <= now {
				delete(p.byHash, hash)
			}
		}
	}
	if len(p.byHash) >= proofsMax {
		return "", fault.New(fault.Unavailable, "too many people sign in at once: try again in some minutes")
	}
	p.byHash[sha256.Sum256(key[:])] = of
	return text64.EncodeToString(key[:]), nil
}

func (p *pending) take(cookie string) (proof, error) {
	var key [32]byte
	if len(cookie) != text64.EncodedLen(len(key)) {
		return proof{}, errNotBegun
	}
	if _, err := text64.Decode(key[:], []byte(cookie)); err != nil {
		return proof{}, errNotBegun
	}
	hash := sha256.Sum256(key[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.byHash[hash]
	delete(p.byHash, hash)
	if !ok || found.expires <= p.now() {
		return proof{}, errNotBegun
	}
	return found, nil
}

// beginProof lets a browser begin one.
func (s *Service) beginProof(w http.ResponseWriter, r *http.Request, of proof) error {
	if _, err := s.starts.try(guard.Network(s.o.Address(r)).String()); err != nil {
		return err
	}
	cookie, err := s.pending.add(of)
	if err != nil {
		return err
	}
	s.cookies.set(w, s.cookies.proof, cookie)
	return nil
}

// takeProof returns what this browser had begun.
func (s *Service) takeProof(w http.ResponseWriter, r *http.Request) (proof, error) {
	cookie, err := r.Cookie(s.cookies.proof)
	if err != nil {
		return proof{}, errNotBegun
	}
	s.cookies.clear(w, s.cookies.proof)
	return s.pending.take(cookie.Value)
}
