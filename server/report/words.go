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

// topicNames are in the order of the numbers of records.Topic, from 1.
var topicNames = []category{
	{"community_development", table.Text{"розвиток громади", "community development"}},
	{"social_cohesion", table.Text{"соціальна згуртованість", "social cohesion"}},
	{"integration_inclusion", table.Text{"інтеграція та інклюзія", "integration and inclusion"}},
	{"resource_mobilisation", table.Text{"залучення ресурсів", "resource mobilisation"}},
	{"project_development", table.Text{"розробка проєктів", "project development"}},
	{"communications", table.Text{"комунікація", "communications"}},
	{"fundraising", table.Text{"фандрейзинг", "fundraising"}},
	{"external_communications", table.Text{"зовнішня комунікація", "external communications"}},
	{"project_financial_management", table.Text{"управління проєктами та фінансами", "project and financial management"}},
	{"self_employment", table.Text{"самозайнятість", "self-employment"}},
	{"micro_business", table.Text{"мікробізнес", "micro-business"}},
	{"professional_orientation", table.Text{"профорієнтація", "professional orientation"}},
	{"vocational", table.Text{"професійне навчання", "vocational education"}},
	{"strategic_monitoring", table.Text{"моніторинг стратегій", "monitoring of strategies"}},
	{"public_reporting", table.Text{"публічне звітування", "public reporting"}},
	{"first_aid", table.Text{"домедична допомога", "first aid"}},
	{"emergency_response", table.Text{"реагування на надзвичайні ситуації", "emergency response"}},
	{"digital_literacy", table.Text{"цифрова грамотність", "digital literacy"}},
	{"arts_crafts", table.Text{"мистецтво й ремесла", "arts and crafts"}},
	{"youth_leadership", table.Text{"молодіжне лідерство", "youth leadership"}},
	{"internship", table.Text{"стажування", "internship"}},
	{"exchange_visit", table.Text{"обмін візитами", "exchange visit"}},
	notEntered,
}

// eventSubtypeNames are in the order of the numbers of records.EventSubtype, from 1.
var eventSubtypeNames = []category{
	{"concert", table.Text{"концерт", "concert"}},
	{"festival", table.Text{"фестиваль", "festival"}},
	{"exhibition", table.Text{"виставка", "exhibition"}},
	{"art_exhibition", table.Text{"мистецька виставка", "art exhibition"}},
	{"master_class", table.Text{"майстер-клас", "master class"}},
	{"hobby_club", table.Text{"гурток", "hobby club"}},
	{"competition", table.Text{"змагання", "competition"}},
	{"healthy_lifestyle", table.Text{"здоровий спосіб життя", "healthy lifestyle"}},
	{"workshop", table.Text{"майстерня", "workshop"}},
	{"round_table", table.Text{"круглий стіл", "round table"}},
	{"flash_mob", table.Text{"флешмоб", "flash mob"}},
	{"eco_initiative", table.Text{"екоініціатива", "eco initiative"}},
	{"thematic_meeting", table.Text{"тематична зустріч", "thematic meeting"}},
	{"public_hearing", table.Text{"громадські слухання", "public hearing"}},
	{"exchange_visit", table.Text{"обмін візитами", "exchange visit"}},
	{"dialogue_meeting", table.Text{"діалогова зустріч", "dialogue meeting"}},
	{"other", table.Text{"інше", "other"}},
	notEntered,
}

// constituencyNames are in the order of the numbers of records.Constituency, from 1.
var constituencyNames = []category{
	{"residents", table.Text{"мешканці", "residents"}},
	{"idps", table.Text{"ВПО", "IDPs"}},
	{"people_with_disabilities", table.Text{"люди з інвалідністю", "people with disabilities"}},
	{"veterans", table.Text{"ветерани", "veterans"}},
	{"youth", table.Text{"молодь", "youth"}},
	{"local_government", table.Text{"місцеве самоврядування", "local government"}},
	{"civil_society", table.Text{"громадянське суспільство", "civil society"}},
	{"police", table.Text{"поліція", "police"}},
	{"emergency_service", table.Text{"ДСНС", "emergency service"}},
	{"business", table.Text{"бізнес", "business"}},
}

// worksNames are in the order of the numbers of records.WorksStatus, from 1.
var worksNames = []category{
	{"selected", table.Text{"обрано", "selected"}},
	{"designed", table.Text{"спроєктовано", "designed"}},
	{"contracted", table.Text{"законтрактовано", "contracted"}},
	{"cancelled", table.Text{"скасовано", "cancelled"}},
	{"in_works", table.Text{"тривають роботи", "in works"}},
	{"reopened", table.Text{"відкрито знову", "reopened"}},
	{"handed_over", table.Text{"передано", "handed over"}},
	{"none", table.Text{"без ремонту", "no works"}},
}

