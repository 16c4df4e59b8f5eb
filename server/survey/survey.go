// Package survey says how a space stands: in numbers, and what in it a person is to
// settle. It reads every record of a space once for each position of its log, and
// remembers what came of it: many people may look at the same page. It asks nobody
// for access; who may have what is the business of whoever calls.
package survey

import (
	"slices"
	"strconv"
	"sync"
	"time"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Registers are the spaces.
type Registers interface {
	// Spaces lists all of them.
	Spaces() ([]syncengine.SpaceInfo, error)
	// Records visits all records of a space at one moment and returns the position
	// of that moment. It asks for no access.
	Records(space merge.SpaceID, each func(*merge.Record) error) (position uint64, err error)
	// Schema has the types of the records.
	Schema() *schema.Schema
}

// Surveyor remembers how spaces stand. It is safe for concurrent use.
type Surveyor struct {
	registers Registers
	now       func() int64 // milliseconds since 1970

	mu sync.Mutex
	of map[merge.SpaceID]*remembered
}

type remembered struct {
	reading sync.Mutex // held by the one who surveys
	key     key
	space   *Space
}

// key is what a survey depends on.
type key struct {
	position, linksPosition uint64
	day                     int32
	types                   *schema.Schema
}

// New returns a surveyor.
func New(registers Registers, now func() int64) *Surveyor {
	return &Surveyor{registers: registers, now: now, of: map[merge.SpaceID]*remembered{}}
}

// Space is how a space stands. It is not to be altered.
type Space struct {
	// Numbers has no quarantined changes: those are no records.
	Numbers *syncv1.SpaceSurvey
	// Review is what a person is to settle, Minor what settles itself well enough.
	Review, Minor []*syncv1.ReviewItem
}

// Standing are the spaces at one moment.
type Standing struct {
	surveyor *Surveyor
	infos    map[merge.SpaceID]syncengine.SpaceInfo
}

// Now returns how the spaces stand now.
func (s *Surveyor) Now() (*Standing, error) {
	infos, err := s.registers.Spaces()
	if err != nil {
		return nil, err
	}
	at := &Standing{s, make(map[merge.SpaceID]syncengine.SpaceInfo, len(infos))}
	for _, info := range infos {
		at.infos[info.ID] = info
	}
	return at, nil
}

// Space surveys a space, with the links between persons that were made at a desk;
// nil if nobody has written to it.
func (at *Standing) Space(id, desk merge.SpaceID) (*Space, error) {
	info, ok := at.infos[id]
	if !ok {
		return nil, nil
	}
	s := at.surveyor
	s.mu.Lock()
	r := s.of[id]
	if r == nil {
		r = &remembered{}
		s.of[id] = r
	}
	s.mu.Unlock()
	r.reading.Lock()
	defer r.reading.Unlock()
	k := key{info.Position, at.infos[desk].Position, dayOf(s.now()), s.registers.Schema()}
	if r.space != nil && r.key == k {
		return r.space, nil
	}
	read, position, err := s.read(info, at.infos[desk], k.day)
	if err != nil {
		return nil, err
	}
	k.position = position
	r.key, r.space = k, read
	return read, nil
}

func dayOf(millis int64) int32 {
	day, _ := strconv.Atoi(time.UnixMilli(millis).UTC().Format("20060102")) // digits alone
	return int32(day)
}

// read reads a space, and the links of a desk.
func (s *Surveyor) read(info, desk syncengine.SpaceInfo, today int32) (*Space, uint64, error) {
	types := s.registers.Schema()
	c := newCount(info.ID, types)
	position, err := s.registers.Records(info.ID, c.add)
	if err != nil {
		return nil, 0, err
	}
	if desk.ID != info.ID && desk.ID != (merge.SpaceID{}) {
		links := types.Plan(linkType)
		_, err := s.registers.Records(desk.ID, func(rec *merge.Record) error {
			if rec.Type == linkType && links != nil {
				if msg, err := links.Join(rec); err == nil {
					c.book.Add(desk.ID, rec, msg)
				}
			}
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	space := c.space(today)
	space.Numbers.Kind, space.Numbers.Position = info.Kind, position
	return space, position, nil
}

// daysOver counts training days that should be known about by now.
func daysOver(t *fieldwork.Training, today int32) (unmarked, unlikeSheet int) {
	for i := range t.Days {
		day := &t.Days[i]
		if !day.Held() && !calledOff(day.Message) && day.Date() != 0 && day.Date() < today || day.HeldUnmarked() {
			unmarked++
		}
		if off, counted := day.SheetDifference(); counted && off != 0 {
			unlikeSheet++
		}
	}
	return unmarked, unlikeSheet
}

func sortedWriters(writers map[merge.PersonID]bool) (ids [][]byte) {
	for id := range writers {
		ids = append(ids, slices.Clone(id[:]))
	}
	slices.SortFunc(ids, slices.Compare)
	return ids
}
