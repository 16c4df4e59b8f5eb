package console

import (
	"encoding/hex"
	"strings"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/console/page"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
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
	// MayAccept says that it is kept back only for what somebody can vouch for.
	MayAccept bool
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
	kept.MayAccept = len(c.Findings) > 0
	for _, f := range c.Findings {
		kept.Reasons = append(kept.Reasons, keptBecause(f))
		kept.MayAccept = kept.MayAccept && mayVouch(f)
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

// keptBecause says in words why a change is kept back, or flagged.
func keptBecause(f *syncv1.Finding) word {
	key := "cause." + strings.ToLower(strings.TrimPrefix(f.Cause.String(), "CAUSE_"))
	if f.Cause == syncv1.Cause_CAUSE_DEVICE {
		key = "cause." + strings.ReplaceAll(f.MessageKey, ".", "_")
	}
	if page.Has(key) {
		return word{Key: key}
	}
	return word{Text: f.Cause.String()}
}

// mayVouch tells whether this is no reason to keep a change back for which somebody
// vouches.
func mayVouch(f *syncv1.Finding) bool {
	cause := wire.Cause(f.Cause)
	return !cause.Quarantines() || cause == wire.NoAccess || cause == wire.DeviceUnproven && f.MessageKey != "device.unknown"
}

// changeKey names a change in a form.
func changeKey(c *syncv1.ChangeID) string {
	return hex.EncodeToString(c.GetReplica()) + "." + decimal(int(c.GetSeq())) + "." + hex.EncodeToString(c.GetTag())
}

// dismiss gives a change back to its author.
func dismiss(v *visit) error {
	space, change, err := v.keptAsked()
	if err != nil {
		return err
	}
	req := &syncv1.DismissRequest{SpaceId: space[:], Changes: []*syncv1.ChangeID{change}, ReasonKey: "desk.given_back"}
	if _, err := v.calls.desk.Dismiss(v.ctx(), connect.NewRequest(req)); err != nil {
		return err
	}
	return v.done(quarantinePath, "dismissed")
}

// accept merges a change for which the visitor vouches.
func accept(v *visit) error {
	space, change, err := v.keptAsked()
	if err != nil {
		return err
	}
	req := &syncv1.AcceptRequest{SpaceId: space[:], Changes: []*syncv1.ChangeID{change}}
	if _, err := v.calls.desk.Accept(v.ctx(), connect.NewRequest(req)); err != nil {
		return err
	}
	return v.done(quarantinePath, "accepted")
}

func (v *visit) keptAsked() (space merge.SpaceID, change *syncv1.ChangeID, err error) {
	if space, err = parseID[merge.SpaceID](v.asked("space")); err != nil {
		return space, nil, err
	}
	change, err = parseChange(v.asked("change"))
	return space, change, err
}
