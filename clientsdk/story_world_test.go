package clientsdk_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

const (
	minuteMillis = 60_000
	dayMillis    = 24 * 60 * minuteMillis
	seasonDays   = 120
)

// world is where a story happens: a home server, tablets and people. A minute
// passes with each line, so no two things happen at once unless a clock is
// wrong, and the time tells nobody more than a tablet may know.
type world struct {
	t    *testing.T
	home *home
	hall *hall // where the hub stands; nil if there is none
	// order is which of the orders that the story leaves open is run; orders is
	// how many there are.
	order, orders int
	nowMillis     int64
	coordinator   string
	spaces        []storySpace
	tablets       []*storyTablet
	people        []string
	records       map[string]storyRecord
	// recordNames are in the order in which the story first names records.
	recordNames []string
	answers     map[int][]string
	identities  map[string]*age.X25519Identity // by person
}

type storySpace struct {
	name string
	id   clientsdk.SpaceID
	kind clientsdk.SpaceKind
}

// storyTablet is a tablet with a name, and a clock that may be wrong.
type storyTablet struct {
	*tablet
	name, person string
	spaces       []storySpace
	aheadMillis  int64
	// known are the record types of its app.
	known *schema.Schema
	// written are the changes that it made, by space.
	written map[clientsdk.SpaceID][]merge.ID
}

// storyRecord is a record that the story has a name for.
type storyRecord struct {
	space    storySpace
	id       clientsdk.RecordID
	typeName string
}

func newWorld(t *testing.T, order int) *world {
	w := &world{
		t: t, home: newHome(t), order: order, orders: 1, nowMillis: august2016,
		records: map[string]storyRecord{}, answers: map[int][]string{}, identities: map[string]*age.X25519Identity{},
	}
	return w
}

var settingVerbs = []verb{
	{"{space} is a {kind}, open to {people}", (*world).addSpace},
	{"{person} coordinates", (*world).setCoordinator},
	{"tablet {tablet} is {person}'s, with {spaces}", (*world).addTablet},
	{"tablet {tablet} is a copy of {original}", (*world).copyTablet},
	{"tablet {tablet} is lost", (*world).loseTablet},
	{"tablet {tablet} has an app that does not know {cell} of {type}", (*world).oldApp},
	{"tablet {tablet} gets the newest app", (*world).newestApp},
	{"{person} is given access to {space}", (*world).giveAccess},
	{"{person} loses access to {space}", (*world).takeAccess},
	{"{number} days pass", (*world).daysPass},
	{"a season passes", (*world).seasonPasses},
	{"{tablet}: the clock says {date}", (*world).setClock},
	{"{tablet}: the clock is set right", (*world).setClockRight},
}

var spaceKinds = map[string]clientsdk.SpaceKind{
	"community": community, "counselling room": room, "coordinators' desk": schemav1.SpaceKind_SPACE_KIND_DESK,
}

func (w *world) addSpace(said words) error {
	space := storySpace{said["space"], named[clientsdk.SpaceID](said["space"]), spaceKinds[said["kind"]]}
	w.spaces = append(w.spaces, space)
	for _, person := range listed(said["people"]) {
		w.meet(person)
		w.home.access(space.id, space.kind, true, person)
	}
	return nil
}

func (w *world) meet(person string) {
	if !slices.Contains(w.people, person) {
		w.people = append(w.people, person)
	}
}

func (w *world) setCoordinator(said words) error {
	w.coordinator = said["person"]
	w.meet(w.coordinator)
	return nil
}

func (w *world) giveAccess(said words) error { return w.access(said, true) }
func (w *world) takeAccess(said words) error { return w.access(said, false) }

func (w *world) access(said words, allowed bool) error {
	space, err := w.space(said["space"])
	if err == nil {
		w.meet(said["person"])
		w.syncHomeClock()
		w.home.access(space.id, space.kind, allowed, said["person"])
	}
	return err
}

func (w *world) space(name string) (storySpace, error) {
	i := slices.IndexFunc(w.spaces, func(s storySpace) bool { return s.name == name })
	if i < 0 {
		return storySpace{}, fmt.Errorf("there is no space %q", name)
	}
	return w.spaces[i], nil
}

