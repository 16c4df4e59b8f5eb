package merge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// DeviceID names the device that signed; zero is the server itself.
type DeviceID [16]byte

// String is the whole id in hexadecimal.
func (id DeviceID) String() string { return hex.EncodeToString(id[:]) }

// Signature is the word of a device for changes of one replica that follow each
// other: that its person wrote them. It is over the root of a binary tree whose
// leaves are the hashes of the changes, so a part of what was signed proves
// itself by the few hashes of the tree that stand beside it: the changes of a
// run may be merged, kept back and passed on one by one, and each keeps its
// author's word. The tree is that of RFC 9162, 2.1, but that its leaves are
// hashes as they are.
//
// Changes share it. It does not change.
type Signature struct {
	Device DeviceID
	// First and Last are the sequence numbers of the first and the last change that
	// it is for.
	First, Last uint64
	// Bytes are what the device's key made of [Signature.Message].
	Bytes []byte

	// leaves are hashes of changes, from sequence number from on.
	from   uint64
	leaves []Hash
	// beside are the roots of the subtrees without leaves among these, by the range
	// that they cover.
	beside map[span]Hash
}

// span is a range of leaves, from 0: without the last.
type span struct{ first, end uint64 }

const (
	domainRun  = "zhurnal/run/1\x00"
	domainNode = "zhurnal/node/1\x00"
)

// SignatureFor returns what a device is to sign for all of a run, without its
// word: sealed changes of one replica that follow each other.
func SignatureFor(device DeviceID, run []*Change) *Signature {
	s := &Signature{Device: device, First: run[0].ID.Seq, Last: run[len(run)-1].ID.Seq}
	s.setLeaves(run)
	return s
}

// PartOf returns the signature for a part of what was signed, by the hashes
// beside it. ok is false if they are not as many as there must be.
func PartOf(s Signature, part []*Change, path []Hash) (_ *Signature, ok bool) {
	s.setLeaves(part)
	s.beside = make(map[span]Hash, len(path))
	for _, at := range spansBeside(span{0, s.Last - s.First + 1}, s.spanOf(part), nil) {
		if len(path) == 0 {
			return nil, false
		}
		s.beside[at], path = path[0], path[1:]
	}
	return &s, len(path) == 0
}

func (s *Signature) setLeaves(run []*Change) {
	s.from, s.leaves = run[0].ID.Seq, make([]Hash, len(run))
	for i, c := range run {
		s.leaves[i] = c.Hash
	}
}

func (s *Signature) spanOf(part []*Change) span {
	first := part[0].ID.Seq - s.First
	return span{first, first + uint64(len(part))}
}

// Path returns the hashes beside a part of what was signed, in the order of the
// tree; none if the part is all of it.
func (s *Signature) Path(part []*Change) []Hash {
	spans := spansBeside(span{0, s.Last - s.First + 1}, s.spanOf(part), nil)
	path := make([]Hash, len(spans))
	for i, at := range spans {
		path[i] = s.root(at)
	}
	return path
}

// Joined returns the signature with the hashes of another one that is the same
// word, and whose changes follow; nil if it is not.
func (s *Signature) Joined(next *Signature) *Signature {
	if s == next {
		return s
	}
	if s == nil || next == nil || s.Device != next.Device || s.First != next.First || s.Last != next.Last ||
		string(s.Bytes) != string(next.Bytes) || s.from+uint64(len(s.leaves)) != next.from {
		return nil
	}
	joined := *s
	joined.leaves = append(slices.Clip(s.leaves), next.leaves...)
	joined.beside = make(map[span]Hash, len(s.beside)+len(next.beside))
	for _, beside := range []map[span]Hash{s.beside, next.beside} {
		for at, hash := range beside {
			joined.beside[at] = hash
		}
	}
	return &joined
}

// Message returns what is signed: for which changes of which replica of which
// space, and who says so.
func (s *Signature) Message(space SpaceID, replica ReplicaID) []byte {
	m := append(make([]byte, 0, len(domainRun)+16+16+16+8+8+32), domainRun...)
	m = append(m, s.Device[:]...)
	m = append(m, space[:]...)
	m = append(m, replica[:]...)
	m = binary.BigEndian.AppendUint64(m, s.First)
	m = binary.BigEndian.AppendUint64(m, s.Last)
	root := s.root(span{0, s.Last - s.First + 1})
	return append(m, root[:]...)
}

// root returns the root over a range of leaves: a whole subtree.
func (s *Signature) root(at span) Hash {
	if hash, ok := s.beside[at]; ok {
		return hash
	}
	if at.end-at.first == 1 {
		return s.leaves[s.First+at.first-s.from]
	}
	left, right := at.halves()
	l, r := s.root(left), s.root(right)
	var buf [len(domainNode) + 64]byte
	n := copy(buf[:], domainNode)
	n += copy(buf[n:], l[:])
	copy(buf[n:], r[:])
	return sha256.Sum256(buf[:])
}

// halves are the subtrees: the left one has the highest power of two of leaves
// that leaves some to the right.
func (at span) halves() (left, right span) {
	size := uint64(1)
	for size*2 < at.end-at.first {
		size *= 2
	}
	return span{at.first, at.first + size}, span{at.first + size, at.end}
}

// spansBeside appends the largest subtrees of a tree that have nothing of a
// part, from left to right.
func spansBeside(tree, part span, spans []span) []span {
	switch {
	case tree.end <= part.first || part.end <= tree.first:
		return append(spans, tree)
	case part.first <= tree.first && tree.end <= part.end:
		return spans
	}
	left, right := tree.halves()
	return spansBeside(right, part, spansBeside(left, part, spans))
}
