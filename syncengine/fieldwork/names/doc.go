// Package names tells how likely two registrations are one human being, by what
// is written of them: names in Ukrainian, Russian or Latin letters, with typing
// errors, in another order; birth by day, year or age; sex; a telephone.
//
// It reads names into a form in which spellings meet ([Skeleton]), knows which
// given names are one name (given.txt), and tells of each pair why it thinks so
// ([Reason]). It never decides: two people may share everything that a
// register asks for, so a person looks at each pair that is found.
//
//	Skeleton   Шевченко, Shevchenko, Ševčenko: one string
//	Romanise   the official Latin spelling of a Ukrainian name
//	NewIndex   people, so that similar ones are found without comparing all
//
// The package is pure, knows no record and imports nothing of the module, so
// tablets and the server call the same functions.
package names
