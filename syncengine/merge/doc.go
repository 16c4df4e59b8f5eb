// Package merge is the whole of merging: what a change is, what applying one
// does to a record, and which value a view shows.
//
// A space is a set of changes, and its state is a function of that set. A cell
// holds the values of applied writes that no applied write names as replaced;
// almost always one. Applying a change takes the values it names out of its
// cells and puts its own in. A named value that has not come yet leaves a
// marker that swallows it when it comes. So the order in which changes arrive,
// the path they take and how often they are repeated cannot matter. In the
// literature this is the operation-based multi-value register (Shapiro,
// Preguiça, Baquero, Zawirski: A comprehensive study of convergent and
// commutative replicated data types, INRIA RR-7506, 2011).
//
// The package is pure: no clock, randomness, goroutine or I/O. Times are
// integers in milliseconds, random bytes arrive as arguments, and storage is
// the [Rows] that the caller hands to [Apply]. It knows no record type, no
// schema and no wire format, and imports nothing of this module.
package merge
