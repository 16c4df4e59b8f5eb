package names

import (
	"cmp"
	"slices"
	"testing"
)

// called is a person whose name is written family, given, patronymic.
func named(family, given, patronymic string, also ...func(*Person)) Person {
	p := Person{Family: family, Given: given, Patronymic: patronymic}
	for _, set := range also {
		set(&p)
	}
	return p
}

func female(p *Person)                    { p.Sex = Female }
func male(p *Person)                      { p.Sex = Male }
func on(day int32) func(*Person)          { return func(p *Person) { p.Birth = BornOn(day) } }
func in(year int32) func(*Person)         { return func(p *Person) { p.Birth = BornIn(year) } }
func aged(years, day int32) func(*Person) { return func(p *Person) { p.Birth = Aged(years, day) } }
func phone(number string) func(*Person)   { return func(p *Person) { p.Phone = number } }
func lives(pcode string) func(*Person)    { return func(p *Person) { p.Residence = pcode } }

// oneIndex looks for the two among each other, as a server does.
func oneIndex(a, b Person) (Match, bool) {
	r := registerOf([]Person{a, b})
	if r.Len() == 0 {
		return Match{}, false
	}
	return r.Compare(0, 1)
}

// registerOf is a register of people by their places.
func registerOf(people []Person) *Register[int] {
	r := NewRegister(cmp.Compare[int])
	r.Update(preparedAll(people))
	return r
}

func (r *Register[ID]) all() (pairs []Pair[ID]) {
	r.Each(func(p Pair[ID]) { pairs = append(pairs, p) })
	return pairs
}

