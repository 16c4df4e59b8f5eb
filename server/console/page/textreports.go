package page

// reportTexts are those of the pages of reports. What a report says of itself comes
// with it, in both languages.
var reportTexts = catalogue{
	"reports.title":       {"Звіти", "Reports"},
	"reports.lead":        {"Кожну людину пораховано один раз; у кожному звіті сказано, чиїх даних ще немає.", "Each person counts once; each report says whose data is still missing."},
	"reports.publishable": {"можна опублікувати", "can be published"},
	"reports.desk":        {"Програма", "Programme"},
	"reports.from":        {"Від", "From"},
	"reports.to":          {"До", "To"},
	"reports.public":      {"Для публікації: без малих чисел", "For publication: no small numbers"},
	"reports.count":       {"Порахувати", "Count"},
	"reports.made_from":   {"З чого пораховано", "What it was made from"},
	"reports.stamp":       {"Штамп", "Stamp"},
	"reports.csv":         {"Завантажити CSV", "Download CSV"},
	"reports.xlsx":        {"Завантажити Excel", "Download Excel"},
	"reports.print":       {"Друкувати", "Print"},
	"reports.nothing":     {"За цей період нічого немає.", "There is nothing in this period."},
	"reports.how":         {"Як це читати", "How to read it"},
}
