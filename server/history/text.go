// Package history writes a record's history for a person to read.
package history

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// WriteText writes a page of changes to a record of the type: a line for each
// change, and one for each value it wrote. A value of a type or field that the
// schema does not have stands in hexadecimal.
func WriteText(w io.Writer, known *schema.Schema, typeName string, changes []*syncv1.HistoryChange) error {
	text := new(strings.Builder)
	plan := known.Plan(typeName)
	for _, c := range changes {
		fmt.Fprintf(text, "%6d  %s  %s by %x on %x/%d\n", c.Position, at(c.ReceivedMillis), verdict(c), c.Author, c.Change.Replica, c.Change.Seq)
		if c.StampMillis != c.ReceivedMillis {
			fmt.Fprintf(text, "        the author's clock said %s\n", at(c.StampMillis))
		}
		for _, written := range c.Writes {
			fmt.Fprintf(text, "        %s %s\n", mark(written), value(plan, written.Write))
		}
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return nil
}

// WriteCut says of the end of a history that there was more, if there was.
func WriteCut(w io.Writer, cutThrough uint64) error {
	if cutThrough == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "        older changes, at position %d or below, are no longer kept: look for them in a backup from before the log was cut\n", cutThrough)
	return err
}

func at(millis int64) string { return time.UnixMilli(millis).UTC().Format("2006-01-02 15:04:05Z") }

func verdict(c *syncv1.HistoryChange) string {
	name := strings.ToLower(strings.TrimPrefix(c.Verdict.String(), "VERDICT_"))
	for _, f := range c.Findings {
		name += " (" + f.MessageKey + ")"
	}
	return name
}

func mark(w *syncv1.HistoryWrite) string {
	kind := "was "
	if w.Live {
		kind = "live"
	}
	if n := len(w.Write.Replaces); n > 1 {
		kind += fmt.Sprintf(", settled %d values:", n)
	}
	return kind
}

// value is what a write put into its cell.
func value(plan *schema.Plan, w *syncv1.CellWrite) string {
	switch {
	case len(w.PurgedHash) > 0:
		return fmt.Sprintf("field %d: erased", w.Field)
	case w.Field == 0 && len(w.Value) > 0:
		return "entered by mistake"
	case w.Field == 0:
		return "not a mistake"
	case len(w.Element) > 0 && len(w.Value) == 0:
		return "without " + fields(plan, w.Field, w.Element)
	case len(w.Element) > 0:
		return "with " + fields(plan, w.Field, w.Element)
	}
	return fields(plan, w.Field, w.Value)
}

// fields are the fields of a cell, by their names in the .proto file.
func fields(plan *schema.Plan, field uint32, data []byte) string {
	if plan == nil {
		return raw(field, data)
	}
	cell, ok := plan.Cell(protowire.Number(field))
	if !ok {
		return raw(field, data)
	}
	if len(data) == 0 {
		return cell.Name + " emptied"
	}
	msg := plan.NewMessage()
	if err := proto.Unmarshal(data, msg); err != nil {
		return raw(field, data)
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(msg)
	if err != nil {
		return raw(field, data)
	}
	return string(text)
}

func raw(field uint32, data []byte) string {
	return fmt.Sprintf("field %d: 0x%s", field, hex.EncodeToString(data))
}
