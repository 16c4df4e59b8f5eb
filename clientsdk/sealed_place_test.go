package clientsdk_test

import (
	"testing"

	"filippo.io/age"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// Whoever copies a sealed value somewhere else is found out by who opens it.
func TestASealedValueInAnotherPlaceIsNotShown(t *testing.T) {
	p := openPractice(t)
	hers, others := p.iryna.note("погано спить"), p.iryna.note("спить добре")
	p.iryna.sync()
	was := p.stored(hers)
	copied := clientsdk.RecordID{0x77}
	w := merge.RecordWrites{Type: noteType, Record: copied, Writes: []merge.Write{textWrite(was.Data)}}
	if outcome := p.push("oleh", p.composed("oleh", 1, w)); !outcome.Verdict.Merged() {
		t.Fatalf("%+v", outcome)
	}
	p.iryna.sync()
	p.iryna.mustNotRead(copied, sealed.ErrMoved, "oleh")

	// In the place of another note: the same record type and author, another record.
	moved := p.composed("oleh", 2, merge.RecordWrites{Type: noteType, Record: others, Writes: []merge.Write{textWrite(was.Data, p.stored(others).Change)}})
	p.push("oleh", moved)
	p.iryna.sync()
	p.iryna.mustNotRead(others, sealed.ErrMoved, "oleh")
	p.iryna.mustRead(hers, "погано спить")
}

// Whoever may write in the room may seal anything: a frame that holds a field of
// another cell, or no message at all, is not shown.
func TestWhatWasSealedMustBeThatField(t *testing.T) {
	p := openPractice(t)
	for i, content := range [][]byte{[]byte("\x0a\x02id"), []byte("слова"), []byte("\x2a\x01\xff"), []byte("\x28\x07")} {
		id := clientsdk.RecordID{0x70, byte(i)}
		place := sealed.Place{
			Space: p.iryna.space, Record: id, Type: noteType, Field: 5, Author: named[merge.PersonID]("oleh"),
			Replica: replicaOf("oleh", i+1), Seq: 1,
		}
		file, err := sealing.Seal(place, content, []age.Recipient{p.identity("iryna").Recipient()})
		if err != nil {
			t.Fatal(err)
		}
		p.push("oleh", p.composed("oleh", i+1, merge.RecordWrites{Type: noteType, Record: id, Writes: []merge.Write{textWrite(sealed.Wrap(5, file))}}))
		p.iryna.sync()
		if row := p.iryna.reads(id); row.Message.Text != "" || row.Message.SessionId != nil || row.Sealed[0].Err == nil {
			t.Errorf("%q is shown: %v", content, row.Message)
		}
	}
}

// Two values that some program left in one note are the supervisor's to choose
// from: she sees both, and what she chooses is sealed for its new place.
func TestASealedDisagreementIsSettled(t *testing.T) {
	p := openPractice(t)
	id := p.iryna.note("погано спить")
	p.iryna.sync()
	place := sealed.Place{
		Space: p.iryna.space, Record: id, Type: noteType, Field: 5, Author: named[merge.PersonID]("oleh"), Replica: replicaOf("oleh", 1), Seq: 1,
	}
	file, err := sealing.Seal(place, []byte("\x2a\x0aслова"), []age.Recipient{p.identity("svitlana").Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	p.push("oleh", p.composed("oleh", 1, merge.RecordWrites{Type: noteType, Record: id, Writes: []merge.Write{textWrite(sealed.Wrap(5, file))}}))
	p.supervisor.sync()
	row := p.supervisor.reads(id)
	if len(row.Disagreements) != 1 || len(row.Disagreements[0].Values) != 2 || !row.Disagreements[0].Review {
		t.Fatalf("%+v", row.Disagreements)
	}
	texts := map[string]int{}
	for i, v := range row.Disagreements[0].Values {
		var note recordsv1.Note
		if err := proto.Unmarshal(v.Data, &note); err != nil {
			t.Fatal(err)
		}
		texts[note.Text] = i
	}
	if list := p.supervisor.attention(); len(list) != 1 || list[0].Key != clientsdk.KeyDisagreement || list[0].Field != "text" {
		t.Errorf("she is asked about %+v", list)
	}
	p.supervisor.write(func(tx *clientsdk.Tx) error {
		return tx.Settle(id, row.Disagreements[0], texts["погано спить"])
	})
	p.supervisor.sync()
	p.supervisor.mustRead(id, "погано спить")
	if list := p.supervisor.attention(); len(list) != 0 {
		t.Errorf("still open: %+v", list)
	}
	p.oleh.sync()
	p.oleh.refused(fault.NoAccess, func(tx *clientsdk.Tx) error { // who cannot open it cannot choose it
		row.Disagreements[0].Values[0].Change = p.stored(id).Change
		return tx.Settle(id, row.Disagreements[0], 0)
	})
}
