// Package log is the seam to scale-out: an append-only log of entries in 256
// partitions, and the one that lives in the server's own Badger store. State is
// what applying the log gives; nothing else writes it. Nothing outside this
// package may know which log runs.
package log

import (
	"context"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Kind is what an entry does, with the numbers of zhurnal.log.v1.EntryKind.
type Kind uint8

// The kinds of entry.
const (
	Push    = Kind(logv1.EntryKind_ENTRY_KIND_PUSH)    // changes from a device
	Grant   = Kind(logv1.EntryKind_ENTRY_KIND_GRANT)   // access given or taken away
	Schema  = Kind(logv1.EntryKind_ENTRY_KIND_SCHEMA)  // record types made known
	Release = Kind(logv1.EntryKind_ENTRY_KIND_RELEASE) // quarantined changes tried again
	Erase   = Kind(logv1.EntryKind_ENTRY_KIND_ERASE)   // a person erased
	Dismiss = Kind(logv1.EntryKind_ENTRY_KIND_DISMISS) // quarantined changes given back to their authors
	Epoch   = Kind(logv1.EntryKind_ENTRY_KIND_EPOCH)   // a new or restored server began to serve
	Durable = Kind(logv1.EntryKind_ENTRY_KIND_DURABLE) // a verified backup holds a space's log up to a position
	Cut     = Kind(logv1.EntryKind_ENTRY_KIND_CUT)     // the beginning of a log is forgotten

	Retention = Kind(logv1.EntryKind_ENTRY_KIND_RETENTION) // for how long a space's log is kept
	Upstream  = Kind(logv1.EntryKind_ENTRY_KIND_UPSTREAM)  // how far a hub has come with the home server in a space
	Directory = Kind(logv1.EntryKind_ENTRY_KIND_DIRECTORY) // who is known to the server
)

// Level is the version of the rules by which entries are applied. A new one
// goes into entries only when every node knows it.
const Level = 1

// Entry is everything that applying may depend on, beside the state.
type Entry struct {
	Kind      Kind
	Space     merge.SpaceID // zero for a schema, the directory, and the beginning of an epoch
	PushID    string        // two entries with one push id are one
	Received  int64         // the server's clock, milliseconds since 1970
	Principal merge.PersonID
	Level     uint32
	Body      []byte // a message of zhurnal.log.v1 by kind
	// Purged is what applying the entry did, if something that decided it was
	// erased since.
	Purged *logv1.Purged
	// Decoded is the body as whoever appends has it already, so that it is not
	// decoded twice. It is not stored, and applying must not depend on it.
	Decoded any
	// SizeBytes is about how much applying adds to rows, uncompressed.
	SizeBytes int
}

// Outcome is what applying an entry did.
type Outcome struct {
	// Recorded is false if the entry changed nothing and is not in the log.
	Recorded bool
	// Position is the highest position of the space afterwards; of an entry of
	// the directory, the version of the directory.
	Position uint64
	// Erases says that something of a person who was erased has come, of whom
	// there was more before: the log still has it.
	Erases bool
	// Outcomes are the verdicts over the entry's changes, in its order.
	Outcomes []wire.Outcome
}

// Sequenced is an entry with its place in its partition.
type Sequenced struct {
	Seq   uint64
	Entry Entry
}

// Applier turns entries into state.
type Applier interface {
	// Apply writes what the entry does into the fold. It depends on the entry
	// and on what the fold shows of the state, on nothing else. It may put another
	// body into the entry, out of which what was erased is purged, and which is
	// kept in its place; applying that again does the same. An error means
	// that the store is in trouble, not that the entry is bad.
	Apply(fold *store.Fold, partition uint16, seq uint64, e *Entry) (Outcome, error)
}

// Log is opened with the Applier.
type Log interface {
	// Append returns after the entry is durable and applied. Appending an entry
	// again changes nothing and gives the present verdicts.
	Append(ctx context.Context, partition uint16, e Entry) (Outcome, error)
	// Tail delivers the entries after a sequence number, in order, until there
	// are no more or ctx ends. Below what is forgotten of the log it is an error.
	Tail(ctx context.Context, partition uint16, after uint64, deliver func([]Sequenced) error) error
	// Close ends the log; what Append accepted is finished first.
	Close() error
}
