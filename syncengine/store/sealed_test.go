package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Each part is long: two bytes stand in any thousand of random ones once in 65.
const canary = "Олена Шевченко, +380501234567"

var svatove = merge.SpaceID{9}

// sealedStore has a row of each class, with a name in it, in two spaces.
func sealedStore(t *testing.T) Options {
	t.Helper()
	o := Options{Dir: t.TempDir(), Master: testMaster, Random: rand.NewChaCha8([32]byte{1})}
	s, err := Open(o)
	must(t, err)
	writeEach(t, s)
	must(t, s.Close())
	return o
}

func writeEach(t *testing.T, s *Store) {
	t.Helper()
	fold := s.Fold()
	for i, space := range []merge.SpaceID{lyman, svatove} {
		must(t, fold.PutQuarantined(space, merge.ID{Seq: 1}, &logv1.Quarantined{Run: []byte(canary)}))
		must(t, fold.PutDelivery(space, 1, &logv1.Delivery{Batch: []byte(canary)}))
		must(t, fold.PutEntry(7, uint64(1+i), &logv1.Entry{SpaceId: space[:], Body: []byte(canary)}))
		fold.EndQuarantine(space, merge.ID{Seq: 2})
	}
	fold.PutSchema(1, []byte(canary))
	must(t, fold.Commit())
}

// rawRows returns the rows beneath the sealing, as who has Badger's key sees
// them.
func rawRows(t *testing.T, o Options, change func(u update)) map[string]string {
	t.Helper()
	b, err := openBadger(o)
	must(t, err)
	defer b.close()
	if change != nil {
		u := b.backend.update()
		change(u)
		must(t, u.commit())
	}
	view := b.backend.view()
	defer view.discard()
	rows := map[string]string{}
	it := view.iterate(nil)
	defer it.close()
	for it.seek(nil); it.valid(); it.next() {
		value, err := it.value()
		must(t, err)
		rows[string(it.key())] = string(value)
	}
	return rows
}

// readAll reads every row, and returns the first error.
func readAll(t *testing.T, o Options) (string, error) {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		return "", err
	}
	defer s.Close()
	v := s.Snapshot()
	defer v.Close()
	var rows strings.Builder
	err = v.Rows(func(key, value []byte) error {
		fmt.Fprintf(&rows, "%x=%x\n", key, value)
		return nil
	})
	return rows.String(), err
}

func TestNothingIsReadableBeneathTheSeal(t *testing.T) {
	o := sealedStore(t)
	rows := rawRows(t, o, nil)
	if len(rows) < 12 {
		t.Fatalf("%d rows", len(rows))
	}
	for key, value := range rows {
		for _, part := range strings.Fields(canary) {
			if strings.Contains(value, part) {
				t.Errorf("row %x: %q", key, part)
			}
		}
		if key[0] != classDataKey && len(value) < sealedBytes {
			t.Errorf("row %x of %d bytes is not sealed", key, len(value))
		}
	}
	plain, err := readAll(t, o)
	must(t, err)
	if n := strings.Count(plain, fmt.Sprintf("%x", canary)); n != 7 {
		t.Errorf("the name is in %d rows, not in 7", n)
	}
	if strings.Contains(plain, fmt.Sprintf("%x", []byte{classDataKey})+fmt.Sprintf("%x", lyman[:])) {
		t.Error("keys are among the rows of the store")
	}
}

// Whoever can write to the files, and has Badger's key besides, can neither alter
// a row, nor put one in the place of another, nor empty it.
func TestAnAlteredOrMovedRowIsFound(t *testing.T) {
	ring, err := keyring.Create(t.TempDir(), testMaster)
	must(t, err)
	memory := NewMemory() // beneath the seal
	open := func() *Store {
		under, err := memory.open(false)
		must(t, err)
		return &Store{backend: newSealedBackend(under, ring)}
	}
	s := open()
	writeEach(t, s)
	must(t, s.Close())
	rows := map[string]string{}
	memory.Damage(func(key, value []byte) []byte {
		rows[string(key)] = string(value)
		return value
	})
	read := func() error {
		s := open()
		defer s.Close()
		v := s.Snapshot()
		defer v.Close()
		return v.Rows(func(_, _ []byte) error { return nil })
	}
	put := func(row, value string) {
		memory.Damage(func(key, was []byte) []byte {
			if string(key) == row {
				return []byte(value)
			}
			return was
		})
	}
	refused := func(what, key, value string) {
		t.Helper()
		put(key, value)
		if err := read(); err == nil || fault.KindOf(err) != fault.Damaged {
			t.Errorf("%s of row %x: %v", what, key, err)
		}
		put(key, rows[key])
	}
	for key, value := range rows {
		if key[0] == classDataKey {
			continue
		}
		for i := range value {
			flipped := []byte(value)
			flipped[i] ^= 1 << rand.IntN(8)
			refused("a flipped bit", key, string(flipped))
			refused("a cut", key, value[:i])
		}
		for other, moved := range rows {
			if other != key {
				refused("the value of another", key, moved)
			}
		}
	}
	must(t, read())
}

