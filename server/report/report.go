// Package report works figures out of the registers: it reads every record of
// every space that is counted at stated positions, lets the rules of package
// fieldwork say who was where, and counts. It knows nothing of requests, and
// hands out numbers: no list of the people whom a programme serves leaves it.
//
// [Catalogue] lists the reports, [Reporter.Run] makes one. What each figure means
// stands in docs/reports.md.
package report

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Registers is what a report asks of the engine.
type Registers interface {
	// Spaces lists all spaces.
	Spaces() ([]syncengine.SpaceInfo, error)
	// Accessible lists those that the person may read.
	Accessible(person merge.PersonID) ([]syncengine.SpaceInfo, error)
	// Records visits all records of a space at one moment and returns the
	// position of that moment. It asks for no access.
	Records(space merge.SpaceID, each func(*merge.Record) error) (position uint64, err error)
	// Schema has the types of the records.
	Schema() *schema.Schema
}

// Reporter makes reports, one at a time, and keeps what it has read for the next
// one. It is safe for concurrent use.
type Reporter struct {
	registers Registers
	now       func() int64
	// turn is held by who makes a report, and guards what follows.
	turn chan struct{}
	// read is what was read of each space, last what was reckoned from it.
	read   map[merge.SpaceID]*portion
	last   *reckoned
	memory memory
	// idle forgets both when nobody has asked for a while.
	idle *time.Timer
	once sync.Once
}

// keepFor is how long what was read is kept after the last report: while
// somebody works on a report, and no longer, since it takes memory.
const keepFor = 15 * time.Minute

// New returns a reporter over these registers. Now is the server's clock, in
// milliseconds since 1970: what was held after the day of the report is suspect.
func New(registers Registers, now func() int64) *Reporter {
	return &Reporter{registers: registers, now: now, turn: make(chan struct{}, 1), read: map[merge.SpaceID]*portion{}}
}

// Run makes a report. Equal states give equal reports on one day. Without access
// to the desk it is [fault.NoAccess], also where there is no such desk; a query
// that makes no sense is [fault.Invalid] or [fault.TooLarge].
func (r *Reporter) Run(ctx context.Context, q Query) (*table.Document, error) {
	d, err := Find(q.Name)
	if err != nil {
		return nil, err
	}
	at := madeAt(r.now())
	if d.needsYear && q.Period == (fieldwork.Period{}) {
		q.Period = monthsTo(at.as, 12)
	}
	if err := q.check(d); err != nil {
		return nil, err
	}
	readable, err := r.readableBy(&q)
	if err != nil {
		return nil, err
	}
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	portions, err := r.portions(ctx, q.Spaces)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	r.forgetLater()
	if r.last == nil || !slices.Equal(r.last.portions, portions) {
		r.last = reckon(&r.memory, portions)
	}
	return newRun(r.last, d, &q, readable, at).document(), nil
}

// forgetLater begins to wait anew.
func (r *Reporter) forgetLater() {
	r.once.Do(func() {
		r.idle = time.AfterFunc(keepFor, func() {
			r.turn <- struct{}{}
			clear(r.read)
			r.last, r.memory = nil, memory{}
			<-r.turn
		})
	})
	r.idle.Reset(keepFor)
}

// readableBy returns the spaces that the caller may read, if the desk is one of
// them.
func (r *Reporter) readableBy(q *Query) (map[merge.SpaceID]bool, error) {
	infos, err := r.registers.Accessible(q.Caller)
	if err != nil {
		return nil, fmt.Errorf("report: access: %w", err)
	}
	isDesk := func(info syncengine.SpaceInfo) bool {
		return info.ID == q.Desk && info.Kind == schemav1.SpaceKind_SPACE_KIND_DESK
	}
	if !q.MayCount && !slices.ContainsFunc(infos, isDesk) {
		return nil, fault.New(fault.NoAccess, "report: space %s: there is no such desk, or it is not for you", q.Desk)
	}
	readable := make(map[merge.SpaceID]bool, len(infos))
	for _, info := range infos {
		readable[info.ID] = true
	}
	return readable, nil
}
