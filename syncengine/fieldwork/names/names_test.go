package names

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// Names as they stand in public registers and in the press, each group one name.
func TestSpellingsOfOneNameMeet(t *testing.T) {
	for _, group := range []string{
		"Зінько Зинько Zinko",
		"Шевченко Shevchenko Ševčenko Schewtschenko",
		"Щербак Shcherbak Ščerbak Scherbak",
		"Ткачук Tkachuk Tkaczuk Tkatchuk",
		"Жук Zhuk Žuk",
		"Згурський Згурский Zghurskyi Zgurskiy Zgursky",
		"Грищенко Грищенко Hryshchenko Grishchenko Grischenko",
		"Ґалаґан Галаган Galagan Halahan",
		"Хоменко Khomenko Xomenko",
		"Цимбал Tsymbal Tzymbal Cymbal Цымбал",
		"Юрченко Yurchenko Iurchenko Jurchenko",
		"Яковенко Yakovenko Iakovenko Jakovenko",
		"Євтушенко Евтушенко Yevtushenko Ievtushenko Evtushenko Jevtushenko",
		"Матвієнко Матвиенко Matviienko Matvienko Matviyenko",
		"Соловйов Соловьёв Соловьев Soloviov Solovyov Solovyev",
		"Васильєв Васильев Vasyliev Vasiliev",
		"Лисенко Лысенко Lysenko Lisenko",
		"Мар'яненко Мар’яненко Марʼяненко Мар`яненко Марьяненко Marianenko Maryanenko",
		"Олексійчук Oleksiichuk Oleksiychuk",
		"Вінниченко Виниченко Vynnychenko Vinnichenko",
		"Сергієнко Сергеенко Serhiienko Sergeenko",
		"Їжакевич Ижакевич Yizhakevych Izhakevich",
		"Нечай Netchay Nechai",
		"Максименко Maksymenko Maximenko",
		"ШЕВЧЕНКО шевченко Шевче\u0301нко Ｓhevchenko",
	} {
		spellings := strings.Fields(group)
		for _, spelling := range spellings[1:] {
			if got, want := Skeleton(spelling), Skeleton(spellings[0]); got != want {
				t.Errorf("%s is %q, %s is %q", spelling, got, spellings[0], want)
			}
		}
	}
}

func TestNamesThatSoundApartStayApart(t *testing.T) {
	for _, two := range [][2]string{
		{"Коваль", "Ковальчук"},
		{"Шевченко", "Шевчук"},
		{"Іваненко", "Іващенко"},
		{"Ткаченко", "Ткачук"},
		{"Бондар", "Бондаренко"},
		{"Олександр", "Олександра"},
		{"Іван", "Іванна"},
		{"Мельник", "Мельничук"},
		{"Жуков", "Чуков"},
		{"Шаповал", "Чаповал"},
	} {
		if Skeleton(two[0]) == Skeleton(two[1]) {
			t.Errorf("%s and %s are both %q", two[0], two[1], Skeleton(two[0]))
		}
	}
}

func TestLookalikesAreFoldedToTheScriptThatIsMeant(t *testing.T) {
	for mixed, want := range map[string]string{
		"Сrimean":         "crimean", // a Cyrillic С
		"Oлена":           "олена",   // a Latin O
		"Шeвчeнкo":        "шевченко",
		"Shеvchenkо":      "shevchenko",
		"Kовальcька":      "ковальська",
		"Iвaн":            "іван",
		"Украïна":         "україна",
		"Ｏlena":           "olena",
		"Хом'як":          "хомяк",
		"Оле\u0301на":     "олена",
		"Нечуй‑Левицький": "нечуй-левицький",
		"-Коваль-":        "коваль",
	} {
		if got := strings.Join(words(mixed), " "); got != want {
			t.Errorf("%q is %q, want %q", mixed, got, want)
		}
	}
}

