// Package season is a field season as data: what every tablet of a programme
// writes, in which order, and what coordinators do afterwards. The programme is
// real (trainings, counselling rooms and events in Donetsk and Luhansk oblasts
// in 2016); the people in it are made up from tables of names.
//
// [Plan] builds the same season every time: nothing in it is random. Records,
// persons, spaces and tablets have names, and where a message holds an id it
// holds a stand-in made from such a name. Whoever plays the season puts ids of
// his own in their place. In the world of stand-ins the ids of keyed records
// follow from their keys as everywhere else, so the plan is a consistent
// register before anybody plays it.
//
// The season also knows what must come out: [Season.Expected] counts the plan
// itself, by rules written for this plan alone, and [Season.State] says which
// values must be live in the end. Neither asks the packages that it is there to
// check: the rules of fieldwork and the merging.
//
// The package is pure: no clock, no randomness, no I/O. It must not know how the
// season is played.
package season
