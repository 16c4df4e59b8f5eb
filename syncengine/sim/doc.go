// Package sim plays seasons of a fleet in one process: real registers of
// tablets, the real engine of the home server on a disk in memory, and between
// them a network that loses, repeats, delays and cuts. Everything that looks
// random, clocks included, comes from one seed, so that a season that goes wrong
// goes wrong again; it is then cut down to the few steps that matter and told as
// a story.
//
// A seed makes a scenario: who is there, and the steps that happen at moments of
// simulated time. One goroutine takes the steps in order. A request that is on
// its way lets the steps that are due meanwhile happen before it arrives, so
// that what tablets do lies across each other as it does in the field.
//
// Registers lie in memory, which package localstore holds to be no other than
// its SQLite; those of one season in 25 are on SQLite itself (the first of each
// 25 seeds, 1, 26, 51 and so on). One season in 50 is large: 30 tablets, 30
// days, ten communities of which each holds three, some 10,000 changes.
//
// A witness reads the home server's log after every step. What it has read is
// the set of changes, from which the oracle of package mergetest says, without
// regard to any order, what every copy must hold.
//
//	go test ./syncengine/sim -seeds 1000          a thousand seasons
//	go test ./syncengine/sim -first 77 -v         one of them, told
//
// The package has nothing but tests: no part of the engine depends on it.
package sim
