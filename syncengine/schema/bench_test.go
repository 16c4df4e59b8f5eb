package schema

import (
	"testing"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// everyday are a keyed type with one group, and a wide type with rules of which
// ten cells are written as at a registration, as programs have them, and a type
// that is known only at run time.
func everyday(b testing.TB) map[string]func() (*Plan, Draft) {
	s, run := records(b), schemaOf(b, "older").Plan(typeVisit)
	person := &recordsv1.Participant{
		Code: "K7-0412-9", FamilyName: "Коваленко", GivenName: "Ірина", Patronymic: "Василівна", NameLanguage: "uk", NameLatin: "KOVALENKO IRYNA",
		Sex: recordsv1.Sex_SEX_FEMALE, SexBasis: recordsv1.SexBasis_SEX_BASIS_DOCUMENT_SEEN,
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_DATE, BirthDate: 19610417, ResidencePcode: "UA4400012047",
		Displacement: recordsv1.Displacement_DISPLACEMENT_IDP, DisplacementAsOf: 20160714, Languages: []string{"uk"},
		Phone: "+380441234567", PhoneOwner: recordsv1.PhoneOwner_PHONE_OWNER_OWN, Engagement: recordsv1.Engagement_ENGAGEMENT_ACTIVE,
	}
	visit := parse(b, run, `person_id: @1 day: 20160801 start_minute: 540 end_minute: 600 outcome: OUTCOME_MET fare_minor: 500 witness_ids: @3`)
	return map[string]func() (*Plan, Draft){
		"mark": func() (*Plan, Draft) { return s.Plan("zhurnal.records.v1.AttendanceMark"), Draft{Message: mark()} },
		"participant": func() (*Plan, Draft) {
			return s.Plan("zhurnal.records.v1.Participant"), Draft{Record: idOf(1), Message: person}
		},
		"runtime": func() (*Plan, Draft) { return run, Draft{Message: visit} },
	}
}

func BenchmarkCompose(b *testing.B) {
	eachBenched(b, func(b *testing.B, p *Plan, d Draft, _ *merge.RecordWrites, _ *merge.Record) {
		if _, err := p.Compose(hall, nil, d); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkJoin(b *testing.B) {
	eachBenched(b, func(b *testing.B, p *Plan, _ Draft, _ *merge.RecordWrites, rec *merge.Record) {
		if _, err := p.Join(rec); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	eachBenched(b, func(b *testing.B, p *Plan, _ Draft, w *merge.RecordWrites, _ *merge.Record) {
		if violations, err := p.Check(w); err != nil || violations != nil {
			b.Fatal(violations, err)
		}
	})
}

func BenchmarkReferences(b *testing.B) {
	eachBenched(b, func(_ *testing.B, p *Plan, _ Draft, w *merge.RecordWrites, _ *merge.Record) {
		p.References(w)
	})
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		records(b)
	}
}

func eachBenched(b *testing.B, run func(*testing.B, *Plan, Draft, *merge.RecordWrites, *merge.Record)) {
	for name, of := range everyday(b) {
		b.Run(name, func(b *testing.B) {
			p, d := of()
			tablet := newTablet(b, "nadia")
			w := tablet.compose(p, d)
			tablet.change(w)
			rec := tablet.only()
			b.ReportAllocs()
			for b.Loop() {
				run(b, p, d, &w, rec)
			}
		})
	}
}
