// Package demo plays a field season, from the tablets' first day to the donor's
// figures: a server on a fresh store behind real HTTP, every tablet a register
// of the tablet's own library on disk, weeks without a network, clocks that are
// wrong by years, links that are cut in the middle of a sync, one tablet that
// comes last, and a coordinator who links registrations and settles what people
// disagree about.
//
// What happens in the season is fixed and stands in package season. A seed
// decides what is chance: in which order tablets come back, which links are cut
// and where, whose clock is wrong and by how much, and all ids. So every seed
// must give the same report and the same state, and the demo checks both
// against what the plan says, down to each live value of each cell.
//
// The state leaves out which of several values of a cell is shown. Without
// somebody who has chosen, that hangs on the clocks of those who wrote, and
// those the seed sets wrong.
//
// This is the one package of the server that knows the tablets' side. It must
// not know how either side stores or merges.
package demo
