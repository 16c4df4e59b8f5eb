package rpc

import (
	"strings"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// inNotes is a word of notes, and must be in nothing that the server says or writes down.
const inNotes = "kanarka-83b1"

// TestNoWordOfANoteIsLogged sends notes that are not sealed in every way there is:
// the answers, the errors and the log hold nothing of them.
func TestNoWordOfANoteIsLogged(t *testing.T) {
	r := openRegister(t)
	content, err := proto.Marshal(&recordsv1.Note{Text: inNotes})
	if err != nil {
		t.Fatal(err)
	}
	ctx := as(t.Context(), iryna)
	note := func(cell merge.CellKey, value []byte) []byte {
		return batchOf(t, iryna, room, merge.RecordWrites{Type: "zhurnal.records.v1.Note", Record: merge.RecordID{0x4e, 15: 1}, Writes: []merge.Write{{Cell: cell, Value: value}}})
	}
	plain := note(merge.CellKey{Field: 5}, content)
	if _, err := r.desk.Write(ctx, &syncv1.WriteRequest{SpaceId: room[:], Records: []*syncv1.RecordValues{{
		Record: &syncv1.RecordName{Type: "zhurnal.records.v1.CounsellingRoom", RecordId: course[:]},
	}}}); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	hear := func(what string, m proto.Message, err error) {
		said.WriteString(what + ": " + prototext.Format(m) + status.Convert(err).Proto().String() + "\n")
	}
	pushed, err := r.push(iryna, room, plain)
	hear("push", pushed, err)
	if pushed.GetOutcomes()[0].GetFindings()[0].GetCause() != syncv1.Cause_CAUSE_NOT_SEALED {
		t.Errorf("a plain note is %v, %v", pushed, err)
	}
	pushed, err = r.push(iryna, room, note(merge.CellKey{Field: 5, Element: string(content)}, []byte{1}))
	hear("push of an element", pushed, err)
	pushed, err = r.push(olena, room, plain)
	hear("push by a stranger", pushed, err)
	pushed, err = r.push(iryna, room, plain[:len(plain)-1])
	hear("push of a cut batch", pushed, err)
	synced, err := r.tablet.Sync(ctx, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{{SpaceId: room[:], Batches: [][]byte{plain}}}})
	hear("sync", synced, err)
	written, err := r.desk.Write(ctx, &syncv1.WriteRequest{SpaceId: room[:], Records: []*syncv1.RecordValues{{
		Record: &syncv1.RecordName{Type: "zhurnal.records.v1.Note", RecordId: make([]byte, 16)}, Message: content,
	}}})
	hear("write at the desk", written, err)
	if err == nil {
		t.Error("the desk has written a note in plain words")
	}
	held, err := r.desk.ListQuarantined(ctx, &syncv1.ListQuarantinedRequest{SpaceId: room[:]})
	hear("quarantine", held, err)
	if len(held.GetChanges()) == 0 {
		t.Error("nothing is held back")
	}
	// What a person at the server is told of, so that there is a log to look at.
	repaired, err := r.tablet.Repair(ctx, &syncv1.RepairRequest{SpaceId: room[:], Cursor: synced.Spaces[0].GetPage().GetCursor(), RecordIds: [][]byte{course[:]}})
	hear("repair", repaired, err)
	if strings.Contains(said.String(), inNotes) {
		t.Errorf("the server repeats what it was told:\n%s", said.String())
	}
	if log := r.log.String(); !strings.Contains(log, "rows given") || strings.Contains(log, inNotes) {
		t.Errorf("the log:\n%s", log)
	}
}
