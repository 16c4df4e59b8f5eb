package clientsdk_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// Two tablets are one: the files were copied, or the device was restored from a
// backup. What both wrote is kept, and each goes on under a replica of its own.
func TestACopiedTablet(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	first := oksana.register("Коваленко")
	oksana.sync()
	unsent := oksana.register("Бондар")

	twin := &tablet{t: t, line: oksana.line, clock: &clock{millis: august2016}, space: oksana.space, dir: copyOf(t, oksana.dir)}
	twin.open(recordTypes())
	oksana.update(first, &recordsv1.Participant{NameLatin: "Olena"})
	twin.update(first, &recordsv1.Participant{NameLatin: "Helen"})
	twin.register("Мельник")
	for range 2 {
		oksana.sync()
		twin.sync()
	}
	oksana.mustEqual(h)
	twin.mustEqual(h)
	if row := twin.person(first); len(row.Disagreements) != 1 || twin.person(unsent).Provisional || len(twin.people()) != 3 {
		t.Fatalf("%+v", row)
	}
	a := oksana.write(func(tx *clientsdk.Tx) error { return tx.Update(first, &recordsv1.Participant{Code: "1"}) })
	b := twin.write(func(tx *clientsdk.Tx) error { return tx.Update(first, &recordsv1.Participant{Code: "2"}) })
	if a.Change.Replica == b.Change.Replica {
		t.Fatal("both go on under one replica")
	}
	oksana.sync()
	twin.sync()
	oksana.sync()
	oksana.mustEqual(h)
	twin.mustEqual(h)
}

func TestATabletRestoredFromABackup(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.sync()
	backup := copyOf(t, oksana.dir)
	oksana.update(olena, &recordsv1.Participant{NameLatin: "Olena"})
	lost := oksana.register("Бондар")
	oksana.sync()

	restored := &tablet{t: t, line: oksana.line, clock: &clock{millis: august2016}, space: oksana.space, dir: backup}
	restored.open(recordTypes())
	restored.sync() // before anything was written on it: the log tells
	if restored.person(lost).Message.FamilyName != "Бондар" {
		t.Fatal("what was synced is not there")
	}
	written := restored.write(func(tx *clientsdk.Tx) error { return tx.Update(olena, &recordsv1.Participant{Phone: "+380501112233"}) })
	if written.Change.Seq != 1 {
		t.Fatalf("change %s goes on where the backup was", written.Change)
	}
	restored.sync()
	restored.mustEqual(h)
	if open := restored.attention(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
}

// The same, with so much work since that home serves rows in place of the log.
func TestATabletRestoredFromAnOldBackup(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "oksana")
	olena := oksana.register("Коваленко")
	oksana.sync()
	backup := copyOf(t, oksana.dir)
	oksana.edit([]clientsdk.RecordID{olena}, 300)
	oksana.sync()
	restored := &tablet{t: t, line: oksana.line, clock: &clock{millis: august2016}, space: oksana.space, dir: backup}
	restored.open(recordTypes())
	if result := restored.sync(); result.Rows != 1 || result.Changes != 0 {
		t.Fatalf("%+v", result)
	}
	written := restored.write(func(tx *clientsdk.Tx) error { return tx.Update(olena, &recordsv1.Participant{Phone: "+380501112233"}) })
	if written.Change.Seq != 1 {
		t.Fatalf("change %s goes on where the backup was", written.Change)
	}
	restored.sync()
	restored.mustEqual(h)
}

// Two copies of one tablet write while their author has no access: nothing of
// either comes into the log, and they learn of each other when access is given.
func TestACopiedTabletInQuarantine(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	h.access(oksana.space, community, true, "petro")
	twin := &tablet{t: t, line: oksana.line, clock: &clock{millis: august2016}, space: oksana.space, dir: copyOf(t, oksana.dir)}
	twin.open(recordTypes())
	oksana.register("Коваленко")
	twin.register("Бондар")
	for _, tab := range []*tablet{oksana, twin} {
		if _, err := tab.Sync(context.Background(), tab.line); err != nil {
			t.Fatal(err)
		}
		if tab.status().Quarantined != 1 || len(tab.people()) != 1 {
			t.Fatalf("%+v, %d people", tab.status(), len(tab.people()))
		}
	}
	h.access(oksana.space, community, true, "oksana")
	for _, tab := range []*tablet{oksana, twin, oksana} {
		tab.sync()
	}
	for _, tab := range []*tablet{oksana, twin} {
		tab.mustEqual(h)
		written := tab.write(func(tx *clientsdk.Tx) error {
			_, err := tx.Create(&recordsv1.Participant{FamilyName: "Мельник"})
			return err
		})
		if written.Change.Seq != 1 {
			t.Fatalf("change %s goes on under the replica of both", written.Change)
		}
		if len(tab.people()) != 3 {
			t.Fatal("a view has lost something")
		}
	}
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "register")
	copyInto(t, to, dir)
	return to
}

func copyInto(t testing.TB, to, dir string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}
