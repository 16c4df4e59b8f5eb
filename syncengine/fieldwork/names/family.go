package names

import (
	"slices"
	"strings"
)

// family is a surname, of one part or of several.
type family struct {
	// written are the parts in their letters, skeletons as they sound, stems
	// without what differs between a man's surname and a woman's.
	written, skeletons, stems []string
}

func familyOf(words []string) (f family) {
	for _, word := range words {
		for part := range strings.SplitSeq(word, "-") {
			if skeleton := skeletonOf(part); skeleton != "" {
				f.written = append(f.written, part)
				f.skeletons = append(f.skeletons, oneFeminine(skeleton))
				f.stems = append(f.stems, stemOf(skeleton))
			}
		}
	}
	return f
}

// oneFeminine gives Russian feminine endings the Ukrainian form: -ская is -ська.
func oneFeminine(skeleton string) string {
	if stem, ok := strings.CutSuffix(skeleton, "aia"); ok && len(stem) > 1 {
		return stem + "a"
	}
	return skeleton
}

// stemOf takes away the ending in which a husband's surname and a wife's differ:
// -ський and -ська, -ов and -ова, -ий and -а.
func stemOf(skeleton string) string {
	for _, ending := range []string{"aia", "oi", "i", "a"} {
		if stem, ok := strings.CutSuffix(skeleton, ending); ok && len(stem) > 2 {
			return stem
		}
	}
	return skeleton
}

// whole is the stem of all parts, in the order of the alphabet.
func (f *family) whole() string {
	if len(f.stems) < 2 {
		return strings.Join(f.stems, "")
	}
	return strings.Join(slices.Sorted(slices.Values(f.stems)), "")
}

// familyNearMin is how long a surname must be for one letter of it to be a slip of
// the finger, and not another surname.
const familyNearMin = 5

// compare tells how two surnames stand to each other.
func (f *family) compare(g *family) Reason {
	switch {
	case sameParts(f.written, g.written):
		return FamilySame
	case sameParts(f.skeletons, g.skeletons), together(f.skeletons) == together(g.skeletons):
		return FamilySpelling
	case sameParts(f.stems, g.stems):
		return FamilyEnding
	case len(f.stems) != len(g.stems) && share(f.stems, g.stems):
		return FamilyPart
	case near(f.whole(), g.whole()):
		return FamilyNear
	default:
		return FamilyOther
	}
}

func together(parts []string) string { return strings.Join(parts, "") }

func near(a, b string) bool {
	return min(len(a), len(b)) >= familyNearMin && within1(a, b)
}

// sameParts tells whether two surnames have the same parts, in whatever order.
func sameParts(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 1 {
		return a[0] == b[0]
	}
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(part string) bool { return slices.Contains(b, part) })
}
