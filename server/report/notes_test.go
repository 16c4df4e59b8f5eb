package report

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// seal makes something of the form of an age file: a report opens nothing.
func seal(c *schema.CellPlan, content []byte) ([]byte, error) {
	body := strings.Repeat("A", 43)
	file := "age-encryption.org/v1\n-> X25519 " + body + "\n" + body + "\n--- " + body + "\n" + strings.Repeat("\x90", 16+256+16)
	return sealed.Wrap(c.Field, []byte(file)), nil
}

// TestNotesDoNotShowInAReport writes notes, a disagreement over one, and what was
// called a mistake, by somebody of whom there is nothing else: a coordinator's
// report is the same, to the byte.
func TestNotesDoNotShowInAReport(t *testing.T) {
	r := smallSeason(t)
	r.grant("room", roomSpace, "halyna")
	ask := func() string {
		text := ""
		for _, d := range Catalogue() {
			q := queryFor(d)
			q.Expected = recorders("halyna", "nadia")
			text += r.bytes(q)
		}
		return text
	}
	before := ask()
	note := &recordsv1.Note{Kind: recordsv1.NoteKind_NOTE_KIND_NOTE, Text: "слова"}
	r.sync("halyna", "room", "note", note, "second note", note)
	other := proto.CloneOf(note)
	other.Kind = recordsv1.NoteKind_NOTE_KIND_AMENDMENT
	r.sync("halyna", "room", "note", other)
	r.void("halyna", "room", "second note")
	if ask() != before {
		t.Error("a coordinator's report tells of notes")
	}
	r.grant("room", roomSpace, "iryna")
	if ask() == before {
		t.Error("who may read the room does not see them either: the test proves nothing")
	}
}

// TestDisagreementsInARoomAreTheRooms has the psychologists of a room disagree.
func TestDisagreementsInARoomAreTheRooms(t *testing.T) {
	r := smallSeason(t)
	before := r.figure(Query{}, "disagreements", "cells_with_siblings")
	r.sync("nadia", "room", "client", &recordsv1.Client{Risk: recordsv1.Risk_RISK_NONE})
	r.sync("nadia", "room", "client", &recordsv1.Client{Risk: recordsv1.Risk_RISK_WATCH})
	if got := r.figure(Query{}, "disagreements", "cells_with_siblings"); got != before {
		t.Errorf("a coordinator is told of %d disagreements, there were %d before", got, before)
	}
	r.grant("room", roomSpace, "iryna")
	if got := r.figure(Query{}, "disagreements", "cells_with_siblings"); got != before+1 {
		t.Errorf("who may read the room is told of %d disagreements, there were %d before", got, before)
	}
}