// A space whose key is gone is gone, and no other.
func TestASpaceIsReadByItsOwnKeyAlone(t *testing.T) {
	o := sealedStore(t)
	other := string(dataKeyRow(svatove))
	rawRows(t, o, func(u update) { must(t, u.set(dataKeyRow(lyman), []byte(rawOf(t, u, other)))) })
	s, err := Open(o)
	must(t, err)
	defer s.Close()
	v := s.Snapshot()
	defer v.Close()
	if q, err := v.Quarantined(svatove, merge.ID{Seq: 1}); err != nil || string(q.Run) != canary {
		t.Errorf("%v, %v", q, err)
	}
	for what, read := range map[string]func() error{
		"quarantine": func() error { _, err := v.Quarantined(lyman, merge.ID{Seq: 1}); return err },
		"delivery":   func() error { _, _, err := v.DeliveryAt(lyman, 1); return err },
		"entry":      func() error { _, err := v.Entry(7, 1); return err },
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), "key of space") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := v.Entry(7, 2); err != nil {
		t.Error(err)
	}
}

func rawOf(t *testing.T, u update, key string) string {
	value, err := u.get([]byte(key))
	must(t, err)
	return string(value)
}

// A key that a fold has made is gone with the fold; what comes after does not
// lean on it.
func TestAKeyOfADiscardedFoldSealsNothing(t *testing.T) {
	o := Options{Dir: t.TempDir(), Master: testMaster, Random: rand.NewChaCha8([32]byte{1})}
	s, err := Open(o)
	must(t, err)
	for _, end := range []func(f *Fold){(*Fold).Discard, func(f *Fold) { must(t, f.Commit()) }} {
		f := s.Fold()
		must(t, f.PutDelivery(lyman, 1, &logv1.Delivery{Batch: []byte(canary)}))
		end(f)
	}
	must(t, s.Close())
	s, err = Open(o)
	must(t, err)
	defer s.Close()
	v := s.Snapshot()
	defer v.Close()
	if _, d, err := v.DeliveryAt(lyman, 1); err != nil || string(d.Batch) != canary {
		t.Errorf("%v, %v", d, err)
	}
}

// Keys are renewed again and again here, in one fold, from fold to fold and over
// a restart, and all rows stay readable.
func TestAKeyIsRenewed(t *testing.T) {
	ring, err := keyring.Create(t.TempDir(), testMaster)
	must(t, err)
	memory := NewMemory()
	want := map[uint64]string{}
	for restart := range 3 {
		under, err := memory.open(false)
		must(t, err)
		b := newSealedBackend(under, ring)
		b.renewalBits = 2 // every fourth row
		s := &Store{backend: b}
		for fold := range 5 {
			before := s.Snapshot()
			f := s.Fold()
			for i := range 8 {
				first := uint64(1 + restart*100 + fold*10 + i)
				want[first] = fmt.Sprint(first)
				must(t, f.PutDelivery(lyman, first, &logv1.Delivery{Batch: []byte(want[first])}))
				if d, err := f.Delivery(lyman, first); err != nil || string(d.Batch) != want[first] {
					t.Fatalf("%v, %v", d, err)
				}
			}
			must(t, f.Commit())
			must(t, before.Deliveries(lyman, 0, func(uint64, *logv1.Delivery) error { return nil })) // it knows fewer keys
			before.Close()
		}
		v := s.Snapshot()
		found := 0
		must(t, v.Deliveries(lyman, 0, func(first uint64, d *logv1.Delivery) error {
			found++
			if string(d.Batch) != want[first] {
				t.Errorf("%d: %q", first, d.Batch)
			}
			return nil
		}))
		v.Close()
		if keys := b.keys.held[lyman]; found != len(want) || len(keys) < 3 {
			t.Errorf("%d of %d rows, %d keys", found, len(want), len(keys))
		}
		must(t, s.Close())
	}
}

func TestSealingAddsWhatIsReckoned(t *testing.T) {
	o := sealedStore(t)
	plain, err := readAll(t, o)
	must(t, err)
	for key, sealed := range rawRows(t, o, nil) {
		if key[0] == classDataKey {
			continue
		}
		_, after, _ := strings.Cut(plain, fmt.Sprintf("%x=", key))
		value, _, _ := strings.Cut(after, "\n")
		if entry := make([]byte, len(value)/2); key[0] != classEntry || strings.HasSuffix(key, "\x00") {
			if got := sealedLen([]byte(key), entry); got != len(sealed) {
				t.Errorf("row %x: %d bytes, reckoned %d", key, len(sealed), got)
			}
		}
	}
	if got := sealedLen(entryKey(7, 1), entryOf(t, lyman)); got != len(entryOf(t, lyman))+sealedBytes+16 {
		t.Errorf("an entry: %d", got)
	}
}

