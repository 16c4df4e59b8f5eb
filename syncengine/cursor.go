package syncengine

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// cursor is where a copy of a space is. Its holder cannot read or alter it.
type cursor struct {
	// epoch is the epoch of which position is.
	epoch wire.EpochID
	// grant is the number of the grant under which the copy was begun: access
	// regained begins it again.
	grant uint64
	// position is what the copy has of the log.
	position uint64
	// target is the position from which on the copy is consistent; beyond
	// position only after rows were served while the log went on.
	target uint64
	// rows is set while rows are served in place of the log, those that were
	// touched after since, from the record next on.
	rows  bool
	since uint64
	next  merge.RecordID
	// tail is the position up to which the log was found to be the shorter way.
	tail uint64
}

const cursorBytes = 1 + 5*8 + 16 + 16

func (c *cursor) encode() []byte {
	buf := make([]byte, 0, cursorBytes)
	mode := byte(0)
	if c.rows {
		mode = 1
	}
	buf = append(buf, mode)
	for _, n := range []uint64{c.grant, c.position, c.target, c.since, c.tail} {
		buf = binary.BigEndian.AppendUint64(buf, n)
	}
	return append(append(buf, c.next[:]...), c.epoch[:]...)
}

func parseCursor(data []byte) cursor {
	n := func(i int) uint64 { return binary.BigEndian.Uint64(data[1+8*i:]) }
	return cursor{rows: data[0] == 1, grant: n(0), position: n(1), target: n(2), since: n(3), tail: n(4), next: merge.RecordID(data[41:]), epoch: wire.EpochID(data[57:])}
}

// sealer seals cursors with a key of the store's secret, bound to the space.
type sealer struct {
	aead   cipher.AEAD
	random io.Reader
}

func newSealer(secret [32]byte, random io.Reader) (*sealer, error) {
	key, err := hkdf.Key(sha256.New, secret[:], nil, "zhurnal/cursor/1", 32)
	if err != nil {
		return nil, fault.New(fault.Internal, "cursor key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fault.New(fault.Internal, "cursor key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fault.New(fault.Internal, "cursor key: %w", err)
	}
	return &sealer{aead: aead, random: random}, nil
}

func (s *sealer) seal(space merge.SpaceID, c *cursor) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+cursorBytes+s.aead.Overhead())
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, fault.New(fault.Internal, "random bytes for a cursor: %w", err)
	}
	return s.aead.Seal(nonce, nonce, c.encode(), space[:]), nil
}

func (s *sealer) open(space merge.SpaceID, sealed []byte) (cursor, error) {
	n := s.aead.NonceSize()
	if len(sealed) != n+cursorBytes+s.aead.Overhead() {
		return cursor{}, errBadCursor
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], space[:])
	if err != nil {
		return cursor{}, errBadCursor
	}
	return parseCursor(plain), nil
}

var errBadCursor = fault.New(fault.BadCursor, "the cursor is not one that this server gave for this space and this access; start again without one")
