package clientsdk_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"filippo.io/age"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const noteType = "zhurnal.records.v1.Note"

// practice is a counselling room of two psychologists and their supervisor, with
// a tablet each, and the public half of the key that signs for it.
type practice struct {
	t                       testing.TB
	home                    *home
	iryna, oleh, supervisor *tablet
	identities              map[string]*age.X25519Identity
	signer                  ed25519.PrivateKey
}

func openPractice(t testing.TB) *practice { return openPracticeAt(t, newHome(t)) }

func openPracticeAt(t testing.TB, h *home) *practice {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &practice{t: t, home: h, identities: map[string]*age.X25519Identity{}, signer: private}
	p.identity("svitlana")
	p.iryna, p.oleh, p.supervisor = p.tablet("iryna"), p.tablet("oleh"), p.tablet("svitlana")
	h.access(p.iryna.space, room, true, "iryna", "oleh", "svitlana")
	return p
}

func (p *practice) identity(person string) *age.X25519Identity {
	p.t.Helper()
	if p.identities[person] == nil {
		made, err := age.GenerateX25519Identity()
		if err != nil {
			p.t.Fatal(err)
		}
		p.identities[person] = made
	}
	return p.identities[person]
}

// keys are what the app of the person gives: the supervisor's recipient came with
// the invitation, and with it the key that signs others.
func (p *practice) keys(person string) *sealing.Keys {
	return &sealing.Keys{Identity: p.identity(person), Rooms: map[clientsdk.SpaceID]sealing.Pins{named[clientsdk.SpaceID]("room"): {
		Supervisors: []string{p.identity("svitlana").Recipient().String()}, Signer: p.signer.Public().(ed25519.PublicKey),
	}}}
}

func (p *practice) tablet(person string) *tablet {
	p.t.Helper()
	tab := &tablet{
		t: p.t, line: p.home.line(person), clock: &clock{millis: august2016}, space: named[clientsdk.SpaceID]("room"),
		dir: filepath.Join(p.t.TempDir(), "register"),
	}
	tab.openSealing(p.keys(person))
	tab.join("room", room)
	return tab
}

func (tab *tablet) openSealing(keys *sealing.Keys) {
	tab.t.Helper()
	r, err := clientsdk.Open(context.Background(), clientsdk.Options{
		Dir: tab.dir, Key: tabletKey, Author: tab.line.person, Schema: recordTypes(), Keys: keys, Clock: tab.clock.now, Random: seeded(rand.Uint64()),
	})
	if err != nil {
		tab.t.Fatal(err)
	}
	tab.Register = r
	tab.t.Cleanup(func() { r.Close() })
}

// reopenSealing opens the register with other keys, or with none.
func (tab *tablet) reopenSealing(keys *sealing.Keys) {
	tab.t.Helper()
	if err := tab.Close(); err != nil {
		tab.t.Fatal(err)
	}
	tab.openSealing(keys)
}

func (tab *tablet) note(text string) (id clientsdk.RecordID) {
	tab.t.Helper()
	tab.write(func(tx *clientsdk.Tx) (err error) {
		id, err = tx.Create(&recordsv1.Note{AuthorId: tab.line.person[:], Kind: recordsv1.NoteKind_NOTE_KIND_NOTE, Text: text})
		return err
	})
	return id
}

func (tab *tablet) reads(id clientsdk.RecordID) clientsdk.Row[*recordsv1.Note] {
	tab.t.Helper()
	row, err := clientsdk.Get[*recordsv1.Note](context.Background(), tab, tab.space, id)
	if err != nil {
		tab.t.Fatal(err)
	}
	return row
}

// mustRead checks that the tablet shows these words.
func (tab *tablet) mustRead(id clientsdk.RecordID, text string) {
	tab.t.Helper()
	if row := tab.reads(id); row.Message.Text != text || len(row.Sealed) != 1 || row.Sealed[0].Err != nil {
		tab.t.Fatalf("%q is due, it shows %q, %+v", text, row.Message.Text, row.Sealed)
	}
}

