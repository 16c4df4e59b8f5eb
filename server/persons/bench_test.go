package persons

import (
	"crypto/rand"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// BenchmarkList asks for the first page of a programme of 20,000 registrations:
// when nothing has been read yet, when one community has moved on, and again.
func BenchmarkList(b *testing.B) {
	const registrations = 20_000
	p := newProgramme(b)
	given := []string{"Олена", "Elena", "Ірина", "Ольга", "Іван", "Микола", "Николай", "Тетяна"}
	for from := 0; from < registrations; from += 200 {
		var records []syncengine.WriteRecord
		for i := from; i < from+200; i++ {
			data, err := proto.Marshal(&recordsv1.Participant{
				FamilyName: fmt.Sprintf("%c%cл%cв%cнко", []rune("КБШТМ")[i%5], []rune("аоуеи")[i/5%5], []rune("аоуеи")[i/25%5], []rune("бвгдз")[i/125%5]),
				GivenName:  given[i%8], BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: int32(1940 + i%625%70),
			})
			if err != nil {
				b.Fatal(err)
			}
			w := syncengine.WriteRecord{Type: participantType, Message: data}
			if _, err := rand.Read(w.Record[:]); err != nil {
				b.Fatal(err)
			}
			records = append(records, w)
		}
		where := []merge.SpaceID{space("lyman"), space("svatove")}[from/200%2]
		if _, _, err := p.Write(b.Context(), person("iryna"), where, records); err != nil {
			b.Fatal(err)
		}
	}
	list := func(b *testing.B, f *Finder) {
		page, err := f.List(b.Context(), by("iryna", "desk"), Waiting, "", 0)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(page.Total), "pairs")
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			list(b, New(p))
		}
	})
	list(b, p.finder)
	b.Run("moved", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			p.register("lyman", "Коваль Іван", &recordsv1.Participant{Phone: fmt.Sprintf("+380%09d", n)})
			list(b, p.finder)
		}
	})
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			list(b, p.finder)
		}
	})
}
