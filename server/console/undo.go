package console

import (
	"net/url"
	"slices"
	"strconv"
	"sync"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// undosMax bounds how many settlements can be taken back from the list. Older ones,
// and those from before a restart, are opened again from the history of the record:
// see reopen.
const undosMax = 200

// undos remembers what was settled, to be taken back.
type undos struct {
	mu   sync.Mutex
	last uint64
	kept []undoable
}

// undoable is what one form has settled.
type undoable struct {
	id    uint64
	user  merge.PersonID
	items []settlement
}

func (u *undos) keep(one undoable) uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last++
	one.id = u.last
	if u.kept = append(u.kept, one); len(u.kept) > undosMax {
		u.kept = slices.Delete(u.kept, 0, 1)
	}
	return one.id
}

// take returns what a user has settled, once.
func (u *undos) take(user merge.PersonID, id uint64) (undoable, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	i := slices.IndexFunc(u.kept, func(one undoable) bool { return one.id == id && one.user == user })
	if i < 0 {
		return undoable{}, false
	}
	one := u.kept[i]
	u.kept = slices.Delete(u.kept, i, i+1)
	return one, true
}

func (u *undos) has(user merge.PersonID, id uint64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.ContainsFunc(u.kept, func(one undoable) bool { return one.id == id && one.user == user })
}

// addUndo says on the list what was settled last.
func (p *reviewPage) addUndo(v *visit) {
	number := func(name string) int {
		n, _ := strconv.Atoi(v.asked(name)) // zero says nothing
		return n
	}
	if p.Settled = number("settled"); p.Settled == 0 {
		return
	}
	if id := uint64(max(number("undo"), 0)); v.undos.has(v.who.Person, id) {
		p.Undo = id
	}
	if rules[v.asked("rule")] != nil && p.Total > 0 {
		p.Left, p.Rule = number("left"), v.asked("rule")
	}
	p.Here = withoutQuery(p.Here, "undo", "settled", "left", "rule")
}

func withoutQuery(path string, names ...string) string {
	at, err := url.Parse(path)
	if err != nil {
		return path
	}
	query := at.Query()
	for _, name := range names {
		query.Del(name)
	}
	at.RawQuery = query.Encode()
	return at.String()
}

// undoSettling opens again what was settled: the values that lost are written again, beside
// the one that was chosen.
func undoSettling(v *visit) error {
	id, err := strconv.ParseUint(v.asked("undo"), 10, 64)
	if err != nil {
		return errNoID
	}
	one, ok := v.undos.take(v.who.Person, id)
	if !ok {
		return fault.New(fault.NotFound, "it cannot be taken back here any more: open it again from the history of the record")
	}
	for _, s := range one.items {
		writes, err := v.writesBack(s)
		if err != nil {
			return err
		}
		for _, values := range writes {
			req := &syncv1.WriteRequest{SpaceId: s.item.SpaceId, Records: []*syncv1.RecordValues{values}}
			if _, err := v.calls.desk.Write(v.ctx(), connect.NewRequest(req)); err != nil {
				return err
			}
		}
	}
	return v.done(page.Within(v.asked("to"), reviewPath), "undone")
}

// writesBack is what opens an item again.
func (v *visit) writesBack(s settlement) ([]*syncv1.RecordValues, error) {
	switch s.item.Kind {
	case syncv1.ReviewKind_REVIEW_KIND_VOID:
		standing := syncv1.Standing_STANDING_MEANT
		if s.choice > 0 {
			standing = syncv1.Standing_STANDING_MISTAKE
		}
		return []*syncv1.RecordValues{{Record: s.item.Record, Standing: standing}}, nil
	case syncv1.ReviewKind_REVIEW_KIND_ATTENDANCE:
		mark := &recordsv1.AttendanceMark{}
		if err := proto.Unmarshal(s.item.Values[s.choice].Record.GetHeader(), mark); err != nil {
			return nil, err
		}
		mark.RecorderId = v.who.Person[:]
		values, err := v.markValues(mark, []uint32{s.item.Field}) // which marks nothing
		return []*syncv1.RecordValues{values}, err
	}
	var lost []lostValue
	for _, value := range s.item.Values {
		lost = append(lost, lostValue{value.Value.Value, value.Value.Change})
	}
	return writtenAgain(s.item.Record, s.item.Field, s.item.Values[s.choice].Value.Value, lost), nil
}
