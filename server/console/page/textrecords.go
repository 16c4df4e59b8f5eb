package page

// recordTexts are those of the pages about records.
var recordTexts = catalogue{
	"training.day": {"день %s", "day %s"},
	"history.way":  {"Історія", "History"},
}
