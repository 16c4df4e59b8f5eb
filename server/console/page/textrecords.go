package page

// recordTexts are those of the pages about records.
var recordTexts = catalogue{
	"training.day": {"день %s", "day %s"},
	"history.way":  {"Історія", "History"},

	"trainings.title":     {"Навчання", "Trainings"},
	"trainings.lead":      {"Журнали навчань: люди і дні кожної громади.", "The registers of trainings: the people and days of each community."},
	"trainings.of":        {"Навчання громади", "Trainings of the community"},
	"trainings.none":      {"Навчань поки немає", "There are no trainings yet"},
	"trainings.none.more": {"Вони з’являться, щойно планшет передасть їх.", "They show as soon as a tablet has brought them."},
	"count.trainings":     {"%d навчання|%d навчання|%d навчань", "%d training|%d trainings"},
	"training.held":       {"проведено %d день|проведено %d дні|проведено %d днів", "%d day held|%d days held"},
	"count.days":          {"%d день|%d дні|%d днів", "%d day|%d days"},
	"count.events":        {"%d подія|%d події|%d подій", "%d event|%d events"},
	"count.people":        {"%d людина|%d людини|%d людей", "%d person|%d people"},
	"count.sessions":      {"%d консультація|%d консультації|%d консультацій", "%d session|%d sessions"},
	"count.clients":       {"%d клієнт|%d клієнти|%d клієнтів", "%d client|%d clients"},

	"day":                    {"День", "Day"},
	"day.attended":           {"Були", "Attended"},
	"day.sheet":              {"На листі", "On the sheet"},
	"day.disputed":           {"Суперечать", "In dispute"},
	"day.sheet.print":        {"Лист для підписів", "Sign-in sheet"},
	"day.cancelled_attended": {"скасовано, але люди були", "called off, but attended"},
	"day.voided_attended":    {"названо помилкою, але люди були", "called a mistake, but attended"},
	"day.held_unmarked":      {"відбувся, але без відміток", "held, but unmarked"},

	"grid.label":     {"Журнал: люди і дні", "Register: people and days"},
	"grid.person":    {"Людина", "Person"},
	"grid.days":      {"Днів", "Days"},
	"grid.settled":   {"вирішено координатором: історія", "settled by a coordinator: history"},
	"grid.all":       {"усі", "all"},
	"grid.none":      {"Нікого не записано", "Nobody is enrolled"},
	"grid.none.more": {"Люди з’являться з першим записом або відміткою.", "People show with the first enrolment or mark."},

	"outcome.unmarked":       {"не відмічено", "not marked"},
	"outcome.absent_default": {"відсутній, за замовчуванням", "absent by default"},

	"events.title":        {"Події", "Events"},
	"events.lead":         {"Що відбулося в кожній громаді і скільки людей прийшло.", "What was held in each community, and how many came."},
	"events.of":           {"Події громади", "Events of the community"},
	"events.none":         {"Подій поки немає", "There are no events yet"},
	"events.none.more":    {"Вони з’являться, щойно планшет передасть їх.", "They show as soon as a tablet has brought them."},
	"event":               {"Подія", "Event"},
	"event.came":          {"Прийшло", "Came"},
	"event.named":         {"Названо", "Named"},
	"event.points":        {"Де рахували", "Counted at"},
	"event.not_held":      {"не відбулася", "not held"},
	"event.review":        {"перевірити", "look at it"},
	"event.sheets_differ": {"підрахунки різні", "counts differ"},
}
