package report

import (
	"slices"

	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Definition is a report of the catalogue. What each of its figures means stands
// in docs/reports.md.
type Definition struct {
	// Name is for programs: lower case, with hyphens.
	Name string
	// Title is what it is called, About the question that it answers.
	Title, About table.Text
	// Parameters are asked for beside the period.
	Parameters []Parameter
	// Publishable says that there is a version for outside of the organisation.
	Publishable bool
	// counselling says that figures of counselling rooms are in it.
	counselling bool
	// needsYear says that its period has both ends and is a year at most, since it
	// has many rows. If nothing is said, it is the twelve months to that of the report.
	needsYear bool
	build     func(*run) []table.Table
	notes     []table.Text
}

// Parameter is a setting of a report.
type Parameter struct {
	// Name is for programs.
	Name  string
	Title table.Text
	// Choices are what it may be, the first if nothing is said; without any it is
	// a whole number from 1, and may be left out.
	Choices []Choice
}

// Choice is one value of a parameter.
type Choice struct {
	Name  string
	Title table.Text
}

// Catalogue lists all reports, in the order in which people read them.
func Catalogue() []Definition { return slices.Clone(definitions) }

// Find returns the report of a name; there being none is [fault.Invalid].
func Find(name string) (*Definition, error) {
	for i := range definitions {
		if definitions[i].Name == name {
			return &definitions[i], nil
		}
	}
	return nil, fault.New(fault.Invalid, "report: there is none of the name %q; `zhurnal report --list` lists all", name)
}

// definitions is filled at start, since what builds a report may look up others.
var definitions []Definition

func init() {
	definitions = []Definition{
		overviewReport, dataQualityReport, peopleReachedReport, membersTrainedReport, allDaysReport, trainingsReport, eventsReport,
		communitiesReport, residentsReachedReport, groupsReport, institutionsReport, counsellingReport, veteransReport, youthReport,
		quotesReport, activityRowsReport,
	}
}
