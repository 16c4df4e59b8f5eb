// Package store lays out the server's state in rows: heads of spaces, record
// rows, the log, who has applied what, quarantine, grants. It reads and writes
// rows and knows what their bytes mean, not what the rules are: those are in
// the engine. Nothing is ever deleted; what is gone is an empty value, since
// Badger has brought deleted keys back more than once
// (github.com/dgraph-io/badger issues 2143, 2286).
//
// Reading happens in a [Snapshot], writing in a [Fold]: one synced transaction
// into which many pushes are folded, because Badger syncs once per transaction
// and does not commit groups by itself.
//
// Rows lie in Badger, on a disk. For tests they lie in a [Memory], which does
// the same without files and goroutines of its own, and can lose power, fill up
// and decay when it is told to.
package store
