package enrol

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"sync"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// TokenMillis is how long a token is good. A device that is turned away loses it
// at once; this bounds what a token that leaked is worth.
const TokenMillis = 15 * 60_000

// tokensPerDevice bounds the live tokens of one device: a sync and a watch may
// each have got one, and a cut may have taken one on its way. The oldest gives
// way.
const tokensPerDevice = 4

// token is 32 random bytes that mean nothing but here.
type token [32]byte

var tokenText = base64.RawURLEncoding.Strict()

// errNoToken stands for all reasons.
var errNoToken = fault.New(fault.Unauthenticated, "no token: the challenge is over or was used, the signature is not the device's, or the device is not let in. "+
	"Ask for another challenge; if that does not help, enrol anew")

// WipeOrdered is what a device gets in place of a token that is to erase what it
// holds.
type WipeOrdered struct{ Order *enrolv1.WipeOrder }

// Error says so.
func (*WipeOrdered) Error() string { return "this device is to erase what it holds" }

// Token gives a device a token for its signature over a challenge. The error is
// [WipeOrdered] for one that has such an order.
func (s *Service) Token(_ context.Context, id credential.DeviceID, nonce credential.Nonce, signature []byte) (string, error) {
	if !s.challenges.check(id, nonce, s.now()) {
		return "", errNoToken
	}
	view, err := s.directory.View()
	if err != nil {
		return "", err
	}
	device := view.LetIn(id)
	if device == nil {
		device = view.Doomed(id)
	}
	if !s.hasSigned(device, id, nonce, signature) {
		return "", errNoToken
	}
	fresh, err := s.challenges.use(id, nonce, s.now())
	switch {
	case err != nil:
		return "", err
	case !fresh:
		return "", errNoToken
	case device.WipeOrder != nil:
		return "", &WipeOrdered{device.WipeOrder}
	}
	var t token
	if err := s.draw(t[:]); err != nil {
		return "", err
	}
	s.give(id, t)
	return tokenText.EncodeToString(t[:]), nil
}

// hasSigned tells whether there is the device, and it has signed the nonce for this
// server.
func (s *Service) hasSigned(device *directoryv1.Device, id credential.DeviceID, nonce credential.Nonce, signature []byte) bool {
	message := credential.TokenMessage(credential.OrganisationID{}, id, nonce)
	key := s.decoy
	if device != nil {
		message = credential.TokenMessage(credential.OrganisationID(device.OrganisationId), id, nonce)
		var err error
		if key, err = keyOf(device); err != nil {
			return false
		}
	}
	if s.hub != (credential.HubID{}) {
		message = credential.HubTokenMessage(s.hub, id, nonce)
	}
	return key.Verify(message, signature) && device != nil
}

// Tokens are those that the process has given. They are looked up by their
// SHA-256, so that neither memory nor time tells one, and there are never more
// than a few for each device.
type Tokens struct {
	directory *directory.Directory
	now       func() int64
	mu        sync.Mutex
	given     map[[32]byte]given
	// ofDevice are the hashes of a device's tokens, the oldest first.
	ofDevice map[credential.DeviceID][][32]byte
	// attending are the requests under way, to be cut.
	attending map[credential.DeviceID]map[*attendance]struct{}
}

type given struct {
	device    credential.DeviceID
	endMillis int64
}

type attendance struct{ cut func() }

var _ auth.Tokens = (*Tokens)(nil)

func newTokens(of *directory.Directory, now func() int64) *Tokens {
	return &Tokens{
		directory: of, now: now,
		given:     map[[32]byte]given{},
		ofDevice:  map[credential.DeviceID][][32]byte{},
		attending: map[credential.DeviceID]map[*attendance]struct{}{},
	}
}

func (t *Tokens) give(device credential.DeviceID, fresh token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	hash := sha256.Sum256(fresh[:])
	t.given[hash] = given{device, t.now() + TokenMillis}
	hashes := append(t.ofDevice[device], hash)
	for len(hashes) > tokensPerDevice {
		delete(t.given, hashes[0])
		hashes = slices.Delete(hashes, 0, 1)
	}
	t.ofDevice[device] = hashes
}

var errTokenOver = fault.New(fault.Unauthenticated, "the token is none of this server's, or is over: get another from EnrolService.Token")

// Caller implements [auth.Tokens]. The directory is asked each time, so whoever is
// turned away is so at once.
func (t *Tokens) Caller(text string) (auth.Principal, error) {
	var key token
	if data, err := tokenText.DecodeString(text); err != nil || len(text) != tokenText.EncodedLen(len(key)) || copy(key[:], data) != len(key) {
		return auth.Principal{}, errTokenOver
	}
	t.mu.Lock()
	g, found := t.given[sha256.Sum256(key[:])]
	t.mu.Unlock()
	if left := g.endMillis - t.now(); !found || left <= 0 || left > TokenMillis {
		return auth.Principal{}, errTokenOver
	}
	device, err := t.letIn(g.device)
	if err != nil {
		return auth.Principal{}, err
	}
	if device == nil {
		t.drop(g.device)
		return auth.Principal{}, errTokenOver
	}
	return auth.Principal{
		Person: merge.PersonID(device.UserId), Organisation: credential.OrganisationID(device.OrganisationId), Device: g.device,
	}, nil
}

func (t *Tokens) letIn(id credential.DeviceID) (*directoryv1.Device, error) {
	view, err := t.directory.View()
	if err != nil {
		return nil, err
	}
	return view.LetIn(id), nil
}

// Attend implements [auth.Tokens].
func (t *Tokens) Attend(caller auth.Principal, cut func()) (leave func()) {
	a := &attendance{sync.OnceFunc(cut)}
	t.mu.Lock()
	if t.attending[caller.Device] == nil {
		t.attending[caller.Device] = map[*attendance]struct{}{}
	}
	t.attending[caller.Device][a] = struct{}{}
	t.mu.Unlock()
	if device, err := t.letIn(caller.Device); err != nil || device == nil { // not since it was asked
		a.cut()
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.attending[caller.Device], a)
		if len(t.attending[caller.Device]) == 0 {
			delete(t.attending, caller.Device)
		}
	}
}

// Recheck takes their tokens from the devices that are no longer let in, and cuts
// their requests. It is called after each change of the directory.
func (t *Tokens) Recheck() {
	t.mu.Lock()
	seen := map[credential.DeviceID]struct{}{}
	for device := range t.ofDevice {
		seen[device] = struct{}{}
	}
	for device := range t.attending {
		seen[device] = struct{}{}
	}
	t.mu.Unlock()
	for id := range seen {
		if device, err := t.letIn(id); err != nil || device == nil { // who cannot be asked about asks anew
			t.drop(id)
		}
	}
}

func (t *Tokens) drop(device credential.DeviceID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, hash := range t.ofDevice[device] {
		delete(t.given, hash)
	}
	delete(t.ofDevice, device)
	for a := range t.attending[device] {
		a.cut()
	}
}
