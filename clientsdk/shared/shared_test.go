package shared_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/shared"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/keyring"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// stand is a shared tablet with a clock that tests set.
type stand struct {
	*shared.Tablet
	t       *testing.T
	options shared.Options
	millis  int64
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, millis: 1_790_000_000_000}
	s.options = shared.Options{Dir: filepath.Join(t.TempDir(), "users"), Clock: func() int64 { return s.millis }, Random: rand.Reader}
	s.open()
	return s
}

func (s *stand) open() {
	s.t.Helper()
	var err error
	s.Tablet, err = shared.Open(s.options)
	s.must(err)
}

func (s *stand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) add(name, pin string) *shared.Unlocked {
	s.t.Helper()
	u, err := s.AddUser(name, pin)
	s.must(err)
	return u
}

func (s *stand) passes(d time.Duration) { s.millis += d.Milliseconds() }

func types(t testing.TB) *schema.Schema {
	t.Helper()
	known, err := schema.New(recordsv1.File_zhurnal_records_v1_person_proto)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

var village = clientsdk.SpaceID{0x11, 15: 1}

// register opens the register of a user.
func (s *stand) register(u *shared.Unlocked) *clientsdk.Register {
	s.t.Helper()
	dir, key, err := u.Register()
	s.must(err)
	reg, err := clientsdk.Open(s.t.Context(), clientsdk.Options{
		Dir: dir, Key: key, Author: clientsdk.PersonID(u.User.ID), Schema: types(s.t), Clock: s.options.Clock, Random: rand.Reader,
	})
	s.must(err)
	s.must(reg.Join(s.t.Context(), village, schemav1.SpaceKind_SPACE_KIND_COMMUNITY))
	return reg
}

func (s *stand) people(u *shared.Unlocked) (names []string) {
	s.t.Helper()
	reg := s.register(u)
	rows, err := clientsdk.Query[*recordsv1.Participant](s.t.Context(), reg, village)
	s.must(errors.Join(err, reg.Close()))
	for _, row := range rows {
		names = append(names, row.Message.FamilyName)
	}
	return names
}

func (s *stand) write(u *shared.Unlocked, family string) {
	s.t.Helper()
	reg := s.register(u)
	_, err := reg.Write(s.t.Context(), village, func(tx *clientsdk.Tx) error {
		_, err := tx.Create(&recordsv1.Participant{FamilyName: family})
		return err
	})
	s.must(errors.Join(err, reg.Close()))
}

// files are all files below a directory, by their names.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		all[name], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Who is at the tablet changes without a network, and what is one's is nothing to
// another: in no file, and by no key of another's.
func TestWhatIsOnesIsNothingToAnother(t *testing.T) {
	s := newStand(t)
	oksana, petro := s.add("Оксана", "271828"), s.add("Петро", "correct horse")
	s.write(oksana, "Шевченко-таємниця")
	s.must(oksana.Keep("identity", []byte("zhurnal:device-of-oksana")))
	s.write(petro, "Бондар")
	oksana.Lock()
	if _, _, err := oksana.Register(); fault.KindOf(err) != fault.Invalid {
		t.Errorf("who is locked has a key: %v", err)
	}
	for name, content := range files(t, s.options.Dir) {
		for _, secret := range []string{"Шевченко-таємниця", "Бондар", "device-of-oksana", "271828", "correct horse"} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	_, key, err := petro.Register()
	s.must(err)
	_, err = clientsdk.Open(t.Context(), clientsdk.Options{
		Dir: filepath.Join(s.options.Dir, oksana.User.ID.String(), "register"), Key: key, Author: clientsdk.PersonID{1},
		Schema: types(t), Clock: s.options.Clock, Random: rand.Reader,
	})
	if !errors.Is(err, clientsdk.ErrKey) {
		t.Errorf("by another's key: %v", err)
	}

	s.open() // another day
	users, err := s.Users()
	if err != nil || len(users) != 2 || users[0].Name != "Оксана" || users[1].Name != "Петро" {
		t.Fatalf("%+v, %v", users, err)
	}
	again, err := s.Unlock(users[0].ID, "271828")
	s.must(err)
	if got := s.people(again); len(got) != 1 || got[0] != "Шевченко-таємниця" {
		t.Errorf("she sees %v", got)
	}
	if data, err := again.Kept("identity"); err != nil || string(data) != "zhurnal:device-of-oksana" {
		t.Errorf("%q, %v", data, err)
	}
	if got := s.people(petro); len(got) != 1 || got[0] != "Бондар" {
		t.Errorf("he sees %v", got)
	}
	if _, err := petro.Kept("identity"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("he has an identity: %v", err)
	}
}

// The wait grows, outlives the app, and destroys nothing.
func TestWrongPINsAreTriedEverMoreSlowly(t *testing.T) {
	s := newStand(t)
	id := s.add("Оксана", "271828").User.ID
	try := func(pin string) time.Duration {
		t.Helper()
		_, err := s.Unlock(id, pin)
		switch {
		case err == nil:
			return -1
		case errors.Is(err, shared.ErrPIN):
			return 0
		case fault.KindOf(err) == fault.Throttled:
			return fault.WaitOf(err)
		}
		t.Fatal(err)
		return 0
	}
	for range 5 {
		if got := try("314159"); got != 0 {
			t.Fatalf("a mistyped PIN waits %s", got)
		}
	}
	want := 30 * time.Second
	for range 9 {
		if got := try("271828"); got != want {
			t.Fatalf("the right PIN waits %s, want %s", got, want)
		}
		s.open() // the app is ended, and begun anew
		s.passes(want - time.Millisecond)
		if got := try("271828"); got != time.Millisecond {
			t.Fatalf("shortly before its end it waits %s", got)
		}
		s.passes(time.Millisecond)
		if got := try("314159"); got != 0 {
			t.Fatalf("after %s it waits %s", want, got)
		}
		want = min(2*want, time.Hour)
	}
	s.passes(-365 * 24 * time.Hour) // set back: the wait begins anew, and ends
	if got := try("271828"); got != time.Hour {
		t.Errorf("by a clock that was set back it waits %s", got)
	}
	s.passes(time.Hour)
	if got := try("271828"); got != -1 {
		t.Errorf("the right PIN waits %s", got)
	}
	if got := try("314159"); got != 0 {
		t.Errorf("after the right one a mistyped one waits %s", got)
	}
}

// What cannot be counted is not tried.
func TestATryIsOnTheDiskBeforeItIsMade(t *testing.T) {
	s := newStand(t)
	u := s.add("Оксана", "271828")
	s.must(os.Mkdir(filepath.Join(s.options.Dir, u.User.ID.String(), "tries"), 0o700))
	if _, err := s.Unlock(u.User.ID, "271828"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("it is tried: %v", err)
	}
}

func TestChangingAPINTouchesNoRecord(t *testing.T) {
	s := newStand(t)
	u := s.add("Оксана", "271828")
	s.write(u, "Шевченко")
	before := files(t, s.options.Dir)
	if err := s.ChangePIN(u.User.ID, "314159", "161803"); !errors.Is(err, shared.ErrPIN) {
		t.Errorf("by a wrong PIN: %v", err)
	}
	if err := s.ChangePIN(u.User.ID, "271828", "1618"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("to a short one: %v", err)
	}
	s.must(s.ChangePIN(u.User.ID, "271828", "161803"))
	for name, content := range files(t, s.options.Dir) {
		if same := bytes.Equal(content, before[name]); same != !strings.HasSuffix(name, "vault") && !strings.HasSuffix(name, "tries") {
			t.Errorf("%s is as before: %v", name, same)
		}
	}
	if _, err := s.Unlock(u.User.ID, "271828"); !errors.Is(err, shared.ErrPIN) {
		t.Errorf("the old PIN: %v", err)
	}
	again, err := s.Unlock(u.User.ID, "161803")
	s.must(err)
	if got := s.people(again); len(got) != 1 {
		t.Errorf("she sees %v", got)
	}
}

// With a key of the platform, a PIN alone is worth nothing: not on another tablet
// either, to which the files were copied.
func TestAKeyStoreIsASecondFactor(t *testing.T) {
	s := newStand(t)
	s.options.KeyStore = keyring.NewKey([32]byte{1})
	s.open()
	id := s.add("Оксана", "271828").User.ID
	for what, store := range map[string]keyring.Master{"none": nil, "another": keyring.NewKey([32]byte{2}), "one that poses as it": posing{keyring.NewKey([32]byte{2})}} {
		o := s.options
		o.KeyStore = store
		elsewhere, err := shared.Open(o)
		s.must(err)
		if _, err := elsewhere.Unlock(id, "271828"); err == nil || errors.Is(err, shared.ErrPIN) {
			t.Errorf("with %s: %v", what, err)
		}
	}
	for range 10 { // nothing of that was a wrong PIN
		_, err := s.Unlock(id, "271828")
		s.must(err)
	}
	s.must(s.ChangePIN(id, "271828", "161803"))
	if _, err := s.Unlock(id, "314159"); !errors.Is(err, shared.ErrPIN) {
		t.Errorf("a wrong PIN: %v", err)
	}
}

// posing says that it is another key.
type posing struct{ keyring.Master }

func (p posing) ID() string { return keyring.NewKey([32]byte{1}).ID() }

// A wiped user's key is gone, and what was sealed is still there to be delivered.
func TestAWipedUserLeavesTheOthersAlone(t *testing.T) {
	s := newStand(t)
	oksana, petro := s.add("Оксана", "271828"), s.add("Петро", "correct horse")
	s.write(oksana, "Шевченко")
	s.must(oksana.Keep("identity", []byte("device")))
	s.write(petro, "Бондар")
	for range 2 {
		s.must(oksana.Destroy(context.Background()))
	}
	if _, err := s.Unlock(oksana.User.ID, "271828"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("she is unlocked: %v", err)
	}
	if users, err := s.Users(); err != nil || len(users) != 1 || users[0].Name != "Петро" {
		t.Errorf("%+v, %v", users, err)
	}
	if left, err := s.Wiped(); err != nil || len(left) != 1 || !strings.Contains(left[0], oksana.User.ID.String()) {
		t.Errorf("%v, %v", left, err)
	}
	if got := s.people(petro); len(got) != 1 {
		t.Errorf("he sees %v", got)
	}
}

func TestAVaultThatWasAlteredDoesNotOpen(t *testing.T) {
	s := newStand(t)
	u, other := s.add("Оксана", "271828"), s.add("Петро", "271828")
	vaultOf := func(id shared.UserID) string { return filepath.Join(s.options.Dir, id.String(), "vault") }
	whole, err := os.ReadFile(vaultOf(u.User.ID))
	s.must(err)
	theirs, err := os.ReadFile(vaultOf(other.User.ID))
	s.must(err)
	for what, c := range map[string]struct {
		data []byte
		want fault.Kind
	}{
		"another user's":            {theirs, fault.Unauthenticated},
		"one that costs everything": {bytes.Replace(whole, []byte(`"memory_kib":32768`), []byte(`"memory_kib":4000000000`), 1), fault.Damaged},
		"one that costs nothing":    {bytes.Replace(whole, []byte(`"passes":3`), []byte(`"passes":0`), 1), fault.Damaged},
		"half of it":                {whole[:len(whole)/2], fault.Damaged},
	} {
		s.must(os.WriteFile(vaultOf(u.User.ID), c.data, 0o600))
		if _, err := s.Unlock(u.User.ID, "271828"); fault.KindOf(err) != c.want || err == nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestPINsThatAreTriedFirstAreRefused(t *testing.T) {
	s := newStand(t)
	for _, pin := range []string{"", "2718", "000000", "123456", "987654", "abcdef", "їїїїїї"} {
		if _, err := s.AddUser("Оксана", pin); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", pin, err)
		}
	}
	if _, err := s.AddUser(" ", "271828"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no name: %v", err)
	}
	if users, err := s.Users(); err != nil || len(users) != 0 {
		t.Errorf("%v, %v", users, err)
	}
}

func BenchmarkUnlock(b *testing.B) {
	tablet, err := shared.Open(shared.Options{Dir: filepath.Join(b.TempDir(), "users"), Clock: func() int64 { return 1 }, Random: rand.Reader})
	if err != nil {
		b.Fatal(err)
	}
	u, err := tablet.AddUser("Оксана", "271828")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := tablet.Unlock(u.User.ID, "271828"); err != nil {
			b.Fatal(err)
		}
	}
}
