package clientsdk_test

import (
	"fmt"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// pass lets days go by for everybody.
func pass(days int64, h *home, tablets ...*tablet) {
	h.clock.set(h.clock.now() + days*dayMillis)
	for _, tab := range tablets {
		tab.clock.set(tab.clock.now() + days*dayMillis)
	}
}

// cut forgets all of the log that is in a verified backup and so many days old.
func (h *home) cut(days uint32) (through uint64) {
	h.t.Helper()
	c, err := h.engine.Cut(h.t.Context(), named[merge.PersonID]("admin"), syncengine.CutOptions{Retention: syncengine.Retention{Days: days}})
	if err != nil || len(c.Spaces) != 1 {
		h.t.Fatalf("%+v, %v", c, err)
	}
	return c.Spaces[0].CutThrough
}

// A tablet is away for 400 days with work that it has not sent. Meanwhile others
// write, call records a mistake, settle; the server is backed up and forgets its
// log. It comes back: its work is merged, once, and nothing that was called a
// mistake or replaced comes back to life.
func TestATabletIsAwayFor400Days(t *testing.T) {
	h := newHome(t)
	v := newNeighbours(h)
	oksana, petro := v.oksana, v.petro
	mistake := oksana.register("Помилка")
	meet(h, oksana, petro)

	// Petro goes. He has written; he has replaced a value that nobody replaces
	// but him, one that others replace too, and a record that others void.
	mine := petro.register("Бондар")
	petro.update(v.olena, &recordsv1.Participant{Phone: "+380502222222"})
	petro.update(mistake, &recordsv1.Participant{GivenName: "Ніхто"})
	petro.sync()
	petro.update(v.olena, &recordsv1.Participant{FamilyName: "Шевчук"})
	unsent := petro.register("Мороз")

	oksana.sync()
	oksana.write(func(tx *clientsdk.Tx) error { return tx.Void(mistake) })
	oksana.update(v.olena, &recordsv1.Participant{Phone: "+380503333333"})
	oksana.sync()
	later := oksana.register("Ткач")
	oksana.sync()
	pass(400, h, oksana, petro)
	v.settle(h, "+380504444444")
	oksana.sync()
	file := h.backup()
	if through := h.cut(30); through < 7 {
		t.Fatalf("the log is cut through %d", through)
	}
	oksana.register("Сьогодні")
	oksana.sync()
	_, before := h.digest(oksana.space)

	result := petro.sync()
	if result.Sent != 2 || result.Rows == 0 || result.Changes != 0 {
		t.Fatalf("%+v", result)
	}
	oksana.sync()
	for _, tab := range []*tablet{oksana, petro} {
		tab.mustEqual(h)
		if row := tab.person(v.olena); row.Message.Phone != "+380504444444" || row.Message.FamilyName != "Шевчук" || len(row.Disagreements) != 0 || row.Provisional {
			t.Fatalf("%v, %v", row.Message, row.Disagreements)
		}
		for id, name := range map[clientsdk.RecordID]string{mine: "Бондар", unsent: "Мороз", later: "Ткач"} {
			if tab.person(id).Message.FamilyName != name {
				t.Fatalf("%s is not there", name)
			}
		}
		for _, row := range tab.people() {
			if row.ID == mistake {
				t.Fatal("what was called a mistake is back")
			}
		}
	}
	if _, after := h.digest(oksana.space); after != before+2 {
		t.Fatalf("from position %d to %d for two changes", before, after)
	}
	if s := petro.status(); s.Waiting != 0 || s.Quarantined != 0 {
		t.Fatalf("%+v", s)
	}
	// Sent again, all of it is known.
	if again := petro.sync(); again.Sent != 0 || again.Rows != 0 {
		t.Fatalf("%+v", again)
	}
	// And the server loses its disk after that: both hold what the backup lacks.
	home := restored(t, file, 3)
	meet(home, oksana, petro)
	if petro.person(unsent).Message.FamilyName != "Мороз" {
		t.Fatal("what was written while away is lost")
	}
	home.check()
}

// packedBytes is what an answer takes on the wire: the message, compressed by
// what the client asks for.
type packedBytes struct{ zstd, gzip int }

func (p *packedBytes) add(t testing.TB, resp *syncv1.SyncResponse) {
	data, err := proto.Marshal(resp)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	p.zstd += len(z.EncodeAll(data, nil))
	var n counter
	g, err := gzip.NewWriterLevel(&n, gzip.BestSpeed)
	if err == nil {
		_, err = g.Write(data)
	}
	if err != nil || g.Close() != nil {
		t.Fatal(err)
	}
	p.gzip += int(n)
}

type counter int

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

// received is what a register takes to come up to date.
func received(t *testing.T, h *home, tab *tablet) (p packedBytes, result clientsdk.SyncResult) {
	t.Helper()
	tab.line.home = h
	h.alter = func(resp *syncv1.SyncResponse) { p.add(t, resp) }
	result = tab.sync()
	h.alter = nil
	tab.mustEqual(h)
	return p, result
}

// tailOf collects the log beyond a position as it grows, so that the answer is
// known which would bring all of it.
type tailOf struct {
	h      *home
	cursor []byte
	pages  []*syncv1.Page
}

// grow takes in what has come to the log; the copy is never far behind.
func (l *tailOf) grow(keep bool) {
	for more := true; more; {
		page, err := l.h.engine.Pull(l.h.t.Context(), named[merge.PersonID]("petro"), named[merge.SpaceID]("lyman"), l.cursor, 0)
		if err != nil || keep && page.ByRows {
			l.h.t.Fatalf("by rows %t, %v", page.ByRows, err)
		}
		if keep {
			l.pages = append(l.pages, page.ToProto())
		}
		l.cursor, more = page.Cursor, page.More
	}
}

// received packs the entries into pages as large as the server makes them.
func (l *tailOf) received() (p packedBytes) {
	all := &syncv1.Page{Cursor: l.cursor}
	send := func() {
		p.add(l.h.t, &syncv1.SyncResponse{Spaces: []*syncv1.SpaceDown{{SpaceId: make([]byte, 16), Page: all}}, EpochId: make([]byte, 16)})
		all = &syncv1.Page{Cursor: l.cursor}
	}
	for _, page := range l.pages {
		for _, entry := range page.Entries {
			if all.Entries = append(all.Entries, entry); proto.Size(all) > 128<<10 {
				send()
			}
		}
	}
	send()
	return p
}

// awayShapes are what others do meanwhile: sync is called now and then.
var awayShapes = map[string]func(tab *tablet, ids []clientsdk.RecordID, sync func()){
	"few changes": func(tab *tablet, ids []clientsdk.RecordID, sync func()) {
		for i := range 5 {
			tab.update(ids[40*i], &recordsv1.Participant{Phone: fmt.Sprint("+38050111111", i)})
			sync()
		}
	},
	"many changes to few records": func(tab *tablet, ids []clientsdk.RecordID, sync func()) {
		for i := range 600 {
			tab.update(ids[i%9], &recordsv1.Participant{Phone: fmt.Sprint("+38050", 1000000+i)})
			if i%20 == 19 {
				sync()
			}
		}
	},
	"many new records": func(tab *tablet, _ []clientsdk.RecordID, sync func()) {
		for i := range 600 {
			tab.registerAs(1000 + i)
			if i%20 == 19 {
				sync()
			}
		}
	},
	"a change to each of many records": func(tab *tablet, ids []clientsdk.RecordID, sync func()) {
		for i, id := range ids {
			tab.update(id, &recordsv1.Participant{Phone: fmt.Sprint("+38050", 1000000+i)})
			if i%20 == 19 {
				sync()
			}
		}
	},
	"one evening": func(tab *tablet, ids []clientsdk.RecordID, sync func()) {
		for i := range 30 {
			tab.registerAs(2000 + i)
			tab.update(ids[3*i], &recordsv1.Participant{Phone: fmt.Sprint("+38050", 1000000+i)})
		}
		sync()
	},
}

// registerAs registers a person with what a form asks for.
func (tab *tablet) registerAs(i int) (id clientsdk.RecordID) {
	tab.t.Helper()
	given := []string{"Олена", "Тарас", "Ганна", "Марія", "Іван", "Оксана"}
	family := []string{"Коваленко", "Бондар", "Мельник", "Ткач", "Шевчук", "Мороз", "Кравець"}
	tab.write(func(tx *clientsdk.Tx) (err error) {
		id, err = tx.Create(&recordsv1.Participant{
			FamilyName: family[i%7], GivenName: given[i%6], NameLatin: fmt.Sprint("Person ", i), Phone: fmt.Sprint("+38067", 1000000+i*7919%8999999),
		})
		return err
	})
	return id
}

// What comes down to a tablet that was away is at most what the tail of the log
// would be, or all of the space for somebody new, whichever is less, and a
// twentieth: whether the log has been cut or not. Who asks for gzip gets three twentieths
// more at most, since batches are packed with zstd and rows are not yet.
func TestWhatComesDownAfter400Days(t *testing.T) {
	for name, happens := range awayShapes {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			oksana := newTablet(t, h, "oksana", "lyman")
			h.access(oksana.space, community, true, "oksana", "petro")
			var ids []clientsdk.RecordID
			for i := range 300 {
				ids = append(ids, oksana.registerAs(i))
			}
			oksana.sync()
			uncut, cut := newTablet(t, h, "petro", "lyman"), newTablet(t, h, "petro", "lyman")
			uncut.sync()
			cut.sync()
			tail := &tailOf{h: h}
			tail.grow(false)
			happens(oksana, ids, func() {
				oksana.sync()
				tail.grow(true)
			})
			pass(400, h, oksana, uncut, cut)
			h.backup()
			log := tail.received()
			byChoice, _ := received(t, h, uncut)
			h.cut(0)
			byRows, result := received(t, h, cut)
			if result.Changes != 0 || result.Rows == 0 {
				t.Fatalf("%+v", result)
			}
			whole, _ := received(t, h, newTablet(t, h, "petro", "lyman"))
			t.Logf("bytes down, zstd/gzip: the tail %d/%d, all %d/%d; came %d/%d, after a cut %d/%d",
				log.zstd, log.gzip, whole.zstd, whole.gzip, byChoice.zstd, byChoice.gzip, byRows.zstd, byRows.gzip)
			for _, came := range []packedBytes{byChoice, byRows} {
				if came.zstd*20 > min(log.zstd, whole.zstd)*21 || came.gzip*20 > min(log.gzip, whole.gzip)*23 {
					t.Error("too much came")
				}
			}
		})
	}
}
