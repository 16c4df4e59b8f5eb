package merge_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

var signedSpace = merge.SpaceID(mergetest.ID16("lyman"))

// runOf is a run of changes, from the third of its replica on.
func runOf(count int) []*merge.Change {
	w := mergetest.NewWriter(signedSpace, "tablet", "oksana")
	var run []*merge.Change
	for i := range count + 2 {
		run = append(run, w.Seal(merge.Salt{byte(i), 1}, int64(i), mergetest.Subject(signedSpace, i)))
	}
	return run[2:]
}

// Any part of any run proves itself: with the hashes beside it, it comes to what
// was signed. With other hashes, too few or too many it does not.
func TestEveryPartOfARunProvesItself(t *testing.T) {
	device := merge.DeviceID{7}
	for count := 1; count <= 20; count++ {
		run := runOf(count)
		whole := merge.SignatureFor(device, run)
		whole.Bytes = []byte("signature")
		want := whole.Message(signedSpace, run[0].ID.Replica)
		for from := range run {
			for end := from + 1; end <= len(run); end++ {
				part, path := run[from:end], whole.Path(run[from:end])
				s, ok := merge.PartOf(merge.Signature{Device: device, First: whole.First, Last: whole.Last, Bytes: whole.Bytes}, part, path)
				if !ok || !bytes.Equal(s.Message(signedSpace, part[0].ID.Replica), want) {
					t.Fatalf("changes %d to %d of %d come to something else", from, end, count)
				}
				for i := from; i < end; i++ { // and parts of it
					if again := s.Path(run[i : i+1]); fmt.Sprint(again) != fmt.Sprint(whole.Path(run[i:i+1])) {
						t.Fatalf("change %d, out of changes %d to %d of %d, has another path", i, from, end, count)
					}
				}
				if len(path) == 0 {
					continue
				}
				path[len(path)-1][3] ^= 1
				if s, _ := merge.PartOf(*s, part, path); bytes.Equal(s.Message(signedSpace, part[0].ID.Replica), want) {
					t.Fatalf("changes %d to %d of %d come to the same with another hash beside them", from, end, count)
				}
				for _, other := range [][]merge.Hash{path[1:], append(path, merge.Hash{})} {
					if _, ok := merge.PartOf(*s, part, other); ok {
						t.Fatalf("changes %d to %d of %d with %d hashes beside them", from, end, count, len(other))
					}
				}
			}
		}
	}
}

// A signature is for one device, space, replica and range, and for these changes.
func TestASignatureIsForOneThing(t *testing.T) {
	run := runOf(5)
	message := func(device merge.DeviceID, space merge.SpaceID, replica merge.ReplicaID, run []*merge.Change) string {
		return string(merge.SignatureFor(device, run).Message(space, replica))
	}
	device, replica := merge.DeviceID{7}, run[0].ID.Replica
	otherSpace, otherReplica := signedSpace, replica
	otherSpace[3], otherReplica[3] = 9, 9
	altered := *run[2]
	altered.Stamp++
	altered.Seal(signedSpace)
	messages := []string{
		message(device, signedSpace, replica, run),
		message(merge.DeviceID{8}, signedSpace, replica, run),
		message(device, otherSpace, replica, run),
		message(device, signedSpace, otherReplica, run),
		message(device, signedSpace, replica, run[:4]),
		message(device, signedSpace, replica, run[1:]),
		message(device, signedSpace, replica, []*merge.Change{run[0], run[1], &altered, run[3], run[4]}),
	}
	seen := map[string]bool{}
	for i, m := range messages {
		if seen[m] {
			t.Errorf("message %d is one of those before", i)
		}
		seen[m] = true
	}
}

// What was cut apart is put together again, and is as short as if it had not been.
func TestPartsOfARunAreJoined(t *testing.T) {
	run := runOf(13)
	whole := merge.SignatureFor(merge.DeviceID{7}, run)
	whole.Bytes = []byte("signature")
	single := func(i int) *merge.Signature {
		s, ok := merge.PartOf(merge.Signature{Device: whole.Device, First: whole.First, Last: whole.Last, Bytes: whole.Bytes}, run[i:i+1], whole.Path(run[i:i+1]))
		if !ok {
			t.Fatal("no part")
		}
		return s
	}
	joined := single(3)
	for i := 4; i < 9; i++ {
		if joined = joined.Joined(single(i)); joined == nil {
			t.Fatalf("change %d does not follow", i)
		}
	}
	if have, want := joined.Path(run[3:9]), whole.Path(run[3:9]); fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("joined: %d hashes beside it, whole: %d", len(have), len(want))
	}
	other := *single(9)
	other.Bytes = []byte("another")
	for name, next := range map[string]*merge.Signature{"what does not follow": single(11), "another word": &other, "none": nil} {
		if joined.Joined(next) != nil {
			t.Errorf("%s was joined", name)
		}
	}
}
