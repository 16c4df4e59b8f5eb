// Package persons finds people who may be registered twice, puts each two
// registrations before a coordinator, and writes what is decided as an ordinary
// record. It decides nothing by itself, and shows nobody a registration of a
// community that they may not read. The rules are those of packages fieldwork and
// names, which tablets have as well.
package persons

import (
	"context"
	"slices"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Registers is what is asked of the engine.
type Registers interface {
	// Accessible lists the spaces that the person may read.
	Accessible(person merge.PersonID) ([]syncengine.SpaceInfo, error)
	// Records visits all records of a space at one moment and returns the
	// position of that moment. It asks for no access.
	Records(space merge.SpaceID, each func(*merge.Record) error) (position uint64, err error)
	// Changed visits the records that have changed after a position at which the
	// space was read, or all, and says which.
	Changed(space merge.SpaceID, after uint64, each func(*merge.Record) error) (position uint64, all bool, err error)
	// Write makes one change on the server's own replica.
	Write(ctx context.Context, author merge.PersonID, space merge.SpaceID, records []syncengine.WriteRecord) (merge.ID, uint64, error)
	// Schema has the types of the records.
	Schema() *schema.Schema
}

// Asker says who asks about whom.
type Asker struct {
	Person merge.PersonID
	// Space is a community, for the people registered there; or a desk, for those
	// of all communities counted with it.
	Space merge.SpaceID
	// With are the spaces that are counted with Space where that is a desk.
	With map[merge.SpaceID]bool
}

// Finder answers askers. It keeps what it has read of the spaces of the last views,
// and which of their registrations may be one person; when a space has moved on it
// reads and compares what has changed. It does one thing at a time.
type Finder struct {
	registers Registers
	turn      chan struct{}
	// What follows is whose turn it is.
	spaces map[merge.SpaceID]*spaceRead // of views
	views  []*view                      // the one asked last is the last
}

// New returns a finder over these registers.
func New(registers Registers) *Finder {
	return &Finder{registers: registers, turn: make(chan struct{}, 1), spaces: map[merge.SpaceID]*spaceRead{}}
}

// begin waits for its turn, which the caller ends.
func (f *Finder) begin(ctx context.Context) (end func(), err error) {
	select {
	case f.turn <- struct{}{}:
		return func() { <-f.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// scope lists the spaces whose records an asker is answered from, the one that was
// named among them.
func (f *Finder) scope(a *Asker) ([]syncengine.SpaceInfo, error) {
	infos, err := f.registers.Accessible(a.Person)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(infos, func(info syncengine.SpaceInfo) bool { return info.ID == a.Space })
	if at < 0 {
		return nil, fault.New(fault.NoAccess, "space %s: it is not there, or not for you", a.Space)
	}
	switch infos[at].Kind {
	case schemav1.SpaceKind_SPACE_KIND_COMMUNITY:
		return infos[at : at+1], nil
	case schemav1.SpaceKind_SPACE_KIND_DESK:
		return slices.DeleteFunc(infos, func(info syncengine.SpaceInfo) bool {
			community := info.Kind == schemav1.SpaceKind_SPACE_KIND_COMMUNITY && a.With[info.ID]
			return info.ID != a.Space && !community
		}), nil
	default:
		return nil, fault.New(fault.Invalid, "space %s is a counselling room: people are registered in communities; name one of these, or a desk", a.Space)
	}
}
