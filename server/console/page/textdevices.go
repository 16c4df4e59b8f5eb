package page

// deviceTexts are those of the pages about tablets.
var deviceTexts = catalogue{
	"devices.title":    {"Планшети", "Tablets"},
	"devices.lead":     {"Хто що тримає в руках: коли планшет був на зв'язку і що в ньому ще чекає.", "Who holds what: when a tablet was last heard from, and what still waits in it."},
	"devices.tablet":   {"Планшет", "Tablet"},
	"devices.owner":    {"У кого", "Held by"},
	"devices.enrolled": {"Підключено", "Enrolled"},
	"devices.status":   {"Стан", "State"},
	"devices.none":     {"Планшетів поки немає", "There are no tablets yet"},
	"devices.none.do":  {"Запросіть перший: покажіть QR-код, і планшет його прочитає.", "Invite the first: show the QR code, and the tablet reads it."},

	"device.active":       {"працює", "active"},
	"device.retired":      {"відкладено", "put aside"},
	"device.revoked":      {"відкликано", "revoked"},
	"device.wipe_ordered": {"стирання замовлено", "to be wiped"},
	"device.wiped":        {"стерто", "wiped"},
}
