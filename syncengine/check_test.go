package syncengine_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

func checked(t testing.TB, disk *store.Memory) (syncengine.Checked, []string, error) {
	t.Helper()
	var found []string
	c, err := syncengine.Check(bg, syncengine.Options{Memory: disk}, "", func(d syncengine.Damage) { found = append(found, d.String()) })
	if c.Damages != len(found) {
		t.Fatalf("%d damages of %d were told", len(found), c.Damages)
	}
	return c, found, err
}

func mustBeHealthy(t testing.TB, disk *store.Memory) syncengine.Checked {
	t.Helper()
	c, found, err := checked(t, disk)
	if err != nil || len(found) > 0 {
		t.Fatalf("%v, %v", found, err)
	}
	return c
}

// worn returns the disk of a server that has done everything that makes rows:
// grants, pushes, flags, quarantine, release, dismissal, schema, a coordinator's
// writes, changes to the directory, a backup and a restore.
func worn(t *testing.T) *store.Memory {
	t.Helper()
	first := openEngine(t, "")
	grant(t, first, "lyman", community, "oksana", "petro", "coordinator")
	a, b := newDevice(t, "oksana", "lyman", 1), newDevice(t, "petro", "lyman", 2)
	a.write(recordNamed("olena"), olena())
	a.raw(thing("unknown"))
	dismissed := a.raw(thing("dismissed"))
	a.push(first)
	b.write(recordNamed("taras"), olena())
	b.write(recordNamed("taras"), &recordsv1.Participant{Phone: "+380500000000"})
	b.unsent = b.unsent[1:] // its first does not come: a flag that waits
	b.push(first)
	b.write(recordNamed("taras"), &recordsv1.Participant{Phone: asDialled}, "phone")
	b.push(first)
	b.write(recordNamed("taras"), &recordsv1.Participant{Phone: "+380500000003"}, "phone")
	b.push(first)
	stranger := newDevice(t, "hanna", "lyman", 3)
	stranger.writeSome(first, "hanna")
	grant(t, first, "lyman", community, "hanna") // released
	if err := first.Dismiss(bg, a.person, a.space, []merge.ID{dismissed.ID}, enteredTwice); err != nil {
		t.Fatal(err)
	}
	settle(t, first, "+380500000001")
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(recordsv1.File_zhurnal_records_v1_place_proto)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.AddSchema(bg, a.person, data); err != nil {
		t.Fatal(err)
	}
	change := func(row byte, expected uint64, value string) {
		t.Helper()
		put := syncengine.DirectoryPut{Key: syncengine.DirectoryKey{row}, Expected: expected, Row: []byte(value)}
		if _, err := first.ChangeDirectory(bg, a.person, []syncengine.DirectoryPut{put}); err != nil {
			t.Fatal(err)
		}
	}
	change(1, 0, "an organisation")
	change(2, 0, "a device")
	change(1, 1, "an organisation by another name")
	backedUp(t, first)
	e, disk := restored(t, backedUp(t, first), 2)
	settle(t, e, "+380500000002")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return disk
}