// mustNotRead checks that the tablet says why it shows no words, and who wrote
// them.
func (tab *tablet) mustNotRead(id clientsdk.RecordID, why error, author string) {
	tab.t.Helper()
	row := tab.reads(id)
	if row.Message.Text != "" || len(row.Sealed) != 1 || !errors.Is(row.Sealed[0].Err, why) {
		tab.t.Fatalf("%v is due, it shows %q, %+v", why, row.Message.Text, row.Sealed)
	}
	if s := row.Sealed[0]; s.Name != "text" || s.Author != named[merge.PersonID](author) || s.AtMillis < august2016 {
		tab.t.Fatalf("whose it is and when is not told: %+v", s)
	}
}

func TestTwoPsychologistsAddNotesOffline(t *testing.T) {
	p := openPractice(t)
	hers, his := p.iryna.note("погано спить"), p.oleh.note("прийшла із сином")
	p.iryna.mustRead(hers, "погано спить")
	for range 2 {
		p.iryna.sync()
		p.oleh.sync()
	}
	p.supervisor.sync()
	for _, tab := range []*tablet{p.iryna, p.oleh, p.supervisor} {
		tab.mustEqual(p.home)
	}
	p.iryna.mustRead(hers, "погано спить")
	p.iryna.mustNotRead(his, sealing.ErrNotARecipient, "oleh")
	p.oleh.mustRead(his, "прийшла із сином")
	p.oleh.mustNotRead(hers, sealing.ErrNotARecipient, "iryna")
	p.supervisor.mustRead(hers, "погано спить")
	p.supervisor.mustRead(his, "прийшла із сином")

	p.iryna.reopenSealing(nil)
	p.iryna.mustNotRead(hers, sealing.ErrNoIdentity, "iryna")
	p.iryna.refused(fault.Invalid, func(tx *clientsdk.Tx) error {
		_, err := tx.Create(&recordsv1.Note{Text: "без ключа"})
		return err
	})
}

// Whoever looks for words finds those that the tablet can open.
func TestQueriesSeeWhatIsOpened(t *testing.T) {
	p := openPractice(t)
	hers := p.iryna.note("погано спить")
	p.oleh.note("погано спить")
	p.oleh.sync()
	p.iryna.sync()
	rows, err := clientsdk.Query[*recordsv1.Note](t.Context(), p.iryna, p.iryna.space, clientsdk.Equals("text", "погано спить"))
	if err != nil || len(rows) != 1 || rows[0].ID != hers {
		t.Fatalf("%d notes, %v", len(rows), err)
	}
	p.iryna.write(func(tx *clientsdk.Tx) error { // and a transaction what it has just sealed
		id, err := tx.Create(&recordsv1.Note{Text: "ще слова"})
		if err != nil {
			return err
		}
		row, err := clientsdk.Get[*recordsv1.Note](t.Context(), tx, p.iryna.space, id)
		if err == nil && row.Message.Text != "ще слова" {
			t.Errorf("the transaction reads %q", row.Message.Text)
		}
		return err
	})
}

func TestANoteIsWrittenOnce(t *testing.T) {
	p := openPractice(t)
	id := p.iryna.note("погано спить")
	for what, edit := range map[string]func(tx *clientsdk.Tx) error{
		"other words": func(tx *clientsdk.Tx) error { return tx.Update(id, &recordsv1.Note{Text: "спить добре"}) },
		"another kind": func(tx *clientsdk.Tx) error {
			return tx.Update(id, &recordsv1.Note{Kind: recordsv1.NoteKind_NOTE_KIND_HANDOVER})
		},
		"no words": func(tx *clientsdk.Tx) error { return tx.Update(id, &recordsv1.Note{}, "text") },
		"a saved form": func(tx *clientsdk.Tx) error {
			row := p.iryna.reads(id)
			row.Message.Text = "інше"
			return tx.Save(row)
		},
		"a field added": func(tx *clientsdk.Tx) error { return tx.Update(id, &recordsv1.Note{SessionId: id[:]}) },
	} {
		t.Run(what, func(t *testing.T) { p.iryna.refused(fault.Invalid, edit) })
	}
	saved := p.iryna.status().Saved
	p.iryna.write(func(tx *clientsdk.Tx) error { // what is as it was is no edit, and is not sealed again
		if err := tx.Save(p.iryna.reads(id)); err != nil {
			return err
		}
		return tx.Update(id, &recordsv1.Note{Text: "погано спить"})
	})
	if now := p.iryna.status().Saved; now != saved {
		t.Errorf("writing the same words again made %d changes", now-saved)
	}
	p.iryna.write(func(tx *clientsdk.Tx) error { return tx.Void(id) })
	p.iryna.sync()
	if list := p.iryna.attention(); len(list) != 0 {
		t.Errorf("open: %+v", list)
	}
}

