package sim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// beginning is the first moment of 1 August 2016 in UTC, in milliseconds since
// 1970.
const beginning = 1_470_009_600_000

// fleet is a season as it goes on.
type fleet struct {
	*scenario
	story
	tally   tally
	dir     string // where files are, of backups, and of registers in a season on SQLite
	next    int    // of Steps
	now     int64  // the true time, milliseconds since 1970
	letters []letter
	home    *home
	hall    *hall
	witness *witness
	tablets []*tablet
	signers map[merge.DeviceID]*signer
	spaces  []merge.SpaceID
	calm    bool // faults have stopped
	// acknowledged are the changes that a register took, by space.
	acknowledged map[merge.SpaceID]map[merge.ID]acknowledgement
	// sent are the changes that registers have sent, whether they arrived or not.
	sent map[merge.ID]*merge.Change
	// dismissed are those that were given back to their authors.
	dismissed map[merge.ID]bool
	failed    error // the first promise that was broken
	// directories is how many directories registers have had.
	directories int
}

// acknowledgement is what is known of a change that a register took.
type acknowledgement struct {
	by string
	// forgotten says that the tablet's files were replaced by older ones before
	// it is known to have sent the change: it may be gone with them.
	forgotten bool
}

// coordinator is who writes at the server.
const coordinator = "the coordinator"

// letter is a request that is still in the network after its sender has given
// up on it, or a second copy of it.
type letter struct {
	at      int64
	from    *tablet
	deliver func()
}

// run plays a scenario. The fleet is returned also where a promise was broken.
func run(s *scenario, tell func(string)) (*fleet, error) {
	dir, err := os.MkdirTemp(scratch(), "zhurnal-sim-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	f := &fleet{
		scenario: s, story: newStory(tell), dir: dir, now: beginning,
		acknowledged: map[merge.SpaceID]map[merge.ID]acknowledgement{}, sent: map[merge.ID]*merge.Change{}, dismissed: map[merge.ID]bool{},
		signers: map[merge.DeviceID]*signer{},
	}
	defer f.end()
	f.begin()
	f.pass(math.MaxInt64)
	f.converge()
	return f, f.failed
}

// scratch is a directory in memory where the system has one: the registers sync
// every write to the disk.
func scratch() string {
	const inMemory = "/dev/shm"
	if info, err := os.Stat(inMemory); err == nil && info.IsDir() {
		return inMemory
	}
	return ""
}

func (f *fleet) begin() {
	for i := range f.Spaces {
		space := merge.SpaceID(mergetest.ID16(fmt.Sprintf("community %d", i+1)))
		f.spaces = append(f.spaces, space)
		f.acknowledged[space] = map[merge.ID]acknowledgement{}
		f.names[space] = fmt.Sprintf("community %d", i+1)
	}
	f.home = newHome(f)
	f.hall = newHall(f)
	f.witness = newWitness(f)
	for i := range f.Tablets {
		f.tablets = append(f.tablets, newTablet(f, i))
	}
	for _, space := range f.spaces {
		f.home.allow(f.witness.person, space, true)
		f.home.allow(f.hall.person, space, true)
	}
	for _, t := range f.tablets {
		for _, space := range t.spaces {
			f.home.allow(t.person, space, true)
		}
	}
}

func (f *fleet) end() {
	for _, t := range f.tablets {
		t.close()
	}
	f.home.close()
	f.hall.close()
}

// pass lets everything happen that is due until the moment, in the order of
// time.
func (f *fleet) pass(until int64) {
	for f.failed == nil {
		step, letter := f.due()
		at := min(step, letter)
		if at == math.MaxInt64 || at > until {
			break
		}
		f.now = max(f.now, at)
		if letter <= step {
			f.deliverLetter()
		} else {
			f.take(f.Steps[f.next])
		}
	}
	if until != math.MaxInt64 {
		f.now = max(f.now, until)
	}
}

// due returns when the next step and the next letter are due.
func (f *fleet) due() (step, letter int64) {
	step, letter = math.MaxInt64, math.MaxInt64
	if f.next < len(f.Steps) {
		step = beginning + int64(f.Steps[f.next].Minute)*60_000
	}
	if len(f.letters) > 0 {
		letter = f.letters[0].at
	}
	return step, letter
}

func (f *fleet) post(l letter) {
	i, _ := slices.BinarySearchFunc(f.letters, l.at, func(l letter, at int64) int {
		if l.at <= at {
			return -1
		}
		return 1
	})
	f.letters = slices.Insert(f.letters, i, l)
}

func (f *fleet) deliverLetter() {
	l := f.letters[0]
	f.letters = f.letters[1:]
	f.say("a request of %s arrives that it had given up", l.from)
	l.deliver()
}

func (f *fleet) take(s step) {
	f.next++
	d := &doing{fleet: f, Rand: rand.New(rand.NewPCG(s.Seed, 2)), tablet: f.tablets[s.Tablet]}
	deedNamed(s.Deed).do(d)
	f.witness.look()
}

// fail notes that a promise was broken. The first one ends the season.
func (f *fleet) fail(format string, args ...any) {
	if f.failed == nil {
		f.failed = fmt.Errorf(format, args...)
		f.say("BROKEN: %v", f.failed)
	}
}

// must is for what nothing in a season may cause to fail.
func (f *fleet) must(err error, format string, args ...any) {
	if err != nil {
		f.fail(format+": %w", append(args, err)...)
	}
}

var errSeasonOver = errors.New("the season is over")
