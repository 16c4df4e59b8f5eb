// Package mergetest has what tests of merging need: a space held in memory,
// replicas that number, chain and seal changes, a generator of histories in which
// several people write without having seen each other, and the oracle that says
// what any set of changes means.
//
// Everything is a function of its arguments: what looks random is drawn from
// the [Source] that the test hands in. The package knows the merge core and
// nothing else.
package mergetest
