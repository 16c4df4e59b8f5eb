// Package wire is where the engine's types meet the generated protobuf types:
// batches of changes, verdicts and pages, to bytes and back. Everything that
// enters the engine from outside passes the checks here first: sizes, lengths
// of ids, dense sequence numbers, hash chains. It knows no store, no network
// and no record type.
package wire
