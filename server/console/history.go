package console

import (
	"cmp"
	"strconv"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const historyPath = "/history"

var historyRoutes = []route{
	{pattern: "GET " + historyPath + "/{space}/{record}", asks: syncv1connect.DeskServiceListHistoryProcedure, handle: showHistory},
	{pattern: "POST " + historyPath + "/{space}/{record}/reopen", asks: syncv1connect.DeskServiceWriteProcedure, handle: reopen},
}

// historyPage is what history.html is given.
type historyPage struct {
	Type, ID, SpaceID, Space string
	// Now is what the record is.
	Now     []line
	Changes []*change
	More    more
	// Cut says that older changes are in backups alone.
	Cut bool
}

// change is one that wrote to a record.
type change struct {
	Author            string
	Received, Written int64
	ClockOff          bool
	Position          uint64
	Flags             []word
	Writes            []write
}

// Apart tells of a change that was received in another minute than the author's
// clock shows.
func (c *change) Apart() bool { return c.Received/60_000 != c.Written/60_000 }

// write is what a change put into a cell.
type write struct {
	Cell, CellName string
	Lines          []line
	Live           bool
	// Key is the text of a write that has no value of its own.
	Key string
	// Settles is how many values it replaced, if it was more than one.
	Settles int
	// Reopen is how the reader opens again what it has settled; empty if that cannot
	// be. Field is its cell.
	Reopen string
	Field  uint32
}

// changesOnPage is how many changes are on one page.
const changesOnPage = 50

// recordInAddress is the record that the address names.
func (v *visit) recordInAddress() (space merge.SpaceID, record merge.RecordID, err error) {
	if space, err = pathID[merge.SpaceID](v, "space"); err == nil {
		record, err = pathID[merge.RecordID](v, "record")
	}
	return space, record, err
}

func showHistory(v *visit) error {
	space, record, err := v.recordInAddress()
	if err != nil {
		return err
	}
	before, _ := strconv.ParseUint(v.asked(pageToken), 10, 64) // zero begins with the last
	resp, err := v.calls.desk.ListHistory(v.ctx(), connect.NewRequest(&syncv1.ListHistoryRequest{
		SpaceId: space[:], Record: &syncv1.RecordName{RecordId: record[:]}, BeforePosition: before, Limit: changesOnPage,
	}))
	if err != nil {
		return err
	}
	name := resp.Msg.Record
	data := historyPage{Type: typeKey(name.GetType()), ID: record.String(), SpaceID: space.String(), Space: v.spaceName(space), Cut: resp.Msg.CutThroughPosition > 0}
	if next := resp.Msg.NextBeforePosition; next > 0 {
		data.More = v.moreFrom(strconv.FormatUint(next, 10))
	} else {
		data.More = v.moreFrom("")
	}
	names := v.namesIn(space, func([16]byte) string { return "" })
	for _, c := range resp.Msg.Changes {
		data.Changes = append(data.Changes, v.change(name, space, c, names))
	}
	title, now, err := v.recordNow(space, name, names)
	if err != nil {
		return err
	}
	data.Now = now
	return v.show(page.Page{Name: "history", Title: "history.title", Heading: title, Section: cmp.Or(v.asked("from"), ""), Wide: true, Data: data})
}

// recordNow is what a record is now, and by what a person knows it.
func (v *visit) recordNow(space merge.SpaceID, name *syncv1.RecordName, known namer) (title string, lines []line, err error) {
	resp, err := v.calls.desk.GetRecordAt(v.ctx(), connect.NewRequest(&syncv1.GetRecordAtRequest{SpaceId: space[:], Record: name}))
	if err != nil {
		return "", nil, err
	}
	data := append([]byte(nil), name.GetHeader()...)
	for _, cell := range resp.Msg.Cells {
		switch {
		case cell.Field == 0 || len(cell.Values) == 0:
		case len(cell.Element) > 0:
			if len(cell.Values[0].Value) > 0 {
				data = append(data, cell.Element...)
			}
		default:
			data = append(data, cell.Values[0].Value...)
		}
	}
	plan := v.o.Schema().Plan(name.GetType())
	if plan == nil {
		return "", nil, nil
	}
	msg := plan.NewMessage()
	if proto.Unmarshal(data, msg) == nil {
		title = titleOf(msg)
	}
	return title, v.lines(name.GetType(), data, known), nil
}

func (v *visit) change(name *syncv1.RecordName, space merge.SpaceID, m *syncv1.HistoryChange, known namer) *change {
	c := &change{
		Author: v.view.WriterIn(merge.PersonID(m.Author), space), Received: m.ReceivedMillis, Written: m.StampMillis, Position: m.Position,
		ClockOff: max(m.StampMillis-m.ReceivedMillis, 0) > wrongClockMillis,
	}
	for _, f := range m.Findings {
		if key := "finding." + f.MessageKey; page.Has(key) {
			c.Flags = append(c.Flags, word{Key: key})
		} else {
			c.Flags = append(c.Flags, word{Text: f.MessageKey})
		}
	}
	for _, w := range m.Writes {
		one := v.write(name.GetType(), w, known)
		if v.settles(space) {
			one.Reopen = v.reopening(name, w)
		}
		c.Writes = append(c.Writes, one)
	}
	return c
}

func (v *visit) write(typeName string, m *syncv1.HistoryWrite, known namer) write {
	w := write{Live: m.Live, Field: m.Write.Field}
	w.Cell, w.CellName = v.cellName(typeName, m.Write.Field)
	if n := len(m.Write.Replaces); n > 1 {
		w.Settles = n
	}
	value := m.Write.Value
	switch {
	case len(m.Write.PurgedHash) > 0:
		w.Key = "write.erased"
	case m.Write.Field == 0 && len(value) > 0:
		w.Key = "write.mistake"
	case m.Write.Field == 0:
		w.Key = "write.meant"
	case len(m.Write.Element) > 0 && len(value) == 0:
		w.Key, value = "write.removed", m.Write.Element
	case len(m.Write.Element) > 0:
		value = m.Write.Element
	case len(value) == 0:
		w.Key = "write.emptied"
	}
	w.Lines = v.lines(typeName, value, known)
	return w
}
