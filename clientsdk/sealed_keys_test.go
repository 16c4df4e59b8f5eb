package clientsdk_test

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// announces writes a key of somebody into the room, signed if there is a key for it.
func (p *practice) announces(by string, signer ed25519.PrivateKey, of string, role schemav1.SealingRole, since int64) {
	p.t.Helper()
	person := named[merge.PersonID](of)
	key := &schemav1.SealingKey{PersonId: person[:], Recipient: p.identity(of).Recipient().String(), Role: role, SinceMillis: since}
	if signer != nil {
		if err := sealing.Sign(signer, p.iryna.space, key); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := p.home.writeAs(by, p.iryna.space, clientsdk.RecordID{}, &recordsv1.RoomKey{Key: key}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *practice) opens(person string, id clientsdk.RecordID) bool {
	p.t.Helper()
	v := p.stored(id)
	file, _ := sealed.Unwrap(5, v.Data)
	_, err := p.keys(person).Open(sealed.Place{
		Space: p.iryna.space, Record: id, Type: noteType, Field: 5, Author: v.Author, Replica: v.Change.Replica, Seq: v.Change.Seq,
	}, file)
	return err == nil
}

// A server that adds a recipient of its own, as one who has access to the room
// also could, reads nothing, and the person is told.
func TestARecipientThatSomebodySlippedInIsRefused(t *testing.T) {
	p := openPractice(t)
	_, forger, _ := ed25519.GenerateKey(nil)
	p.announces("svitlana", nil, "eve", schemav1.SealingRole_SEALING_ROLE_SUPERVISOR, 1)
	p.announces("svitlana", forger, "eve", schemav1.SealingRole_SEALING_ROLE_SUPERVISOR, 2)
	p.iryna.sync()
	id := p.iryna.note("погано спить")
	p.iryna.sync()
	if p.opens("eve", id) || !p.opens("svitlana", id) || !p.opens("iryna", id) {
		t.Fatal("it is sealed to others than it should be")
	}
	list := p.iryna.attention()
	if len(list) != 2 {
		t.Fatalf("the app is told %+v", list)
	}
	for _, a := range list {
		if a.Key != clientsdk.KeyUntrustedKey || a.Type != "zhurnal.records.v1.RoomKey" || a.Field != "key" || a.Record == (clientsdk.RecordID{}) {
			t.Errorf("%+v", a)
		}
	}
}

// A supervisor who came later is announced under the signature of the room's key;
// one who leaves, by a statement that says so.
func TestASignedSupervisorComesAndGoes(t *testing.T) {
	p := openPractice(t)
	before := p.iryna.note("до неї")
	p.announces("svitlana", p.signer, "halyna", schemav1.SealingRole_SEALING_ROLE_SUPERVISOR, 1)
	p.iryna.sync()
	with := p.iryna.note("при ній")
	p.announces("svitlana", p.signer, "halyna", schemav1.SealingRole_SEALING_ROLE_ENDED, 2)
	p.iryna.sync()
	after := p.iryna.note("після неї")
	p.iryna.sync()
	for id, want := range map[clientsdk.RecordID]bool{before: false, with: true, after: false} {
		if got := p.opens("halyna", id); got != want {
			t.Errorf("she opens it: %v", got)
		}
	}
	if list := p.iryna.attention(); len(list) != 0 {
		t.Errorf("open: %+v", list)
	}
}

// Calling the announcement a mistake ends no key: anybody in the room could.
func TestAVoidAnnouncementStillHolds(t *testing.T) {
	p := openPractice(t)
	p.announces("svitlana", p.signer, "halyna", schemav1.SealingRole_SEALING_ROLE_SUPERVISOR, 1)
	p.oleh.sync()
	p.oleh.write(func(tx *clientsdk.Tx) error {
		rows, err := clientsdk.Query[*recordsv1.RoomKey](t.Context(), tx, p.oleh.space)
		if err != nil {
			return err
		}
		return tx.Void(rows[0].ID)
	})
	p.oleh.sync()
	p.iryna.sync()
	id := p.iryna.note("погано спить")
	p.iryna.sync()
	if !p.opens("halyna", id) {
		t.Error("a supervisor was shut out by who called her key a mistake")
	}
}

// When a psychologist leaves, the supervisor passes the notes on: a record of its
// own each, since a note is written once, sealed to who takes over too.
func TestNotesAreHandedOver(t *testing.T) {
	p := openPractice(t)
	first, second := p.iryna.note("погано спить"), p.iryna.note("спить краще")
	p.iryna.sync()
	p.supervisor.sync()
	passedOn := map[clientsdk.RecordID]clientsdk.RecordID{}
	p.supervisor.write(func(tx *clientsdk.Tx) error {
		tx.SealAlsoTo(p.identity("oleh").Recipient().String())
		rows, err := clientsdk.Query[*recordsv1.Note](t.Context(), tx, p.supervisor.space)
		if err != nil {
			return err
		}
		for _, row := range rows {
			note := proto.CloneOf(row.Message)
			note.Kind, note.OriginalNoteId = recordsv1.NoteKind_NOTE_KIND_HANDOVER, row.ID[:]
			if passedOn[row.ID], err = tx.Create(note); err != nil {
				return err
			}
		}
		return nil
	})
	p.supervisor.note("не для нього") // the transaction after it seals as before
	p.supervisor.sync()
	p.oleh.sync()
	for original, text := range map[clientsdk.RecordID]string{first: "погано спить", second: "спить краще"} {
		p.oleh.mustRead(passedOn[original], text)
		p.oleh.mustNotRead(original, sealing.ErrNotARecipient, "iryna")
		if row := p.oleh.reads(passedOn[original]); !slices.Equal(row.Message.OriginalNoteId, original[:]) || string(row.Message.AuthorId) != string(p.iryna.line.person[:]) {
			t.Errorf("whose note it was is lost: %v", row.Message)
		}
	}
	rows, err := clientsdk.Query[*recordsv1.Note](t.Context(), p.oleh, p.oleh.space)
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d notes, %v", len(rows), err)
	}
}
