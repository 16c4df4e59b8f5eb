package clientsdk_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/backup"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What must be nowhere outside of the tablets, and what must be everywhere, or
// the search proves nothing.
const (
	canary = "канарка-у-нотатці-83b1"
	beacon = "R-kanarka-beacon-5c1f"
)

// searched is a home on a disk, with all that leaves it and comes to it.
type searched struct {
	*home
	dir   string
	found map[string][]byte // by where it was found
}

func newSearched(t *testing.T) *searched {
	t.Helper()
	s := &searched{dir: t.TempDir(), found: map[string][]byte{}}
	s.home = &home{t: t, clock: clock{millis: august2016}}
	engine, err := syncengine.Open(syncengine.Options{Dir: s.dir, Master: keyring.NewKey([32]byte{1}), Schema: recordTypes(), Now: s.clock.now, Random: seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	s.engine = engine
	s.alter = func(resp *syncv1.SyncResponse) { s.keep("down", resp) }
	return s
}

func (s *searched) keep(where string, m proto.Message) {
	data, err := proto.Marshal(m)
	if err != nil {
		s.t.Fatal(err)
	}
	s.found[where] = append(s.found[where], data...)
}

// gather takes a backup, closes the engine and reads all of its files.
func (s *searched) gather() {
	s.t.Helper()
	for _, req := range s.seen {
		s.keep("up", req)
	}
	file := filepath.Join(s.t.TempDir(), "backup")
	if _, err := backup.WriteFile(file, func(to io.Writer) (backup.Written, error) { return s.engine.Backup(s.t.Context(), to) }); err != nil {
		s.t.Fatal(err)
	}
	if err := s.engine.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.read("backup", file)
	if _, err := (backup.File{Name: file}).Read(func(key, value []byte) error {
		s.found["rows of the backup"] = append(append(s.found["rows of the backup"], key...), value...)
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range files {
		s.read("disk", name)
	}
}

func (s *searched) read(where, name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	s.found[where] = append(s.found[where], data...)
}

// holds tells whether the text is in the data, as it is, in other encodings, or
// inside a zstd frame, as batches are kept and sent.
func holds(t *testing.T, data []byte, text string) bool {
	t.Helper()
	for _, spelling := range spellings(text) {
		if bytes.Contains(data, []byte(spelling)) || bytes.Contains(inflated(t, data), []byte(spelling)) {
			return true
		}
	}
	return false
}

func spellings(text string) []string {
	var wide []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	list := []string{text, string(wide), hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))), reversed(text)}
	for shift := range 3 { // base64 looks otherwise at each place modulo 3
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		list = append(list, encoded[shift+1:len(encoded)-2])
	}
	return list
}

func reversed(text string) string {
	b := []byte(text)
	slices.Reverse(b)
	return string(b)
}

// inflated returns the content of everything in the data that is a zstd frame.
func inflated(t *testing.T, data []byte) []byte {
	t.Helper()
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	var all []byte
	for {
		i := bytes.Index(data, []byte{0x28, 0xb5, 0x2f, 0xfd})
		if i < 0 {
			return all
		}
		data = data[i:]
		if decoder.Reset(bytes.NewReader(data)) == nil {
			content, _ := io.ReadAll(decoder) // up to where the frame ends, or is none
			all = append(all, content...)
		}
		data = data[4:]
	}
}

// mustBeSecret checks that the beacon is wherever anything is, and the canary
// nowhere. On the disk all rows are sealed, so that neither is there.
func (s *searched) mustBeSecret(t *testing.T) {
	t.Helper()
	for _, where := range []string{"up", "down", "backup", "rows of the backup"} {
		if holds(t, s.found[where], canary) {
			t.Errorf("%s: a note can be read", where)
		}
		if !holds(t, s.found[where], beacon) {
			t.Errorf("%s: what is not sealed is not found among %d bytes: the search proves nothing", where, len(s.found[where]))
		}
	}
	if disk := s.found["disk"]; len(disk) == 0 || holds(t, disk, canary) || holds(t, disk, beacon) {
		t.Errorf("disk: %d bytes, and something can be read", len(disk))
	}
}

func TestTheSearchFindsWhatIsThere(t *testing.T) {
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("… " + canary)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"as it is": "a" + canary + "z", "hex": hex.EncodeToString([]byte("x" + canary)), "base64": base64.StdEncoding.EncodeToString([]byte("xy" + canary + "z")),
		"zstd": "before" + packed.String() + "after",
	} {
		if !holds(t, []byte(data), canary) {
			t.Errorf("%s: not found", name)
		}
	}
	if holds(t, []byte("nothing of the kind"), canary) {
		t.Error("found where it is not")
	}
}

