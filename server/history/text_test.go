package history

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
)

func text(number protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), s)
}

func TestAHistoryIsReadByAPerson(t *testing.T) {
	known, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	participant := known.Plan("zhurnal.records.v1.Participant").Descriptor().Fields()
	family, languages := participant.ByName("family_name").Number(), participant.ByName("languages").Number()
	id := &syncv1.ChangeID{Replica: []byte{0xab, 0xcd}, Seq: 7}
	write := func(live bool, w *syncv1.CellWrite) *syncv1.HistoryWrite {
		return &syncv1.HistoryWrite{Write: w, Live: live}
	}
	changes := []*syncv1.HistoryChange{{
		Change: id, Author: []byte{0x0e}, StampMillis: 1_468_324_800_000, ReceivedMillis: 1_470_312_000_000, Position: 41,
		Verdict: syncv1.Verdict_VERDICT_FLAGGED, Findings: []*syncv1.Finding{{MessageKey: "predecessor.missing"}},
		Writes: []*syncv1.HistoryWrite{
			write(true, &syncv1.CellWrite{Field: uint32(family), Value: text(family, "Шевченко"), Replaces: []*syncv1.ChangeID{id, id}}),
			write(false, &syncv1.CellWrite{Field: uint32(family)}),
			write(true, &syncv1.CellWrite{Field: uint32(languages), Element: text(languages, "uk"), Value: []byte{1}}),
			write(true, &syncv1.CellWrite{Field: uint32(languages), Element: text(languages, "ru")}),
			write(false, &syncv1.CellWrite{Field: 0, Value: []byte{0}}),
			write(true, &syncv1.CellWrite{Field: 0}),
			write(false, &syncv1.CellWrite{Field: uint32(family), PurgedHash: make([]byte, 32)}),
			write(true, &syncv1.CellWrite{Field: 9999, Value: []byte{0xff}}),
		},
	}}
	out := new(strings.Builder)
	if err := WriteText(out, known, "zhurnal.records.v1.Participant", changes); err != nil {
		t.Fatal(err)
	}
	want := `    41  2016-08-04 12:00:00Z  flagged (predecessor.missing) by 0e on abcd/7
        the author's clock said 2016-07-12 12:00:00Z
        live, settled 2 values: {"family_name":"Шевченко"}
        was  name emptied
        live with {"languages":["uk"]}
        live without {"languages":["ru"]}
        was  entered by mistake
        live not a mistake
        was  field 2: erased
        live field 9999: 0xff
`
	// protojson puts a space after colons in some builds, so that nobody relies
	// on its bytes.
	if got := strings.ReplaceAll(out.String(), `": `, `":`); got != want {
		t.Fatalf("got:\n%s\nwant:\n%s", got, want)
	}
	out.Reset()
	if err := WriteText(out, known, "zhurnal.future.v1.Thing", changes); err != nil || !strings.Contains(out.String(), "live with field") {
		t.Fatalf("of a type that nobody knows: %v\n%s", err, out)
	}
}
