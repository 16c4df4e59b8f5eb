package names

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// population is made of a seed: people of some communities, some of them
// registered twice by somebody who writes in another way. It writes names by
// rules of its own, and knows nothing of skeletons and of given.txt.
type population struct {
	random *rand.Rand
	people []Person
	// who says whose registration each is.
	who []int
	// next is the number of the next human being.
	next int
}

// human is somebody as they are, however they are written.
type human struct {
	surname    string // a man's, in Ukrainian
	given      [4]string
	father     [4]string
	female     bool
	born       int32
	phone      string
	residence  string
	newSurname string // of a woman who has married
}

// A given name in Ukrainian, in Russian, in Latin letters as people write it, and
// for short.
var (
	women = readNames(`Олена/Елена/Elena/Лена Ірина/Ирина/Irina/Іра Наталія/Наталья/Natalia/Наташа Тетяна/Татьяна/Tatiana/Таня Оксана/Оксана/Oksana/Ксюша
Світлана/Светлана/Svetlana/Світа Людмила/Людмила/Lyudmila/Люда Ольга/Ольга/Olga/Оля Юлія/Юлия/Julia/Юля Анна/Анна/Anna/Аня Марія/Мария/Maria/Маша Катерина/Екатерина/Kateryna/Катя
Вікторія/Виктория/Victoria/Віка Галина/Галина/Galina/Галя Надія/Надежда/Nadia/Надя Валентина/Валентина/Valentina/Валя Любов/Любовь/Lyubov/Люба Анастасія/Анастасия/Anastasia/Настя
Олександра/Александра/Alexandra/Саша Алла/Алла/Alla/Алла Інна/Инна/Inna/Інна Лариса/Лариса/Larisa/Лариса Тамара/Тамара/Tamara/Тома Віра/Вера/Vera/Віра Ніна/Нина/Nina/Ніна Раїса/Раиса/Raisa/Рая
Дарія/Дарья/Daria/Даша Євгенія/Евгения/Evgenia/Женя Єлизавета/Елизавета/Elizaveta/Ліза Софія/София/Sofia/Соня Лідія/Лидия/Lidia/Ліда Христина/Кристина/Kristina/Христя`)
	men = readNames(`Олександр/Александр/Alexander/Саша Сергій/Сергей/Sergey/Сергій Володимир/Владимир/Vladimir/Вова Андрій/Андрей/Andrey/Андрій Микола/Николай/Nikolay/Коля
Іван/Иван/Ivan/Ваня Віктор/Виктор/Victor/Вітя Юрій/Юрий/Yuriy/Юра Олексій/Алексей/Alexey/Льоша Михайло/Михаил/Mikhail/Міша Василь/Василий/Vasiliy/Вася Дмитро/Дмитрий/Dmitry/Діма
Петро/Пётр/Petr/Петя Анатолій/Анатолий/Anatoliy/Толя Євген/Евгений/Evgeniy/Женя Ігор/Игорь/Igor/Ігор Олег/Олег/Oleg/Олег Валерій/Валерий/Valeriy/Валера Максим/Максим/Maxim/Макс
Віталій/Виталий/Vitaliy/Віталік Руслан/Руслан/Ruslan/Руслан Григорій/Григорий/Grigoriy/Гриша Павло/Павел/Pavel/Паша Роман/Роман/Roman/Рома Богдан/Богдан/Bogdan/Богдан Тарас/Тарас/Taras/Тарас
Ярослав/Ярослав/Yaroslav/Ярик Степан/Степан/Stepan/Степан Федір/Фёдор/Fedor/Федя Яків/Яков/Yakov/Яша Ілля/Илья/Ilya/Ілля Артем/Артём/Artem/Артем`)
	roots = strings.Fields(`Шевч Ковал Бондар Ткач Кравч Олійн Мельн Поліщ Савч Марч Рудь Литв Петр Павл Клим Іван Васил Лис Гонч Коваль Мороз Хом Сидор Тищ Юрч Яків Назар Гриц Панас Федор
Макар Захар Остап Демч Зінч Харч Гавр Ярем Пилип Прок Левч Кириц Боровськ Стец Пономар Гайд Дороз Кучер Скляр Чумач Шульг Щерб Жук Цимбал Руденк Вінн Матві Сергі Андрі Олексі Степан Трохим`)
	endings = strings.Fields("енко енко енко енко ук юк чук ик ський ський ов ін ець ак ко")
)

func readNames(text string) (all [][4]string) {
	for _, name := range strings.Fields(text) {
		all = append(all, [4]string(strings.Split(name, "/")))
	}
	return all
}

// pick favours what stands first, as parents do.
func pick[T any](random *rand.Rand, from []T) T {
	return from[int(float64(len(from))*random.Float64()*random.Float64())]
}

