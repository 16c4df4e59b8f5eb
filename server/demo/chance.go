package demo

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"
)

// chance is what a seed decides. Each purpose draws from a source of its own,
// so that tablets that work at the same time do not change each other's luck.
type chance uint64

// source gives random bytes. They can be foretold from the seed, which is fit
// for made-up people only.
func (c chance) source(purpose string) *rand.ChaCha8 {
	seed := binary.BigEndian.AppendUint64([]byte("zhurnal/demo/"), uint64(c))
	return rand.NewChaCha8(sha256.Sum256(append(seed, purpose...)))
}

func (c chance) draws(purpose string) *rand.Rand { return rand.New(c.source(purpose)) }

// id draws 16 bytes.
func (c chance) id(purpose string) (id [16]byte) {
	_, _ = c.source(purpose).Read(id[:]) // never fails
	return id
}

// key draws the data key of a tablet.
func (c chance) key(purpose string) []byte {
	key := make([]byte, 32)
	_, _ = c.source(purpose).Read(key)
	return key
}

// order returns the list in the order of the seed.
func order[T any](c chance, purpose string, list []T) []T {
	shuffled := slices.Clone(list)
	c.draws(purpose).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled
}

// wrongBy is how far a tablet's clock is off, in milliseconds: most by less
// than two minutes, every fourth by years, back to the times to which a device
// falls that has lost its battery, or ahead.
func (c chance) wrongBy(tablet string) int64 {
	draws := c.draws("clock/" + tablet)
	if draws.IntN(4) == 0 {
		const year = 365 * 24 * time.Hour
		return (time.Duration(draws.IntN(58)-46) * year).Milliseconds()
	}
	return int64(draws.IntN(240_000)) - 120_000
}

// A cut ends a connection after so many bytes have passed one way.
type cut struct {
	up         bool
	afterBytes int64
}

// cuts are what happens to the links of a tablet when it comes back, in the
// order of its attempts: every second tablet is cut, some twice.
func (c chance) cuts(tablet string) []cut {
	draws := c.draws("cuts/" + tablet)
	list := make([]cut, [...]int{0, 1, 0, 2, 1, 0}[draws.IntN(6)])
	for i := range list {
		if up := draws.IntN(2) == 0; up {
			list[i] = cut{up: true, afterBytes: 200 + int64(draws.IntN(4000))}
		} else {
			list[i] = cut{afterBytes: int64(draws.IntN(600))}
		}
	}
	return list
}
