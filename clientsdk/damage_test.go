package clientsdk_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Each block of a register's file is damaged in turn. That is an error of its
// kind or not noticed, and where only one space's originals are damaged, the
// other space syncs.
func TestDamagedBlocks(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	oksana.join("svatove", community)
	svatove := named[clientsdk.SpaceID]("svatove")
	h.access(oksana.space, community, true, "oksana")
	h.access(svatove, community, true, "oksana")
	oksana.write(func(tx *clientsdk.Tx) error { // takes several blocks of its own
		_, err := tx.Create(&recordsv1.Participant{NameLatin: strings.Repeat("long ", 5000)})
		return err
	})
	if err := oksana.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(oksana.dir, "register.db"))
	if err != nil {
		t.Fatal(err)
	}
	originals := 0
	for block := range len(whole) / 4096 {
		content := bytes.Clone(whole)
		content[block*4096+99] ^= 1
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "register.db"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := clientsdk.Open(t.Context(), clientsdk.Options{
			Dir: dir, Key: tabletKey, Author: oksana.line.person, Schema: recordTypes(), Clock: oksana.clock.now, Random: seeded(1),
		})
		if err == nil {
			var result clientsdk.SyncResult
			result, err = r.Sync(t.Context(), oksana.line)
			if err == nil && result.Spaces[0].Err != nil && result.Spaces[1].Err == nil {
				originals++
				err = result.Spaces[0].Err
			}
			r.Close()
		}
		if err != nil && fault.KindOf(err) != fault.Damaged {
			t.Fatalf("block %d: kind %d: %v", block, fault.KindOf(err), err)
		}
	}
	if originals == 0 {
		t.Fatal("no block held an original alone: the test proves little")
	}
}

// A verdict that this version has not heard of leaves the change waiting. The
// tablet's own mark for a discarded draft is none that a server could set.
func TestVerdictsThatNobodyHasHeardOf(t *testing.T) {
	h := newHome(t)
	oksana := newTablet(t, h, "oksana", "lyman")
	olena := oksana.register("Коваленко")
	for _, verdict := range []syncv1.Verdict{0, 5, 255} {
		h.alter = func(resp *syncv1.SyncResponse) {
			for _, o := range resp.Spaces[0].Outcomes {
				o.Verdict, o.Findings = verdict, nil
			}
		}
		if _, err := oksana.Sync(t.Context(), oksana.line); err != nil {
			t.Fatal(err)
		}
		if s := oksana.status(); s.Saved != 1 || s.Waiting != 1 || oksana.person(olena).Message.FamilyName != "Коваленко" {
			t.Fatalf("verdict %d: %+v", verdict, s)
		}
	}
	h.alter = nil
	h.access(oksana.space, community, true, "oksana")
	oksana.sync()
	oksana.mustEqual(h)
}
