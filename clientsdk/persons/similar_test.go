package persons_test

import (
	"crypto/rand"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/clientsdk/persons"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

var village = clientsdk.SpaceID{1: 7}

// open makes a register that has never seen a network.
func open(t testing.TB) *clientsdk.Register {
	t.Helper()
	types, err := schema.New(recordsv1.File_zhurnal_records_v1_person_proto)
	if err != nil {
		t.Fatal(err)
	}
	key := make([]byte, 32)
	rand.Read(key)
	reg, err := clientsdk.Open(t.Context(), clientsdk.Options{
		Dir: t.TempDir(), Key: key, Author: clientsdk.PersonID{1}, Schema: types,
		Clock: func() int64 { return 1_470_000_000_000 }, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reg.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := reg.Join(t.Context(), village, schemav1.SpaceKind_SPACE_KIND_COMMUNITY); err != nil {
		t.Fatal(err)
	}
	return reg
}

func register(t testing.TB, reg *clientsdk.Register, people ...*recordsv1.Participant) (ids []clientsdk.RecordID) {
	t.Helper()
	_, err := reg.Write(t.Context(), village, func(tx *clientsdk.Tx) error {
		for _, p := range people {
			id, err := tx.Create(p)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestAFacilitatorIsToldOffline(t *testing.T) {
	reg := open(t)
	ids := register(t, reg,
		&recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Олена", BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: 1984},
		&recordsv1.Participant{FamilyName: "Шевченко", GivenName: "Ольга", BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: 1984},
		&recordsv1.Participant{FamilyName: "Коваль", GivenName: "Іван"},
	)
	elena := &recordsv1.Participant{
		FamilyName: "Shevchenko", GivenName: "Elena",
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_AGE, AgeYears: proto.Int32(32), AgeAsOf: 20160901,
	}
	known, err := persons.Similar(t.Context(), reg, village, elena)
	if err != nil || len(known) != 1 || known[0].ID != ids[0] || known[0].Message.GetGivenName() != "Олена" {
		t.Fatalf("known %+v, %v; want Олена alone", known, err)
	}
	if len(known[0].Reasons) == 0 || known[0].Reasons[0].Text("uk") == "" {
		t.Error("and it is not said why")
	}
	_, err = reg.Write(t.Context(), village, func(tx *clientsdk.Tx) error { return tx.Void(known[0].ID) })
	if err != nil {
		t.Fatal(err)
	}
	if known, err := persons.Similar(t.Context(), reg, village, elena); err != nil || len(known) != 0 {
		t.Errorf("known %+v, %v, though that was a mistake", known, err)
	}
}

func TestNobodyIsSimilarInASpaceThatIsNotThere(t *testing.T) {
	if _, err := persons.Similar(t.Context(), open(t), clientsdk.SpaceID{9}, &recordsv1.Participant{}); err == nil {
		t.Error("no error")
	}
}

// BenchmarkSimilar asks a register of a large village.
func BenchmarkSimilar(b *testing.B) {
	reg := open(b)
	surnames := []string{"Шевченко", "Коваль", "Бондар", "Ткач", "Кравчук", "Олійник", "Мельник"}
	for range 10 {
		var people []*recordsv1.Participant
		for i := range 300 {
			people = append(people, &recordsv1.Participant{FamilyName: fmt.Sprint(surnames[i%7], "енко"), GivenName: "Олена", BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: int32(1950 + i%60)})
		}
		register(b, reg, people...)
	}
	for b.Loop() {
		if _, err := persons.Similar(b.Context(), reg, village, &recordsv1.Participant{FamilyName: "Koval", GivenName: "Elena"}); err != nil {
			b.Fatal(err)
		}
	}
}
