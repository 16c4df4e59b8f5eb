package page

import (
	"maps"

	"golang.org/x/text/feature/plural"
)

// catalogue are texts by their keys, each in Ukrainian and in English. A text with
// % is filled in. One that counts has its forms with | between them: one, few and
// many in Ukrainian, one and other in English.
type catalogue map[string][2]string

// parts are the texts of each group of pages, which has a file of its own.
var parts = []catalogue{signInTexts, shellTexts, typeTexts, fieldTexts, valueTexts, overviewTexts, reviewTexts, recordTexts, personTexts, deviceTexts, lostTexts, unlockTexts, deskTexts, reportTexts, publicationTexts}

// texts are all that people read.
var texts = joined(parts)

func joined(parts []catalogue) catalogue {
	all := catalogue{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

// formOf says which of a text's forms goes with a number.
func formOf(language readerLanguage, n int) int {
	switch plural.Cardinal.MatchPlural(tags[language], n, 0, 0, 0, 0) {
	case plural.One:
		return 0
	case plural.Few, plural.Other:
		return 1
	}
	return 2
}
