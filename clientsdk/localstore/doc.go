// Package localstore keeps a tablet's register in one SQLite database, every
// page of which is encrypted. It holds spaces, record rows, the tablet's own
// changes and the pages of a pull that is under way, and gives them back in
// transactions: a [Store] is what the rest of the SDK sees of it, a [Tx] all that
// can be asked. All SQL of the SDK is here.
//
// A [Memory] holds the same in memory, for tests: of apps, and of fleets, which
// open and kill registers by the thousand. One suite of behaviours runs over
// both, and random transactions over both at once, compared after each.
//
// It must not know what a row means: merging, views, schemas and the network
// are its caller's. Of the engine it knows the ids only.
//
// # Durability
//
// The database runs in WAL mode with synchronous=FULL: a commit returns after
// the log of the database is synced, so what was returned survives the process,
// the system and the battery. A transaction is kept whole or not at all.
//
// The encrypting file system (Adiantum, 4 KiB blocks) does not claim that
// overwriting is safe against a power cut, so SQLite fills each commit up to a
// block boundary, and no later write touches a block that holds a synced
// commit. Without that a torn write would make a block undecipherable that also
// holds the end of an older commit.
//
// # Secrecy
//
// Database, log and journals are encrypted with the key handed to [Open], which
// is never stored; temporary tables stay in memory. The index of the log
// (the file that ends in -shm) holds page numbers and checksums, no content.
// Encryption hides the content, and the same block written twice looks the
// same; it does not authenticate. The hashes of changes do.
//
// What is deleted is written over with zeros, and after Scrub it is in no file any
// more, whoever has the key.
package localstore
