package syncengine_test

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// What the benchmarks push: batches as a tablet sends them after a day.
const (
	benchBatchChanges = 200
	benchBatches      = 200 // for one store; then a fresh one is begun
)

var (
	benchSpace  = merge.SpaceID{'r', 'u', 's', 'h'}
	benchPerson = merge.PersonID{'o', 'l', 'e', 'n', 'a'}
)

// BenchmarkPush is the server's work for a batch of 200 new persons of about
// 300 bytes, without HTTP: decode, verify, judge, merge, store.
func BenchmarkPush(b *testing.B) {
	known, batches := benchLoad(b)
	for _, c := range []struct {
		name   string
		memory func() *store.Memory
	}{{"memory", store.NewMemory}, {"disk", func() *store.Memory { return nil }}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var engine *syncengine.Engine
			next := 0
			for b.Loop() {
				if next%benchBatches == 0 {
					b.StopTimer()
					engine = benchEngine(b, engine, known, c.memory())
					b.StartTimer()
				}
				outcomes, err := engine.Push(context.Background(), benchPerson, benchSpace, batches[next%benchBatches:][:1])
				if err != nil {
					b.Fatal(err)
				}
				if len(outcomes) != 1 || outcomes[0].Verdict != wire.Applied {
					b.Fatalf("not all was applied: %+v", outcomes)
				}
				next++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(next*benchBatchChanges), "ns/change")
			if err := engine.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkPull is the server's work for a page of the log's tail.
func BenchmarkPull(b *testing.B) {
	known, batches := benchLoad(b)
	engine := benchEngine(b, nil, known, store.NewMemory())
	for _, batch := range batches {
		if _, err := engine.Push(context.Background(), benchPerson, benchSpace, [][]byte{batch}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	var cursor []byte
	rows := 0
	for b.Loop() {
		page, err := engine.Pull(context.Background(), benchPerson, benchSpace, cursor, 0)
		if err != nil {
			b.Fatal(err)
		}
		for _, entry := range page.Entries {
			rows += int(entry.Positions)
		}
		cursor = page.Cursor
		if !page.More {
			cursor = nil
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
	if err := engine.Close(); err != nil {
		b.Fatal(err)
	}
}

// benchEngine closes the engine before and opens an empty one.
func benchEngine(b *testing.B, before *syncengine.Engine, known *schema.Schema, memory *store.Memory) *syncengine.Engine {
	b.Helper()
	if before != nil {
		if err := before.Close(); err != nil {
			b.Fatal(err)
		}
	}
	engine, err := syncengine.Open(syncengine.Options{
		Dir: b.TempDir(), Master: testMaster, Memory: memory, Schema: known, Random: rand.Reader,
		Now: func() int64 { return 1_470_009_600_000 },
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := engine.SetAccess(context.Background(), benchPerson, benchSpace, schemav1.SpaceKind_SPACE_KIND_COMMUNITY, benchPerson, true); err != nil {
		b.Fatal(err)
	}
	return engine
}

// benchLoad writes the changes of one replica.
func benchLoad(b *testing.B) (*schema.Schema, [][]byte) {
	b.Helper()
	known, err := schema.New(recordsv1.File_zhurnal_records_v1_person_proto)
	if err != nil {
		b.Fatal(err)
	}
	plan := known.Plan("zhurnal.records.v1.Participant")
	random := mathrand.New(mathrand.NewChaCha8([32]byte{1}))
	var previous merge.Hash
	var seq uint64
	batches := make([][]byte, benchBatches)
	for i := range batches {
		changes := make([]*merge.Change, benchBatchChanges)
		for j := range changes {
			seq++
			changes[j] = benchChange(b, plan, random, seq, previous)
			previous = changes[j].Hash
		}
		packed, err := wire.EncodeBatches(benchSpace, changes)
		if err != nil || len(packed) != 1 {
			b.Fatalf("%d batches: %v", len(packed), err)
		}
		batches[i] = packed[0]
	}
	return known, batches
}

func benchChange(b *testing.B, plan *schema.Plan, random *mathrand.Rand, seq uint64, previous merge.Hash) *merge.Change {
	b.Helper()
	writes, err := plan.Compose(benchSpace, nil, schema.Draft{Record: merge.RecordID(randomID(random)), Message: benchParticipant(random)})
	if err != nil {
		b.Fatal(err)
	}
	c := &merge.Change{
		ID: merge.ID{Replica: merge.ReplicaID{'t', 'a', 'b'}, Seq: seq}, Previous: previous,
		Stamp: 1_470_009_600_000 + int64(seq)*60_000, Author: benchPerson,
		Salt: merge.Salt(randomID(random)), Records: []merge.RecordWrites{writes},
	}
	c.Seal(benchSpace)
	return c
}

// benchParticipant has ten cells, which make a change of about 300 bytes.
func benchParticipant(random *mathrand.Rand) *recordsv1.Participant {
	return &recordsv1.Participant{
		Code:       fmt.Sprintf("K%d-%04d-%d", random.IntN(10), random.IntN(10_000), random.IntN(10)),
		FamilyName: fmt.Sprintf("Кравченко-%04d", random.IntN(10_000)), GivenName: "Катерина", Patronymic: "Володимирівна", NameLanguage: "uk",
		NameLatin: fmt.Sprintf("KRAVCHENKO-%04d KATERYNA", random.IntN(10_000)),
		Sex:       recordsv1.Sex_SEX_FEMALE, SexBasis: recordsv1.SexBasis_SEX_BASIS_DOCUMENT_SEEN,
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_DATE, BirthDate: int32(1940+random.IntN(65))*10_000 + 615,
		ResidencePcode: fmt.Sprintf("UA44%08d", random.IntN(40_000)),
		Displacement:   recordsv1.Displacement(1 + random.IntN(3)), DisplacementAsOf: 20160615,
		Languages: []string{"uk"},
		Phone:     fmt.Sprintf("+380%09d", random.IntN(1_000_000_000)), PhoneOwner: recordsv1.PhoneOwner(1 + random.IntN(3)),
		Engagement: recordsv1.Engagement_ENGAGEMENT_ACTIVE,
	}
}

func randomID(random *mathrand.Rand) (id [16]byte) {
	for i := range id {
		id[i] = byte(random.Uint32())
	}
	return id
}