func TestOnePersonWrittenTwice(t *testing.T) {
	for name, two := range map[string][2]Person{
		"in two rooms, in two scripts": {named("Шевченко", "Олена", "", in(1984)), named("Shevchenko", "Elena", "", aged(40, 20240901))},
		"in a register of sanctions":   {named("Зінько", "Віктор", "Миколайович"), named("Зинько", "Виктор", "Николаевич")},
		"there, in Latin letters":      {named("Зінько", "Віктор", "Миколайович"), named("Zinko", "Viktor", "Mykolaiovych")},
		"Russian to Latin":             {named("Зинько", "Виктор", "Николаевич"), named("Zinko", "Viktor", "Mykolaiovych")},
		"a member of parliament":       {named("Ковальчук", "Павло", "Олексійович"), named("Ковальчук", "Павел", "Алексеевич")},
		"Володимирович":                {named("Бондаренко", "Олексій", "Володимирович"), named("Бондаренко", "Алексей", "Владимирович")},
		"Тіміш":                        {named("Лаврик", "Тіміш", "Васильович"), named("Лаврик", "Тимиш", "Васильевич")},
		"a look-alike letter":          {named("Шeвчeнкo", "Oлена", ""), named("Шевченко", "Олена", "")},
		"an apostrophe":                {named("Мар'яненко", "Ганна", ""), named("Марьяненко", "Анна", "")},
		"a slip of the finger":         {named("Коваленко", "Ірина", "Петрівна", in(1990)), named("Ковланко", "Ірина", "Петрівна", in(1990)).with("Ковалнеко")},
		"a slip in the given name":     {named("Коваленко", "Олександр", "", on(19900203)), named("Коваленко", "Олексндр", "", on(19900203))},
		"surname and name exchanged":   {named("Коваленко", "Ірина", "", in(1990)), named("Ирина", "Коваленко", "", in(1990))},
		"all in one field":             {named("Коваленко Ірина Петрівна", "", ""), named("Kovalenko", "Iryna", "")},
		"given name first":             {named("Ірина Коваленко", "", ""), named("Kovalenko", "Iryna", "")},
		"name and patronymic together": {named("Коваленко", "Ірина Петрівна", ""), named("Коваленко", "Ирина", "Петровна")},
		"initials":                     {named("Коваленко", "І.", "П.", on(19900203)), named("Коваленко", "Ірина", "Петрівна", on(19900203))},
		"an initial of another letter": {named("Шевченко", "Е.", "", on(19840203)), named("Шевченко", "Олена", "", on(19840203))},
		"a double surname":             {named("Коваль-Петренко", "Ірина", "", in(1990)), named("Петренко-Коваль", "Ірина", "", in(1990))},
		"one half of it":               {named("Коваль-Петренко", "Ірина", "", in(1990)), named("Коваль", "Ірина", "", in(1990))},
		"without its hyphen":           {named("Нечуй-Левицький", "Іван", ""), named("Нечуйлевицький", "Іван", "")},
		"a man's surname of a woman":   {named("Ковальова", "Ірина", "", in(1990)), named("Ковалев", "Ирина", "", in(1990))},
		"an adjective":                 {named("Вишневська", "Ірина", ""), named("Вишневская", "Ирина", "")},
		"an adjective of a man":        {named("Вишневська", "Ірина", "", in(1990)), named("Вишневський", "Ірина", "", in(1990))},
		"married since":                {named("Коваль", "Ірина", "Петрівна", female, on(19900203)), named("Бондар", "Ирина", "Петровна", female, on(19900203))},
		"a short form":                 {named("Коваленко", "Саша", "", male, in(1990)), named("Коваленко", "Олександр", "", male, in(1990))},
		"an age a year off":            {named("Шевченко", "Олена", "", in(1984)), named("Шевченко", "Елена", "", aged(38, 20240901))},
		"day and month exchanged":      {named("Шевченко", "Олена", "", on(19840305)), named("Шевченко", "Олена", "", on(19840503))},
		"a digit of the year":          {named("Шевченко", "Олена", "Іванівна", on(19840305)), named("Шевченко", "Олена", "Іванівна", on(19940305))},
		"the wrong sex by a slip":      {named("Шевченко", "Олена", "Іванівна", on(19840305), female), named("Шевченко", "Олена", "Іванівна", on(19840305), male)},
		"a passport's spelling":        {named("Ґедзь", "Олена", "", in(1984)).latin("Hedz Olena"), named("Gedz", "Elena", "", in(1984))},
		"a foreign name":               {named("Мамедов", "Рауф", "", in(1984)), named("Mamedov", "Rauf", "", in(1984))},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := oneIndex(two[0], two[1])
			if !ok {
				a, b := readPerson(&two[0]), readPerson(&two[1])
				w, ok := a.compare(&b)
				t.Fatalf("not found: %v (%v), %v, %v", w.match(), ok, a, b)
			}
			back, ok := oneIndex(two[1], two[0])
			if !ok || back.Points != m.Points {
				t.Errorf("the other way round: %v %v, want %v", back, ok, m)
			}
			if hits := NewIndex(two[:1]).Similar(two[1]); len(hits) != 1 || hits[0].Person != 0 {
				t.Errorf("similar to the second: %v", hits)
			}
			for _, r := range m.Reasons {
				if r.Text("uk") == "" || r.Text("en") == "" || r.Text("uk") == r.Text("en") {
					t.Errorf("%s has no text", r)
				}
			}
		})
	}
}