// The examples of the resolution itself, and every letter in every place.
func TestRomanisesAsTheResolutionSays(t *testing.T) {
	for uk, want := range map[string]string{
		"Алушта": "Alushta", "Андрій": "Andrii", "Борщагівка": "Borshchahivka", "Борисенко": "Borysenko", "Вінниця": "Vinnytsia",
		"Володимир": "Volodymyr", "Гадяч": "Hadiach", "Богдан": "Bohdan", "Згурський": "Zghurskyi", "Ґалаґан": "Galagan", "Ґорґани": "Gorgany",
		"Донецьк": "Donetsk", "Дмитро": "Dmytro", "Рівне": "Rivne", "Олег": "Oleh", "Есмань": "Esman", "Єнакієве": "Yenakiieve",
		"Гаєвич": "Haievych", "Короп'є": "Koropie", "Житомир": "Zhytomyr", "Жанна": "Zhanna", "Жежелів": "Zhezheliv", "Закарпаття": "Zakarpattia",
		"Казимирчук": "Kazymyrchuk", "Медвин": "Medvyn", "Михайленко": "Mykhailenko", "Іванків": "Ivankiv", "Іващенко": "Ivashchenko",
		"Їжакевич": "Yizhakevych", "Кадиївка": "Kadyivka", "Мар'їне": "Marine", "Йосипівка": "Yosypivka", "Стрий": "Stryi", "Олексій": "Oleksii",
		"Київ": "Kyiv", "Коваленко": "Kovalenko", "Лебедин": "Lebedyn", "Леонід": "Leonid", "Миколаїв": "Mykolaiv", "Маринич": "Marynych",
		"Ніжин": "Nizhyn", "Наталія": "Nataliia", "Одеса": "Odesa", "Онищенко": "Onyshchenko", "Полтава": "Poltava", "Петро": "Petro",
		"Решетилівка": "Reshetylivka", "Рибчинський": "Rybchynskyi", "Суми": "Sumy", "Соломія": "Solomiia", "Тернопіль": "Ternopil", "Троць": "Trots",
		"Ужгород": "Uzhhorod", "Уляна": "Uliana", "Фастів": "Fastiv", "Філіпчук": "Filipchuk", "Харків": "Kharkiv", "Христина": "Khrystyna",
		"Біла Церква": "Bila Tserkva", "Стеценко": "Stetsenko", "Чернівці": "Chernivtsi", "Шевченко": "Shevchenko", "Шостка": "Shostka",
		"Кишеньки": "Kyshenky", "Щербухи": "Shcherbukhy", "Гоща": "Hoshcha", "Гаращенко": "Harashchenko", "Юрій": "Yurii", "Корюківка": "Koriukivka",
		"Яготин": "Yahotyn", "Ярошенко": "Yaroshenko", "Костянтин": "Kostiantyn", "Знам'янка": "Znamianka", "Феодосія": "Feodosiia", "Згорани": "Zghorany", "Розгон": "Rozghon",
		"ЩЕРБА": "SHCHERBA", "Щ": "Shch", "Нечуй-Левицький Є.": "Nechui-Levytskyi Ye.", "Olena": "Olena", "": "",
	} {
		if got := Romanise(uk); got != want {
			t.Errorf("%s is %q, want %q", uk, got, want)
		}
	}
}

// A name and its official romanisation are one name to us.
func TestTheOfficialRomanisationMeetsItsName(t *testing.T) {
	for line := range strings.Lines(givenText) {
		parts := strings.Split(strings.TrimSpace(line), ";")
		if len(parts) < 2 || strings.HasPrefix(line, "#") {
			continue
		}
		name := strings.TrimSpace(parts[1])
		of, latin := givenNames().of[Skeleton(name)], givenNames().of[Skeleton(Romanise(name))]
		if !slices.ContainsFunc(latin, func(c called) bool { return slices.Contains(of, c) }) {
			t.Errorf("%s is written %s officially, and that is not the name", name, Romanise(name))
		}
	}
}

func TestTheTableOfGivenNamesIsInOrder(t *testing.T) {
	table := givenNames()
	seen := map[string]bool{}
	for _, n := range table.names {
		if n.name == "" || seen[n.name] {
			t.Errorf("%q is empty or there twice", n.name)
		}
		seen[n.name] = true
	}
	if len(table.names) < 200 {
		t.Errorf("%d names", len(table.names))
	}
	for skeleton, of := range table.of {
		full := map[Sex][]string{}
		for _, c := range of {
			if n := table.names[c.name]; !c.short {
				full[n.sex] = append(full[n.sex], n.name)
			}
		}
		for _, names := range full {
			if len(names) > 1 && !slices.Contains(knownTwice, skeleton) {
				t.Errorf("%q is a full form of %v", skeleton, names)
			}
		}
	}
}

