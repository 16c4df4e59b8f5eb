package sealing_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine/sealed"
)

// The vectors are for whoever writes a client in another language. Sealing is
// random, so they say what opens from a value and not what a value must be; the
// frame inside it is the same each time. Writing them anew, which only a new case
// justifies: go test ./clientsdk/sealing -run Vectors -update
var update = flag.Bool("update", false, "write the vectors anew")

const vectorsFile = "../../syncengine/testdata/vectors/sealed.json"

// bytesHex is bytes in lower-case hexadecimal.
type bytesHex []byte

// MarshalText implements encoding.TextMarshaler.
func (b bytesHex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *bytesHex) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type vectors struct {
	Identity   string            `json:"identity"`
	Recipient  string            `json:"recipient"`
	Values     []valueVector     `json:"values"`
	Signatures []signatureVector `json:"signatures"`
}

type valueVector struct {
	Name  string      `json:"name"`
	Place placeVector `json:"place"`
	Value bytesHex    `json:"value"`
	// Opens is "content", or why it does not.
	Opens   string   `json:"opens"`
	Frame   bytesHex `json:"frame,omitempty"`
	Content bytesHex `json:"content,omitempty"`
}

type placeVector struct {
	Space   bytesHex `json:"space"`
	Record  bytesHex `json:"record"`
	Type    string   `json:"type"`
	Field   uint32   `json:"field"`
	Author  bytesHex `json:"author"`
	Replica bytesHex `json:"replica"`
	Seq     uint64   `json:"seq"`
}

type signatureVector struct {
	Name        string   `json:"name"`
	Signer      bytesHex `json:"signer"`
	Space       bytesHex `json:"space"`
	Person      bytesHex `json:"person"`
	Recipient   string   `json:"recipient"`
	Role        int32    `json:"role"`
	SinceMillis int64    `json:"since_millis"`
	Signature   bytesHex `json:"signature"`
	Holds       bool     `json:"holds"`
}

func (p placeVector) place() sealed.Place {
	place := sealed.Place{Type: p.Type, Field: p.Field, Seq: p.Seq}
	copy(place.Space[:], p.Space)
	copy(place.Record[:], p.Record)
	copy(place.Author[:], p.Author)
	copy(place.Replica[:], p.Replica)
	return place
}

func vectorOf(p sealed.Place) placeVector {
	return placeVector{p.Space[:], p.Record[:], p.Type, p.Field, p.Author[:], p.Replica[:], p.Seq}
}

// opens says what opening a value comes to, by the names of the vectors.
func opens(keys *sealing.Keys, v *valueVector) (string, []byte) {
	file, ok := sealed.Unwrap(v.Place.Field, v.Value)
	if !ok {
		return "not sealed", nil
	}
	content, err := keys.Open(v.Place.place(), file)
	for name, why := range map[string]error{
		"not a recipient": sealing.ErrNotARecipient, "damaged": sealing.ErrDamaged, "moved": sealed.ErrMoved, "not a frame": sealed.ErrFrame,
	} {
		if errors.Is(err, why) {
			return name, nil
		}
	}
	if err != nil {
		return err.Error(), nil
	}
	return "content", content
}

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	data, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var all vectors
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	identity, err := age.ParseX25519Identity(all.Identity)
	if err != nil || identity.Recipient().String() != all.Recipient {
		t.Fatalf("%v", err)
	}
	seen := map[string]int{}
	for i := range all.Values {
		v := &all.Values[i]
		how, content := opens(&sealing.Keys{Identity: identity}, v)
		if how != v.Opens || !bytes.Equal(content, v.Content) {
			t.Errorf("%s: %s is due, it is %s: %x", v.Name, v.Opens, how, content)
		}
		seen[how]++
		if how == "content" {
			if frame, err := sealed.Frame(v.Place.place(), content); err != nil || !bytes.Equal(frame, v.Frame) {
				t.Errorf("%s: the frame is %x, %v", v.Name, frame, err)
			}
		}
	}
	if len(seen) != 6 {
		t.Errorf("of all ways to open or not there are %v", seen)
	}
	for _, s := range all.Signatures {
		var place sealed.Place
		copy(place.Space[:], s.Space)
		key := &schemav1.SealingKey{PersonId: s.Person, Recipient: s.Recipient, Role: schemav1.SealingRole(s.Role), SinceMillis: s.SinceMillis, Signature: s.Signature}
		if holds := (sealing.Pins{Signer: ed25519.PublicKey(s.Signer)}).Trusts(place.Space, key); holds != s.Holds {
			t.Errorf("%s: it holds %v", s.Name, holds)
		}
	}
	if len(all.Signatures) < 3 {
		t.Error("there are hardly any signatures")
	}
}

