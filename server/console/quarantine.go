package console

import (
	"encoding/hex"
	"strings"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// quarantinePage is what quarantine.html is given.
type quarantinePage struct{ Changes []keptChange }

// keptChange is a change that the server has and could not merge.
type keptChange struct {
	Space, SpaceID string
	// Change names it in a form.
	Change  string
	Author  string
	At      int64
	Reasons []word
	Records []keptRecord
}

type keptRecord struct {
	Type  string
	Lines []line
}

// showQuarantine shows, of each space, the first page.
func showQuarantine(v *visit) error {
	data := quarantinePage{}
	for _, space := range v.spaces(settlingRoles...) {
		resp, err := v.calls.desk.ListQuarantined(v.ctx(), connect.NewRequest(&syncv1.ListQuarantinedRequest{SpaceId: space[:]}))
		if kindOf(err) == fault.NoAccess { // nobody has written there
			continue
		}
		if err != nil {
			return err
		}
		for _, c := range resp.Msg.Changes {
			data.Changes = append(data.Changes, v.keptChange(space, c))
		}
	}
	return v.show(page.Page{Name: "quarantine", Title: "quarantine.title", Data: data})
}

func (v *visit) keptChange(space merge.SpaceID, c *syncv1.QuarantinedChange) keptChange {
	kept := keptChange{
		Space: v.spaceName(space), SpaceID: space.String(), Change: changeKey(c.Change), At: c.ReceivedMillis,
		Author: v.view.WriterIn(merge.PersonID(c.Author), space),
	}
	if kept.Author == "" {
		kept.Author = v.userName(c.Author)
	}
	for _, f := range c.Findings {
		key := "cause." + strings.ToLower(strings.TrimPrefix(f.Cause.String(), "CAUSE_"))
		if page.Has(key) {
			kept.Reasons = append(kept.Reasons, word{Key: key})
		} else {
			kept.Reasons = append(kept.Reasons, word{Text: f.Cause.String()})
		}
	}
	for _, w := range c.Records {
		record := keptRecord{Type: typeKey(w.Type)}
		for _, cell := range w.Cells {
			record.Lines = append(record.Lines, v.lines(w.Type, cell.Value, v.namesIn(space, func([16]byte) string { return "" }))...)
		}
		kept.Records = append(kept.Records, record)
	}
	return kept
}

// changeKey names a change in a form.
func changeKey(c *syncv1.ChangeID) string {
	return hex.EncodeToString(c.GetReplica()) + "." + decimal(int(c.GetSeq())) + "." + hex.EncodeToString(c.GetTag())
}

// dismiss gives a change back to its author.
func dismiss(v *visit) error {
	space, err := parseID[merge.SpaceID](v.asked("space"))
	if err != nil {
		return err
	}
	change, err := parseChange(v.asked("change"))
	if err != nil {
		return err
	}
	req := &syncv1.DismissRequest{SpaceId: space[:], Changes: []*syncv1.ChangeID{change}, ReasonKey: "desk.given_back"}
	if _, err := v.calls.desk.Dismiss(v.ctx(), connect.NewRequest(req)); err != nil {
		return err
	}
	return v.done(quarantinePath, "dismissed")
}
