package enrol

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// challengeMillis is how long a challenge is good: a link of 16 kbit/s carries it
// and its answer in one second, and people wait for a minute at most.
const challengeMillis = 60_000

// tokensPerMinute bounds the tokens that one device may get while a challenge is
// good, and so what is remembered of used ones: a tablet needs one in 15 minutes,
// and one more whenever a cut took the answer.
const tokensPerMinute = 16

// challenges are not kept while they are open. A nonce is when it ends (8 bytes,
// milliseconds since 1970), 8 random bytes, and 16 bytes of HMAC-SHA256 over
// these and the device: the server knows its own by that, and strangers who ask
// for many cost it nothing.
type challenges struct {
	key [32]byte // of this process
	mu  sync.Mutex
	// used are nonces that are not over yet.
	used map[credential.DeviceID][]usedNonce
}

type usedNonce struct {
	nonce     credential.Nonce
	endMillis int64
}

const sealedBytes = 16 // of a nonce

func (c *challenges) seal(device credential.DeviceID, head []byte) []byte {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write(device[:])
	mac.Write(head)
	return mac.Sum(nil)[:len(credential.Nonce{})-sealedBytes]
}

// Challenge returns something for a device to sign.
func (s *Service) Challenge(device credential.DeviceID) (nonce credential.Nonce, err error) {
	binary.BigEndian.PutUint64(nonce[:8], uint64(s.now()+challengeMillis))
	if err := s.draw(nonce[8:sealedBytes]); err != nil {
		return nonce, err
	}
	copy(nonce[sealedBytes:], s.challenges.seal(device, nonce[:sealedBytes]))
	return nonce, nil
}

// check tells whether the server has given this nonce to this device, and its time
// is not over. A clock that was set back makes none good for longer.
func (c *challenges) check(device credential.DeviceID, nonce credential.Nonce, nowMillis int64) bool {
	left := int64(binary.BigEndian.Uint64(nonce[:8])) - nowMillis
	return hmac.Equal(nonce[sealedBytes:], c.seal(device, nonce[:sealedBytes])) && 0 < left && left <= challengeMillis
}

// use makes the nonce used; false if it was.
func (c *challenges) use(device credential.DeviceID, nonce credential.Nonce, nowMillis int64) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := slices.DeleteFunc(c.used[device], func(u usedNonce) bool { return u.endMillis <= nowMillis })
	c.used[device] = used
	if slices.ContainsFunc(used, func(u usedNonce) bool { return u.nonce == nonce }) {
		return false, nil
	}
	if len(used) >= tokensPerMinute {
		return false, fault.Throttle(challengeMillis*time.Millisecond, "the device has got %d tokens within a minute: wait for one", tokensPerMinute)
	}
	c.used[device] = append(used, usedNonce{nonce, int64(binary.BigEndian.Uint64(nonce[:8]))})
	return true, nil
}
