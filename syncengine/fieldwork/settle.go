package fieldwork

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// reopening returns the marks that decide once a coordinator has: the settled
// marks that stand, and beside them every mark backed by a signature that no
// coordinator had seen. If they agree nothing is open; if not, the question is
// put again.
func reopening(settled, explicit []Mark) []Mark {
	seen := map[SeenMark]bool{}
	for i := range settled {
		for _, s := range settled[i].Seen {
			seen[s] = true
		}
	}
	deciding := standingDecisions(settled)
	for _, m := range explicit {
		if m.rank() >= rankSignature && !seen[m.AsSeen()] {
			deciding = append(deciding, m)
		}
	}
	slices.SortFunc(deciding, byRecord)
	return deciding
}

// standingDecisions leaves out decisions that a later one has seen. Honest
// decisions cannot name each other in a circle, since a tag follows from what
// was named before; if they do all the same, all of them stand.
func standingDecisions(settled []Mark) []Mark {
	replaced := map[SeenMark]bool{}
	for i := range settled {
		for _, s := range settled[i].Seen {
			if s != settled[i].AsSeen() {
				replaced[s] = true
			}
		}
	}
	standing := slices.DeleteFunc(slices.Clone(settled), func(m Mark) bool { return replaced[m.AsSeen()] })
	if len(standing) == 0 {
		return slices.Clone(settled)
	}
	return standing
}

// SeenOf returns what a coordinator's settled mark has to name who decides over
// these marks as they stand: all of them, in the order of their records.
func SeenOf(marks []Mark) []SeenMark {
	bySeen := make(map[merge.RecordID]SeenMark, len(marks))
	for i := range marks {
		bySeen[marks[i].Record] = marks[i].AsSeen()
	}
	seen := make([]SeenMark, 0, len(bySeen))
	for _, id := range sortedRecords(bySeen) {
		seen = append(seen, bySeen[id])
	}
	return seen
}
