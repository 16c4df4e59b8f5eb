package merge_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

const vectorsPath = "../testdata/vectors/merge.json"

var update = flag.Bool("update", false, "write the golden vectors anew")

// The vectors are a promise to programs in other languages and to stored data:
// a difference here is a new format, not a file to be written anew.
func TestVectorsAreAsPromised(t *testing.T) {
	data, err := json.MarshalIndent(vectorFile{vectorCases(), rejections()}, "", " ")
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
		line := 1 + bytes.Count(data[:commonPrefix(data, promised)], []byte{'\n'})
		t.Errorf("%s is not what this program computes, first at line %d", vectorsPath, line)
	}
}

func commonPrefix(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func readVectors(t *testing.T) (file vectorFile) {
	t.Helper()
	data, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// What stands in the file is enough to come to what it expects.
func TestVectorsFromTheFileAlone(t *testing.T) {
	for _, v := range readVectors(t).Cases {
		t.Run(v.Name, func(t *testing.T) {
			for i := range v.Changes {
				checkVectorChange(t, v.Space, &v.Changes[i])
			}
			s := v.play(t)
			records := s.Records()
			if len(records) != len(v.Records) {
				t.Fatalf("%d records; want %d", len(records), len(v.Records))
			}
			for i, rec := range records {
				got := toVectorRecord(rec)
				if !reflect.DeepEqual(jsonOf(t, got), jsonOf(t, v.Records[i])) {
					t.Errorf("record %s:\n%s\nwant\n%s", rec.ID, jsonOf(t, got), jsonOf(t, v.Records[i]))
				}
				if digest := layoutDigest(got, rec.Header); !bytes.Equal(digest[:], v.Records[i].Digest) {
					t.Errorf("record %s: digest %x by its layout; want %x", rec.ID, digest, v.Records[i].Digest)
				}
				if parsed, err := merge.ParseRecord(rec.ID, v.Records[i].Row); err != nil || parsed.Digest() != rec.Digest() {
					t.Errorf("record %s: the row reads as %+v, %v", rec.ID, parsed, err)
				}
			}
			if digest := s.Digest(); !bytes.Equal(digest[:], v.Digest) {
				t.Errorf("digest %x; want %x", digest, v.Digest)
			}
		})
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func checkVectorChange(t *testing.T, space hexBytes, v *vectorChange) {
	t.Helper()
	c := v.change()
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if got := c.ComputeHash(merge.SpaceID(space)); !bytes.Equal(got[:], v.Hash) {
		t.Errorf("change %s: hash %x; want %x", c.ID, got, v.Hash)
	}
	if got := layoutHash(space, v); !bytes.Equal(got[:], v.Hash) || !bytes.Equal(got[:8], v.Tag) {
		t.Errorf("change %s: hash %x by its layout; want %x", c.ID, got, v.Hash)
	}
	if got := layoutWriteHashes(v); !reflect.DeepEqual(got, v.WriteHashes) {
		t.Errorf("change %s: write hashes %x; want %x", c.ID, got, v.WriteHashes)
	}
	for i, rec := range v.Records {
		if len(rec.Header) == 0 {
			continue
		}
		id := merge.KeyedRecordID(merge.SpaceID(space), rec.Type, rec.Header)
		if !bytes.Equal(id[:], rec.Record) || !bytes.Equal(layoutKeyedID(space, &v.Records[i]), rec.Record) {
			t.Errorf("change %s: keyed id %s; want %x", c.ID, id, rec.Record)
		}
	}
}

func TestVectorsThatMustBeRejected(t *testing.T) {
	rejected := readVectors(t).Rejected
	for _, v := range rejected.Chains {
		if at, defect := defectOf(v); at != v.At || defect != v.Defect {
			t.Errorf("%s: %q at change %d; want %q at %d", v.Name, defect, at, v.Defect, v.At)
		}
	}
	for _, v := range rejected.Rows {
		if _, err := merge.ParseRecord(visit.Record, v.Bytes); err == nil {
			t.Errorf("row with %s was taken", v.Name)
		}
	}
	for _, v := range rejected.VoidLists {
		if _, err := merge.ParseVoidList(v.Bytes); err == nil {
			t.Errorf("void list with %s was taken", v.Name)
		}
	}
}

// defectOf finds the first defect of a run of changes; index -1 for none.
func defectOf(v *rejectedChain) (at int, defect string) {
	for i := range v.Changes {
		c := v.Changes[i].change()
		switch {
		case c.Check() != nil:
			return i, "malformed"
		case c.ComputeHash(merge.SpaceID(v.Space)) != c.Hash || c.Hash.Tag() != c.ID.Tag:
			return i, "false hash"
		case i > 0 && c.ID.Seq != v.Changes[i-1].Seq+1:
			return i, "gap"
		case i > 0 && !bytes.Equal(c.Previous[:], v.Changes[i-1].Hash):
			return i, "broken chain"
		}
	}
	return -1, ""
}
