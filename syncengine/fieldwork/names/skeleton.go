package names

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Skeleton returns the form in which spellings of one name meet: Ukrainian,
// Russian, the official romanisations of both, those of old passports and of
// libraries. Its letters are a to z, and S, C, Z for ш and щ, ч, ж. It says how a
// name may sound, and is not to be shown: г, ґ and х are one letter in it, and so
// are и, і, ї, й, ы.
//
// A name of several words or parts gives one skeleton: [Parse] takes them apart.
func Skeleton(name string) string {
	var b strings.Builder
	for _, word := range words(name) {
		b.WriteString(skeletonOf(strings.ReplaceAll(word, "-", "")))
	}
	return b.String()
}

// skeletonOf takes a word as [words] gives it.
func skeletonOf(word string) string {
	var b strings.Builder
	for i, rest := 0, word; rest != ""; i++ {
		n, sounds := next(rest, i == 0)
		b.WriteString(sounds)
		rest = rest[n:]
	}
	s := single(b.String())
	return single(meeting.Replace(s))
}

// meeting are the spellings of one sound that are left once each letter has its
// own: є is "ie" in one romanisation and "e" in another, ё is "io", "e" or "yo".
var meeting = strings.NewReplacer("ts", "c", "ie", "e", "io", "e")

// single leaves one of several equal letters in a row.
func single(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if i == 0 || s[i] != s[i-1] {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// next returns how the beginning of a word sounds, and how many bytes that is.
func next(rest string, first bool) (n int, sounds string) {
	for n := min(4, len(rest)); n > 1; n-- {
		if sounds, ok := clusters[rest[:n]]; ok {
			return n, sounds
		}
	}
	r, n := utf8.DecodeRuneInString(rest)
	switch sounds, ok := letters[r]; {
	case r == 'x' && first: // Xarkiv; elsewhere it is ks
		return n, "h"
	case ok:
		return n, sounds
	case r > 0x7f: // a Latin letter with a mark
		return n, letters[rune(norm.NFD.String(string(r))[0])]
	default:
		return n, ""
	}
}

// clusters are Latin letters that stand for one sound, and what the soft sign
// does before о.
var clusters = map[string]string{
	"shch": "S", "šč": "S", "sch": "S", "tsch": "C", "tch": "C", "ch": "C", "cz": "C", "sh": "S", "sz": "S",
	"zgh": "zh", "zh": "Z", "kh": "h", "gh": "h", "ts": "c", "tz": "c", "ck": "k", "ph": "f", "th": "t", "ou": "u",
	"ьо": "io",
}

var letters = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "h", 'ґ': "h", 'д': "d", 'е': "e", 'є': "e", 'ж': "Z", 'з': "z",
	'и': "i", 'і': "i", 'ї': "i", 'й': "i", 'ы': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o",
	'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "c", 'ч': "C", 'ш': "S",
	'щ': "S", 'ю': "iu", 'я': "ia", 'э': "e", 'ё': "io", 'ў': "v", 'ь': "", 'ъ': "",

	'a': "a", 'b': "b", 'c': "c", 'd': "d", 'e': "e", 'f': "f", 'g': "h", 'h': "h", 'i': "i", 'j': "i",
	'k': "k", 'l': "l", 'm': "m", 'n': "n", 'o': "o", 'p': "p", 'q': "k", 'r': "r", 's': "s", 't': "t",
	'u': "u", 'v': "v", 'w': "v", 'x': "ks", 'y': "i", 'z': "z",
	'š': "S", 'ŝ': "S", 'č': "C", 'ž': "Z", 'ż': "Z", 'â': "ia", 'û': "iu", 'ł': "l", 'ß': "s", 'ı': "i",
}
