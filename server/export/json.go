// Package export writes what is held about a person as JSON, for the person to
// take away.
package export

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// line is one line of the file: a record, or a change that is kept and not
// merged.
type line struct {
	Space   string `json:"space"`
	Type    string `json:"type"`
	Record  string `json:"record"`
	Erased  bool   `json:"erased,omitempty"`
	Pending bool   `json:"not_merged,omitempty"`
	// Shows is what the record shows now. Values holds several where people
	// disagree.
	Shows   json.RawMessage `json:"shows,omitempty"`
	Changes []change        `json:"changes"`
	// OlderInBackups says that the log was cut: what is older is in backups.
	OlderInBackups bool `json:"older_changes_in_backups_only,omitempty"`
}

type change struct {
	Author   string  `json:"author"`
	Written  string  `json:"written,omitempty"`  // by the author's clock
	Received string  `json:"received,omitempty"` // by the server's
	Values   []value `json:"values"`
}

type value struct {
	Field  uint32          `json:"field"`
	Live   bool            `json:"live"`
	Erased bool            `json:"erased,omitempty"`
	Voids  bool            `json:"calls_it_a_mistake,omitempty"`
	Value  json.RawMessage `json:"value,omitempty"`
	Raw    string          `json:"raw,omitempty"` // where no schema explains it
}

// WriteJSON writes a page, one JSON object a line.
func WriteJSON(to io.Writer, known *schema.Schema, space merge.SpaceID, page *syncv1.ExportResponse) error {
	encoder := json.NewEncoder(to)
	for _, r := range page.Records {
		if err := encoder.Encode(recordLine(known, space, r)); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	for _, q := range page.Quarantined {
		for _, l := range quarantinedLines(known, space, q) {
			if err := encoder.Encode(l); err != nil {
				return fmt.Errorf("export: %w", err)
			}
		}
	}
	return nil
}

func recordLine(known *schema.Schema, space merge.SpaceID, r *syncv1.ExportedRecord) line {
	plan := known.Plan(r.Record.GetType())
	l := line{
		Space: space.String(), Type: r.Record.GetType(), Record: recordID(space, r.Record.GetType(), r.Record.GetRecordId(), r.Record.GetHeader()),
		Erased: r.Erased, OlderInBackups: r.CutThroughPosition > 0, Shows: asJSON(plan, r.Record.GetHeader(), shown(r.Cells)),
	}
	for _, c := range r.Changes {
		written := change{Author: hex.EncodeToString(c.Author), Written: at(c.StampMillis), Received: at(c.ReceivedMillis)}
		for _, w := range c.Writes {
			written.Values = append(written.Values, valueOf(plan, w.Write, w.Live))
		}
		l.Changes = append(l.Changes, written)
	}
	return l
}

func quarantinedLines(known *schema.Schema, space merge.SpaceID, q *syncv1.QuarantinedChange) (lines []line) {
	for _, r := range q.Records {
		written := change{Author: hex.EncodeToString(q.Author), Written: at(q.StampMillis), Received: at(q.ReceivedMillis)}
		for _, w := range r.Cells {
			written.Values = append(written.Values, valueOf(known.Plan(r.Type), w, false))
		}
		lines = append(lines, line{
			Space: space.String(), Type: r.Type, Record: recordID(space, r.Type, r.RecordId, r.Header), Pending: true, Changes: []change{written},
			Shows: asJSON(known.Plan(r.Type), r.Header, nil),
		})
	}
	return lines
}

func recordID(space merge.SpaceID, typeName string, id, header []byte) string {
	if len(header) > 0 {
		return merge.KeyedRecordID(space, typeName, header).String()
	}
	return hex.EncodeToString(id)
}

// shown joins the first live value of each cell.
func shown(cells []*syncv1.RecordCell) (data []byte) {
	for _, c := range cells {
		switch {
		case c.Field == merge.Lifecycle.Field || len(c.Values) == 0:
		case len(c.Element) == 0:
			data = append(data, c.Values[0].Value...)
		case len(c.Values[0].Value) > 0:
			data = append(data, c.Element...)
		}
	}
	return data
}

func valueOf(plan *schema.Plan, w *syncv1.CellWrite, live bool) value {
	v := value{Field: w.Field, Live: live, Erased: len(w.PurgedHash) > 0}
	data := w.Value
	switch {
	case v.Erased:
		return v
	case w.Field == merge.Lifecycle.Field:
		v.Voids = len(data) > 0
		return v
	case len(w.Element) > 0:
		data = w.Element
	}
	if v.Value = asJSON(plan, nil, data); v.Value == nil {
		v.Raw = hex.EncodeToString(data)
	}
	return v
}

// asJSON returns a message of the type as JSON, nil where that cannot be.
func asJSON(plan *schema.Plan, header, data []byte) json.RawMessage {
	if plan == nil {
		return nil
	}
	msg := plan.NewMessage()
	if proto.Unmarshal(append(append([]byte(nil), header...), data...), msg) != nil {
		return nil
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(msg)
	if err != nil {
		return nil
	}
	return text
}

func at(millis int64) string {
	if millis == 0 {
		return ""
	}
	return time.UnixMilli(millis).UTC().Format(time.RFC3339)
}