func replicaOf(author string, tablet int) merge.ReplicaID {
	return named[merge.ReplicaID](fmt.Sprintf("%d of %s", tablet, author))
}

// composed makes the change by which another program writes a record, sealed as
// it says.
func (p *practice) composed(author string, tablet int, writes merge.RecordWrites) *merge.Change {
	p.t.Helper()
	c := &merge.Change{
		ID: merge.ID{Replica: replicaOf(author, tablet), Seq: 1}, Author: named[merge.PersonID](author),
		Stamp: august2016, Salt: merge.Salt{1}, Records: []merge.RecordWrites{writes},
	}
	c.Seal(p.iryna.space)
	return c
}

func (p *practice) push(author string, c *merge.Change) wire.Outcome {
	p.t.Helper()
	batch, err := wire.EncodeBatch(p.iryna.space, []*merge.Change{c})
	if err != nil {
		p.t.Fatal(err)
	}
	outcomes, err := p.home.engine.Push(context.Background(), named[merge.PersonID](author), p.iryna.space, [][]byte{batch})
	if err != nil {
		p.t.Fatal(err)
	}
	return outcomes[len(outcomes)-1]
}

// stored returns the sealed value that home holds of a note, and its change.
func (p *practice) stored(id clientsdk.RecordID) merge.Value {
	p.t.Helper()
	rec, err := p.record(id)
	if err != nil || rec == nil {
		p.t.Fatal(err, rec)
	}
	return rec.Cell(merge.CellKey{Field: 5}).Values[0]
}

func (p *practice) record(id clientsdk.RecordID) (found *merge.Record, err error) {
	_, err = p.home.engine.Records(p.iryna.space, func(rec *merge.Record) error {
		if rec.ID == id {
			found = rec.Clone()
		}
		return nil
	})
	return found, err
}

func textWrite(value []byte, replaces ...merge.ID) merge.Write {
	return merge.Write{Cell: merge.CellKey{Field: 5}, Value: value, Replaces: replaces}
}

// An edit that some other program makes is merged, as everything is, and flagged.
func TestAnEditOfANoteIsFlagged(t *testing.T) {
	p := openPractice(t)
	id := p.iryna.note("погано спить")
	p.iryna.sync()
	was := p.stored(id)
	edit := p.composed("oleh", 1, merge.RecordWrites{Type: noteType, Record: id, Writes: []merge.Write{textWrite(nil, was.Change)}})
	outcome := p.push("oleh", edit)
	if outcome.Verdict != wire.Flagged || outcome.Findings[0].MessageKey != schema.RuleAppendOnly || outcome.Findings[0].Field != 5 {
		t.Fatalf("%+v", outcome)
	}
}

// A note that could not be merged and is given back is a draft with its words.
func TestADraftIsOpenedForItsAuthor(t *testing.T) {
	p := openPractice(t)
	p.iryna.note("подзвонити сестрі")
	p.home.access(p.iryna.space, room, false, "iryna")
	if _, err := p.iryna.Sync(t.Context(), p.iryna.line); err != nil {
		t.Fatal(err)
	}
	held, _, err := p.home.engine.Quarantined(t.Context(), named[merge.PersonID]("svitlana"), p.iryna.space, "")
	if err != nil || len(held) != 1 {
		t.Fatalf("%d changes are held back, %v", len(held), err)
	}
	if err := p.home.engine.Dismiss(t.Context(), named[merge.PersonID]("svitlana"), p.iryna.space, []merge.ID{held[0].Change}, "draft.not_hers"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.iryna.Sync(t.Context(), p.iryna.line); err != nil {
		t.Fatal(err)
	}
	drafts, err := p.iryna.Drafts(t.Context())
	if err != nil || len(drafts) != 1 || drafts[0].Records[0].Message.(*recordsv1.Note).Text != "подзвонити сестрі" {
		t.Fatalf("%+v, %v", drafts, err)
	}
}
