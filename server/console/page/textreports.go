package page

// reportTexts are those of the pages of reports. What a report says of itself comes
// with it, in both languages.
var reportTexts = catalogue{
	"reports.title":           {"Звіти", "Reports"},
	"reports.lead":            {"Кожну людину пораховано один раз; у кожному звіті сказано, чиїх даних ще немає.", "Each person counts once; each report says whose data is still missing."},
	"reports.publishable":     {"можна опублікувати", "can be published"},
	"reports.desk":            {"Програма", "Programme"},
	"reports.from":            {"Від", "From"},
	"reports.to":              {"До", "To"},
	"reports.public":          {"Для публікації: без малих чисел", "For publication: no small numbers"},
	"reports.count":           {"Порахувати", "Count"},
	"reports.made_from":       {"З чого пораховано", "What it was made from"},
	"reports.stamp":           {"Штамп", "Stamp"},
	"reports.csv":             {"Завантажити CSV", "Download CSV"},
	"reports.xlsx":            {"Завантажити Excel", "Download Excel"},
	"reports.print":           {"Друкувати", "Print"},
	"reports.nothing":         {"За цей період нічого немає.", "There is nothing in this period."},
	"reports.contact":         {"Планшети зараз, за останнім зв’язком", "The tablets now, by their last contact"},
	"reports.contact.tablets": {"Планшетів у роботі", "Tablets in use"},
	"reports.contact.silent":  {"Не на зв’язку понад тиждень", "Not heard from for over a week"},
	"reports.contact.longest": {"Найдовше без зв’язку", "Heard from longest ago"},
	"reports.contact.waiting": {"Змін ще чекає в них", "Changes that wait in them"},
	"reports.contact.more":    {"Це не частина звіту і не змінює штампа. У звіті мовчання — це час від останнього запису людини: планшет, якому нічого передавати, теж на зв’язку.", "This is no part of the report and does not change the stamp. The report counts since a person’s newest entry: a tablet that has nothing to bring is in contact all the same."},
	"reports.how":             {"Як це читати", "How to read it"},
}
