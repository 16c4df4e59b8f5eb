// Package limits is the one table of what the engine accepts, with the reason
// for each number. A tablet holds its writes to the same table as the server
// its pushes, so nothing that a tablet accepted cannot be sent.
package limits

// Limits of what one message may hold.
const (
	// RecordBytes bounds a change's part of one record: header, elements and
	// values. A counselling note of 8,000 Cyrillic letters takes 16 KB; twice
	// that is room, and keeps a row far below a transaction.
	RecordBytes = 32 << 10
	// ChangeBytes bounds a change in wire bytes: it must fit a batch.
	ChangeBytes = 192 << 10
	// ChangeWrites bounds the writes of a change, so that applying one change
	// is bounded work.
	ChangeWrites = 4096
	// BatchBytes bounds a batch before compression. With Badger's 16 MB
	// memtables a transaction holds 2.4 MB; the entry, the rows it touches and
	// the sets of applied changes must all fit one.
	BatchBytes = 256 << 10
	// KeptBatchBytes bounds a batch in a log, from which something may have been
	// purged: a purged write takes up to 38 bytes where it took 7, and a change
	// of 4,096 writes that keeps some of them grows by 127 KiB. It still fits a
	// transaction.
	KeptBatchBytes = 2 << 20
	// BatchChanges bounds the changes of a batch, for the same reason: each may
	// touch a row that was there before.
	BatchChanges = 1000
	// Replaces bounds the values that one write replaces. A cell with more
	// concurrent values than this needs several settling writes.
	Replaces = 1024
	// TypeNameBytes bounds the full name of a record type; field and element
	// bounds follow from RecordBytes.
	TypeNameBytes = 255
	// PushBatches bounds the batches of one space in one request.
	PushBatches = 64
	// SyncSpaces bounds the spaces of one Sync. A facilitator holds a handful,
	// a coordinator of 73 communities about 150.
	SyncSpaces = 1000
	// Asks bounds the changes whose verdict one Sync may ask for, per space.
	Asks = 1000
	// WatchSpaces bounds the spaces of one Watch.
	WatchSpaces = 1000
	// PageBytes is how much a page holds unless asked otherwise, and
	// PageBytesMax how much it may be asked to: what a link of 64 kbit/s loses
	// when it is cut shortly before the end, 16 s at most by default.
	PageBytes    = 128 << 10
	PageBytesMax = 4 << 20
	// AnswerBytes bounds an answer that a tablet takes, unpacked: the largest page,
	// overdrawn by a row, which may have grown larger than any change, and what
	// comes beside it.
	AnswerBytes = 32 << 20
	// RepairRows bounds the rows that one Repair asks for, and
	// RepairBucketRecords the records of a bucket that it lists: a megabyte, of
	// a space of 11 million records. A larger one is fetched anew.
	RepairRows          = 1000
	RepairBucketRecords = 1 << 20 / 24
	// SchemaBytes bounds a FileDescriptorSet.
	SchemaBytes = 1 << 20
	// DirectoryPuts bounds the rows of the directory that are put together, and
	// DirectoryRowBytes each: a user with dozens of roles takes some kilobytes.
	DirectoryPuts     = 256
	DirectoryRowBytes = 64 << 10
	// DirectoryBytes bounds them together: they must fit one transaction.
	DirectoryBytes = 1 << 20
	// Spaces hash onto this many partitions, fixed for ever: it is part of
	// every stored key.
	Partitions = 256
)