func TestNoByteOfANoteLeavesTheTablets(t *testing.T) {
	s := newSearched(t)
	p := openPracticeAt(t, s.home)
	var id clientsdk.RecordID
	p.iryna.write(func(tx *clientsdk.Tx) (err error) {
		if _, err = tx.Create(&recordsv1.Client{Code: beacon}); err != nil {
			return err
		}
		id, err = tx.Create(&recordsv1.Note{AuthorId: p.iryna.line.person[:], Kind: recordsv1.NoteKind_NOTE_KIND_NOTE, Text: strings.Repeat(canary+" ", 20)})
		return err
	})
	p.iryna.sync()
	p.supervisor.sync()
	p.supervisor.mustRead(id, strings.Repeat(canary+" ", 20))
	s.gather()
	s.mustBeSecret(t)
}

// plain is a change of some other program, with a defect: a note that is not
// sealed, beside something that need not be.
func (p *practice) plain(author string, tablet int) *merge.Change {
	p.t.Helper()
	client, err := recordTypes().Plan("zhurnal.records.v1.Client").Compose(p.iryna.space, nil, schema.Draft{Record: clientsdk.RecordID{0x11, byte(tablet)}, Message: &recordsv1.Client{Code: beacon}})
	if err != nil {
		p.t.Fatal(err)
	}
	content, err := proto.Marshal(&recordsv1.Note{Text: canary})
	if err != nil {
		p.t.Fatal(err)
	}
	note := merge.RecordWrites{Type: noteType, Record: clientsdk.RecordID{0x12, byte(tablet)}, Writes: []merge.Write{textWrite(content)}}
	c := p.composed(author, tablet, client)
	c.Records = append(c.Records, note)
	c.Seal(p.iryna.space)
	return c
}

// A note that comes unsealed is kept apart without its words, whoever sends it and
// whatever is given later; its author is told, and what comes behind it goes
// through.
func TestAPlainNoteIsEmptiedAtTheDoor(t *testing.T) {
	s := newSearched(t)
	p := openPracticeAt(t, s.home)
	first := p.plain("oleh", 1)
	behind := p.composed("oleh", 1, merge.RecordWrites{Type: noteType, Record: clientsdk.RecordID{0x13}, Writes: []merge.Write{{Cell: merge.Lifecycle}}})
	behind.ID.Seq, behind.Previous = 2, first.Hash
	behind.Seal(p.iryna.space)
	batch, err := wire.EncodeBatch(p.iryna.space, []*merge.Change{first, behind})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the answer to the first may have been lost
		outcomes, err := s.engine.Push(t.Context(), named[merge.PersonID]("oleh"), p.iryna.space, [][]byte{batch})
		if err != nil {
			t.Fatal(err)
		}
		if len(outcomes) != 2 || outcomes[0].Verdict != wire.Quarantined || outcomes[1].Verdict != wire.Applied {
			t.Fatalf("%+v", outcomes)
		}
		if f := outcomes[0].Findings; len(f) != 1 || f[0].Cause != wire.NotSealed || f[0].Field != 5 || f[0].Record != (clientsdk.RecordID{0x12, 1}) || f[0].MessageKey != "sealed.plain" {
			t.Fatalf("its author is told %+v", f)
		}
	}

	// From somebody without access, who is given it: that frees what it kept back,
	// but not this.
	if outcome := p.push("halyna", p.plain("halyna", 2)); outcome.Verdict != wire.Quarantined || outcome.Findings[0].Cause != wire.NoAccess {
		t.Fatalf("%+v", outcome)
	}
	s.access(p.iryna.space, room, true, "halyna")
	_, visits := withVisits(t)
	if _, _, err := s.engine.AddSchema(t.Context(), named[merge.PersonID]("admin"), visits); err != nil {
		t.Fatal(err)
	}
	for _, id := range []clientsdk.RecordID{{0x12, 1}, {0x12, 2}, {0x11, 1}, {0x11, 2}} {
		if rec, err := p.record(id); err != nil || rec != nil {
			t.Errorf("%s is merged: %v, %v", id, rec, err)
		}
	}
	// Nor does a hub pass on what is left of them.
	if err := s.engine.HeldBack(p.iryna.space, merge.ID{}, func(c *merge.Change) bool {
		t.Errorf("%s is passed on without what it wrote", c.ID)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.writeAs("oleh", p.iryna.space, clientsdk.RecordID{0x14}, &recordsv1.Note{Text: canary}); fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error(), canary) {
		t.Errorf("a note written at the desk: %v", err)
	}
	p.iryna.write(func(tx *clientsdk.Tx) error { _, err := tx.Create(&recordsv1.Client{Code: beacon}); return err })
	p.iryna.sync()
	p.supervisor.sync()
	s.gather()
	s.mustBeSecret(t)
	checked, err := syncengine.Check(t.Context(), syncengine.Options{Dir: s.dir, Master: keyring.NewKey([32]byte{1})}, "", func(d syncengine.Damage) { t.Errorf("the log does not give it again: %+v", d) })
	if err != nil || checked.Entries == 0 {
		t.Errorf("%+v, %v", checked, err)
	}
}
