package localstore

import (
	"context"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Store is one open register. It is safe for concurrent use.
type Store interface {
	// Write runs fn in a transaction that writes; they run one at a time. When
	// Write returns nil, all of it is durable; otherwise nothing of it is kept. fn
	// must not call Write.
	Write(ctx context.Context, fn func(Tx) error) error

	// Read runs fn on a snapshot: what is written meanwhile is not in it, and fn
	// can write nothing.
	Read(ctx context.Context, fn func(Tx) error) error

	// Scrub takes out of the files what was deleted or written over. An error of
	// kind fault.Unavailable says that somebody reads what it would take away: try
	// again later.
	Scrub(ctx context.Context) error

	// Close waits for running transactions and closes the store.
	Close() error
}

// Tx is a transaction: what is read in it belongs together, what is written in
// it is kept whole or not at all. It ends with the function it was handed to,
// and one goroutine uses it. A function that is called for each of several rows
// must not write to what it is called for.
type Tx interface {
	// Single values.

	// Property returns a single value, nil if it was never set.
	Property(name string) (value []byte, err error)

	// SetProperty sets a single value.
	SetProperty(name string, value []byte) error

	// Spaces and the pages of their pulls.

	// Space returns a space, nil if the tablet does not hold it.
	Space(id merge.SpaceID) (space *Space, err error)

	// Spaces returns all spaces, in the order in which they were added.
	Spaces() (spaces []Space, err error)

	// AddSpace adds a space that the tablet does not hold yet.
	AddSpace(id merge.SpaceID, kind int32, replica merge.ReplicaID) error

	// AddChain starts a new chain, that of space.Chain.Replica, and lets the
	// changes of the space go there from now on.
	AddChain(space *Space) error

	// SaveSpace keeps what has changed about the pull of a space: cursor, position,
	// epoch, what is durable, where the hub is, readability and time of sync.
	SaveSpace(space *Space) error

	// TouchSpaces notes the time of a sync that brought nothing, in several spaces.
	TouchSpaces(ids []merge.SpaceID, syncedMillis int64) error

	// Stage keeps a page of a pull until a consistent one comes.
	Stage(space int64, page []byte) error

	// Staged calls fn for each staged page of the space, in the order in which they
	// came. The bytes are valid until fn returns.
	Staged(space int64, fn func(page []byte) error) error

	// HasStaged tells whether pages are staged for the space.
	HasStaged(space int64) (has bool, err error)

	// DropStaged drops the staged pages of the space.
	DropStaged(space int64) error

	// Own changes.

	// Append adds an own change to the chain of its space, and makes it pending
	// and part of the overlay. space.Chain moves on.
	Append(space *Space, c *merge.Change, content []byte) (n int64, err error)

	// Chains returns the names of the chains of a space, by replica.
	Chains(space int64) (chains map[merge.ReplicaID]int64, err error)

	// Own returns the name of a chain's change with this identity, zero if the
	// tablet did not make it.
	Own(chain int64, id merge.ID) (n int64, err error)

	// OwnContent returns the original of an own change, nil if there is none.
	OwnContent(n int64) (content []byte, err error)

	// SetOwnContent puts other content in place of an own change's original, out of
	// which something was purged.
	SetOwnContent(n int64, content []byte) error

	// OwnCount returns how many changes the tablet has made in the space.
	OwnCount(space int64) (count int, err error)

	// Pending returns the pending changes of a space, in the order in which they
	// were made.
	Pending(space int64) (list []Pending, err error)

	// Unsent calls fn for the changes without a verdict, with their originals, in
	// the order in which they were made, until it returns false. The bytes are the
	// caller's.
	Unsent(space int64, fn func(p Pending, content []byte) bool) error

	// SavePending keeps what is open about the own change p.N.
	SavePending(p *Pending) error

	// DropPending says that nothing is open about the change any more.
	DropPending(n int64) error

	// ReopenOwn makes the own changes of the space pending again, without verdict,
	// so that they are sent once more: those about which nothing is open, and those
	// whose verdict is below this one. What the views have in their base stays
	// there.
	ReopenOwn(space int64, below uint8) error

	// MarkSent notes that these changes were on their way once.
	MarkSent(names []int64) error

	// MarkHanded notes that a hub has these changes.
	MarkHanded(names []int64) error

	// Overlay returns the changes that the view of a record has on top of its base,
	// relayed ones first, and own ones in the order in which they were made.
	Overlay(record int64) (names []int64, err error)

	// AddOverlay puts a change on top of a record.
	AddOverlay(record, change int64) error

	// DropOverlay takes it off.
	DropOverlay(record, change int64) error

	// Records.

	// Record returns a record, nil if there is none.
	Record(space int64, id merge.RecordID) (*Record, error)

	// RecordsOfType returns the records of one type, void ones too.
	RecordsOfType(space int64, typeName string) ([]Record, error)

	// RecordsReferring returns the records of one type of which this field holds
	// the target, void ones too.
	RecordsReferring(space int64, typeName string, field uint32, target merge.RecordID) ([]Record, error)

	// OpenRecords returns the records that a person should look at.
	OpenRecords(space int64) ([]Record, error)

	// ViewedRecords returns the ids of the records that have a view of their own.
	ViewedRecords(space int64) ([]merge.RecordID, error)

	// RecordIDs returns the ids of all records of the space, ascending.
	RecordIDs(space int64) ([]merge.RecordID, error)

	// SaveRecord keeps a record, and names it if it is new.
	SaveRecord(space int64, r *Record) error

	// DeleteRecord drops a record that has neither base nor view.
	DeleteRecord(n int64) error

	// AddReference notes that a field of the record holds the target.
	AddReference(record int64, field uint32, target merge.RecordID) error

	// DropReference takes that back.
	DropReference(record int64, field uint32, target merge.RecordID) error

	// ClearBase drops what home delivered for the space: records that no own change
	// touches go, the others keep their view.
	ClearBase(space int64) error

	// DropReferences takes back all references of all spaces.
	DropReferences() error

	// Batches for a server that has lost them.

	// Carry keeps a batch whose last change has a position in the home server's
	// log. One that is there already gets the position, and is not offered.
	Carry(space int64, last uint64, changes int, batch []byte) error

	// OfferCarried makes all batches that are kept of a space wait to be sent. Their
	// positions are forgotten: the server may give others.
	OfferCarried(space int64) error

	// Offered calls fn for the batches that wait to be sent, in the order in which
	// they came, until it returns false. The bytes are the caller's.
	Offered(space int64, fn func(c Carried) bool) error

	// ReplaceCarried puts another batch in place of one, out of which something was
	// purged.
	ReplaceCarried(n int64, batch []byte) error

	// Settle notes that the server has what is in a batch, up to a position of its
	// log; zero if that is not known, and then the batch is kept.
	Settle(n int64, last uint64) error

	// Drop drops one batch.
	Drop(n int64) error

	// DropDurable drops the batches of a space up to a position, which are in a
	// verified backup.
	DropDurable(space int64, through uint64) error

	// DropCarried drops the batches of a space that do not wait to be sent.
	DropCarried(space int64) error

	// CarriedCount returns how many batches are kept of a space.
	CarriedCount(space int64) (count int, err error)

	// What came by a hub.

	// AddRelayed keeps a change that came by a hub, to be offered to home.
	AddRelayed(space int64, id merge.ID, content []byte) (n int64, err error)

	// Relayed returns the name of a relayed change, zero if it is none.
	Relayed(space int64, id merge.ID) (n int64, err error)

	// RelayedContent returns the original of a relayed change, nil if there is none.
	RelayedContent(n int64) (content []byte, err error)

	// SetRelayedContent is SetOwnContent of a relayed change.
	SetRelayedContent(n int64, content []byte) error

	// RelayedChanges returns all relayed changes of a space, without their content,
	// in the order in which they came.
	RelayedChanges(space int64) (list []Relayed, err error)

	// RelayedOffers calls fn for the relayed changes that home has not said it has,
	// with their originals, in the order in which they came, until it returns false.
	RelayedOffers(space int64, fn func(r Relayed) bool) error

	// SettleRelayed notes that home has a relayed change.
	SettleRelayed(n int64) error

	// OfferRelayed makes all relayed changes of a space wait to be offered.
	OfferRelayed(space int64) error

	// DropRelayed drops a relayed change. The caller has taken it off all records.
	DropRelayed(n int64) error

	// RelayedCount returns how many relayed changes a space has.
	RelayedCount(space int64) (count int, err error)

	// The changes that the base holds.

	// AppliedRuns returns the runs of a replica in a space, in the order of their
	// last sequence numbers.
	AppliedRuns(space int64, replica merge.ReplicaID) (runs []Run, err error)

	// AddApplied adds a run.
	AddApplied(space int64, replica merge.ReplicaID, r Run) error

	// DropApplied drops a run.
	DropApplied(space int64, replica merge.ReplicaID, r Run) error

	// ClearApplied drops all runs of a space.
	ClearApplied(space int64) error

	// A base that is compared with home, and mended.

	// BaseRows calls fn with what home has delivered of all spaces, in the order in
	// which it lies in the file: reading it once through costs far less than looking
	// up each record. The row is valid until fn returns.
	BaseRows(fn func(space int64, id merge.RecordID, row []byte) error) error

	// BaseRowsOf is BaseRows of the records of one space that begin with a byte, in
	// the order of their ids.
	BaseRowsOf(space int64, first byte, fn func(space int64, id merge.RecordID, row []byte) error) error

	// Erase drops records, whatever is left of them, with what points from them: a
	// damaged row does not say which references it had.
	Erase(space int64, ids []merge.RecordID) error

	// OwnChanges calls fn with the originals of all own changes of the space. The
	// bytes are valid until fn returns.
	OwnChanges(space int64, fn func(n int64, content []byte) error) error

	// Reopen is ReopenOwn of one change.
	Reopen(n int64, below uint8) error

	// CarriedBatches calls fn with all batches of others that are kept of a space.
	CarriedBatches(space int64, fn func(c Carried) error) error

	// Offer makes one batch wait to be sent.
	Offer(n int64) error
}