// venueNames are in the order of the numbers of records.VenueType, from 1.
var venueNames = []category{
	{"library", table.Text{"бібліотека", "library"}},
	{"culture_club", table.Text{"клуб", "culture club"}},
	{"cultural_centre", table.Text{"центр культури", "cultural centre"}},
	{"children_youth_creativity_centre", table.Text{"центр дитячої та юнацької творчості", "children and youth creativity centre"}},
	{"music_school", table.Text{"музична школа", "music school"}},
	{"secondary_school", table.Text{"школа", "secondary school"}},
	{"kindergarten", table.Text{"дитячий садок", "kindergarten"}},
	{"playground", table.Text{"дитячий майданчик", "playground"}},
	{"ambulatory", table.Text{"амбулаторія", "ambulatory"}},
	{"health_post", table.Text{"фельдшерський пункт", "health post"}},
	{"social_protection_centre", table.Text{"центр соціального захисту", "social protection centre"}},
	{"multimedia_room", table.Text{"мультимедійна кімната", "multimedia room"}},
	{"homeless_centre", table.Text{"центр для бездомних", "homeless centre"}},
	{"admin_branch", table.Text{"філія адмінпослуг", "administrative branch"}},
	{"self_service_station", table.Text{"станція самообслуговування", "self-service station"}},
	{"mobile_team_point", table.Text{"точка мобільної бригади", "mobile team point"}},
	{"psychosocial_room_host", table.Text{"приймає кімнату підтримки", "host of a psychosocial room"}},
	{"sport_facility", table.Text{"спортивний заклад", "sport facility"}},
	{"other", table.Text{"інше", "other"}},
	notEntered,
}

var cohortNames = []category{
	{"previously_selected", table.Text{"обрані раніше", "previously selected"}},
	{"additional", table.Text{"додані", "additional"}},
	notEntered,
}

var phaseNames = []category{
	{"candidate", table.Text{"кандидат", "candidate"}},
	{"applied", table.Text{"подала заявку", "applied"}},
	{"visited", table.Text{"відвідано", "visited"}},
	{"rejected", table.Text{"відхилено", "rejected"}},
	{"selected", table.Text{"обрано", "selected"}},
	{"active", table.Text{"діє", "active"}},
	{"closed", table.Text{"завершено", "closed"}},
	notEntered,
}

// placeIn is the place of an enum's number in a list that begins with 1; the last
// place for what is not in it.
func placeIn[E ~int32](list []category, number E) int {
	if number < 1 || int(number) >= len(list) {
		return len(list) - 1
	}
	return int(number) - 1
}

// oblasts are the names behind the first four characters of a p-code.
var oblasts = map[string]table.Text{
	"UA01": {"АР Крим", "AR Crimea"}, "UA05": {"Вінницька", "Vinnytsia"}, "UA07": {"Волинська", "Volyn"},
	"UA12": {"Дніпропетровська", "Dnipropetrovsk"}, "UA14": {"Донецька", "Donetsk"}, "UA18": {"Житомирська", "Zhytomyr"},
	"UA21": {"Закарпатська", "Zakarpattia"}, "UA23": {"Запорізька", "Zaporizhzhia"}, "UA26": {"Івано-Франківська", "Ivano-Frankivsk"},
	"UA32": {"Київська", "Kyiv oblast"}, "UA35": {"Кіровоградська", "Kirovohrad"}, "UA44": {"Луганська", "Luhansk"},
	"UA46": {"Львівська", "Lviv"}, "UA48": {"Миколаївська", "Mykolaiv"}, "UA51": {"Одеська", "Odesa"},
	"UA53": {"Полтавська", "Poltava"}, "UA56": {"Рівненська", "Rivne"}, "UA59": {"Сумська", "Sumy"},
	"UA61": {"Тернопільська", "Ternopil"}, "UA63": {"Харківська", "Kharkiv"}, "UA65": {"Херсонська", "Kherson"},
	"UA68": {"Хмельницька", "Khmelnytskyi"}, "UA71": {"Черкаська", "Cherkasy"}, "UA73": {"Чернівецька", "Chernivtsi"},
	"UA74": {"Чернігівська", "Chernihiv"}, "UA80": {"Київ", "Kyiv city"}, "UA85": {"Севастополь", "Sevastopol"},
}

// oblastOf is the key and the name of the oblast of a p-code.
func oblastOf(pcode string) (string, table.Text) {
	if len(pcode) < 4 {
		return unknownKey, notKnown
	}
	return pcode[:4], orElse(oblasts[pcode[:4]], table.Same(pcode[:4]))
}
