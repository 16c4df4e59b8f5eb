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
		if err := checkRecord(&c.Records[i]); err != nil {
			return err
		}
	}
	return nil
}

func checkRecord(rec *merge.RecordWrites) error {
	if n := len(rec.Type); n > limits.TypeNameBytes {
		return fault.New(fault.TooLarge, "%.40q…: a type name of %d bytes; at most %d", rec.Type, n, limits.TypeNameBytes)
	}
	sizeBytes := len(rec.Header)
	for i := range rec.Writes {
		w := &rec.Writes[i]
		if n := len(w.Replaces); n > limits.Replaces {
			return fault.New(fault.TooLarge, "%s %s: field %d: replaces %d values; one write replaces at most %d: settle the cell in several writes", rec.Type, rec.Record, w.Cell.Field, n, limits.Replaces)
		}
		sizeBytes += len(w.Value) + len(w.Cell.Element)
	}
	if sizeBytes > limits.RecordBytes {
		return fault.New(fault.TooLarge, "%s %s: %d bytes; one change writes at most %d to a record", rec.Type, rec.Record, sizeBytes, limits.RecordBytes)
	}
	return nil
}
