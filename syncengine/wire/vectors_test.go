package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

const vectorsPath = "../testdata/vectors/signed.json"

var update = flag.Bool("update", false, "write the golden vectors anew")

// signedVectors are batches with what is to be found of their signatures; bytes are
// in hexadecimal.
type signedVectors struct {
	Space     string         `json:"space"`
	Device    string         `json:"device"`
	Person    string         `json:"person"`
	Seed      string         `json:"ed25519_seed"`
	PublicKey string         `json:"public_key"`
	Batches   []signedVector `json:"batches"`
}

type signedVector struct {
	Name string `json:"name"`
	// Batch is a Batch with one run, before compression.
	Batch string `json:"batch"`
	Found string `json:"found"`
	// Message is what the signature is over, where it holds.
	Message string `json:"message,omitempty"`
}

var (
	vectorSeed   = bytes.Repeat([]byte{0x5e, 0xed}, 16)
	vectorDevice = merge.DeviceID{0xde, 15: 1}
	vectorPerson = merge.PersonID(mergetest.ID16("oksana"))
)

func vectorKey(t *testing.T) *credential.SoftwareKey {
	t.Helper()
	key, err := credential.NewSoftwareKey(bytes.NewReader(vectorSeed))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// found says what is found of a batch.
func found(t *testing.T, plain []byte) (class, message string) {
	t.Helper()
	changes, err := wire.DecodeBatch(lyman, compressed(t, plain))
	switch fault.KindOf(err) {
	case fault.Malformed:
		return "malformed", ""
	case fault.FalseHash:
		return "false hash", ""
	}
	if err != nil {
		t.Fatal(err)
	}
	s := changes[0].Signed
	if s == nil {
		return "unsigned", ""
	}
	m := s.Message(lyman, changes[0].ID.Replica)
	switch {
	case s.Device != vectorDevice:
		return "another device", ""
	case changes[0].Author != vectorPerson:
		return "another person", ""
	case !vectorKey(t).Public().Verify(m, s.Bytes):
		return "false signature", ""
	}
	return "holds", hex.EncodeToString(m)
}

func vectorRun(author string, replica string) (run []*merge.Change) {
	w := mergetest.NewWriter(lyman, replica, author)
	for i := range 7 {
		records := mergetest.Subject(lyman, i)
		records.Writes = []merge.Write{{Cell: merge.CellKey{Field: 3}, Value: []byte{0x18, byte(i)}}}
		run = append(run, w.Seal(merge.Salt{byte(i), 1}, int64(1000+i), records))
	}
	return run[1:]
}

func computeSigned(t *testing.T) *signedVectors {
	t.Helper()
	key := vectorKey(t)
	v := &signedVectors{
		Space: hex.EncodeToString(lyman[:]), Device: vectorDevice.String(), Person: hex.EncodeToString(vectorPerson[:]),
		Seed: hex.EncodeToString(vectorSeed), PublicKey: hex.EncodeToString(key.Public().Bytes()),
	}
	signed := func(space merge.SpaceID, run []*merge.Change) []*merge.Change {
		if err := wire.Sign(space, vectorDevice, run, key.Sign); err != nil {
			t.Fatal(err)
		}
		return run
	}
	add := func(name string, changes []*merge.Change, alter func(run *syncv1.Run)) {
		run := proto.CloneOf(runWith(t, changes))
		if alter != nil {
			alter(run)
		}
		plain, err := proto.MarshalOptions{Deterministic: true}.Marshal(&syncv1.Batch{SpaceId: lyman[:], Runs: []*syncv1.Run{run}})
		if err != nil {
			t.Fatal(err)
		}
		class, message := found(t, plain)
		v.Batches = append(v.Batches, signedVector{name, hex.EncodeToString(plain), class, message})
	}
	run := signed(lyman, vectorRun("oksana", "tablet"))
	add("a whole run", run, nil)
	add("one change", signed(lyman, vectorRun("oksana", "tablet"))[:1], nil)
	add("the beginning of a run", run[:4], nil)
	add("the middle of a run", run[2:4], nil)
	add("the last change of a run", run[5:], nil)
	purged := signed(lyman, vectorRun("oksana", "tablet"))
	purged[1].Purge(func(*merge.RecordWrites, *merge.Write) bool { return true })
	add("a run of which a write was purged", purged, nil)
	add("nobody has signed", vectorRun("oksana", "tablet"), nil)
	add("one bit of the signature", run, func(r *syncv1.Run) { r.Signature[9] ^= 1 })
	add("one bit of a hash beside a part", run[2:4], func(r *syncv1.Run) { r.Path[1][9] ^= 1 })
	add("a hash too few beside a part", run[2:4], func(r *syncv1.Run) { r.Path = r.Path[1:] })
	add("a part that says to be all", run[:4], func(r *syncv1.Run) { r.SignedFirst, r.SignedLast, r.Path = 0, 0, nil })
	add("signed for another space", signed(merge.SpaceID(mergetest.ID16("svatove")), vectorRun("oksana", "tablet")), nil)
	add("under the word for another replica", vectorRun("oksana", "another tablet"), func(r *syncv1.Run) {
		r.Signature, r.DeviceId = run[0].Signed.Bytes, vectorDevice[:]
	})
	add("another person's changes", signed(lyman, vectorRun("petro", "tablet")), nil)
	add("another device", run, func(r *syncv1.Run) { r.DeviceId[3] ^= 1 })
	add("a value that was altered", run, func(r *syncv1.Run) { r.Changes[1].Records[0].Cells[0].Value[1] ^= 1 })
	return v
}

// The file has a batch for each thing that may be found of a signature.
func TestSignedVectorsAreAsPromised(t *testing.T) {
	computed := computeSigned(t)
	classes := map[string]int{}
	for _, b := range computed.Batches {
		classes[b.Found]++
	}
	for _, class := range []string{"holds", "unsigned", "malformed", "false hash", "false signature", "another person", "another device"} {
		if classes[class] == 0 {
			t.Errorf("no batch of class %q", class)
		}
	}
	data, err := json.MarshalIndent(computed, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, '\n')
	if *update {
		if err := os.WriteFile(vectorsPath, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	promised, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, promised) {
		t.Errorf("%s is not what this program computes", vectorsPath)
	}
}
