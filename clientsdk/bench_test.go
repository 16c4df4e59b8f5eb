package clientsdk_test

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
)

// BenchmarkWriteMark writes one attendance mark per transaction, durable each.
func BenchmarkWriteMark(b *testing.B) {
	oksana := newTablet(b, newHome(b), "oksana", "lyman")
	days, persons := roll(oksana, 30)
	random := seeded(9)
	b.ReportAllocs()
	for b.Loop() {
		recorder := clientsdk.RecordID{}
		_, _ = random.Read(recorder[:])
		oksana.write(func(tx *clientsdk.Tx) error {
			_, err := tx.Put(mark(days[0], persons[0], recorder, recordsv1.Presence_PRESENCE_PRESENT))
			return err
		})
	}
}

// BenchmarkWriteRollCall writes the 30 marks of a roll call in one transaction.
func BenchmarkWriteRollCall(b *testing.B) {
	oksana := newTablet(b, newHome(b), "oksana", "lyman")
	days, persons := roll(oksana, 30)
	random := seeded(9)
	b.ReportAllocs()
	for b.Loop() {
		recorder := clientsdk.RecordID{}
		_, _ = random.Read(recorder[:])
		oksana.write(func(tx *clientsdk.Tx) error {
			for _, person := range persons {
				if _, err := tx.Put(mark(days[0], person, recorder, recordsv1.Presence_PRESENCE_PRESENT)); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// crowd is a tablet with 2,000 people and 4,000 marks on it, of which home has
// confirmed all.
func crowd(b *testing.B) (tab *tablet, days [2]clientsdk.RecordID, persons []clientsdk.RecordID) {
	b.Helper()
	h := newHome(b)
	tab = newTablet(b, h, "oksana", "lyman")
	h.access(tab.space, community, true, "oksana", "petro")
	for range 20 {
		days, persons = roll(tab, 100)
	}
	tab.sync()
	return tab, days, persons
}

func BenchmarkGet(b *testing.B) {
	tab, _, persons := crowd(b)
	b.ReportAllocs()
	for b.Loop() {
		tab.person(persons[7])
	}
}

// BenchmarkQueryMarksOfADay finds 100 marks among 4,000.
func BenchmarkQueryMarksOfADay(b *testing.B) {
	tab, days, _ := crowd(b)
	b.ReportAllocs()
	for b.Loop() {
		if n := len(tab.marks(clientsdk.Refers("session_id", days[0]))); n != 100 {
			b.Fatal(n)
		}
	}
}

// BenchmarkQueryAllPeople reads 2,000 people and sorts them.
func BenchmarkQueryAllPeople(b *testing.B) {
	tab, _, _ := crowd(b)
	b.ReportAllocs()
	for b.Loop() {
		if n := len(tab.people(clientsdk.OrderBy("family_name"))); n != 2000 {
			b.Fatal(n)
		}
	}
}

// BenchmarkFirstSync brings 6,040 records to a new tablet.
func BenchmarkFirstSync(b *testing.B) {
	tab, _, _ := crowd(b)
	b.ReportAllocs()
	for b.Loop() {
		petro := newTablet(b, tab.line.home, "petro", "lyman")
		petro.sync()
	}
}
