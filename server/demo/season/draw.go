package season

import (
	"cmp"
	"hash/fnv"
	"slices"
)

// draw returns a number from 0 to n-1 that looks drawn and follows from what it
// is about alone, so that a season is the same every time and a change of one
// part leaves the others as they are.
func draw(n int, about Name, what string) int { return int(mix(about, what) % uint64(n)) }

func mix(about Name, what string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(string(about) + "\x00" + what)) // never fails
	// The finalizer of MurmurHash3: FNV alone leaves its low bits alike.
	v := h.Sum64()
	v ^= v >> 33
	v *= 0xff51afd7ed558ccd
	v ^= v >> 33
	v *= 0xc4ceb9fe1a85ec53
	return v ^ v>>33
}

func pick[T any](list []T, about Name, what string) T { return list[draw(len(list), about, what)] }

// shuffled returns the members in an order that looks drawn.
func shuffled(members []*member, what string) []*member {
	deck := slices.Clone(members)
	slices.SortFunc(deck, func(a, b *member) int { return cmp.Compare(mix(a.record, what), mix(b.record, what)) })
	return deck
}
