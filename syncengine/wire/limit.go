package wire

import (
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// CheckLimits returns an error of kind TooLarge if the change, or its part of
// one record, is over a limit. A tablet refuses such a write when it is made;
// the server quarantines such a change, so that those behind it go through.
func CheckLimits(c *merge.Change) error {
	if n := c.WriteCount(); n > limits.ChangeWrites {
		return fault.New(fault.TooLarge, "%d cells in one change; at most %d: write in several transactions", n, limits.ChangeWrites)
	}
	if n := ChangeSizeBytes(c); n > limits.ChangeBytes {
		return fault.New(fault.TooLarge, "%d bytes in one change; at most %d: write in several transactions", n, limits.ChangeBytes)
	}
	for i := range c.Records {
		rec := &c.Records[i]
		sizeBytes := len(rec.Header)
		for j := range rec.Writes {
			sizeBytes += len(rec.Writes[j].Value) + len(rec.Writes[j].Cell.Element)
		}
		if sizeBytes > limits.RecordBytes {
			return fault.New(fault.TooLarge, "%s %s: %d bytes; one change writes at most %d to a record", rec.Type, rec.Record, sizeBytes, limits.RecordBytes)
		}
	}
	return nil
}
