package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// words splits what stands in a field into words: lower case, composed, without
// marks of stress and without apostrophes, each in one script if it can be. A
// hyphen stays in its word.
func words(text string) []string {
	text = dashes.Replace(norm.NFKC.String(text))
	fields := strings.FieldsFunc(text, func(r rune) bool {
		return r != '-' && !isApostrophe(r) && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
	kept := fields[:0]
	for _, word := range fields {
		word = strings.Map(func(r rune) rune {
			if isApostrophe(r) || unicode.IsMark(r) {
				return -1
			}
			return r
		}, word)
		if word = strings.Trim(strings.ToLower(oneScript(word)), "-"); word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}

// dashes puts a hyphen for what keyboards and word processors write in its place.
var dashes = strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2212", "-")

// isApostrophe holds for the apostrophe and for what is typed in its place: the
// quotation marks, the primes by which libraries write the soft sign, the accents
// that stand alone.
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '`', '"', '*', '\u00b4', '\u2018', '\u2019', '\u201a', '\u201b', '\u201c', '\u201d', '\u2032', '\u2033', '\u02b9', '\u02ba', '\u02bc', '\u02bb', '\u02c8', '\u02ee', '\uff07':
		return true
	}
	return false
}

// Letters that look alike in the two scripts. Of small letters only those are
// here that look alike in print as well.
const (
	latinLookalikes    = "ABCEHIKMOPTXYaceikopxyïëÏË"
	cyrillicLookalikes = "АВСЕНІКМОРТХУасеікорхуїёЇЁ"
)

var (
	toCyrillic = lookalikes(latinLookalikes, cyrillicLookalikes)
	toLatin    = lookalikes(cyrillicLookalikes, latinLookalikes)
)

func lookalikes(from, to string) map[rune]rune {
	target, m := []rune(to), map[rune]rune{}
	for i, r := range []rune(from) {
		m[r] = target[i]
	}
	return m
}

// oneScript puts a word that mixes scripts into the one in which it is meant:
// that of the letters that exist in one of them alone, or else of most letters.
// "Сrimean" with a Cyrillic С becomes Latin. Letters that have no look-alike stay.
func oneScript(word string) string {
	var latin, cyrillic, onlyLatin, onlyCyrillic int
	for _, r := range word {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin++
			if toCyrillic[r] == 0 {
				onlyLatin++
			}
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
			if toLatin[r] == 0 {
				onlyCyrillic++
			}
		}
	}
	if latin == 0 || cyrillic == 0 {
		return word
	}
	fold := toCyrillic
	if onlyLatin > onlyCyrillic || onlyLatin == onlyCyrillic && latin > cyrillic {
		fold = toLatin
	}
	return strings.Map(func(r rune) rune {
		if other := fold[r]; other != 0 {
			return other
		}
		return r
	}, word)
}