func TestTwoPeopleWhoAreAlike(t *testing.T) {
	const motherAndDaughter = "+380501234567"
	for name, two := range map[string][2]Person{
		"Олександр and Олександра":     {named("Шевченко", "Олександр", "", in(1984)), named("Шевченко", "Олександра", "", in(1984))},
		"Валентин and Валентина":       {named("Шевченко", "Валентин", "", in(1984)), named("Шевченко", "Валентина", "", in(1984))},
		"Іван and Іванна":              {named("Шевченко", "Іван", "", in(1984)), named("Шевченко", "Іванна", "", in(1984))},
		"the same in Latin letters":    {named("Shevchenko", "Oleksandr", "", in(1984)), named("Шевченко", "Александра", "", in(1984))},
		"a name of no table":           {named("Шевченко", "Ерік", "", in(1984)), named("Шевченко", "Еріка", "", in(1984))},
		"Саша and Саша":                {named("Шевченко", "Саша", "", male, in(1984)), named("Шевченко", "Саша", "", female, in(1984))},
		"Сашко of a father and a girl": {named("Шевченко", "Саша", "Іванович", in(1984)), named("Шевченко", "Саша", "Іванівна", in(1984))},
		"mother and daughter":          {named("Шевченко", "Олена", "", in(1964), phone(motherAndDaughter)), named("Шевченко", "Ірина", "", in(1984), phone(motherAndDaughter))},
		"mother and daughter, no ages": {named("Шевченко", "Олена", "", phone(motherAndDaughter)), named("Шевченко", "Ірина", "", phone(motherAndDaughter))},
		"twins":                        {named("Шевченко", "Олена", "Іванівна", on(19840305)), named("Шевченко", "Ольга", "Іванівна", on(19840305))},
		"twin brothers":                {named("Шевченко", "Іван", "Іванович", on(19840305)), named("Шевченко", "Петро", "Іванович", on(19840305))},
		"namesakes 40 years apart":     {named("Шевченко", "Олена", "", in(1950)), named("Шевченко", "Олена", "", in(1990))},
		"and with one patronymic":      {named("Шевченко", "Олена", "Іванівна", on(19500305)), named("Шевченко", "Олена", "Іванівна", on(19900305))},
		"father and son of one name":   {named("Шевченко", "Іван", "Іванович", in(1960)), named("Шевченко", "Іван", "Іванович", in(1985))},
		"father and son, no ages":      {named("Шевченко", "Іван", "Петрович"), named("Шевченко", "Іван", "Іванович")},
		"cousins":                      {named("Шевченко", "Іван", "Петрович", in(1984)), named("Шевченко", "Іван", "Миколайович", in(1984))},
		"Шевченко and Шевчук":          {named("Шевченко", "Іван", "", in(1984)), named("Шевчук", "Іван", "", in(1984))},
		"Іваненко and Іващенко":        {named("Іваненко", "Іван", "", in(1984)), named("Іващенко", "Іван", "", in(1984))},
		"a short surname":              {named("Кох", "Іван", "", on(19840305)), named("Бох", "Іван", "", on(19840305))},
		"two surnames of two men":      {named("Коваль", "Іван", "Петрович", on(19900203)), named("Бондар", "Іван", "Петрович", on(19900203))},
		"husband and wife":             {named("Ковальов", "Олександр", ""), named("Ковальова", "Олександра", "")},
		"Марія and Марина":             {named("Шевченко", "Марія", "", in(1984)), named("Шевченко", "Марина", "", in(1984))},
		"an initial of neither":        {named("Шевченко", "Т.", "", on(19840203)), named("Шевченко", "Олена", "", on(19840203))},
		"of one only a surname":        {named("Шевченко", "", "", on(19840203)), named("Шевченко", "Олена", "", on(19840203))},
		"nobody":                       {{}, {}},
		"an initial, nothing else":     {named("Шевченко", "О.", ""), named("Шевченко", "Олена", "")},
	} {
		t.Run(name, func(t *testing.T) {
			if m, ok := oneIndex(two[0], two[1]); ok {
				t.Errorf("found: %d points of %v", m.Points, m.Reasons)
			}
			a, b := readPerson(&two[0]), readPerson(&two[1])
			if w, ok := a.compare(&b); ok && w.points+NameRare.Points() >= PointsPossible {
				t.Errorf("they share no key, but would be found: %v", w.match())
			}
		})
	}
}

// with and latin change one thing of a person.
func (p Person) with(family string) Person { p.Family = family; return p }
func (p Person) latin(name string) Person  { p.Latin = name; return p }

func TestReasonsSayWhy(t *testing.T) {
	a := named("Шевченко", "Олена", "Іванівна", on(19840305), phone("0501234567"), lives("UA1423049010"), female)
	b := named("Shevchenko", "Elena", "Ivanovna", aged(40, 20240901), phone("+380 50 123-45-67"), lives("UA1423049010"), female)
	m, ok := oneIndex(a, b)
	want := []Reason{FamilySpelling, GivenVariant, PatronymicSpelling, BornAgeAgrees, PhoneSame, ResidenceSame, NameRare}
	if !ok || !slices.Equal(m.Reasons, want) || m.Points < PointsLikely {
		t.Errorf("%v %v, want %v", m, ok, want)
	}
	sum := 0
	for _, r := range m.Reasons {
		sum += r.Points()
	}
	if sum != m.Points {
		t.Errorf("%d points, and the reasons weigh %d", m.Points, sum)
	}
}

