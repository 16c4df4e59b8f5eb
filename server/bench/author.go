package bench

import (
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// seasonMillis is the devices' clock when they begin, 2016-08-01 in UTC.
const seasonMillis = 1_470_009_600_000

// author writes changes on one device, offline: it has seen the shared records
// as the coordinator made them, and its own writes.
type author struct {
	load    workload
	device  int
	plan    *schema.Plan
	random  *rand.ChaCha8
	draws   *rand.Rand
	replica merge.ReplicaID
	person  merge.PersonID
	// seen holds the shared records as the device sees them.
	seen copyOf
	last *merge.Change
	// written counts the device's changes.
	written int
}

func newAuthor(load workload, plan *schema.Plan, device int) *author {
	random := source(forDevice, device)
	return &author{
		load: load, device: device, plan: plan, random: random, draws: rand.New(random),
		replica: id16[merge.ReplicaID](source(forReplica, device)), person: personOf(device), seen: copyOf{},
	}
}

// sharedRecords writes the records that all devices share, one change each.
func (a *author) sharedRecords() ([]*merge.Change, error) {
	changes := make([]*merge.Change, a.load.sharedRecords())
	for i := range changes {
		var err error
		if changes[i], err = a.write(sharedRecord(i), nil); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// day writes the next changes of the device. base are the shared records, as
// the coordinator wrote them.
func (a *author) day(changes int, base []*merge.Change) ([]*merge.Change, error) {
	day := make([]*merge.Change, changes)
	for i := range day {
		var err error
		if day[i], err = a.next(base); err != nil {
			return nil, err
		}
	}
	return day, nil
}

func (a *author) next(base []*merge.Change) (*merge.Change, error) {
	number, shared := a.load.shared(a.device, a.written)
	if !shared {
		return a.write(id16[merge.RecordID](a.random), nil)
	}
	id := sharedRecord(number)
	if a.seen[id] == nil {
		if _, err := merge.Apply(a.seen, base[number], 0, 0); err != nil {
			return nil, err
		}
	}
	c, err := a.write(id, a.seen[id])
	if err != nil {
		return nil, err
	}
	_, err = merge.Apply(a.seen, c, 0, 0)
	return c, err
}

// write makes the change that enters a person, or enters one anew.
func (a *author) write(id merge.RecordID, current *merge.Record) (*merge.Change, error) {
	writes, err := a.plan.Compose(space, current, schema.Draft{Record: id, Message: person(a.draws)})
	if err != nil {
		return nil, err
	}
	c := &merge.Change{
		ID:     merge.ID{Replica: a.replica, Seq: uint64(a.written) + 1},
		Stamp:  seasonMillis + int64(a.written)*60_000,
		Author: a.person, Salt: id16[merge.Salt](a.random), Records: []merge.RecordWrites{writes},
	}
	if a.last != nil {
		c.Previous = a.last.Hash
	}
	c.Seal(space)
	a.last = c
	a.written++
	return c, nil
}

// changeBytes returns the change as it stands in a batch before compression.
func changeBytes(c *merge.Change) ([]byte, error) {
	return proto.Marshal(wire.ChangeToRun(c).Changes[0])
}

// participantPlan is the plan of the one record type that is written.
func participantPlan() (*schema.Plan, error) {
	types, err := catalogue.Types()
	if err != nil {
		return nil, err
	}
	return types.Plan(string((*recordsv1.Participant)(nil).ProtoReflect().Descriptor().FullName())), nil
}

// copyOf is a copy of the space, for merge.Apply.
type copyOf map[merge.RecordID]*merge.Record

// Record implements merge.Rows.
func (c copyOf) Record(id merge.RecordID) (*merge.Record, error) { return c[id], nil }

// Put implements merge.Rows.
func (c copyOf) Put(rec *merge.Record) error {
	c[rec.ID] = rec
	return nil
}

// Applied implements merge.Rows. In this load nobody replaces a value that has
// not come, so a replaced value that is not there was replaced before.
func (c copyOf) Applied(merge.ID) (bool, error) { return true, nil }

func (c copyOf) digest() merge.Hash {
	var all merge.Hash
	for _, rec := range c {
		all = all.Combine(rec.Digest())
	}
	return all
}
