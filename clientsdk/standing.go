package clientsdk

import (
	"slices"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// standing is how the tablet stands once a request has come through that carries
// what is packed for these spaces: for whoever looks after it.
func (r *Register) standing(tx localstore.Tx, packed []*tour) (*syncv1.TabletStatus, error) {
	carried := map[int64]bool{}
	for _, t := range packed {
		for _, n := range t.up.names {
			carried[n] = true
		}
	}
	m := &syncv1.TabletStatus{ClockMillis: r.options.Clock(), AppVersion: r.options.AppVersion}
	spaces, err := tx.Spaces()
	if err != nil {
		return nil, err
	}
	for i := range spaces {
		m.ReplicaIds = append(m.ReplicaIds, spaces[i].Chain.Replica[:])
		pending, err := tx.Pending(spaces[i].N)
		if err != nil {
			return nil, err
		}
		waiting := slices.DeleteFunc(pending, func(p localstore.Pending) bool { return p.Verdict != 0 || carried[p.N] })
		m.Waiting += uint32(len(waiting))
		if len(waiting) == 0 {
			continue
		}
		stamp, err := stampOf(tx, &spaces[i], waiting[0].N)
		if err != nil {
			return nil, err
		}
		if m.OldestWaitingMillis == 0 || stamp < m.OldestWaitingMillis {
			m.OldestWaitingMillis = stamp
		}
	}
	return m, nil
}

// stampOf is when an own change was written, by the tablet's clock.
func stampOf(tx localstore.Tx, space *localstore.Space, n int64) (int64, error) {
	content, err := tx.OwnContent(n)
	if err != nil {
		return 0, err
	}
	if content == nil {
		return 0, fault.New(fault.Damaged, "the original of an own change is not there")
	}
	c, err := decodeOwn(space.ID, content)
	if err != nil {
		return 0, err
	}
	return c.Stamp, nil
}
