package season

import (
	"fmt"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Options say how large the season is.
type Options struct {
	// Communities is how many hold a training, with two tablets each. For every
	// three of them two more have a counselling room and one tablet.
	Communities int
	// People is how many members the initiative group of each community has.
	People int
}

// Default is the season as the programme had it: in 12 communities more than
// 450 people were trained.
var Default = Options{Communities: 12, People: 38}

// The bounds of a season. Below five members a group has no room for what
// happens in it.
const (
	CommunitiesMax = 120
	PeopleMin      = 5
	PeopleMax      = 1000
)

// Season is everything that happens. Callers must not alter it.
type Season struct {
	Options   Options
	Programme *Programme
	// Coordinator is who gives access, prepares the spaces, links and settles.
	Coordinator Name
	Spaces      []Space
	Tablets     []Tablet
	// Last is the tablet that comes to a network after everybody else.
	Last Name
	// Office is what the coordinator writes before the tablets go out.
	Office []Step
	// Links are what the coordinator decides about pairs of registrations.
	Links []Link
	// Disputes are the contradictions between recorders that the coordinator
	// settles, Cells the disagreeing cells. Both leave others as they are.
	Disputes []Settlement
	Cells    []Choice
}

// Space is who may hold which records.
type Space struct {
	Name Name
	Kind schemav1.SpaceKind
	// Label is how people call it.
	Label string
	// PCode is the community's, empty for a space that is no community's.
	PCode string
	// People are who has access.
	People []Name
}

// Tablet is a device and the one person who uses it.
type Tablet struct {
	Name Name
	// Person records with it; Label is how a coordinator calls the two.
	Person Name
	Label  string
	// Spaces are what it holds.
	Spaces []Name
	// Opening is what it writes while it still has a network, before everybody
	// goes out. Afterwards every tablet fetches what the others opened with.
	Opening []Step
	// Season is what it writes without a network.
	Season []Step
}

// Step is one local transaction in one space.
type Step struct {
	Space Name
	// AtMillis is when, by a right clock: milliseconds since 1970.
	AtMillis int64
	Acts     []Act
}

// Link is what the coordinator decides about two registrations.
type Link struct {
	// Space is a community, or the desk for registrations of two communities.
	Space         Name
	First, Second Name
	// Same says that they are one person; otherwise they are two.
	Same  bool
	Basis string
}

// Settlement is a coordinator's decision about a person at a session, over all
// the marks there are.
type Settlement struct {
	Space Name
	// Session and Participant are stand-ins; the participant is the
	// registration under which the decision is written.
	Session, Participant merge.RecordID
	// Present is what the signed sheet says.
	Present bool
	// Marks are the marks that the coordinator has seen.
	Marks []merge.RecordID
}

// Choice is a coordinator's decision about a cell that holds several values.
type Choice struct {
	Space Name
	// Field is the cell.
	Field uint32
	// Act writes the value that shall hold.
	Act Act
}

// Plan builds the season.
func Plan(o Options) (*Season, error) {
	switch {
	case o.Communities < 1 || o.Communities > CommunitiesMax:
		return nil, fmt.Errorf("season: %d communities: 1 to %d can be played", o.Communities, CommunitiesMax)
	case o.People < PeopleMin || o.People > PeopleMax:
		return nil, fmt.Errorf("season: %d people in a community: %d to %d can be played", o.People, PeopleMin, PeopleMax)
	}
	programme, err := readProgramme()
	if err != nil {
		return nil, err
	}
	s := &Season{Options: o, Programme: programme, Coordinator: "coordinator"}
	casting := cast(o)
	var communities []*community
	for i := range o.Communities {
		c := newCommunity(programme, casting, i)
		c.play()
		communities = append(communities, c)
		s.addCommunity(c)
	}
	for i := range counsellingCommunities(o.Communities, programme) {
		s.addRoom(newRoom(programme, i, communities))
	}
	s.addDesk(communities)
	s.Last = communities[len(communities)-1].second.tablet
	return s, nil
}

// counsellingCommunities scales the number of rooms with the communities.
func counsellingCommunities(communities int, p *Programme) int {
	return max(1, communities*len(p.CounsellingCommunities)/len(p.Communities))
}

func (s *Season) addCommunity(c *community) {
	s.Spaces = append(s.Spaces, Space{
		Name: c.space, Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, Label: c.place.Name, PCode: c.pcode(),
		People: []Name{s.Coordinator, c.first.person, c.second.person},
	})
	s.Office = append(s.Office, c.office)
	for i, r := range []*recorder{&c.first, &c.second} {
		s.Tablets = append(s.Tablets, Tablet{
			Name: r.tablet, Person: r.person, Label: fmt.Sprintf("%s, recorder %d", c.place.Name, i+1),
			Spaces: []Name{c.space}, Opening: r.opening.steps, Season: r.diary.steps,
		})
	}
	s.Links = append(s.Links, c.links...)
	s.Disputes = append(s.Disputes, c.settlements...)
	s.Cells = append(s.Cells, c.choices...)
}

func (s *Season) addRoom(r *room) {
	s.Spaces = append(s.Spaces,
		Space{Name: r.community, Kind: schemav1.SpaceKind_SPACE_KIND_COMMUNITY, Label: r.place.Name, PCode: r.pcode, People: []Name{s.Coordinator, r.person}},
		Space{Name: r.space, Kind: schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM, Label: r.place.Name + " room", People: []Name{r.person}})
	s.Office = append(s.Office, r.office)
	s.Tablets = append(s.Tablets, Tablet{
		Name: r.tablet, Person: r.person, Label: r.place.Name + ", psychologist",
		Spaces: []Name{r.community, r.space}, Season: r.diary.steps,
	})
}

// addDesk adds what spans communities: two people of one name, forty years
// apart, of whom the coordinator notes that they are two.
func (s *Season) addDesk(communities []*community) {
	desk := Space{Name: "desk", Kind: schemav1.SpaceKind_SPACE_KIND_DESK, Label: "Coordinators' desk", People: []Name{s.Coordinator}}
	s.Spaces = append(s.Spaces, desk)
	if len(communities) < 2 {
		return
	}
	s.Links = append(s.Links, Link{
		Space: desk.Name, First: communities[0].namesake().record, Second: communities[1].namesake().record,
		Basis: "Same name and patronymic, but born forty years apart and living in two communities.",
	})
}
