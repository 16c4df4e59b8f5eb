// Package compat says which changes to a record type its stored data and its
// users could not live with. Field numbers are the identity of what is stored,
// and the options beside them decide which records are one, which fields are
// merged whole, which value is shown and who may see it; a compatibility check
// of the protobuf language knows nothing of these options.
//
// One set of rules serves two callers: a test that holds the types of today
// against a committed descriptor image, and a server that is given types at run
// time. The package compares descriptors; it knows no plan and no stored record,
// and does not judge whether options make sense.
package compat
