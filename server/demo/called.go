package demo

import (
	"cmp"
	"fmt"
	"strings"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
)

// called is how people call what the plan names: in the directory, where a
// coordinator reads it. Nothing of the plan depends on it.
type called struct{ users, spaces, tablets map[season.Name]string }

// Who works in the season: made up, as are all its people.
var (
	givenNames  = []string{"Олена", "Тарас", "Наталія", "Андрій", "Оксана", "Микола", "Людмила", "Сергій", "Ганна", "Василь", "Світлана"}
	familyNames = []string{"Бойко", "Гнатюк", "Демченко", "Кириленко", "Лебідь", "Марченко", "Олійник", "Пономаренко", "Романюк", "Сидоренко", "Ткачук", "Федоренко", "Юрченко"}
)

const coordinatorName = "Ірина Кравець"

func callAll(s *season.Season) called {
	c := called{map[season.Name]string{}, map[season.Name]string{}, map[season.Name]string{}}
	places := map[string]string{}
	for _, list := range [][]season.Place{s.Programme.Communities, s.Programme.CounsellingCommunities} {
		for _, place := range list {
			places[place.Name] = place.Ukrainian
		}
	}
	for i := range s.Spaces {
		space := &s.Spaces[i]
		c.spaces[space.Name] = cmp.Or(places[space.Label], space.Label)
		switch space.Kind {
		case schemav1.SpaceKind_SPACE_KIND_DESK:
			c.spaces[space.Name] = "Стіл координаторів"
		case schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM:
			place := strings.TrimSuffix(space.Label, " room")
			c.spaces[space.Name] = "Кімната підтримки, " + cmp.Or(places[place], place)
		}
	}
	c.users[s.Coordinator] = coordinatorName
	number := map[season.Name]int{}
	for i := range s.Tablets {
		t := &s.Tablets[i]
		number[t.Spaces[0]]++
		c.users[t.Person] = givenNames[i%len(givenNames)] + " " + familyNames[i%len(familyNames)]
		c.tablets[t.Name] = fmt.Sprintf("%s, планшет %d", c.spaces[t.Spaces[0]], number[t.Spaces[0]])
	}
	return c
}
