package bench

import (
	"fmt"
	"math/rand/v2"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// names of one sex, as recorders write them and as passports spell them.
type names struct {
	sex         recordsv1.Sex
	family      []string
	given       []string
	patronymic  []string
	latinFamily []string
	latinGiven  []string
}

var people = [...]names{
	{
		sex:         recordsv1.Sex_SEX_FEMALE,
		family:      []string{"Шевченко", "Коваленко", "Бондаренко", "Кравченко-Ткачук", "Олійник", "Лисенко", "Поліщук", "Марченко", "Савченко", "Руденко"},
		given:       []string{"Олена", "Тетяна", "Наталія", "Світлана", "Людмила", "Вікторія", "Катерина", "Ірина", "Оксана", "Марія"},
		patronymic:  []string{"Іванівна", "Петрівна", "Миколаївна", "Василівна", "Олександрівна", "Володимирівна", "Михайлівна"},
		latinFamily: []string{"SHEVCHENKO", "KOVALENKO", "BONDARENKO", "KRAVCHENKO-TKACHUK", "OLIINYK", "LYSENKO", "POLISHCHUK", "MARCHENKO", "SAVCHENKO", "RUDENKO"},
		latinGiven:  []string{"OLENA", "TETIANA", "NATALIIA", "SVITLANA", "LIUDMYLA", "VIKTORIIA", "KATERYNA", "IRYNA", "OKSANA", "MARIIA"},
	},
	{
		sex:         recordsv1.Sex_SEX_MALE,
		family:      []string{"Мельник", "Ткаченко", "Клименко", "Павленко", "Гончаренко", "Мороз", "Левченко", "Даниленко", "Захарчук", "Пономаренко"},
		given:       []string{"Олександр", "Сергій", "Андрій", "Володимир", "Микола", "Юрій", "Ігор", "Віктор", "Анатолій", "Дмитро"},
		patronymic:  []string{"Іванович", "Петрович", "Миколайович", "Васильович", "Олександрович", "Володимирович", "Михайлович"},
		latinFamily: []string{"MELNYK", "TKACHENKO", "KLYMENKO", "PAVLENKO", "HONCHARENKO", "MOROZ", "LEVCHENKO", "DANYLENKO", "ZAKHARCHUK", "PONOMARENKO"},
		latinGiven:  []string{"OLEKSANDR", "SERHII", "ANDRII", "VOLODYMYR", "MYKOLA", "YURII", "IHOR", "VIKTOR", "ANATOLII", "DMYTRO"},
	},
}

// person draws a participant as a facilitator registers one at a training: ten
// cells, which make a change of about 300 bytes.
func person(from *rand.Rand) *recordsv1.Participant {
	of := &people[from.IntN(len(people))]
	family, given := from.IntN(len(of.family)), from.IntN(len(of.given))
	return &recordsv1.Participant{
		Code:           fmt.Sprintf("K%d-%04d-%d", from.IntN(10), from.IntN(10_000), from.IntN(10)),
		FamilyName:     of.family[family],
		GivenName:      of.given[given],
		Patronymic:     of.patronymic[from.IntN(len(of.patronymic))],
		NameLanguage:   "uk",
		NameLatin:      of.latinFamily[family] + " " + of.latinGiven[given],
		Sex:            of.sex,
		SexBasis:       recordsv1.SexBasis_SEX_BASIS_DOCUMENT_SEEN,
		BirthPrecision: recordsv1.BirthPrecision_BIRTH_PRECISION_DATE,
		BirthDate:      int32(1940+from.IntN(65))*10_000 + int32(1+from.IntN(12))*100 + int32(1+from.IntN(28)),
		ResidencePcode: fmt.Sprintf("UA44%05d%03d", from.IntN(40), from.IntN(1000)),
		Displacement:   recordsv1.Displacement(1 + from.IntN(3)), DisplacementAsOf: seasonDay(from),
		Languages:  []string{"uk"},
		Phone:      fmt.Sprintf("+380%09d", from.IntN(1_000_000_000)),
		PhoneOwner: recordsv1.PhoneOwner(1 + from.IntN(3)),
		Engagement: recordsv1.Engagement_ENGAGEMENT_ACTIVE,
	}
}

// seasonDay is a day of the summer of 2016.
func seasonDay(from *rand.Rand) int32 {
	return 20160600 + int32(from.IntN(3))*100 + int32(1+from.IntN(28))
}
