package names

import (
	"slices"
	"strings"
)

// Query is what somebody types to find a person: words of the name in any script,
// language and order, also their beginnings.
type Query struct {
	words []string // skeletons
	given [][]called
}

// NewQuery reads what was typed.
func NewQuery(text string) Query {
	var q Query
	for _, word := range words(text) {
		if skeleton := skeletonOf(strings.ReplaceAll(word, "-", "")); skeleton != "" {
			q.words = append(q.words, skeleton)
			q.given = append(q.given, givenNames().of[skeleton])
		}
	}
	return q
}

// Empty tells whether there is nothing to look for.
func (q *Query) Empty() bool { return len(q.words) == 0 }

// Finds tells whether every word of the query begins a word of the person's name,
// or is the given name in another language or for short.
func (q *Query) Finds(p Person) bool {
	var have []string
	var called []called
	for _, word := range words(strings.Join([]string{p.Family, p.Given, p.Patronymic, p.Latin}, " ")) {
		for _, part := range append(strings.Split(word, "-"), strings.ReplaceAll(word, "-", "")) {
			skeleton := skeletonOf(part)
			have = append(have, skeleton)
			called = append(called, givenNames().of[skeleton]...)
		}
	}
	for i, word := range q.words {
		begins := slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, word) })
		if !begins && !shareName(q.given[i], called) {
			return false
		}
	}
	return !q.Empty()
}

func shareName(a, b []called) bool {
	return slices.ContainsFunc(a, func(x called) bool {
		return slices.ContainsFunc(b, func(y called) bool { return x.name == y.name })
	})
}
