package names

// Reason is why two registrations may be one person, or may not: the key of a
// message.
type Reason string

// The reasons. A man's and a woman's form of a given
// name, twins' names, a mother's and a daughter's are two names, and then nothing
// else is asked.
const (
	FamilySame     Reason = "family.same"
	FamilySpelling Reason = "family.spelling" // sounds the same, in another script or language
	FamilyEnding   Reason = "family.ending"   // -ський and -ська, -ов and -ова
	FamilyPart     Reason = "family.part"     // one of two surnames
	FamilyNear     Reason = "family.near"     // one letter off
	FamilyOther    Reason = "family.other"    // a woman who may have married

	GivenSame     Reason = "given.same"
	GivenSpelling Reason = "given.spelling"
	GivenVariant  Reason = "given.variant" // Олена, Елена
	GivenShort    Reason = "given.short"   // Олена, Лена
	GivenNear     Reason = "given.near"
	GivenInitial  Reason = "given.initial"

	PatronymicSame     Reason = "patronymic.same"
	PatronymicSpelling Reason = "patronymic.spelling"
	PatronymicNear     Reason = "patronymic.near"
	PatronymicInitial  Reason = "patronymic.initial"
	PatronymicOther    Reason = "patronymic.other"

	BornSameDay   Reason = "born.same_day"
	BornDayNear   Reason = "born.day_near" // a digit off, or day and month exchanged
	BornOtherDay  Reason = "born.other_day"
	BornSameYear  Reason = "born.same_year"
	BornAgeAgrees Reason = "born.age_agrees"
	BornYearNear  Reason = "born.year_near"
	BornOtherYear Reason = "born.other_year"
	BornFarApart  Reason = "born.far_apart"

	SexOther       Reason = "sex.other"
	PhoneSame      Reason = "phone.same"
	ResidenceSame  Reason = "residence.same"
	NameRare       Reason = "name.rare"
	NameCommon     Reason = "name.common"
	NameVeryCommon Reason = "name.very_common"
)

// reasons are what each weighs, and what it says in Ukrainian and in English.
var reasons = map[Reason]struct {
	points int
	texts  [2]string
}{
	FamilySame:     {30, [2]string{"прізвище те саме", "same surname"}},
	FamilySpelling: {28, [2]string{"те саме прізвище в іншому написанні", "same surname, spelt another way"}},
	FamilyEnding:   {24, [2]string{"прізвище різниться закінченням роду", "surname differs in the ending for men and women"}},
	FamilyPart:     {18, [2]string{"спільна частина подвійного прізвища", "one part of a double surname is the same"}},
	FamilyNear:     {8, [2]string{"прізвище різниться однією літерою", "surname differs by one letter"}},
	FamilyOther:    {-15, [2]string{"прізвища різні: можливо, змінила після шлюбу", "surnames differ: she may have married"}},

	GivenSame:     {25, [2]string{"ім'я те саме", "same given name"}},
	GivenSpelling: {24, [2]string{"те саме ім'я в іншому написанні", "same given name, spelt another way"}},
	GivenVariant:  {22, [2]string{"те саме ім'я іншою мовою", "same given name in another language"}},
	GivenShort:    {16, [2]string{"скорочене ім'я", "short form of the given name"}},
	GivenNear:     {14, [2]string{"ім'я різниться однією літерою", "given name differs by one letter"}},
	GivenInitial:  {6, [2]string{"від імені є лише перша літера, і вона підходить", "of the given name there is the first letter, which fits"}},

	PatronymicSame:     {18, [2]string{"по батькові те саме", "same patronymic"}},
	PatronymicSpelling: {18, [2]string{"те саме по батькові в іншому написанні", "same patronymic, spelt another way"}},
	PatronymicNear:     {8, [2]string{"по батькові різниться однією літерою", "patronymic differs by one letter"}},
	PatronymicInitial:  {4, [2]string{"від по батькові є лише перша літера, і вона підходить", "of the patronymic there is the first letter, which fits"}},
	PatronymicOther:    {-35, [2]string{"по батькові різне", "patronymics differ"}},

	BornSameDay:   {30, [2]string{"день народження той самий", "born on the same day"}},
	BornDayNear:   {12, [2]string{"день народження різниться однією цифрою або переставлено день і місяць", "birth dates differ by one digit, or day and month are exchanged"}},
	BornOtherDay:  {-15, [2]string{"народилися одного року в різні дні", "born in the same year on different days"}},
	BornSameYear:  {16, [2]string{"рік народження той самий", "same year of birth"}},
	BornAgeAgrees: {12, [2]string{"вік збігається", "ages agree"}},
	BornYearNear:  {3, [2]string{"вік різниться на рік", "ages differ by a year"}},
	BornOtherYear: {-25, [2]string{"народилися в різні роки", "born in different years"}},
	BornFarApart:  {-60, [2]string{"між ними багато років", "many years between them"}},

	SexOther:       {-40, [2]string{"стать записана різна", "recorded with different sexes"}},
	PhoneSame:      {8, [2]string{"телефон той самий (він буває спільним)", "same telephone (families share one)"}},
	ResidenceSame:  {3, [2]string{"живуть в одному населеному пункті", "live in the same settlement"}},
	NameRare:       {5, [2]string{"ім'я та прізвище тут рідкісні", "the name is rare here"}},
	NameCommon:     {-5, [2]string{"ім'я та прізвище тут поширені", "the name is common here"}},
	NameVeryCommon: {-15, [2]string{"ім'я та прізвище тут дуже поширені", "the name is very common here"}},
}

// Points is what the reason weighs, against it below zero.
func (r Reason) Points() int { return reasons[r].points }

// Text says the reason in Ukrainian or, for any other language than "uk", in
// English.
func (r Reason) Text(language string) string {
	if language == "uk" {
		return reasons[r].texts[0]
	}
	return reasons[r].texts[1]
}
