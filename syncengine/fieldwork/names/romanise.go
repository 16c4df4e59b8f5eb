package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Romanise writes a Ukrainian name in Latin letters as passports do: by the table
// of the Cabinet of Ministers' resolution No. 55 of 27 January 2010. What is not a
// Ukrainian letter stays as it is.
func Romanise(name string) string {
	var b strings.Builder
	begins, previous := true, rune(0)
	text := norm.NFC.String(name)
	for i, r := range text {
		lower := unicode.ToLower(r)
		latin, ok := official[lower]
		switch {
		case isApostrophe(r) || lower == 'ь': // inside of a word; neither begins the next
			continue
		case !ok:
			b.WriteRune(r)
		default:
			if at, special := officialAtTheBeginning[lower]; begins && special {
				latin = at
			}
			if lower == 'г' && previous == 'з' {
				latin = "gh"
			}
			b.WriteString(inCaseOf(r, latin, text[i+utf8.RuneLen(r):]))
		}
		begins, previous = !unicode.IsLetter(r), lower
	}
	return b.String()
}

// inCaseOf writes a capital letter as one, and all of it in capitals where the
// next letter is a capital too.
func inCaseOf(r rune, latin, rest string) string {
	if !unicode.IsUpper(r) {
		return latin
	}
	if next, _ := utf8.DecodeRuneInString(rest); unicode.IsUpper(next) {
		return strings.ToUpper(latin)
	}
	return strings.ToUpper(latin[:1]) + latin[1:]
}

var official = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "h", 'ґ': "g", 'д': "d", 'е': "e", 'є': "ie", 'ж': "zh", 'з': "z",
	'и': "y", 'і': "i", 'ї': "i", 'й': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p",
	'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh",
	'щ': "shch", 'ю': "iu", 'я': "ia",
}

var officialAtTheBeginning = map[rune]string{'є': "ye", 'ї': "yi", 'й': "y", 'ю': "yu", 'я': "ya"}
