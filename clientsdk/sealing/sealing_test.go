package sealing_test

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

const (
	supervisor   = schemav1.SealingRole_SEALING_ROLE_SUPERVISOR
	psychologist = schemav1.SealingRole_SEALING_ROLE_PSYCHOLOGIST
	ended        = schemav1.SealingRole_SEALING_ROLE_ENDED
)

var (
	lyman = merge.SpaceID{0xc0, 15: 1}
	place = sealed.Place{
		Space: lyman, Record: merge.RecordID{0x40, 15: 2}, Type: "zhurnal.records.v1.Note", Field: 5,
		Author: merge.PersonID{0x09, 15: 3}, Replica: merge.ReplicaID{0x7a, 15: 4}, Seq: 17,
	}
	words = []byte("\x2a\x0aслова")
)

func newIdentity(t testing.TB) *age.X25519Identity {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func mustSeal(t testing.TB, content []byte, to ...age.Recipient) []byte {
	t.Helper()
	file, err := sealing.Seal(place, content, to)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAValueOpensForItsRecipientsAlone(t *testing.T) {
	author, iryna, other := newIdentity(t), newIdentity(t), newIdentity(t)
	file := mustSeal(t, words, author.Recipient(), iryna.Recipient())
	if _, ok := sealed.Unwrap(5, sealed.Wrap(5, file)); !ok {
		t.Fatal("what was sealed is not known to be an age file")
	}
	for name, identity := range map[string]*age.X25519Identity{"its author": author, "a supervisor": iryna} {
		keys := &sealing.Keys{Identity: identity}
		if got, err := keys.Open(place, file); err != nil || string(got) != string(words) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := (&sealing.Keys{Identity: other}).Open(place, file); !errors.Is(err, sealing.ErrNotARecipient) || got != nil {
		t.Errorf("another opens it: %q, %v", got, err)
	}
	var none *sealing.Keys
	if got, err := none.Open(place, file); !errors.Is(err, sealing.ErrNoIdentity) || got != nil {
		t.Errorf("nobody opens it: %q, %v", got, err)
	}
}

func TestAnAlteredFileDoesNotOpen(t *testing.T) {
	author := newIdentity(t)
	keys, file := &sealing.Keys{Identity: author}, mustSeal(t, words, author.Recipient(), newIdentity(t).Recipient())
	for i := range file {
		altered := slices.Clone(file)
		altered[i] ^= 0x01
		if got, err := keys.Open(place, altered); err == nil || got != nil {
			t.Fatalf("byte %d is another, and it opens: %q", i, got)
		}
		if got, err := keys.Open(place, file[:i]); !errors.Is(err, sealing.ErrDamaged) || got != nil {
			t.Fatalf("cut to %d bytes: %q, %v", i, got, err)
		}
	}
	if got, err := keys.Open(place, append(slices.Clone(file), 0)); !errors.Is(err, sealing.ErrDamaged) || got != nil {
		t.Errorf("with a byte behind it: %q, %v", got, err)
	}
}

func TestAMovedFileDoesNotOpen(t *testing.T) {
	author := newIdentity(t)
	keys, file := &sealing.Keys{Identity: author}, mustSeal(t, words, author.Recipient())
	elsewhere := place
	elsewhere.Record[0]++
	if got, err := keys.Open(elsewhere, file); !errors.Is(err, sealed.ErrMoved) || got != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAFileOfAnotherKindDoesNotOpen(t *testing.T) {
	author := newIdentity(t)
	var other strings.Builder
	w, err := age.Encrypt(&other, author.Recipient())
	if err == nil {
		_, err = w.Write(make([]byte, 40000))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := (&sealing.Keys{Identity: author}).Open(place, []byte(other.String())); !errors.Is(err, sealed.ErrFrame) || got != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// announce makes an announcement, signed if there is a key for it.
func announce(t *testing.T, signer ed25519.PrivateKey, of *age.X25519Identity, role schemav1.SealingRole, since int64) *schemav1.SealingKey {
	t.Helper()
	key := &schemav1.SealingKey{PersonId: make([]byte, 16), Recipient: of.Recipient().String(), Role: role, SinceMillis: since}
	if signer != nil {
		if err := sealing.Sign(signer, lyman, key); err != nil {
			t.Fatal(err)
		}
	}
	return key
}

func TestOnlyPinnedAndSignedKeysAreSealedTo(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	_, stranger, _ := ed25519.GenerateKey(nil)
	self, pinned, recovery, other := newIdentity(t), newIdentity(t), newIdentity(t), newIdentity(t)
	altered := func(change func(*schemav1.SealingKey)) *schemav1.SealingKey {
		key := announce(t, private, other, supervisor, 1)
		change(key)
		return key
	}
	pins := sealing.Pins{Supervisors: []string{pinned.Recipient().String()}, Recovery: recovery.Recipient().String(), Signer: public}
	always := []*age.X25519Identity{self, pinned, recovery}
	for name, c := range map[string]struct {
		announced []*schemav1.SealingKey
		want      []*age.X25519Identity
	}{
		"nothing is announced":           {nil, always},
		"a supervisor, signed":           {[]*schemav1.SealingKey{announce(t, private, other, supervisor, 1)}, append(always, other)},
		"one that is pinned already":     {[]*schemav1.SealingKey{announce(t, nil, pinned, supervisor, 1)}, always},
		"a supervisor, unsigned":         {[]*schemav1.SealingKey{announce(t, nil, other, supervisor, 1)}, always},
		"signed by a stranger":           {[]*schemav1.SealingKey{announce(t, stranger, other, supervisor, 1)}, always},
		"a psychologist":                 {[]*schemav1.SealingKey{announce(t, private, other, psychologist, 1)}, always},
		"one who has left":               {[]*schemav1.SealingKey{announce(t, private, other, ended, 2), announce(t, private, other, supervisor, 1)}, always},
		"one who has come back":          {[]*schemav1.SealingKey{announce(t, private, other, ended, 2), announce(t, private, other, supervisor, 3)}, append(always, other)},
		"two statements of one moment":   {[]*schemav1.SealingKey{announce(t, private, other, ended, 2), announce(t, private, other, supervisor, 2)}, always},
		"a pinned one who has left":      {[]*schemav1.SealingKey{announce(t, private, pinned, ended, 1)}, []*age.X25519Identity{self, recovery}},
		"an end that nobody has signed":  {[]*schemav1.SealingKey{announce(t, nil, pinned, ended, 9)}, always},
		"a role altered after signing":   {[]*schemav1.SealingKey{altered(func(k *schemav1.SealingKey) { k.Role = psychologist })}, always},
		"a time altered after signing":   {[]*schemav1.SealingKey{altered(func(k *schemav1.SealingKey) { k.SinceMillis++ })}, always},
		"a person altered after signing": {[]*schemav1.SealingKey{altered(func(k *schemav1.SealingKey) { k.PersonId[0]++ })}, always},
		"another key under a signature":  {[]*schemav1.SealingKey{altered(func(k *schemav1.SealingKey) { k.Recipient = newIdentity(t).Recipient().String() })}, always},
		"no key at all":                  {[]*schemav1.SealingKey{nil, {Signature: make([]byte, 64)}}, always},
	} {
		keys := &sealing.Keys{Identity: self, Rooms: map[merge.SpaceID]sealing.Pins{lyman: pins}}
		got, err := keys.Recipients(lyman, c.announced, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, want := texts(got), identityTexts(c.want); !slices.Equal(got, want) {
			t.Errorf("%s: sealed to %d keys, not to the %d that are due", name, len(got), len(want))
		}
	}
}

func texts(recipients []age.Recipient) (list []string) {
	for _, r := range recipients {
		list = append(list, r.(*age.X25519Recipient).String())
	}
	slices.Sort(list)
	return list
}

func identityTexts(identities []*age.X25519Identity) (list []string) {
	for _, i := range identities {
		list = append(list, i.Recipient().String())
	}
	slices.Sort(list)
	return list
}

// A signature over a key of one room says nothing in another.
func TestASignatureHoldsForOneRoom(t *testing.T) {
	public, private, _ := ed25519.GenerateKey(nil)
	key := announce(t, private, newIdentity(t), supervisor, 1)
	pins := sealing.Pins{Signer: public}
	if !pins.Trusts(lyman, key) || pins.Trusts(merge.SpaceID{9}, key) {
		t.Error("the room does not count")
	}
}

func TestNothingIsSealedToItsAuthorAlone(t *testing.T) {
	keys := &sealing.Keys{Identity: newIdentity(t)}
	if _, err := keys.Recipients(lyman, nil, []string{newIdentity(t).Recipient().String()}); err == nil || !strings.Contains(err.Error(), "invitation") {
		t.Errorf("%v", err)
	}
	own := keys.Identity.Recipient().String() // of a supervisor who writes
	keys.Rooms = map[merge.SpaceID]sealing.Pins{lyman: {Supervisors: []string{own}}}
	if got, err := keys.Recipients(lyman, nil, nil); err != nil || len(got) != 1 {
		t.Errorf("%d recipients, %v", len(got), err)
	}
}

func TestKeysThatCannotBeUsedAreRefused(t *testing.T) {
	identity := newIdentity(t)
	in := func(p sealing.Pins) *sealing.Keys {
		return &sealing.Keys{Identity: identity, Rooms: map[merge.SpaceID]sealing.Pins{lyman: p}}
	}
	for name, keys := range map[string]*sealing.Keys{
		"no identity":      {},
		"a short signer":   in(sealing.Pins{Signer: make([]byte, 31)}),
		"no recipient":     in(sealing.Pins{Supervisors: []string{"age1qqq"}}),
		"an identity":      in(sealing.Pins{Recovery: identity.String()}),
		"in capitals":      in(sealing.Pins{Recovery: strings.ToUpper(identity.Recipient().String())}),
		"a hybrid one":     in(sealing.Pins{Recovery: "age1pq1qqq"}),
		"an empty one too": in(sealing.Pins{Supervisors: []string{identity.Recipient().String(), ""}}),
	} {
		if err := keys.Check(); err == nil || strings.Contains(err.Error(), identity.String()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := in(sealing.Pins{Supervisors: []string{identity.Recipient().String()}}).Check(); err != nil {
		t.Error(err)
	}
}

func TestSigningWhatIsNoKeyIsRefused(t *testing.T) {
	_, private, _ := ed25519.GenerateKey(nil)
	recipient := newIdentity(t).Recipient().String()
	for name, key := range map[string]*schemav1.SealingKey{
		"no person":    {Recipient: recipient, Role: supervisor},
		"no role":      {Recipient: recipient, PersonId: make([]byte, 16)},
		"no recipient": {Recipient: "age1", PersonId: make([]byte, 16), Role: supervisor},
	} {
		if err := sealing.Sign(private, lyman, key); err == nil || key.Signature != nil {
			t.Errorf("%s: signed", name)
		}
	}
}

// What a sealed note takes; docs/bench.md has the figures.
func TestTheSizeOfANote(t *testing.T) {
	var to []age.Recipient
	for range 3 {
		to = append(to, newIdentity(t).Recipient())
	}
	file := mustSeal(t, make([]byte, 64), to...)
	t.Logf("64 bytes for 3 recipients: %d bytes, of which %d are the frame", len(file), sealed.Sizes[0])
	if len(file) != 652 {
		t.Errorf("%d bytes", len(file))
	}
}

func BenchmarkSeal(b *testing.B) {
	to := []age.Recipient{newIdentity(b).Recipient(), newIdentity(b).Recipient(), newIdentity(b).Recipient()}
	content := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		mustSeal(b, content, to...)
	}
}

// BenchmarkOpen opens as the last of three recipients, who has tried the others.
func BenchmarkOpen(b *testing.B) {
	last := newIdentity(b)
	keys, file := &sealing.Keys{Identity: last}, mustSeal(b, make([]byte, 64), newIdentity(b).Recipient(), newIdentity(b).Recipient(), last.Recipient())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Open(place, file); err != nil {
			b.Fatal(err)
		}
	}
}