// One household has one telephone and one village: together they weigh less than
// any sign that is in a name.
func TestASharedTelephoneIsWeakEvidence(t *testing.T) {
	if both := PhoneSame.Points() + ResidenceSame.Points(); both >= GivenNear.Points() {
		t.Errorf("they weigh %d", both)
	}
}

// Of a name that half the oblast has the name alone says nothing.
func TestANameThatManyHaveIsNotEnough(t *testing.T) {
	var people []Person
	for i := range 60 {
		people = append(people, named("Шевченко", "Олена", "", on(int32(1950+i)*1_00_00+0o305)))
	}
	people = append(people, named("Шевченко", "Олена", ""), named("Shevchenko", "Olena", ""))
	people = append(people, named("Шевченко", "Олена", "", on(19600715)), named("Shevchenko", "Elena", "", on(19600715)))
	people = append(people, named("Шевченко", "Олена", "Панасівна"), named("Шевченко", "Олена", "Панасівна"))
	r := registerOf(people)
	pairs := r.all()
	why, _ := r.Compare(62, 63)
	if len(pairs) != 2 || pairs[0].First != 62 || pairs[0].Second != 63 || pairs[1].First != 64 || pairs[1].Second != 65 || !slices.Contains(why.Reasons, NameVeryCommon) {
		t.Errorf("found %v, want those born on one day, and those of one rare patronymic", pairs)
	}
}

func TestBirths(t *testing.T) {
	for _, c := range []struct {
		a, b Birth
		want Reason
	}{
		{BornOn(19840305), BornOn(19840305), BornSameDay},
		{BornOn(19840305), BornOn(19840306), BornDayNear},
		{BornOn(19840305), BornOn(19840503), BornDayNear},
		{BornOn(19840305), BornOn(19841117), BornOtherDay},
		{BornOn(19840305), BornOn(19861117), BornOtherYear},
		{BornOn(19840305), BornOn(20041117), BornFarApart},
		{BornOn(19840305), BornIn(1984), BornSameYear},
		{BornIn(1984), BornIn(1984), BornSameYear},
		{BornIn(1984), BornIn(1985), BornYearNear},
		{BornIn(1984), BornIn(1987), BornOtherYear},
		{BornIn(1984), BornIn(1997), BornFarApart},
		{BornIn(1984), Aged(40, 20240901), BornAgeAgrees},
		{BornIn(1983), Aged(40, 20240901), BornAgeAgrees},
		{BornIn(1985), Aged(40, 20240901), BornYearNear},
		{BornOn(19840901), Aged(40, 20240901), BornAgeAgrees},
		{BornOn(19840902), Aged(40, 20240901), BornYearNear},
		{BornOn(19830902), Aged(40, 20240901), BornAgeAgrees},
		{BornOn(19830901), Aged(40, 20240901), BornYearNear},
		{Aged(40, 20240901), Aged(30, 20240901), BornFarApart},
		{BornOn(20000229), BornIn(2000), BornSameYear},
		{BornOn(19840231), BornIn(1984), ""},
		{Birth{}, BornIn(1984), ""},
		{Aged(3, 0), BornIn(1984), ""},
		{BornIn(0), BornIn(1984), ""},
	} {
		if got, back := c.a.compare(&c.b), c.b.compare(&c.a); got != c.want || back != c.want {
			t.Errorf("%v and %v: %q and %q, want %q", c.a, c.b, got, back, c.want)
		}
	}
}

func TestFindingPeopleByWhatSomebodyTypes(t *testing.T) {
	p := named("Коваль-Петренко", "Олена", "Миколаївна").latin("Koval Olena")
	for text, want := range map[string]bool{
		"коваль": true, "Koval": true, "ков": true, "петр": true, "Petrenko Elena": true, "олена": true, "Лена": true, "елена ковал": true,
		"николаевна": false, "миколаївна": true, "Mykolaivna Olena": true, "ольга": false, "коваленко": false, "": false, "  ": false, "коваль ольга": false, "ковальпетренко": true,
	} {
		q := NewQuery(text)
		if q.Finds(p) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}
