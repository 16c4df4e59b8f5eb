// Package sealed is the format of sealed fields: values that only their
// recipients read, and that everyone else merges, keeps and passes on as they
// are.
//
// # What is stored
//
// The value of a sealed cell is one protobuf field: the number of the cell, with
// an age file (age-encryption.org/v1) as its bytes. So a program that has not
// heard of the field, or not that it is sealed, takes it for what it is: bytes.
// See [Wrap] and [Unwrap]. An empty value clears the cell, as in any other.
//
// # What is in it
//
// The age file opens to a frame; all numbers are big-endian:
//
//	 17 bytes  "zhurnal/sealed/1" and a zero byte
//	 16        space
//	 16        record
//	 16        author of the change
//	 16        replica of the change
//	  8        sequence number of the change
//	  4        field: the number of the cell
//	4 + n      full name of the record type, its length before it
//	4 + n      content, its length before it: the wire bytes of the cell's fields
//	  …        zeros, up to the next of the sizes in [Sizes]
//
// age proves that nobody altered the file, and says neither who wrote it nor
// where it belongs. Therefore the frame says it, and whoever opens compares:
// else a server, or anybody who may write in the room, could lay one client's
// note under another's name. Replica and sequence number stand for the change.
// Its tag would be better and cannot be there: the change's hash covers the file.
// A copied tablet may use a sequence number twice; both notes are its author's.
//
// What the place does not prove is who sealed it: whoever has the recipients,
// which are public, can seal a frame for any place that does not exist yet. Who
// wrote a change is proved where changes are signed.
//
// The package is pure: it knows no keys and imports no cryptography.
package sealed
