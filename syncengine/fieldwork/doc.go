// Package fieldwork holds the rules of field work: who is one person, who
// attended, which day was held, how many came to an event, whom the programme
// reached. Tablets and reports call the same functions, so a facilitator and a
// donor see the same figures.
//
// Records go into a [Book] in any order; [Book.Reckon] works everything out
// and gives a [Reckoning], from which reports read. The rules under it stand
// alone as well, for a screen that shows one session or one door: [Decide] and
// [CountPoint].
//
// Three habits run through all of it. A person is counted once, over the whole
// and in each row, so a total is never the sum of its rows. What is in doubt is
// never counted and always listed: disputed attendance, calendar days that do
// not exist, rows whose parent has not come. And of two honest readings the one
// that claims less is taken.
//
// The package is pure: no clock, no I/O. It knows the records, and nothing of
// how they are stored, sent or merged beyond the merged record itself.
package fieldwork