// knownTwice are full names that are two, in the same letters.
var knownTwice = []string{"olesia", "orina", "iustina"}

func TestEquivalentGivenNames(t *testing.T) {
	for _, group := range []string{
		"Олена Елена Olena Elena Yelena", "Микола Николай Mykola Nikolai", "Володимир Владимир Volodymyr Vladimir",
		"Олександр Александр Oleksandr Alexander", "Олексій Алексей Oleksii Alexey", "Павло Павел Pavlo Pavel", "Дмитро Дмитрий Dmytro Dmitry",
		"Ганна Анна Hanna Anna", "Катерина Екатерина Kateryna Ekaterina", "Наталія Наталья Nataliia Natalya", "Тетяна Татьяна Tetiana Tatyana",
		"Надія Надежда Nadiia Nadezhda", "Віра Вера Vira Vera", "Сергій Сергей Serhii Sergey", "Андрій Андрей Andrii Andrey", "Михайло Михаил Mykhailo Mikhail",
		"Петро Пётр Petro Pyotr", "Євген Евгений Yevhen Evgeny", "Григорій Григорий Hryhorii Grigory", "Василь Василий Vasyl Vasily", "Йосип Иосиф Yosyp Iosif",
		"Тіміш Тимиш", "Юлія Юлия Yuliia Julia Yulia", "Ірина Ирина Iryna Irina", "Світлана Светлана Svitlana Svetlana", "Юрій Юрий Yurii Yuri",
		"Ольга Olha Olga", "Віктор Виктор Viktor Victor", "Федір Фёдор Fedir Fyodor", "Микита Никита Mykyta Nikita", "Яків Яков Yakiv Jacob",
		"Пилип Филипп Pylyp Philip", "Опанас Панас Афанасий", "Людмила Liudmyla Lyudmila Ludmila", "Олександра Александра Oleksandra Alexandra",
		"Олена Лена", "Олександр Саша Сашко", "Володимир Вова Володя", "Катерина Катя", "Дмитро Діма Дима", "Любов Люба", "Євген Женя", "Євгенія Женя",
		"Марія Маша Марічка", "Анастасія Настя", "Михайло Міша Миша", "Тетяна Таня", "Юлія Юля", "Іван Ваня", "Микола Коля",
	} {
		spellings := strings.Fields(group)
		for _, spelling := range spellings[1:] {
			x, y := reading{}.called(strings.ToLower(spellings[0])), reading{}.called(strings.ToLower(spelling))
			if got := x.compareGiven(&y); got == "" || got == GivenNear {
				t.Errorf("%s and %s: %q", spellings[0], spelling, got)
			}
		}
	}
}

func TestWhatDiffersInOneLetter(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"a", "", true},
		{"ab", "", false},
		{"koval", "koval", true},
		{"koval", "kovel", true},
		{"koval", "kovl", true},
		{"koval", "kovaal", true},
		{"koval", "okval", true},
		{"koval", "kovla", true},
		{"koval", "kvola", false},
		{"koval", "kavol", false},
		{"ab", "ba", true},
		{"abc", "cba", false},
	} {
		if within1(c.a, c.b) != c.want || within1(c.b, c.a) != c.want {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.want)
		}
		if c.want && !share(deletions(c.a), deletions(c.b)) {
			t.Errorf("%q and %q are a letter apart and share no key", c.a, c.b)
		}
	}
}

func FuzzNamesOfAnyKind(f *testing.F) {
	for _, s := range []string{"Шевченко Олена", "Сrimean", "-", "'", "О.", "x", "\xff", "ьо", "Оле\u0301на", "ß", "İ", "王芳", "O'Brien-Коваль Yurijovych"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if got, want := Skeleton(norm.NFD.String(a)), Skeleton(norm.NFC.String(a)); got != want {
			t.Errorf("%q taken apart is %q, whole %q", a, got, want)
		}
		p, q := Person{Family: a, Given: b}, Person{Family: b, Given: a, Latin: a + " " + b}
		m1, ok1 := oneIndex(p, q)
		m2, ok2 := oneIndex(q, p)
		if ok1 != ok2 || m1.Points != m2.Points {
			t.Errorf("%q, %q: %v %v one way, %v %v the other", a, b, m1, ok1, m2, ok2)
		}
		query := NewQuery(a)
		query.Finds(p)
		Romanise(a)
	})
}
