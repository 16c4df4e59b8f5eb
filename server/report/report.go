// Package report works the figures of a season out of the registers: it reads
// every record of every space at stated positions, and lets the rules of
// package fieldwork count. It knows nothing of requests, and hands out numbers
// and the sessions at which somebody has to look: no list of persons leaves it.
package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
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

// Query says who wants which report.
type Query struct {
	// Caller must have access to Desk, unless MayCount says that the figures are
	// for the caller all the same.
	Caller   merge.PersonID
	Desk     merge.SpaceID
	MayCount bool
	// Spaces are those that are counted; nil for all.
	Spaces map[merge.SpaceID]bool
	// Period bounds what was held; the zero Period is everything.
	Period fieldwork.Period
	// Expected are the people of whom something should have come.
	Expected []merge.PersonID
}

// expectedMax bounds Query.Expected: a hundred times the tablets of the largest
// programme.
const expectedMax = 10_000

// Reporter makes reports, one at a time: each holds all records in memory.
type Reporter struct {
	registers Registers
	now       func() int64
	turn      chan struct{}
}

// New returns a reporter over these registers. Now is the server's clock, in
// milliseconds since 1970: what was held after the day of the report is suspect.
func New(registers Registers, now func() int64) *Reporter {
	return &Reporter{registers, now, make(chan struct{}, 1)}
}

// Season works a report out. Equal states give equal reports on one day. Without access to
// the desk it is [fault.NoAccess], also where there is no such desk; a period or
// list that makes no sense is [fault.Invalid] or [fault.TooLarge].
func (r *Reporter) Season(ctx context.Context, q Query) (*reportv1.SeasonReport, error) {
	if err := q.check(); err != nil {
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
	g, err := r.gather(ctx, readable, q.Spaces)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return g.season(q, dayOf(r.now())), nil
}

func (q *Query) check() error {
	for _, day := range []int32{q.Period.From, q.Period.To} {
		if _, err := time.Parse("20060102", fmt.Sprintf("%08d", day)); day != 0 && err != nil {
			return fault.New(fault.Invalid, "report: %d is not a day of the calendar: write yyyymmdd, such as 20160801", day)
		}
	}
	if q.Period.To != 0 && q.Period.To < q.Period.From {
		return fault.New(fault.Invalid, "report: the period ends on %d, before it begins on %d", q.Period.To, q.Period.From)
	}
	if n := len(q.Expected); n > expectedMax {
		return fault.New(fault.TooLarge, "report: %d people expected; at most %d", n, expectedMax)
	}
	return nil
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
