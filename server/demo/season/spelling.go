package season

// spelled is one name as recorders write it: in Ukrainian, in Russian, and in
// Latin letters by the official romanisation of 2010.
type spelled struct{ uk, ru, latin string }

// script is how a recorder writes names.
type script uint8

const (
	ukrainian script = iota
	russian
	latin
)

func (s spelled) in(how script) string {
	return [...]string{s.uk, s.ru, s.latin}[how]
}

// language is the code that a record holds for the script.
func (how script) language() string { return [...]string{"uk", "ru", "en"}[how] }

// Indexes of the tables by sex.
const (
	female = 0
	male   = 1
)

// families have the same family in both lists.
var families = [2][]spelled{
	female: {
		{"Шевченко", "Шевченко", "Shevchenko"},
		{"Коваленко", "Коваленко", "Kovalenko"},
		{"Бондаренко", "Бондаренко", "Bondarenko"},
		{"Ткаченко", "Ткаченко", "Tkachenko"},
		{"Кравченко", "Кравченко", "Kravchenko"},
		{"Мельник", "Мельник", "Melnyk"},
		{"Коваль", "Коваль", "Koval"},
		{"Поліщук", "Полищук", "Polishchuk"},
		{"Лисенко", "Лысенко", "Lysenko"},
		{"Гончаренко", "Гончаренко", "Honcharenko"},
		{"Ковальчук", "Ковальчук", "Kovalchuk"},
		{"Зінченко", "Зинченко", "Zinchenko"},
		{"Мороз", "Мороз", "Moroz"},
		{"Хоменко", "Хоменко", "Khomenko"},
		{"Щербак", "Щербак", "Shcherbak"},
		{"Литвиненко", "Литвиненко", "Lytvynenko"},
		{"Єрьоменко", "Ерёменко", "Yeromenko"},
		{"Журба", "Журба", "Zhurba"},
		{"Гайдук", "Гайдук", "Haiduk"},
		{"Петренко", "Петренко", "Petrenko"},
		{"Савченко", "Савченко", "Savchenko"},
		{"Білоус", "Белоус", "Bilous"},
		{"Яковенко", "Яковенко", "Yakovenko"},
		{"Цимбал", "Цымбал", "Tsymbal"},
		{"Іванова", "Иванова", "Ivanova"},
		{"Зінов'єва", "Зиновьева", "Zinovieva"},
		{"Волкова", "Волкова", "Volkova"},
		{"Дорошенко", "Дорошенко", "Doroshenko"},
		{"Соколова", "Соколова", "Sokolova"},
		{"Козловська", "Козловская", "Kozlovska"},
		{"Заболотна", "Заболотная", "Zabolotna"},
		{"Чорна", "Чёрная", "Chorna"},
	},
	male: {
		{"Шевченко", "Шевченко", "Shevchenko"},
		{"Коваленко", "Коваленко", "Kovalenko"},
		{"Бондаренко", "Бондаренко", "Bondarenko"},
		{"Ткаченко", "Ткаченко", "Tkachenko"},
		{"Кравченко", "Кравченко", "Kravchenko"},
		{"Мельник", "Мельник", "Melnyk"},
		{"Коваль", "Коваль", "Koval"},
		{"Поліщук", "Полищук", "Polishchuk"},
		{"Лисенко", "Лысенко", "Lysenko"},
		{"Гончаренко", "Гончаренко", "Honcharenko"},
		{"Ковальчук", "Ковальчук", "Kovalchuk"},
		{"Зінченко", "Зинченко", "Zinchenko"},
		{"Мороз", "Мороз", "Moroz"},
		{"Хоменко", "Хоменко", "Khomenko"},
		{"Щербак", "Щербак", "Shcherbak"},
		{"Литвиненко", "Литвиненко", "Lytvynenko"},
		{"Єрьоменко", "Ерёменко", "Yeromenko"},
		{"Журба", "Журба", "Zhurba"},
		{"Гайдук", "Гайдук", "Haiduk"},
		{"Петренко", "Петренко", "Petrenko"},
		{"Савченко", "Савченко", "Savchenko"},
		{"Білоус", "Белоус", "Bilous"},
		{"Яковенко", "Яковенко", "Yakovenko"},
		{"Цимбал", "Цымбал", "Tsymbal"},
		{"Іванов", "Иванов", "Ivanov"},
		{"Зінов'єв", "Зиновьев", "Zinoviev"},
		{"Волков", "Волков", "Volkov"},
		{"Дорошенко", "Дорошенко", "Doroshenko"},
		{"Соколов", "Соколов", "Sokolov"},
		{"Козловський", "Козловский", "Kozlovskyi"},
		{"Заболотний", "Заболотный", "Zabolotnyi"},
		{"Чорний", "Чёрный", "Chornyi"},
	},
}