func (w *world) addTablet(said words) error {
	tab := w.newTablet(said["tablet"], said["person"], filepath.Join(w.t.TempDir(), "register"))
	for _, name := range listed(said["spaces"]) {
		space, err := w.space(name)
		if err != nil {
			return err
		}
		tab.spaces = append(tab.spaces, space)
	}
	tab.openWith(w, recordTypes())
	for _, space := range tab.spaces {
		tab.join(space.name, space.kind)
	}
	return nil
}

func (w *world) newTablet(name, person, dir string) *storyTablet {
	w.meet(person)
	tab := &storyTablet{
		tablet: &tablet{t: w.t, line: w.home.line(person), clock: &clock{}, dir: dir},
		name:   name, person: person, written: map[clientsdk.SpaceID][]merge.ID{},
	}
	w.tablets = append(w.tablets, tab)
	return tab
}

// openWith opens the tablet's register. Its random bytes follow from its name
// and from the order that is run, so that a story is the same each time.
func (tab *storyTablet) openWith(w *world, known *schema.Schema) {
	w.t.Helper()
	seed := uint64(w.order + 1)
	for _, b := range []byte(tab.name) {
		seed = seed*31 + uint64(b)
	}
	register, err := clientsdk.Open(context.Background(), clientsdk.Options{
		Dir: tab.dir, Key: tabletKey, Author: tab.line.person, Schema: known, Random: seeded(seed + uint64(w.nowMillis)),
		Clock: func() int64 { return w.nowMillis + tab.aheadMillis }, Keys: w.keys(tab.person),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	tab.Register, tab.known = register, known
	w.t.Cleanup(func() { register.Close() })
}

func (w *world) tablet(name string) (*storyTablet, error) {
	i := slices.IndexFunc(w.tablets, func(tab *storyTablet) bool { return tab.name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no tablet %q", name)
	}
	return w.tablets[i], nil
}

func (w *world) copyTablet(said words) error {
	original, err := w.tablet(said["original"])
	if err != nil {
		return err
	}
	twin := w.newTablet(said["tablet"], original.person, copyOf(w.t, original.dir))
	twin.spaces, twin.aheadMillis = original.spaces, original.aheadMillis
	for space, changes := range original.written {
		twin.written[space] = slices.Clone(changes)
	}
	twin.openWith(w, recordTypes())
	return nil
}

func (w *world) loseTablet(said words) error {
	tab, err := w.tablet(said["tablet"])
	if err != nil {
		return err
	}
	w.tablets = slices.DeleteFunc(w.tablets, func(other *storyTablet) bool { return other == tab })
	return tab.Close()
}

func (w *world) daysPass(said words) error {
	w.nowMillis += dayMillis * int64(atoi(said["number"]))
	return nil
}

func (w *world) seasonPasses(words) error {
	w.nowMillis += dayMillis * seasonDays
	return nil
}

func (w *world) setClock(said words) error {
	tab, err := w.tablet(said["tablet"])
	if err != nil {
		return err
	}
	day, err := time.Parse(time.DateOnly, said["date"])
	if err == nil {
		tab.aheadMillis = day.UnixMilli() - w.nowMillis
	}
	return err
}

func (w *world) setClockRight(said words) error {
	tab, err := w.tablet(said["tablet"])
	if err == nil {
		tab.aheadMillis = 0
	}
	return err
}

// syncHomeClock gives the home server, whose clock is right, the time.
func (w *world) syncHomeClock() { w.home.clock.set(w.nowMillis) }

func (w *world) oldApp(said words) error {
	older, err := withoutField(said["type"], said["cell"])
	if err != nil {
		return err
	}
	return w.reopen(said["tablet"], older)
}

func (w *world) newestApp(said words) error { return w.reopen(said["tablet"], recordTypes()) }

func (w *world) reopen(name string, known *schema.Schema) error {
	tab, err := w.tablet(name)
	if err != nil {
		return err
	}
	if err := tab.Close(); err != nil {
		return err
	}
	tab.openWith(w, known)
	return nil
}
