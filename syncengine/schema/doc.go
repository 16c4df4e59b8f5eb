// Package schema turns the descriptors of record types into plans: which fields
// make a record's identity, which are merged whole, which value of several is
// shown, which rules a value must keep. Whatever an engine, a server or a
// tablet knows about a record type it knows from here, so that a new type is a
// new message in a .proto file and no code.
//
// A plan also is the one place where a message becomes writes to cells
// ([Plan.Compose]) and cells become a message again ([Plan.Join]). Merging never
// asks a plan: a cell of a newer app, of which the plan has not heard, is
// merged, kept and given back byte for byte.
//
// # Cells
//
// A field is a cell, the fields of a group are one cell, and each element of a
// set field is a cell. A oneof is only allowed inside one group: two values of
// a oneof in two cells could both be live. The value of a cell is the wire
// bytes of its fields, ascending by field number, at every depth. The header of
// a record is its key fields written the same way. An element of a set is
// written with its own tag, never packed, in the shortest encoding.
//
// The value of a sealed cell is an age file (package sealed). Whoever has keys
// gives them to a draft, and to [Plan.JoinOpened]; without them nothing is
// composed into such a cell, and it is left empty in messages.
//
// # Rules
//
// The rules of buf.validate are evaluated on what one change wrote to one
// record, and only those on fields that it wrote: a cell is written whole, so
// the rules of a group see all of it. A rule on the whole message is evaluated
// when the change wrote every cell that its expression reads; key fields are
// always there. Rules must not ask the clock, and those of a set field are about
// its items alone, since a change holds single elements.
//
// The package is pure, knows no record type by name, and knows nothing of
// spaces beyond their kinds, of access, storage or the network.
package schema
