package console

import (
	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var auditRoutes = []route{
	{pattern: "GET /audit", asks: directoryv1connect.DirectoryServiceListEventsProcedure, text: "audit.title", handle: showAudit},
}

// auditPage is what audit.html is given.
type auditPage struct {
	Events  []auditEvent
	Actions []choice
	About   string
	More    more
}

// auditEvent is something that somebody did.
type auditEvent struct {
	At                int64
	Action            word
	By, Device, Space string
	// Objects are what it was done to.
	Objects []string
	Count   int
	Failed  string
	Detail  string
}

// actionGroups are the beginnings of actions that can be asked for.
var actionGroups = []string{"records.", "person.", "figures.", "device.", "invitation.", "role.", "user.", "directory.", "signin.", "register.", "audit."}

func showAudit(v *visit) error {
	req := &directoryv1.ListEventsRequest{PageToken: v.asked(pageToken), Action: v.asked("action")}
	if about := v.asked("about"); about != "" {
		data, ok := fromHex(about)
		if !ok || len(data) != 16 {
			return fault.New(fault.Invalid, "an id is 32 hexadecimal digits")
		}
		req.AboutId = data
	}
	resp, err := v.calls.directory.ListEvents(v.ctx(), connect.NewRequest(req))
	if err != nil {
		return err
	}
	data := auditPage{About: v.asked("about"), More: v.moreFrom(resp.Msg.NextPageToken)}
	for _, group := range actionGroups {
		data.Actions = append(data.Actions, choice{Value: group, Key: "action." + group, Is: group == v.asked("action")})
	}
	for _, e := range resp.Msg.Events {
		data.Events = append(data.Events, v.auditEvent(e))
	}
	return v.show(page.Page{Name: "audit", Title: "audit.title", Wide: true, Data: data})
}

func (v *visit) auditEvent(m *directoryv1.ListedEvent) auditEvent {
	e := auditEvent{
		At: m.AtMillis, Action: word{Text: m.Action}, By: v.personText(m.ById), Device: v.deviceText(m.DeviceId), Count: int(m.Count), Failed: m.Outcome, Detail: m.Detail,
	}
	if key := "did." + m.Action; page.Has(key) {
		e.Action = word{Key: key}
	}
	if len(m.SpaceId) == 16 {
		e.Space = v.spaceName(merge.SpaceID(m.SpaceId))
	}
	for _, text := range []string{v.personText(m.PersonId), v.deviceText(m.TargetId), shortOrEmpty(m.RecordId)} {
		if text != "" {
			e.Objects = append(e.Objects, text)
		}
	}
	return e
}

// personText is a user's name, or as much of the id of a person who is none as can
// be compared.
func (v *visit) personText(id []byte) string {
	if len(id) == 16 && merge.PersonID(id) == auth.Operator {
		return ""
	}
	if name := v.userName(id); name != "" {
		return name
	}
	return shortOrEmpty(id)
}

func (v *visit) deviceText(id []byte) string {
	if len(id) == 16 {
		if d := v.view.Device(directory.DeviceID(id)); d != nil && string(d.OrganisationId) == string(v.who.Organisation[:]) {
			return d.TabletLabel
		}
	}
	return shortOrEmpty(id)
}

func shortOrEmpty(id []byte) string {
	if len(id) == 0 {
		return ""
	}
	return shortID(id)
}