func entryOf(t *testing.T, space merge.SpaceID) []byte {
	t.Helper()
	// kind, space_id and body, as any writer of protobuf would write them
	entry := append([]byte{0x08, 1, 0x12, 16}, space[:]...)
	if got := entrySpace(entry); got != space {
		t.Fatalf("space %x", got)
	}
	return append(entry, 0x3a, 2, 'h', 'i')
}

// Each damage that Badger would answer with a panic, or a key that fits nothing,
// is an error that says what to do.
func TestMissingKeysAreExplained(t *testing.T) {
	other := keyring.NewKey([32]byte{2})
	for name, c := range map[string]struct {
		damage func(t *testing.T, o *Options)
		kind   fault.Kind
		text   string
	}{
		"no master key":      {func(_ *testing.T, o *Options) { o.Master = nil }, fault.Invalid, "under which master key"},
		"another master key": {func(_ *testing.T, o *Options) { o.Master = other }, fault.Invalid, other.ID()},
		"no keyring":         {remove(keyring.FileName), fault.Damaged, "missing"},
		"another's keyring":  {foreign(keyring.FileName), fault.Damaged, badger.KeyRegistryFileName},
		"no registry":        {remove(badger.KeyRegistryFileName), fault.Damaged, "missing"},
		"another's registry": {foreign(badger.KeyRegistryFileName), fault.Damaged, badger.KeyRegistryFileName},
		"an empty registry":  {truncate(0), fault.Damaged, "cut short"},
		"half a head":        {truncate(20), fault.Damaged, "cut short"},
		"no keys":            {truncate(registryHeadBytes), fault.Damaged, "lacks the key"},
		"a length alone":     {truncate(registryHeadBytes + 5), fault.Damaged, "cut short"},
		"half a key":         {truncate(registryHeadBytes + 30), fault.Damaged, "cut short"},
	} {
		t.Run(name, func(t *testing.T) {
			o := sealedStore(t)
			c.damage(t, &o)
			_, err := readAll(t, o)
			if err == nil || fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error of kind %d: %v", fault.KindOf(err), err)
			}
		})
	}
}

// After a crash logs are there too that the manifest does not list.
func TestALogWhoseKeyIsMissingIsExplained(t *testing.T) {
	o := sealedStore(t)
	must(t, os.WriteFile(filepath.Join(o.Dir, "00099.mem"), append([]byte{0, 0, 0, 0, 0, 0, 0, 9}, make([]byte, 100)...), 0o600))
	if _, err := readAll(t, o); err == nil || !strings.Contains(err.Error(), "lacks the key of 00099.mem") {
		t.Errorf("%v", err)
	}
}

// A crash right after a log was made leaves it empty.
func TestAnEmptyLogIsNoDamage(t *testing.T) {
	o := sealedStore(t)
	whole, err := readAll(t, o)
	must(t, err)
	for _, name := range []string{"00098.mem", "00099.mem", "000098.vlog", "000099.vlog"} {
		must(t, os.WriteFile(filepath.Join(o.Dir, name), nil, 0o600))
	}
	if again, err := readAll(t, o); err != nil || again != whole {
		t.Error(err)
	}
}

func remove(file string) func(*testing.T, *Options) {
	return func(t *testing.T, o *Options) { must(t, os.Remove(filepath.Join(o.Dir, file))) }
}

// foreign puts the file of another store in its place.
func foreign(file string) func(*testing.T, *Options) {
	return func(t *testing.T, o *Options) {
		data, err := os.ReadFile(filepath.Join(sealedStore(t).Dir, file))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(o.Dir, file), data, 0o600))
	}
}

func truncate(sizeBytes int) func(*testing.T, *Options) {
	return func(t *testing.T, o *Options) {
		must(t, os.Truncate(filepath.Join(o.Dir, badger.KeyRegistryFileName), int64(sizeBytes)))
	}
}

// A row that another store has sealed, for the same space and in the same place,
// opens in none but that one.
func TestStoresDoNotShareKeys(t *testing.T) {
	one, two := rawRows(t, sealedStore(t), nil), rawRows(t, sealedStore(t), nil)
	for key, value := range one {
		if bytes.Equal([]byte(value), []byte(two[key])) {
			t.Errorf("row %x is the same in both", key)
		}
	}
}