func newPopulation(seed uint64, humans int) *population {
	p := &population{random: rand.New(rand.NewPCG(seed, 1))}
	for p.next < humans {
		h := p.human()
		p.register(h)
		switch at := p.random.IntN(100); {
		case at < 3: // a twin
			twin := h
			for twin.given == h.given {
				twin.given = p.givenFor(twin.female)
			}
			p.register(twin)
		case at < 5: // a child with the parent's name
			child := h
			child.born += int32(20+p.random.IntN(15)) * 1_00_00
			if !h.female {
				child.father = h.given
			}
			p.register(child)
		case at < 8: // a child with a name of its own
			child := p.human()
			child.surname, child.phone, child.residence = h.surname, h.phone, h.residence
			p.register(child)
		}
	}
	return p
}

func (p *population) givenFor(female bool) [4]string {
	if female {
		return pick(p.random, women)
	}
	return pick(p.random, men)
}

func (p *population) human() human {
	r := p.random
	h := human{
		surname: surname(r), female: r.IntN(10) < 7, father: pick(r, men),
		born:  int32(1945+r.IntN(60))*1_00_00 + int32(1+r.IntN(12))*1_00 + int32(1+r.IntN(28)),
		phone: "+38050" + digits(r, 7), residence: "UA142304901" + digits(r, 1),
	}
	if r.IntN(25) == 0 {
		h.surname += "-" + pick(r, roots) + "енко"
	}
	h.given = p.givenFor(h.female)
	h.newSurname = h.surname
	if h.female && r.IntN(40) == 0 {
		h.newSurname = pick(r, roots) + "енко"
	}
	return h
}

// surname is one of those that many have, or one of the many that few have: half of
// all people have one of these.
func surname(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return pick(r, roots) + pick(r, endings)
	}
	root := ""
	for range 1 + r.IntN(2) {
		root += string([]rune("бвгдзклмнпрстхчш")[r.IntN(16)]) + string([]rune("аоуеия")[r.IntN(6)])
	}
	letters := []rune(root + string([]rune("бвгдзклмнпрстхчш")[r.IntN(16)]))
	return strings.ToUpper(string(letters[:1])) + string(letters[1:]) + pick(r, endings)
}

func digits(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + r.IntN(10)))
	}
	return b.String()
}

// register writes somebody down: once, and one in twelve once more, elsewhere.
func (p *population) register(h human) {
	p.add(p.written(h))
	if p.random.IntN(12) == 0 {
		h.surname = h.newSurname
		p.add(p.written(h))
	}
	p.next++
}

func (p *population) add(one Person) {
	p.people, p.who = append(p.people, one), append(p.who, p.next)
}

// written is how one facilitator writes somebody down.
func (p *population) written(h human) Person {
	r := p.random
	script := []int{0, 0, 0, 0, 0, 1, 1, 2, 2, 3}[r.IntN(10)] // Ukrainian, Russian, official Latin, Latin by ear
	one := Person{Family: surnameIn(h, script), Given: h.given[min(script, 2)]}
	if script == 2 {
		one.Given = Romanise(h.given[0])
	}
	if r.IntN(2) == 0 {
		one.Patronymic = patronymicIn(h, script)
	}
	switch r.IntN(10) {
	case 0:
		one.Family = p.slip(one.Family)
	case 1:
		if r.IntN(3) == 0 {
			one.Given = p.slip(one.Given)
		}
	case 2:
		if script < 2 {
			one.Given = h.given[3]
		}
	case 3:
		one = p.untidy(one)
	}
	if r.IntN(10) < 9 {
		one.Sex = map[bool]Sex{true: Female, false: Male}[h.female]
	}
	switch at := r.IntN(20); {
	case at < 9:
		one.Birth = BornOn(h.born)
	case at < 14:
		one.Birth = BornIn(h.born / 1_00_00)
	case at < 18:
		one.Birth = Aged(20240901/1_00_00-h.born/1_00_00-map[bool]int32{true: 1}[h.born%1_00_00 > 901], 20240901)
	case at < 19:
		one.Birth = BornOn(h.born/1_00_00*1_00_00 + h.born/1_00%1_00 + h.born%1_00*1_00) // day and month exchanged, where that is a day
	}
	if r.IntN(3) > 0 {
		one.Phone = h.phone
	}
	if r.IntN(2) == 0 {
		one.Residence = h.residence
	}
	return one
}

// untidy puts things where they do not belong.
func (p *population) untidy(one Person) Person {
	switch p.random.IntN(5) {
	case 0:
		one.Family, one.Given = one.Given, one.Family
	case 1:
		one.Family, one.Given, one.Patronymic = one.Family+" "+one.Given+" "+one.Patronymic, "", ""
	case 2:
		one.Given = string([]rune(one.Given)[:1]) + "."
	case 3:
		one.Family = strings.NewReplacer("о", "o", "е", "e", "а", "a").Replace(one.Family) // Latin look-alikes
	case 4:
		one.Family = strings.ToUpper(one.Family) + " "
	}
	return one
}

