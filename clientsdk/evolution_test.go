package clientsdk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Six versions of the same record types. For each version of the server, every
// version of the app writes all that it can and meets every version of the app
// that reads it and edits what it knows. Then apps go back to the first version
// and come forward again, the server gets the newest, and at last all apps. At
// no moment anything that one has entered is lost on another, and at the end
// all copies are equal.
func TestEveryVersionMeetsEveryOther(t *testing.T) {
	for server := range versions {
		t.Run(fmt.Sprintf("server %d", server), func(t *testing.T) {
			t.Parallel()
			v := newCrossing(t, server)
			v.authorsWrite()
			v.authorsLearnVerdicts()
			v.readersEdit()
			v.authorsSeeEdits()
			v.authorsGoBackAndForth()
			v.serverIsUpgraded()
			v.appsAreUpgraded()
		})
	}
}

// crossing is a home of one version, and tablets of every version: six authors
// and six readers, with a space for each two of them.
type crossing struct {
	t       *testing.T
	dir     string // of the registers
	home    *home
	server  int // the version that the server had at first
	authors [versions]*tablet
	readers [versions]*tablet
	pairs   []*pair
}

// pair is an author and a reader in their space, by their versions.
type pair struct {
	author, reader int
	space          clientsdk.SpaceID
	// records by type.
	records map[string]clientsdk.RecordID
	// unsent are records that wait while the author's app is another one.
	unsent map[string]clientsdk.RecordID
}

func newCrossing(t *testing.T, server int) *crossing {
	v := &crossing{t: t, home: &home{t: t, clock: clock{millis: august2016}, disk: store.NewMemory()}, server: server, dir: fastDir(t)}
	v.serve(server)
	for version := range versions {
		v.authors[version] = v.tablet(fmt.Sprintf("author %d", version), version)
		v.readers[version] = v.tablet(fmt.Sprintf("reader %d", version), version)
	}
	for author := range versions {
		for reader := range versions {
			name := fmt.Sprintf("pair %d %d", author, reader)
			v.authors[author].join(name, community)
			v.readers[reader].join(name, community)
			p := &pair{author: author, reader: reader, space: named[clientsdk.SpaceID](name)}
			v.home.access(p.space, community, true, fmt.Sprintf("author %d", author), fmt.Sprintf("reader %d", reader))
			v.pairs = append(v.pairs, p)
		}
	}
	return v
}

// fastDir is a directory in memory where there is one: some thousand commits
// come.
func fastDir(t *testing.T) string {
	if _, err := os.Stat("/dev/shm"); err != nil {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/dev/shm", "zhurnal-evolution-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// serve opens the home with a version, on the disk that it has.
func (v *crossing) serve(version int) {
	v.t.Helper()
	if v.home.engine != nil {
		if err := v.home.engine.Close(); err != nil {
			v.t.Fatal(err)
		}
	}
	engine, err := syncengine.Open(syncengine.Options{
		Memory: v.home.disk, Schema: versionSchemas()[version], Now: v.home.clock.now, Random: seeded(uint64(version) + 100),
	})
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { engine.Close() })
	v.home.engine = engine
}

func (v *crossing) tablet(person string, version int) *tablet {
	tab := &tablet{t: v.t, line: v.home.line(person), clock: &clock{millis: august2016}, dir: filepath.Join(v.dir, person)}
	tab.open(versionSchemas()[version])
	return tab
}

// in is the tablet with one of its spaces in hand.
func (tab *tablet) in(t *testing.T, p *pair) *tablet {
	there := *tab
	there.t, there.space = t, p.space
	return &there
}

func (v *crossing) author(t *testing.T, p *pair) *tablet { return v.authors[p.author].in(t, p) }
func (v *crossing) reader(t *testing.T, p *pair) *tablet { return v.readers[p.reader].in(t, p) }

func syncAll(tablets [versions]*tablet) {
	for _, tab := range tablets {
		tab.sync()
	}
}

// each runs a step for each pair.
func (v *crossing) each(step string, do func(t *testing.T, p *pair)) {
	v.t.Helper()
	for _, p := range v.pairs {
		v.t.Run(fmt.Sprintf("%s/author %d, reader %d", step, p.author, p.reader), func(t *testing.T) { do(t, p) })
	}
}

// enterAll writes one record of each type that the author's version has, each
// in a change of its own, with all that the version has. No rule of its own
// version is broken.
func (v *crossing) enterAll(t *testing.T, p *pair) map[string]clientsdk.RecordID {
	t.Helper()
	tab, known, made := v.author(t, p), versionSchemas()[p.author], make(map[string]clientsdk.RecordID)
	for _, name := range []string{householdName, voucherName, callName} {
		plan := known.Plan(name)
		if plan == nil {
			continue
		}
		msg := plan.NewMessage()
		written.enter(p.author, msg)
		v.link(msg, made)
		result := tab.write(func(tx *clientsdk.Tx) (err error) {
			if plan.Keyed() {
				made[name], err = tx.Put(msg)
			} else {
				made[name], err = tx.Create(msg)
			}
			return err
		})
		if len(result.Warnings) > 0 {
			t.Fatalf("%+v", result.Warnings)
		}
	}
	return made
}

// link puts the ids into what refers to them.
func (v *crossing) link(msg proto.Message, made map[string]clientsdk.RecordID) {
	refer(msg, "household_id", made[householdName])
	if id, there := made[voucherName]; there {
		refer(msg, "voucher_id", id)
	}
}

// want is what a record of the pair should show to who knows everything, after
// the author has written it and these edits have been made.
func (v *crossing) want(p *pair, name string, made map[string]clientsdk.RecordID, edits ...edit) proto.Message {
	msg := newest().Plan(name).NewMessage()
	written.enter(p.author, msg)
	v.link(msg, made)
	for _, e := range edits {
		if v.sees(e.version, name) {
			e.entries.enter(e.version, msg)
		}
	}
	return msg
}

// sees tells whether an app that is not the author's gets to see the author's
// records of a type before the server is upgraded.
func (v *crossing) sees(version int, name string) bool {
	return name != voucherName || version >= vouchersSince && v.server >= vouchersSince
}

// edit is what an app of a version enters into records that are there.
type edit struct {
	entries *entries
	version int
}

// make makes the edit on all records of the pair that the tablet knows and sees,
// by altering what it was shown: of a keyed record all that is in the message is
// put, of others what was altered is saved.
func (e edit) make(t *testing.T, tab *tablet, p *pair) {
	t.Helper()
	for name := range p.records {
		if versionSchemas()[e.version].Plan(name) == nil {
			continue
		}
		rows, err := clientsdk.QueryNamed(t.Context(), tab, tab.space, name)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(rows, func(row clientsdk.Row[proto.Message]) bool { return row.ID == p.records[name] })
		if i < 0 {
			continue // in quarantine
		}
		e.entries.enter(e.version, rows[i].Message)
		result := tab.write(func(tx *clientsdk.Tx) error {
			if name == householdName {
				return tx.Save(rows[i])
			}
			_, err := tx.Put(rows[i].Message)
			return err
		})
		if len(result.Warnings) > 0 {
			t.Fatalf("what others wrote is not the editor's: %+v", result.Warnings)
		}
	}
}