// long returns the disk of a server with a record of several rows, and one that
// was and is short again.
func long(t *testing.T) *store.Memory {
	t.Helper()
	disk := store.NewMemory()
	e, err := syncengine.Open(syncengine.Options{Memory: disk, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(3)})
	if err != nil {
		t.Fatal(err)
	}
	grant(t, e, "lyman", community, "oksana")
	for _, name := range []string{"long", "once long"} {
		var all []merge.ID
		for number := range byte(12) {
			d := newDevice(t, "oksana", "lyman", 20+number)
			d.replica[1] = name[0]
			c := d.raw(merge.RecordWrites{Type: participantType, Record: recordNamed(name), Writes: []merge.Write{
				{Cell: merge.CellKey{Field: 99}, Value: unknownField(99, 30<<10)},
			}})
			d.push(e)
			all = append(all, c.ID)
		}
		if name == "long" {
			continue
		}
		d := newDevice(t, "oksana", "lyman", 40)
		d.raw(merge.RecordWrites{Type: participantType, Record: recordNamed(name), Writes: []merge.Write{
			{Cell: merge.CellKey{Field: 99}, Value: unknownField(99, 10), Replaces: slices.SortedFunc(slices.Values(all), merge.ID.Compare)},
		}})
		d.push(e)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return disk
}

func TestAHealthyStorePassesItsCheck(t *testing.T) {
	disk := worn(t)
	c := mustBeHealthy(t, disk)
	e, err := syncengine.Open(syncengine.Options{Memory: disk, Schema: recordTypes(), Now: (&clock{year2026}).Now, Random: seeded(3)})
	if err != nil {
		t.Fatal(err)
	}
	digest, position, err := e.Digest(spaceNamed("lyman"))
	if err != nil || len(c.Spaces) != 1 || c.Spaces[0].Digest != digest || c.Spaces[0].Position != position {
		t.Fatalf("%+v; %x at %d, %v", c.Spaces, digest, position, err)
	}
	second, disk2 := restored(t, backedUp(t, e), 4)
	second.Close()
	e.Close()
	mustBeHealthy(t, disk)
	mustBeHealthy(t, disk2)
}

// Every bit counts: whichever row is altered, lost or added to, the check finds
// it. What it cannot know is the store's secret, which is any 32 bytes, and what
// is left of a record that was longer.
func TestCheckFindsDamageInEveryRow(t *testing.T) {
	disk := worn(t)
	mustBeHealthy(t, disk)
	rows, kinds := 0, map[string]bool{}
	eachRow(disk, func(key, value []byte) {
		rows++
		kinds[kindOf(key)] = true
		if string(key) == "msecret" {
			return
		}
		mustBeFound(t, disk, key, damages(value))
	})
	if rows < 45 || len(kinds) < 13 {
		t.Fatalf("%d rows of kinds %v: the store is not as worn as it should be", rows, kinds)
	}
}

func TestCheckFindsDamageInALongRecord(t *testing.T) {
	disk := long(t)
	mustBeHealthy(t, disk)
	spans, leftover := 0, recordNamed("once long")
	eachRow(disk, func(key, value []byte) {
		switch {
		case kindOf(key) != "sr" || len(key) < 19+16+4:
		case bytes.Equal(key[19:35], leftover[:]):
			clone := damaged(disk, key, nil)
			mustBeHealthy(t, clone)
		default:
			spans++
			mustBeFound(t, disk, key, map[string][]byte{"lost": nil, "longer": append(bytes.Clone(value), 1)})
		}
	})
	if spans == 0 {
		t.Fatal("the record is not as long as it should be")
	}
}

func mustBeFound(t *testing.T, disk *store.Memory, key []byte, damages map[string][]byte) {
	t.Helper()
	for what, value := range damages {
		_, found, err := checked(t, damaged(disk, key, value))
		if len(found) == 0 && fault.KindOf(err) != fault.Damaged && fault.KindOf(err) != fault.NotFound {
			t.Errorf("row %q: %s: not found, %v", key, what, err)
		}
	}
}

// damaged returns a disk on which one row is another, or lost.
func damaged(disk *store.Memory, key, value []byte) *store.Memory {
	clone := disk.Clone()
	clone.Damage(func(k, v []byte) []byte {
		if bytes.Equal(k, key) {
			return value
		}
		return v
	})
	return clone
}

// damages returns what a value may turn into.
func damages(value []byte) map[string][]byte {
	all := map[string][]byte{"lost": nil, "longer": append(bytes.Clone(value), 1)}
	step := max(1, len(value)/24)
	for i := 0; i < len(value); i += step {
		altered := bytes.Clone(value)
		altered[i] ^= 1 << (i % 8)
		all[fmt.Sprintf("byte %d of %d", i, len(value))] = altered
	}
	return all
}

func eachRow(disk *store.Memory, each func(key, value []byte)) {
	clone := disk.Clone()
	clone.Damage(func(key, value []byte) []byte {
		each(key, value)
		return value
	})
}

func kindOf(key []byte) string {
	if key[0] == 's' {
		return "s" + string(key[18:19])
	}
	return string(key[:1])
}

func TestCheckSaysWhere(t *testing.T) {
	disk := worn(t)
	for kind, want := range map[string]string{
		"sr": "record ", "sb": "verdicts over changes 0 to 255", "sd": "log at position ", "sh": "head", "e": "entry ",
		"sq": "quarantined change ", "sf": "findings about change ", "sa": "access of person ", "se": "epochs", "d": "of the directory", "so": "own chain", "sw": "what waits for",
	} {
		clone, done := disk.Clone(), false
		clone.Damage(func(key, value []byte) []byte {
			if done || kindOf(key) != kind || len(value) == 0 || key[0] == 'e' && bytes.HasSuffix(key, make([]byte, 8)) {
				return value
			}
			done = true
			value = bytes.Clone(value)
			value[len(value)-1] ^= 1
			return value
		})
		_, found, err := checked(t, clone)
		if err != nil || len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("%s: %q, %v", kind, found, err)
		}
	}
}

func TestThereIsNothingToCheck(t *testing.T) {
	if _, _, err := checked(t, store.NewMemory()); fault.KindOf(err) != fault.NotFound {
		t.Fatal(err)
	}
}
