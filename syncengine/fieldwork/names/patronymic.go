package names

import "strings"

// patronymic is a father's name, as a patronymic tells it.
type patronymic struct {
	// written is the word, in its letters.
	written string
	// stem is what stands before -ович, -евич, -івна: Миколай, Николай.
	stem string
	// father is the name in the table of given names; -1 if it is none of them.
	father int
	sex    Sex
	// initial says that stem is the first letter alone.
	initial bool
}

// patronymicEndings are skeletons, the longer before those that they end with.
var patronymicEndings = []struct {
	ending string
	sex    Sex
}{
	{"iniCna", Female},
	{"iCna", Female},
	{"ovna", Female},
	{"evna", Female},
	{"ivna", Female},
	{"ovic", Male},
	{"evic", Male},
	{"oviC", Male},
	{"eviC", Male},
	{"iC", Male},
}

// patronymicOf reads a word as a patronymic; false if it does not end like one.
func patronymicOf(word string) (patronymic, bool) {
	skeleton := skeletonOf(word)
	for _, e := range patronymicEndings {
		stem, ok := strings.CutSuffix(skeleton, e.ending)
		if !ok || len(stem) < 2 {
			continue
		}
		stem = strings.TrimRight(stem, "aeiou")
		if stem == "" {
			continue
		}
		father, known := givenNames().fathers[stem]
		if !known {
			father = -1
		}
		return patronymic{written: word, stem: stem, father: father, sex: e.sex}, true
	}
	return patronymic{}, false
}

// entered reads what stands in the field of patronymics, whatever it is: an
// initial, or a father's name of another custom.
func entered(words []string) patronymic {
	if len(words) == 0 {
		return patronymic{}
	}
	if p, ok := patronymicOf(words[0]); ok {
		return p
	}
	skeleton := skeletonOf(words[0])
	return patronymic{written: words[0], stem: skeleton, father: -1, initial: len(skeleton) == 1}
}

// compare tells how two patronymics stand to each other; empty if one is not
// known.
func (p *patronymic) compare(q *patronymic) Reason {
	switch {
	case p.stem == "" || q.stem == "":
		return ""
	case p.initial || q.initial:
		if p.mayBegin(q.stem) || q.mayBegin(p.stem) {
			return PatronymicInitial
		}
		return PatronymicOther
	case p.written == q.written:
		return PatronymicSame
	case p.stem == q.stem, p.father >= 0 && p.father == q.father:
		return PatronymicSpelling
	case len(p.stem) >= 4 && len(q.stem) >= 4 && (p.father < 0 || q.father < 0) && within1(p.stem, q.stem):
		return PatronymicNear
	default:
		return PatronymicOther
	}
}

// mayBegin tells whether an initial is that of a father's name, in the one
// language or the other.
func (p *patronymic) mayBegin(stem string) bool {
	if !p.initial {
		return false
	}
	if father, ok := givenNames().fathers[stem]; ok {
		return strings.Contains(givenNames().names[father].initials, p.stem)
	}
	return strings.HasPrefix(stem, p.stem)
}
