package console

import (
	"encoding/hex"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const (
	reviewPath     = "/review"
	quarantinePath = "/review/kept"
)

var reviewRoutes = []route{
	{pattern: "GET " + reviewPath, asks: syncv1connect.DeskServiceListReviewProcedure, text: "review.title", handle: showReview},
	{pattern: "POST " + reviewPath, asks: syncv1connect.DeskServiceWriteProcedure, handle: settleOne},
	{pattern: "POST " + reviewPath + "/many", asks: syncv1connect.DeskServiceWriteProcedure, handle: settleMany},
	{pattern: "POST " + reviewPath + "/undo", asks: syncv1connect.DeskServiceWriteProcedure, handle: undoSettling},
	{pattern: "GET " + quarantinePath, asks: syncv1connect.DeskServiceListQuarantinedProcedure, handle: showQuarantine},
	{pattern: "POST " + quarantinePath, asks: syncv1connect.DeskServiceDismissProcedure, handle: dismiss},
	{pattern: "POST " + quarantinePath + "/accept", asks: syncv1connect.DeskServiceAcceptProcedure, handle: accept},
}

// reviewPage is what review.html is given.
type reviewPage struct {
	More   more
	Items  []item
	Total  int
	Spaces []choice
	Kinds  []choice
	// Rooms says that these are the items of counselling rooms, HasRooms and
	// HasOthers of which there is a queue.
	Rooms, HasRooms, HasOthers bool
	Minor                      bool
	// Here is where the list is, with its filters.
	Here string
	// Undo names what was settled last; zero if nothing was. Settled is how much,
	// Left how much of a rule for many is still to do.
	Undo          uint64
	Settled, Left int
	Rule          string
}

// choice is one of several in a form.
type choice struct {
	Value, Text string // Text is what somebody entered
	Key         string // the key of a text
	Is          bool
}

// item is a disagreement as the page shows it.
type item struct {
	// Key names it in a form.
	Key string
	// Type and Cell are keys of texts; CellName is the cell's own where there is none.
	Type, Cell, CellName string
	Title                string
	// Context are the records that it is about, by what a person knows them.
	Context []word
	Space   string
	SpaceID string
	Record  string
	Values  []itemValue
	Void    bool
	// Bulk says that it can be settled by a rule.
	Bulk bool
}

// itemValue is one of the values of an item.
type itemValue struct {
	Lines  []line
	Author string
	Device string
	At     int64
	// Own says that the reader wrote it; Emptied, that there is nothing in it.
	Own, Emptied bool
	Index        int
}

// reviewFilter is what of the review a page asks for.
type reviewFilter struct {
	spaces []merge.SpaceID
	kind   syncv1.ReviewKind
	minor  bool
	rooms  bool
}

// reviewFilter reads the filter of a page.
func (v *visit) reviewFilter() (f reviewFilter, hasRooms, hasOthers bool) {
	var rooms, others []merge.SpaceID
	for _, id := range v.spaces(settlingRoles...) {
		if v.view.Space(id).Kind == schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM {
			rooms = append(rooms, id)
		} else {
			others = append(others, id)
		}
	}
	f = reviewFilter{spaces: others, minor: v.asked("minor") != "", rooms: v.asked("rooms") != "" || len(others) == 0}
	if f.rooms {
		f.spaces = rooms
	}
	if id, err := parseID[merge.SpaceID](v.asked("space")); err == nil {
		f.spaces = []merge.SpaceID{id}
	}
	f.kind = kindNamed[v.asked("kind")]
	return f, len(rooms) > 0, len(others) > 0
}

var kindNamed = map[string]syncv1.ReviewKind{
	"attendance": syncv1.ReviewKind_REVIEW_KIND_ATTENDANCE, "cell": syncv1.ReviewKind_REVIEW_KIND_CELL, "void": syncv1.ReviewKind_REVIEW_KIND_VOID,
}

func (f *reviewFilter) request() *syncv1.ListReviewRequest {
	return &syncv1.ListReviewRequest{SpaceIds: bytesOf(f.spaces), Kind: f.kind, Minor: f.minor}
}

func showReview(v *visit) error {
	f, hasRooms, hasOthers := v.reviewFilter()
	data := reviewPage{Rooms: f.rooms, HasRooms: hasRooms, HasOthers: hasOthers, Minor: f.minor, Here: v.r.URL.RequestURI()}
	data.Spaces, data.Kinds = v.spaceChoices(f.rooms), kindChoices(v.asked("kind"))
	if len(f.spaces) > 0 {
		req := f.request()
		req.PageToken = v.asked(pageToken)
		resp, err := v.calls.desk.ListReview(v.ctx(), connect.NewRequest(req))
		if err != nil {
			return err
		}
		devices, err := v.devicesOfReplicas(resp.Msg.Items)
		if err != nil {
			return err
		}
		data.Total, data.More = int(resp.Msg.Total), v.moreFrom(resp.Msg.NextPageToken)
		for _, one := range resp.Msg.Items {
			data.Items = append(data.Items, v.item(one, devices))
		}
	}
	data.addUndo(v)
	return v.show(page.Page{Name: "review", Title: "review.title", Wide: true, Data: data})
}

// spaceChoices are the spaces of a queue.
func (v *visit) spaceChoices(rooms bool) (choices []choice) {
	for _, id := range v.spaces(settlingRoles...) {
		if (v.view.Space(id).Kind == schemav1.SpaceKind_SPACE_KIND_COUNSELLING_ROOM) == rooms {
			choices = append(choices, choice{Value: id.String(), Text: v.spaceName(id), Is: v.asked("space") == id.String()})
		}
	}
	return choices
}

func kindChoices(asked string) (choices []choice) {
	for _, kind := range []string{"attendance", "cell", "void"} {
		choices = append(choices, choice{Value: kind, Key: "review.kind." + kind, Is: kind == asked})
	}
	return choices
}

// devicesOfReplicas are the labels of tablets by the replicas under which they
// write, as far as the reader may know them.
func (v *visit) devicesOfReplicas(items []*syncv1.ReviewItem) (map[merge.ReplicaID]string, error) {
	labels := map[merge.ReplicaID]string{}
	if len(items) == 0 {
		return labels, nil
	}
	tablets, err := v.tablets()
	for i := range tablets {
		for _, replica := range tablets[i].Contact.GetReplicaIds() {
			labels[merge.ReplicaID(replica)] = tablets[i].TabletLabel
		}
	}
	return labels, err
}

// item makes an item readable.
func (v *visit) item(m *syncv1.ReviewItem, devices map[merge.ReplicaID]string) item {
	space := merge.SpaceID(m.SpaceId)
	one := item{
		Key: itemKey(m), Type: typeKey(m.Record.GetType()), Space: v.spaceName(space), SpaceID: space.String(), Record: recordIDOf(space, m.Record).String(),
		Void: m.Kind == syncv1.ReviewKind_REVIEW_KIND_VOID, Bulk: m.Kind != syncv1.ReviewKind_REVIEW_KIND_VOID && len(m.Element) == 0,
	}
	one.Cell, one.CellName = v.cellName(m.Record.GetType(), m.Field)
	if m.Kind == syncv1.ReviewKind_REVIEW_KIND_ATTENDANCE {
		one.Type, one.Cell = "review.kind.attendance", ""
	}
	known := map[[16]byte]string{}
	for i, state := range m.About {
		title, more := v.about(state)
		known[recordIDOf(space, state.Record)] = title
		switch {
		case i == 0 || one.Title == "":
			one.Title = title
		case title != "":
			one.Context = append(one.Context, word{Text: title})
		}
		one.Context = append(one.Context, more...)
	}
	names := v.namesIn(space, func(id [16]byte) string { return known[id] })
	for i, value := range m.Values {
		one.Values = append(one.Values, v.itemValue(m, value, i, space, names, devices))
	}
	return one
}

// about is by what a person knows a record that an item is about.
func (v *visit) about(state *syncv1.RecordState) (title string, more []word) {
	plan := v.o.Schema().Plan(state.Record.GetType())
	if plan == nil {
		return "", nil
	}
	msg := plan.NewMessage()
	if proto.Unmarshal(state.Message, msg) != nil {
		return "", nil
	}
	if day, ok := msg.(*recordsv1.TrainingDay); ok {
		return "", []word{{Key: "training.day", Text: decimal(day.DayNumber)}, {Day: day.FieldDate}}
	}
	return titleOf(msg), nil
}

func (v *visit) itemValue(m *syncv1.ReviewItem, value *syncv1.ReviewValue, index int, space merge.SpaceID, known namer, devices map[merge.ReplicaID]string) itemValue {
	author := merge.PersonID(value.Value.Author)
	one := itemValue{
		Lines: v.lines(m.Record.GetType(), value.Value.Value, known), Author: v.view.WriterIn(author, space), At: value.Value.AtMillis,
		Own: author == v.who.Person, Index: index,
	}
	one.Emptied = len(one.Lines) == 0 && m.Kind != syncv1.ReviewKind_REVIEW_KIND_VOID
	if replica := value.Value.Change.GetReplica(); len(replica) == 16 {
		one.Device = devices[merge.ReplicaID(replica)]
	}
	return one
}

// recordIDOf is the id of a record that a service has named.
func recordIDOf(space merge.SpaceID, m *syncv1.RecordName) merge.RecordID {
	switch {
	case len(m.GetRecordId()) == 16:
		return merge.RecordID(m.RecordId)
	case len(m.GetHeader()) > 0:
		return merge.KeyedRecordID(space, m.Type, m.Header)
	}
	return merge.RecordID{}
}

// itemKey names an item, and the values in it that its reader has seen: hex of the
// space and the record, the field, and the changes.
func itemKey(m *syncv1.ReviewItem) string {
	space := merge.SpaceID(m.SpaceId)
	key := space.String() + "." + recordIDOf(space, m.Record).String() + "." + decimal(m.Field) + "." + hex.EncodeToString(m.Element) + "." + decimal(m.Kind) + "."
	for _, value := range m.Values {
		key += hex.EncodeToString(value.Value.Change.GetTag())
	}
	return key
}
