package console

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

func decimal[N ~int32 | ~uint32 | ~int](n N) string { return strconv.FormatInt(int64(n), 10) }

var errChanged = fault.New(fault.Conflict, "the values are others by now: look again")

// findItem asks for an item that a form names, as it is now. If its values are not
// those that were seen it is [errChanged].
func (v *visit) findItem(key string, minor bool) (*syncv1.ReviewItem, error) {
	parts := strings.Split(key, ".")
	if len(parts) != 6 {
		return nil, errNoID
	}
	space, err := parseID[merge.SpaceID](parts[0])
	if err != nil {
		return nil, err
	}
	record, err := parseID[merge.RecordID](parts[1])
	if err != nil {
		return nil, err
	}
	resp, err := v.calls.desk.ListReview(v.ctx(), connect.NewRequest(&syncv1.ListReviewRequest{
		SpaceIds: [][]byte{space[:]}, RecordId: record[:], Minor: minor, PageSize: 500,
	}))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(resp.Msg.Items, func(m *syncv1.ReviewItem) bool { return itemKey(m) == key })
	if i < 0 {
		return nil, errChanged
	}
	return resp.Msg.Items[i], nil
}

// settleOne lets one of the values hold.
func settleOne(v *visit) error {
	key, index, ok := strings.Cut(v.asked("choose"), "/")
	m, err := v.findItem(key, v.asked("minor") != "")
	if err != nil {
		return err
	}
	at, failed := strconv.Atoi(index)
	if !ok || failed != nil || at < 0 || at >= max(len(m.Values), 2) {
		return fault.New(fault.Invalid, "which of the values?")
	}
	undone, err := v.settle([]settlement{{m, at}})
	if err != nil {
		return err
	}
	return v.settled(undone, 1, 0, "")
}

// settlement is an item and which of its values holds. Of a contested void zero
// is that it is a mistake, and one that it is meant.
type settlement struct {
	item   *syncv1.ReviewItem
	choice int
}

// settle writes settlements, a change for each space; a record that comes twice is
// in two.
func (v *visit) settle(all []settlement) (undo uint64, err error) {
	done := undoable{user: v.who.Person}
	for len(all) > 0 {
		var later []settlement
		written := map[merge.RecordID]bool{}
		req := &syncv1.WriteRequest{SpaceId: all[0].item.SpaceId}
		for _, s := range all {
			values, err := v.writeOf(s)
			if err != nil {
				return 0, err
			}
			id := recordIDOf(merge.SpaceID(s.item.SpaceId), values.Record)
			if string(s.item.SpaceId) != string(req.SpaceId) || written[id] || len(req.Records) == recordsOfChange {
				later = append(later, s)
				continue
			}
			written[id] = true
			req.Records = append(req.Records, values)
			done.items = append(done.items, s)
		}
		if _, err := v.calls.desk.Write(v.ctx(), connect.NewRequest(req)); err != nil {
			return 0, err
		}
		all = later
	}
	return v.undos.keep(done), nil
}

// recordsOfChange bounds one change, which is at most 192 KiB.
const recordsOfChange = 50

// writeOf is what settles an item.
func (v *visit) writeOf(s settlement) (*syncv1.RecordValues, error) {
	m := s.item
	switch m.Kind {
	case syncv1.ReviewKind_REVIEW_KIND_VOID:
		return &syncv1.RecordValues{Record: m.Record, Standing: [...]syncv1.Standing{syncv1.Standing_STANDING_MISTAKE, syncv1.Standing_STANDING_MEANT}[min(s.choice, 1)]}, nil
	case syncv1.ReviewKind_REVIEW_KIND_ATTENDANCE:
		return v.settledMark(m, m.Values[s.choice])
	}
	values := &syncv1.RecordValues{Record: m.Record, Message: m.Values[s.choice].Value.Value, Fields: []uint32{m.Field}}
	if len(m.Element) > 0 { // it stays in the set
		values.Message, values.Fields = m.Element, nil
	}
	for _, value := range m.Values {
		values.Seen = append(values.Seen, value.Value.Change)
	}
	return values, nil
}

