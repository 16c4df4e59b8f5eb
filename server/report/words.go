package report

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/fieldwork"
)

// The code lists as people read them. Each order leaves out what was not entered,
// which is the last category.

var notEntered = category{unknownKey, table.Text{"не зазначено", "not recorded"}}

var sexOrder = []recordsv1.Sex{recordsv1.Sex_SEX_FEMALE, recordsv1.Sex_SEX_MALE, recordsv1.Sex_SEX_OTHER, recordsv1.Sex_SEX_UNDISCLOSED}

var sexes = []category{
	{"female", table.Text{"жінки", "female"}},
	{"male", table.Text{"чоловіки", "male"}},
	{"other", table.Text{"інша", "other"}},
	{"undisclosed", table.Text{"не розкрито", "undisclosed"}},
	notEntered,
}

var displacementOrder = []recordsv1.Displacement{
	recordsv1.Displacement_DISPLACEMENT_IDP, recordsv1.Displacement_DISPLACEMENT_RETURNEE, recordsv1.Displacement_DISPLACEMENT_HOST_RESIDENT,
	recordsv1.Displacement_DISPLACEMENT_REFUGEE_OR_OTHER, recordsv1.Displacement_DISPLACEMENT_UNDISCLOSED,
}

var displacements = []category{
	{"idp", table.Text{"ВПО", "IDP"}},
	{"returnee", table.Text{"повернулися", "returnee"}},
	{"host_resident", table.Text{"місцеві", "host resident"}},
	{"refugee_or_other", table.Text{"біженці та інші", "refugee or other"}},
	{"undisclosed", table.Text{"не розкрито", "undisclosed"}},
	notEntered,
}

var disabilityOrder = []fieldwork.Disability{fieldwork.WithDisability, fieldwork.NoDisability, fieldwork.DisabilityUndisclosed}

var disabilities = []category{
	{"yes", table.Text{"з інвалідністю", "with a disability"}},
	{"no", table.Text{"без інвалідності", "without"}},
	{"undisclosed", table.Text{"не розкрито", "undisclosed"}},
	{"not_asked", table.Text{"не питали", "not asked"}},
}

var veteranOrder = []recordsv1.Veteran{
	recordsv1.Veteran_VETERAN_VETERAN, recordsv1.Veteran_VETERAN_ACTIVE_SERVICE, recordsv1.Veteran_VETERAN_FAMILY,
	recordsv1.Veteran_VETERAN_NONE, recordsv1.Veteran_VETERAN_UNDISCLOSED,
}

var veterans = []category{
	{"veteran", table.Text{"ветерани", "veteran"}},
	{"active_service", table.Text{"військові", "active service"}},
	{"family", table.Text{"родини ветеранів", "family of a veteran"}},
	{"none", table.Text{"ні", "none"}},
	{"undisclosed", table.Text{"не розкрито", "undisclosed"}},
	notEntered,
}

var groupKinds = []recordsv1.GroupKind{
	recordsv1.GroupKind_GROUP_KIND_INITIATIVE_GROUP, recordsv1.GroupKind_GROUP_KIND_WORKING_GROUP_COHESION_SAFETY,
	recordsv1.GroupKind_GROUP_KIND_WORKING_GROUP_SOCIAL_PROTECTION, recordsv1.GroupKind_GROUP_KIND_VETERANS_GROUP,
	recordsv1.GroupKind_GROUP_KIND_YOUTH_GROUP, recordsv1.GroupKind_GROUP_KIND_CIVIL_SOCIETY_ORGANISATION,
}

var groupKindNames = []category{
	{"initiative_group", table.Text{"ініціативна група", "initiative group"}},
	{"working_group_cohesion_safety", table.Text{"робоча група зі згуртованості й безпеки", "working group on cohesion and safety"}},
	{"working_group_social_protection", table.Text{"робоча група із соціального захисту", "working group on social protection"}},
	{"veterans_group", table.Text{"група ветеранів", "veterans' group"}},
	{"youth_group", table.Text{"молодіжна група", "youth group"}},
	{"civil_society_organisation", table.Text{"громадська організація", "civil society organisation"}},
	notEntered,
}

// choices offers categories, those alone that somebody can choose.
func choices(categories []category) []Choice {
	var all []Choice
	for _, c := range categories {
		if c.key != unknownKey {
			all = append(all, Choice{c.key, c.title})
		}
	}
	return all
}

// eventCategories have what was not entered at the end, as their names do.
var eventCategories = []recordsv1.EventCategory{
	recordsv1.EventCategory_EVENT_CATEGORY_CULTURE, recordsv1.EventCategory_EVENT_CATEGORY_EDUCATION,
	recordsv1.EventCategory_EVENT_CATEGORY_SPORTS, recordsv1.EventCategory_EVENT_CATEGORY_OTHER,
	recordsv1.EventCategory_EVENT_CATEGORY_UNSPECIFIED,
}

var eventCategoryNames = []category{
	{"culture", table.Text{"культура", "culture"}},
	{"education", table.Text{"освіта", "education"}},
	{"sports", table.Text{"спорт", "sports"}},
	{"other", table.Text{"інше", "other"}},
	notEntered,
}
