package syncengine

import (
	"fmt"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// signatures holds what an entry of the log has been signed with against the keys
// of the devices, which are in the directory. What came from the home server to a
// hub was not looked at, and what came when no device was known was not signed.
func (c *checking) signatures(e *log.Entry) {
	if e.Kind != log.Push || c.options.Device == nil {
		return
	}
	content, err := decodePush(e)
	if err != nil || !content.proven && !content.own {
		return // of an error applying it tells
	}
	proving := &proving{
		options: c.options, snapshot: c.snapshot, space: e.Space, serverKey: c.serverKey,
		devices: map[merge.DeviceID]*Device{}, proven: map[*merge.Signature]bool{},
	}
	told := map[*merge.Signature]bool{}
	for i, change := range content.changes {
		if told[change.Signed] {
			continue
		}
		err := proving.prove([]*merge.Change{change})
		if err == nil && proving.isUnknown(change) && !slices.ContainsFunc(content.findings[i], isUnproven) {
			err = fault.New(fault.FalseSignature, "change %d of replica %x: the directory does not have the device that signed it", change.ID.Seq, change.ID.Replica[:4])
		}
		if err != nil {
			told[change.Signed] = true
			c.damage(fmt.Sprintf("space %s", e.Space), "%v", err)
		}
	}
}

// isUnknown tells whether a change is signed by a device that was looked up, and is
// not known.
func (p *proving) isUnknown(c *merge.Change) bool {
	device, looked := p.devices[c.Signed.Device]
	return looked && device == nil
}

// findServerKey learns by which key the server has signed what it wrote itself.
func (c *checking) findServerKey() error {
	epochs, err := c.snapshot.Epochs()
	if err != nil || len(epochs) == 0 {
		return err
	}
	key, err := serverKey(epochs[len(epochs)-1])
	if err != nil {
		return err
	}
	c.serverKey = key.Public()
	return nil
}