// settledMark is the reader's own mark, which names those that were seen.
func (v *visit) settledMark(m *syncv1.ReviewItem, chosen *syncv1.ReviewValue) (*syncv1.RecordValues, error) {
	mark := &recordsv1.AttendanceMark{}
	if err := proto.Unmarshal(slices.Concat(chosen.Record.GetHeader(), chosen.Value.Value), mark); err != nil {
		return nil, fault.New(fault.Invalid, "the mark cannot be read: %w", err)
	}
	settled := &recordsv1.AttendanceMark{
		SessionId: mark.SessionId, ParticipantId: mark.ParticipantId, RecorderId: v.who.Person[:],
		Presence: mark.Presence, Evidence: recordsv1.Evidence_EVIDENCE_SETTLED, MinutesPresent: mark.MinutesPresent, Reason: mark.Reason,
	}
	if settled.Presence == recordsv1.Presence_PRESENCE_ABSENT_DEFAULT { // now somebody has decided
		settled.Presence = recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED
	}
	for _, value := range m.Values {
		seen := fieldwork.SeenMark{Record: recordIDOf(merge.SpaceID(m.SpaceId), value.Record)}
		copy(seen.Tag[:], value.Value.Change.GetTag())
		settled.Seen = append(settled.Seen, seen.Encode())
	}
	slices.SortFunc(settled.Seen, slices.Compare)
	return v.markValues(settled, nil)
}

// markValues writes a mark.
func (v *visit) markValues(mark *recordsv1.AttendanceMark, fields []uint32) (*syncv1.RecordValues, error) {
	plan := v.o.Schema().Plan(string(mark.ProtoReflect().Descriptor().FullName()))
	header, err := plan.Header(mark)
	if err != nil {
		return nil, err
	}
	data, err := proto.Marshal(mark)
	return &syncv1.RecordValues{
		Record:  &syncv1.RecordName{Type: string(mark.ProtoReflect().Descriptor().FullName()), Header: header},
		Message: data, Fields: fields,
	}, err
}

// rules are how many items are settled at once: each says which value holds.
var rules = map[string]func(*syncv1.ReviewItem) int{
	"shown":    func(*syncv1.ReviewItem) int { return 0 },
	"latest":   func(m *syncv1.ReviewItem) int { return extreme(m, 1) },
	"earliest": func(m *syncv1.ReviewItem) int { return extreme(m, -1) },
}

func extreme(m *syncv1.ReviewItem, sign int) int {
	best := 0
	for i, value := range m.Values {
		if cmp.Compare(value.Value.AtMillis, m.Values[best].Value.AtMillis) == sign {
			best = i
		}
	}
	return best
}

// manyAtOnce bounds how much one request settles: what is left goes on with the
// next, and whoever has begun it sees how far it is, and can stop.
const manyAtOnce = 500

// settleMany settles by a rule what was ticked, or all that the filter shows.
func settleMany(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return fault.New(fault.Malformed, "form: %w", err)
	}
	rule, name := rules[v.asked("rule")], v.asked("rule")
	if rule == nil {
		return fault.New(fault.Invalid, "by which rule?")
	}
	minor := v.asked("minor") != ""
	var all []settlement
	left := 0
	if v.asked("all") == "" {
		for _, key := range v.r.PostForm["item"] {
			m, err := v.findItem(key, minor)
			if err != nil {
				return err
			}
			all = append(all, settlement{m, rule(m)})
		}
	} else {
		f, _, _ := v.reviewFilter()
		req := f.request()
		req.PageSize = manyAtOnce
		resp, err := v.calls.desk.ListReview(v.ctx(), connect.NewRequest(req))
		if err != nil {
			return err
		}
		for _, m := range resp.Msg.Items {
			if m.Kind != syncv1.ReviewKind_REVIEW_KIND_VOID && len(m.Element) == 0 {
				all = append(all, settlement{m, rule(m)})
			}
		}
		if left = int(resp.Msg.Total) - len(resp.Msg.Items); len(all) == 0 {
			left = 0
		}
	}
	if len(all) == 0 {
		return fault.New(fault.Invalid, "nothing was ticked")
	}
	undone, err := v.settle(all)
	if err != nil {
		return err
	}
	return v.settled(undone, len(all), left, name)
}

// settled goes back to the list, which says what was done and how to take it back.
func (v *visit) settled(undo uint64, n, left int, rule string) error {
	to := page.Within(v.asked("to"), reviewPath)
	join := "?"
	if strings.Contains(to, "?") {
		join = "&"
	}
	to += fmt.Sprintf("%sundo=%d&settled=%d", join, undo, n)
	if left > 0 {
		to += fmt.Sprintf("&left=%d&rule=%s", left, rule)
	}
	return v.goTo(to)
}