// slip is one letter less, twice, another, or exchanged with the next.
func (p *population) slip(word string) string {
	letters := []rune(word)
	if len(letters) < 4 {
		return word
	}
	at := 1 + p.random.IntN(len(letters)-2)
	switch p.random.IntN(4) {
	case 0:
		letters = slices.Delete(letters, at, at+1)
	case 1:
		letters = slices.Insert(letters, at, letters[at])
	case 2:
		letters[at] = letters[(at+2)%len(letters)]
	case 3:
		letters[at], letters[at+1] = letters[at+1], letters[at]
	}
	return string(letters)
}

func surnameIn(h human, script int) string {
	parts := strings.Split(h.surname, "-")
	for i, part := range parts {
		if h.female {
			part = feminine(part)
		}
		parts[i] = inScript(part, script)
	}
	return strings.Join(parts, "-")
}

func feminine(surname string) string {
	switch {
	case strings.HasSuffix(surname, "ський"):
		return strings.TrimSuffix(surname, "ий") + "а"
	case strings.HasSuffix(surname, "ов"), strings.HasSuffix(surname, "ін"):
		return surname + "а"
	}
	return surname
}

// inScript writes a Ukrainian word in Russian letters, officially in Latin ones, or
// in Latin letters as somebody does who has heard it in Russian.
func inScript(word string, script int) string {
	russian := strings.NewReplacer("ський", "ский", "ська", "ская", "цький", "цкий", "і", "и", "І", "И", "ї", "и", "є", "е", "Є", "Е", "ґ", "г").Replace(word)
	switch script {
	case 1:
		return russian
	case 2:
		return Romanise(word)
	case 3:
		return strings.NewReplacer(
			"а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ж", "zh", "з", "z", "и", "i", "й", "y", "к", "k", "л", "l", "м", "m", "н", "n", "о", "o", "п", "p",
			"р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "kh", "ц", "ts", "ч", "ch", "ш", "sh", "щ", "sch", "ы", "y", "э", "e", "ю", "yu", "я", "ya", "ь", "", "ъ", "", "ё", "e",
			"А", "A", "Б", "B", "В", "V", "Г", "G", "Д", "D", "Е", "E", "Ж", "Zh", "З", "Z", "И", "I", "К", "K", "Л", "L", "М", "M", "Н", "N", "О", "O", "П", "P",
			"Р", "R", "С", "S", "Т", "T", "У", "U", "Ф", "F", "Х", "Kh", "Ц", "Ts", "Ч", "Ch", "Ш", "Sh", "Щ", "Sch", "Ю", "Yu", "Я", "Ya",
		).Replace(russian)
	}
	return word
}

func patronymicIn(h human, script int) string {
	language := min(script, 1)
	if script == 2 {
		language = 0
	}
	return inScript(patronymicFrom(h.father[language], h.female, language == 1), script)
}

// patronymicFrom is what most fathers' names give.
func patronymicFrom(father string, female, russian bool) string {
	soft := map[bool][2]string{true: {"евич", "евна"}, false: {"йович", "ївна"}}[russian]
	hard := map[bool][2]string{true: {"ович", "овна"}, false: {"ович", "івна"}}[russian]
	at := map[bool]int{false: 0, true: 1}[female]
	switch {
	case father == "Ілля":
		return [2]string{"Ілліч", "Іллівна"}[at]
	case father == "Илья":
		return [2]string{"Ильич", "Ильинична"}[at]
	case father == "Микола":
		return "Микола" + soft[at]
	case father == "Михайло":
		return "Михайл" + hard[at]
	case father == "Григорій":
		return "Григор" + hard[at]
	case father == "Павел":
		return "Павл" + hard[at]
	case father == "Пётр":
		return "Петр" + hard[at]
	case father == "Яків":
		return "Яков" + hard[at]
	case father == "Федір":
		return "Федор" + hard[at]
	case strings.HasSuffix(father, "ий"):
		return strings.TrimSuffix(father, "ий") + "ь" + soft[at]
	case strings.HasSuffix(father, "й"):
		return strings.TrimSuffix(father, "й") + soft[at]
	case strings.HasSuffix(father, "ь"):
		return strings.TrimSuffix(father, "ь") + "ь" + map[bool][2]string{true: soft, false: {"ович", "івна"}}[russian][at]
	}
	return strings.TrimRight(father, "оа") + hard[at]
}

// truth are the pairs that are one human being.
func (p *population) truth() map[[2]int]bool {
	first, truth := map[int]int{}, map[[2]int]bool{}
	for i, who := range p.who {
		if j, ok := first[who]; ok {
			truth[[2]int{j, i}] = true
		} else {
			first[who] = i
		}
	}
	return truth
}
