package page

// publicationTexts are those of the pages of reports that were published.
var publicationTexts = catalogue{
	"publications.title":         {"Публікації", "Publications"},
	"publications.all":           {"Що вже опубліковано", "What was published"},
	"publications.lead":          {"Звіти, які було видано: кожен під своїм номером і таким, яким він був. Змінити чи видалити їх не можна.", "Reports as they were given out, each under its number. They can be neither altered nor removed."},
	"publications.show":          {"Показати", "Show"},
	"publications.number":        {"Номер", "Number"},
	"publications.report":        {"Звіт", "Report"},
	"publications.period":        {"Період", "Period"},
	"publications.for":           {"Для кого", "For whom"},
	"publications.public":        {"для всіх", "for everybody"},
	"publications.internal":      {"для організації", "for the organisation"},
	"publications.when":          {"Опубліковано", "Published"},
	"publications.remarks":       {"Примітки", "Remarks"},
	"publications.note":          {"Примітка", "Note"},
	"publications.instead":       {"Замість", "In the place of"},
	"publications.supersedes":    {"Замість %s:", "In the place of %s:"},
	"publications.superseded_by": {"Замінено публікацією %s", "Superseded by %s"},
	"publications.hash":          {"SHA-256 документа", "SHA-256 of the document"},
	"publications.none":          {"Ще нічого не опубліковано.", "Nothing has been published yet."},
	"publications.none.do":       {"Порахуйте звіт і натисніть «Опублікувати».", "Count a report, and press “Publish”."},

	"publish.title":        {"Опублікувати звіт", "Publish a report"},
	"publish.button":       {"Опублікувати", "Publish"},
	"publish.lead":         {"Звіт буде збережено назавжди таким, яким ви його бачили, під наступним номером року. Змінити чи видалити його не зможе ніхто; пізніша публікація може його замінити.", "The report is kept for good as you have seen it, under the next number of the year. Nobody can alter or remove it; a later publication may take its place."},
	"publish.note":         {"Примітка: для кого, навіщо", "Note: for whom, what for"},
	"publish.instead":      {"Замість публікації", "In the place of"},
	"publish.instead.none": {"жодної: це нова", "none: it is new"},
	"publish.reason":       {"Чому її замінено", "Why it takes its place"},
	"publish.do":           {"Опублікувати назавжди", "Publish for good"},
	"publish.not":          {"Не публікувати", "Do not publish"},

	"done.published": {"Звіт опубліковано.", "The report is published."},

	"did.figures.publish": {"опубліковано звіт", "published a report"},
}
