package fieldwork_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork/names"
)

// duplicates compares who is registered by now.
func (f *field) duplicates() *fieldwork.Duplicates {
	d := fieldwork.NewDuplicates()
	f.reckon().ReadDuplicates(d)
	return d
}

func (f *field) reasons(s fieldwork.Suggestion) []names.Reason {
	m, _ := f.duplicates().Compare(s.First, s.Second)
	return m.Reasons
}

// pairsOf are the two ids of each suggestion.
func pairsOf(list []fieldwork.Suggestion) (pairs [][2]string) {
	for _, s := range list {
		pairs = append(pairs, [2]string{string(s.First[:]), string(s.Second[:])})
	}
	return pairs
}

func twoOf(a, b string) [2]string {
	x, y := string(id(a)), string(id(b))
	return [2]string{min(x, y), max(x, y)}
}

func TestAPossibleDuplicateWaitsForADecision(t *testing.T) {
	s, _ := registeredTwice(t)
	list := s.duplicates().Possible()
	if want := [][2]string{twoOf("Олена", "Elena")}; !slices.Equal(pairsOf(list), want) {
		t.Fatalf("suggested %v, want %x", list, want)
	}
	if want := []names.Reason{names.FamilySpelling, names.GivenVariant, names.NameRare}; !slices.Equal(s.reasons(list[0]), want) {
		t.Errorf("because of %v, want %v", s.reasons(list[0]), want)
	}
	if r := s.reckon(); r.Persons().Canonical(recordID("Elena")) == r.Persons().Canonical(recordID("Олена")) {
		t.Error("a suggestion has linked them")
	}
	for _, verdict := range []recordsv1.LinkVerdict{same, different, unsure} {
		s.iryna.link("Elena", "Олена", verdict)
		if list := s.duplicates().Possible(); len(list) != 0 {
			t.Errorf("after %v: suggested %v", verdict, list)
		}
	}
	s.iryna.link("Elena", "Олена", recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED)
	if list := s.duplicates().Possible(); len(list) != 1 {
		t.Errorf("suggested %v, once the verdict was taken back", list)
	}
}

// Three registrations of one woman are two decisions, and one once two of them
// are linked; what was said of one of these holds for the other as well.
func TestWhatIsDecidedOfOneRegistrationHoldsForThePerson(t *testing.T) {
	s, _ := registeredTwice(t)
	s.petro.write("Лена", &recordsv1.Participant{GivenName: "Елена", FamilyName: "Шевченко", Patronymic: "Ивановна"})
	if list := s.duplicates().Possible(); len(list) != 3 {
		t.Fatalf("suggested %v, want each two of three", list)
	}
	s.iryna.link("Elena", "Олена", same)
	if list := s.duplicates().Possible(); len(list) != 1 {
		t.Errorf("suggested %v, want the third with one of the two who are one", list)
	}
	s.iryna.link("Elena", "Лена", different)
	if list := s.duplicates().Possible(); len(list) != 0 {
		t.Errorf("suggested %v, though the third is not the one who is the other", list)
	}
}

func TestWhatIsVoidOrErasedIsSuggestedNoMore(t *testing.T) {
	s, days := registeredTwice(t)
	s.olha.void(fieldwork.Ref{Space: days[0].Space, Record: recordID("Олена")})
	if list := s.duplicates().Possible(); len(list) != 0 {
		t.Errorf("suggested %v", list)
	}
}

// Each registration is compared by what a view shows of it.
func TestWhatARegistrationIsComparedBy(t *testing.T) {
	for name, c := range map[string]struct {
		p    *recordsv1.Participant
		want names.Person
	}{
		"by day": {
			&recordsv1.Participant{
				FamilyName: "Шевченко", GivenName: "Олена", Patronymic: "Іванівна", NameLatin: "Shevchenko Olena", Sex: recordsv1.Sex_SEX_FEMALE,
				BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_DATE, BirthDate: 19840305, Phone: "+380501234567", ResidencePcode: "UA1423049010",
			},
			names.Person{
				Family: "Шевченко", Given: "Олена", Patronymic: "Іванівна", Latin: "Shevchenko Olena", Sex: names.Female, Birth: names.BornOn(19840305),
				Phone: "+380501234567", Residence: "UA1423049010",
			},
		},
		"by year": {&recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_YEAR, BirthYear: 1984, Sex: recordsv1.Sex_SEX_MALE}, names.Person{Birth: names.BornIn(1984), Sex: names.Male}},
		"by age": {
			&recordsv1.Participant{BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_AGE, AgeYears: proto.Int32(32), AgeAsOf: 20160801, Sex: recordsv1.Sex_SEX_UNDISCLOSED},
			names.Person{Birth: names.Aged(32, 20160801)},
		},
	} {
		if got := fieldwork.NamedBy(c.p); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	s := newLyman(newField(t))
	s.olha.write("one", &recordsv1.Participant{FamilyName: "Ґедзь", GivenName: "Олена", NameLatin: "Gedz Elena", ResidencePcode: "UA1423049010"})
	s.petro.write("two", &recordsv1.Participant{FamilyName: "Gedz", GivenName: "Elena", ResidencePcode: "UA1423049010"})
	if list := s.duplicates().Possible(); len(list) != 1 || !slices.Contains(s.reasons(list[0]), names.FamilySame) || !slices.Contains(s.reasons(list[0]), names.ResidenceSame) {
		t.Errorf("suggested %v, want them by passport and village", list)
	}
}