var givenNames = [2][]spelled{
	female: {
		{"Олена", "Елена", "Olena"},
		{"Наталія", "Наталья", "Nataliia"},
		{"Тетяна", "Татьяна", "Tetiana"},
		{"Світлана", "Светлана", "Svitlana"},
		{"Ірина", "Ирина", "Iryna"},
		{"Людмила", "Людмила", "Liudmyla"},
		{"Ганна", "Анна", "Hanna"},
		{"Катерина", "Екатерина", "Kateryna"},
		{"Надія", "Надежда", "Nadiia"},
		{"Віра", "Вера", "Vira"},
		{"Любов", "Любовь", "Liubov"},
		{"Оксана", "Оксана", "Oksana"},
		{"Юлія", "Юлия", "Yuliia"},
		{"Вікторія", "Виктория", "Viktoriia"},
		{"Валентина", "Валентина", "Valentyna"},
		{"Олександра", "Александра", "Oleksandra"},
		{"Марія", "Мария", "Mariia"},
		{"Галина", "Галина", "Halyna"},
		{"Зоя", "Зоя", "Zoia"},
		{"Євгенія", "Евгения", "Yevheniia"},
	},
	male: {
		{"Олександр", "Александр", "Oleksandr"},
		{"Сергій", "Сергей", "Serhii"},
		{"Микола", "Николай", "Mykola"},
		{"Володимир", "Владимир", "Volodymyr"},
		{"Олексій", "Алексей", "Oleksii"},
		{"Андрій", "Андрей", "Andrii"},
		{"Михайло", "Михаил", "Mykhailo"},
		{"Дмитро", "Дмитрий", "Dmytro"},
		{"Петро", "Пётр", "Petro"},
		{"Павло", "Павел", "Pavlo"},
		{"Євген", "Евгений", "Yevhen"},
		{"Григорій", "Григорий", "Hryhorii"},
		{"Василь", "Василий", "Vasyl"},
		{"Йосип", "Иосиф", "Yosyp"},
		{"Юрій", "Юрий", "Yurii"},
		{"Валентин", "Валентин", "Valentyn"},
		{"Ігор", "Игорь", "Ihor"},
		{"Анатолій", "Анатолий", "Anatolii"},
		{"В'ячеслав", "Вячеслав", "Viacheslav"},
		{"Іван", "Иван", "Ivan"},
	},
}

// patronymics have the same father in both lists.
var patronymics = [2][]spelled{
	female: {
		{"Іванівна", "Ивановна", "Ivanivna"},
		{"Петрівна", "Петровна", "Petrivna"},
		{"Миколаївна", "Николаевна", "Mykolaivna"},
		{"Василівна", "Васильевна", "Vasylivna"},
		{"Олександрівна", "Александровна", "Oleksandrivna"},
		{"Володимирівна", "Владимировна", "Volodymyrivna"},
		{"Михайлівна", "Михайловна", "Mykhailivna"},
		{"Григорівна", "Григорьевна", "Hryhorivna"},
		{"Олексіївна", "Алексеевна", "Oleksiivna"},
		{"Сергіївна", "Сергеевна", "Serhiivna"},
		{"Павлівна", "Павловна", "Pavlivna"},
		{"Дмитрівна", "Дмитриевна", "Dmytrivna"},
	},
	male: {
		{"Іванович", "Иванович", "Ivanovych"},
		{"Петрович", "Петрович", "Petrovych"},
		{"Миколайович", "Николаевич", "Mykolaiovych"},
		{"Васильович", "Васильевич", "Vasylovych"},
		{"Олександрович", "Александрович", "Oleksandrovych"},
		{"Володимирович", "Владимирович", "Volodymyrovych"},
		{"Михайлович", "Михайлович", "Mykhailovych"},
		{"Григорович", "Григорьевич", "Hryhorovych"},
		{"Олексійович", "Алексеевич", "Oleksiiovych"},
		{"Сергійович", "Сергеевич", "Serhiiovych"},
		{"Павлович", "Павлович", "Pavlovych"},
		{"Дмитрович", "Дмитриевич", "Dmytrovych"},
	},
}