func writeVectors(t *testing.T) {
	t.Helper()
	identity := newIdentity(t)
	all := vectors{Identity: identity.String(), Recipient: identity.Recipient().String()}
	all.Values = valueVectors(t, identity)
	all.Signatures = signatureVectors(t, identity)
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorsFile, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func valueVectors(t *testing.T, identity *age.X25519Identity) []valueVector {
	var list []valueVector
	add := func(name, opens string, file []byte, content []byte, at sealed.Place) *valueVector {
		list = append(list, valueVector{Name: name, Place: vectorOf(at), Value: sealed.Wrap(at.Field, file), Opens: opens, Content: content})
		return &list[len(list)-1]
	}
	note := append([]byte{0x2a, 0x0a}, "слова"...)
	long := append([]byte{0x2a, 0xe8, 0x07}, strings.Repeat("н", 500)...)
	self, other := identity.Recipient(), newIdentity(t).Recipient()
	for name, c := range map[string][]byte{"a note": note, "a note of 1,000 bytes": long, "nothing": {}} {
		frame, err := sealed.Frame(place, c)
		if err != nil {
			t.Fatal(err)
		}
		add(name, "content", mustSeal(t, c, other, self), c, place).Frame = frame
	}
	file := mustSeal(t, note, self, other)
	for name, move := range map[string]func(*sealed.Place){
		"from another space": func(p *sealed.Place) { p.Space[0]++ }, "from another record": func(p *sealed.Place) { p.Record[0]++ },
		"of another type": func(p *sealed.Place) { p.Type += "s" }, "of another field": func(p *sealed.Place) { p.Field++ },
		"of another author": func(p *sealed.Place) { p.Author[0]++ }, "of another replica": func(p *sealed.Place) { p.Replica[0]++ },
		"of another change": func(p *sealed.Place) { p.Seq++ },
	} {
		elsewhere := place
		move(&elsewhere)
		add(name, "moved", file, nil, elsewhere)
	}
	add("for somebody else", "not a recipient", mustSeal(t, note, other), nil, place)
	altered := bytes.Clone(file)
	altered[len(altered)-20] ^= 1
	add("altered", "damaged", altered, nil, place)
	add("with a byte behind it", "damaged", append(bytes.Clone(file), 0), nil, place)
	add("not a frame", "not a frame", sealRaw(t, bytes.Repeat([]byte{1}, 256), self), nil, place)
	frame, _ := sealed.Frame(place, note)
	frame[255] = 1
	add("something in the padding", "not a frame", sealRaw(t, frame, self), nil, place)
	add("padded further than needed", "not a frame", sealRaw(t, append(frame[:255:255], make([]byte, 769)...), self), nil, place)
	add("not an age file", "not sealed", []byte("слова"), nil, place)
	add("too small for a frame", "not sealed", sealRaw(t, note, self), nil, place)
	return list
}

// sealRaw seals bytes that need be no frame.
func sealRaw(t *testing.T, data []byte, to age.Recipient) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to)
	if err == nil {
		_, err = w.Write(data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func signatureVectors(t *testing.T, identity *age.X25519Identity) []signatureVector {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key := announce(t, private, identity, supervisor, 1_475_000_000_000)
	good := signatureVector{
		Name: "a supervisor", Signer: bytesHex(public), Space: lyman[:], Person: key.PersonId, Recipient: key.Recipient,
		Role: int32(key.Role), SinceMillis: key.SinceMillis, Signature: key.Signature, Holds: true,
	}
	list := []signatureVector{good}
	for name, alter := range map[string]func(*signatureVector){
		"another role": func(s *signatureVector) { s.Role = int32(ended) }, "another time": func(s *signatureVector) { s.SinceMillis++ },
		"another space":     func(s *signatureVector) { s.Space = bytes.Repeat([]byte{7}, 16) },
		"another person":    func(s *signatureVector) { s.Person = bytes.Repeat([]byte{7}, 16) },
		"another recipient": func(s *signatureVector) { s.Recipient = newIdentity(t).Recipient().String() },
	} {
		s := good
		s.Name, s.Holds = name, false
		alter(&s)
		list = append(list, s)
	}
	return list
}
