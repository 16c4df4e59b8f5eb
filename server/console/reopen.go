package console

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Whatever was settled, in the review or on a tablet, is opened again from the
// history of its record, however long ago that was: the log says which values a
// change has replaced.

// The ways to open something again; each is the end of a key "reopen.".
const (
	reopenValues  = "values"  // those that lost are written once more, beside the chosen one
	reopenMeant   = "meant"   // what was called a mistake is meant
	reopenMistake = "mistake" // and the other way round
	reopenMark    = "mark"    // the reader's own mark, which has settled an attendance, is taken back
)

// settles tells whether the reader settles what disagrees in a space.
func (v *visit) settles(space merge.SpaceID) bool {
	return v.view.HasIn(v.who.Person, space, v.o.Now(), settlingRoles...)
}

// reopening is how a write is opened again; empty if it settled nothing, or holds
// no more.
func (v *visit) reopening(record *syncv1.RecordName, m *syncv1.HistoryWrite) string {
	w := m.Write
	switch {
	case !m.Live || len(w.PurgedHash) > 0 || len(w.Element) > 0:
		return ""
	case w.Field == 0 && len(w.Replaces) > 0:
		if len(w.Value) > 0 {
			return reopenMeant
		}
		return reopenMistake
	case w.Field != 0 && len(w.Replaces) > 1:
		return reopenValues
	case v.settledByOwnMark(record, w):
		return reopenMark
	}
	return ""
}

// settledByOwnMark tells of a mark by which the reader has settled an attendance.
func (v *visit) settledByOwnMark(record *syncv1.RecordName, w *syncv1.CellWrite) bool {
	mark := &recordsv1.AttendanceMark{}
	return record.GetType() == string(mark.ProtoReflect().Descriptor().FullName()) &&
		proto.Unmarshal(slices.Concat(record.Header, w.Value), mark) == nil &&
		bytes.Equal(mark.RecorderId, v.who.Person[:]) && mark.Evidence == recordsv1.Evidence_EVIDENCE_SETTLED
}

// reopen opens again what a change of the record has settled.
func reopen(v *visit) error {
	space, record, err := v.recordInAddress()
	if err != nil {
		return err
	}
	past := &past{visit: v, space: space, record: record}
	position, bad := strconv.ParseUint(v.asked("position"), 10, 64)
	field, alsoBad := strconv.ParseUint(v.asked("field"), 10, 32)
	if bad != nil || alsoBad != nil {
		return errNoID
	}
	settled, err := past.writeAt(position, uint32(field))
	if err != nil {
		return err
	}
	how := v.reopening(past.name, settled)
	if how == "" || !v.settles(space) {
		return errChanged
	}
	writes, err := past.again(how, settled.Write, position)
	if err != nil {
		return err
	}
	if len(writes) == 0 {
		return v.show(page.Page{Name: "problem", Title: "problem.title", Problem: "reopen.gone", Status: http.StatusConflict})
	}
	for _, values := range writes {
		req := &syncv1.WriteRequest{SpaceId: space[:], Records: []*syncv1.RecordValues{values}}
		if _, err := v.calls.desk.Write(v.ctx(), connect.NewRequest(req)); err != nil {
			return err
		}
	}
	return v.done(historyPath+"/"+space.String()+"/"+record.String(), "undone")
}

// past is the history of one record.
type past struct {
	*visit
	space  merge.SpaceID
	record merge.RecordID
	name   *syncv1.RecordName // as the changes name it
}

// before lists changes below a position, the newest first.
func (p *past) before(position uint64) (*syncv1.ListHistoryResponse, error) {
	resp, err := p.calls.desk.ListHistory(p.ctx(), connect.NewRequest(&syncv1.ListHistoryRequest{
		SpaceId: p.space[:], Record: &syncv1.RecordName{RecordId: p.record[:]}, BeforePosition: position, Limit: 200,
	}))
	if err != nil {
		return nil, err
	}
	p.name = resp.Msg.Record
	return resp.Msg, nil
}

// writeAt is what the change at a position put into a cell.
func (p *past) writeAt(position uint64, field uint32) (*syncv1.HistoryWrite, error) {
	m, err := p.before(position + 1)
	if err != nil {
		return nil, err
	}
	if len(m.Changes) == 0 || m.Changes[0].Position != position {
		return nil, errNoID
	}
	i := slices.IndexFunc(m.Changes[0].Writes, func(w *syncv1.HistoryWrite) bool { return w.Write.Field == field })
	if i < 0 {
		return nil, errNoID
	}
	return m.Changes[0].Writes[i], nil
}

// again is what opens something again; nothing where what was replaced is no
// longer kept, was erased, or is what was chosen.
func (p *past) again(how string, settled *syncv1.CellWrite, position uint64) ([]*syncv1.RecordValues, error) {
	switch how {
	case reopenMeant:
		return []*syncv1.RecordValues{{Record: p.name, Standing: syncv1.Standing_STANDING_MEANT}}, nil
	case reopenMistake:
		return []*syncv1.RecordValues{{Record: p.name, Standing: syncv1.Standing_STANDING_MISTAKE}}, nil
	case reopenMark:
		mark := &recordsv1.AttendanceMark{}
		if err := proto.Unmarshal(p.name.Header, mark); err != nil {
			return nil, err
		}
		values, err := p.markValues(mark, []uint32{settled.Field}) // which marks nothing
		return []*syncv1.RecordValues{values}, err
	}
	lost, err := p.replaced(settled, position)
	return writtenAgain(p.name, settled.Field, settled.Value, lost), err
}

// lostValue is a value that was not chosen, and the change that had written it.
type lostValue struct {
	data   []byte
	change *syncv1.ChangeID
}

// replaced finds the values that a write has replaced, as far as the log has them.
func (p *past) replaced(settled *syncv1.CellWrite, position uint64) (lost []lostValue, err error) {
	left := slices.Clone(settled.Replaces)
	for position > 0 && len(left) > 0 {
		m, err := p.before(position)
		if err != nil {
			return nil, err
		}
		for _, c := range m.Changes {
			i := slices.IndexFunc(left, func(id *syncv1.ChangeID) bool { return proto.Equal(id, c.Change) })
			if i < 0 {
				continue
			}
			left = slices.Delete(left, i, i+1)
			for _, w := range c.Writes {
				if w.Write.Field == settled.Field && len(w.Write.PurgedHash) == 0 {
					lost = append(lost, lostValue{w.Write.Value, c.Change})
				}
			}
		}
		position = m.NextBeforePosition
	}
	return lost, nil
}

// writtenAgain writes each of the values once that are others than the chosen one.
// What they name as seen is live no more, so they replace nothing.
func writtenAgain(record *syncv1.RecordName, field uint32, chosen []byte, lost []lostValue) (all []*syncv1.RecordValues) {
	for i, value := range lost {
		same := func(before lostValue) bool { return bytes.Equal(before.data, value.data) }
		if bytes.Equal(value.data, chosen) || slices.ContainsFunc(lost[:i], same) {
			continue
		}
		all = append(all, &syncv1.RecordValues{Record: record, Message: value.data, Fields: []uint32{field}, Seen: []*syncv1.ChangeID{value.change}})
	}
	return all
}
