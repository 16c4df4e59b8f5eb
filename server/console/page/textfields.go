package page

import "strings"

// listed reads texts of which each stands on a line: the key, and both languages.
func listed(prefix, lines string) catalogue {
	texts := catalogue{}
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		parts := strings.Split(strings.TrimSpace(line), " | ")
		texts[prefix+parts[0]] = [2]string{parts[1], parts[len(parts)-1]}
	}
	return texts
}

// typeTexts are what record types are called.
var typeTexts = listed("type.", `
AttendanceMark | Відмітка | Attendance mark
Client | Клієнт | Client
Community | Громада | Community
Consent | Згода | Consent
CounsellingRoom | Кімната підтримки | Counselling room
CounsellingSession | Консультація | Counselling session
Enrolment | Запис на навчання | Enrolment
Event | Подія | Event
FollowUp | Наступний крок | Follow-up
Group | Група | Group
HeadCountSheet | Лист підрахунку | Head-count sheet
Membership | Членство в групі | Group membership
Note | Нотатка | Note
Participant | Учасник | Participant
Participation | Участь у події | Participation in an event
PersonLink | Рішення про дублікат | Decision about a duplicate
Quote | Цитата | Quote
RoomKey | Ключ кімнати | Key of a room
Training | Навчання | Training
TrainingDay | День навчання | Training day
Venue | Місце | Venue
`)

// fieldTexts are what fields of records are called.
var fieldTexts = listed("field.", `
about_id | Про кого | About
access_needs | Потреби доступу | Access needs
accessibility | Доступність | Accessibility
accuracy_metres | Точність, м | Accuracy, m
address | Адреса | Address
age_0_17 | 0–17 років | Age 0–17
age_18 | 18 років | Age 18
age_19_24 | 19–24 роки | Age 19–24
age_25_35 | 25–35 років | Age 25–35
age_36_59 | 36–59 років | Age 36–59
age_60_plus | 60 років і старші | Age 60 and over
age_as_of | Вік станом на | Age as of
age_band | Вікова група | Age band
age_years | Вік | Age
aliases | Інші назви | Other names
anonymous_attendees | Неназвані присутні | Attendees without a name
audience | Для груп | For groups
author_id | Автор | Author
basis | Підстава | Basis
birth_date | Дата народження | Date of birth
birth_precision | Точність віку | How the age is known
birth_year | Рік народження | Year of birth
capacity | Місткість | Capacity
case_status | Стан випадку | Case
catchment_as_of | Охоплення станом на | Catchment as of
catchment_idps | Охоплення: ВПО | Catchment: displaced people
catchment_method | Як пораховано охоплення | How the catchment was counted
catchment_residents | Охоплення: мешканці | Catchment: residents
category | Категорія | Category
children | Діти | Children
client_id | Клієнт | Client
client_ids | Клієнти | Clients
closed_on | Закрито | Closed on
code | Код | Code
cohort | Хвиля відбору | Cohort
community_id | Громада | Community
community_pcode | Код громади | Community code
completion_percent | Зараховано від, % | Completed from, %
control_as_of | Контроль станом на | Control as of
control_status | Чий контроль | Control
cost_currency | Валюта | Currency
cost_minor_units | Вартість, коп. | Cost, minor units
count_point | Де рахували | Where it was counted
counted_minute | Коли рахували | When it was counted
counter_id | Хто рахував | Who counted
counting | Як рахують | Counting
date_end | Останній день | Last day
date_start | Перший день | First day
day_number | День № | Day no.
decided_on | Вирішено | Decided on
decider_id | Хто вирішив | Who decided
declared_as_of | Склад станом на | Composition as of
declared_civil_society | Від громадських організацій | Civil society
declared_emergency_service | Від ДСНС | Emergency service
declared_idp | ВПО | Displaced people
declared_local | Місцеві | Local people
declared_local_government | Від місцевої влади | Local government
declared_national_minority | Національні меншини | National minorities
declared_police | Від поліції | Police
declared_size | Кількість членів | Members
declared_veteran | Ветерани | Veterans
declared_with_disability | З інвалідністю | With a disability
declared_youth_19_24 | Молодь 19–24 | Youth 19–24
declared_youth_25_35 | Молодь 25–35 | Youth 25–35
declared_youth_under_18 | Молодь до 18 | Youth under 18
description | Опис | Description
difficulty_communicating | Труднощі: спілкування | Difficulty communicating
difficulty_hearing | Труднощі: слух | Difficulty hearing
difficulty_remembering | Труднощі: пам’ять | Difficulty remembering
difficulty_seeing | Труднощі: зір | Difficulty seeing
difficulty_self_care | Труднощі: догляд за собою | Difficulty with self-care
difficulty_walking | Труднощі: ходьба | Difficulty walking
disability_asked_on | Про труднощі питали | Asked about difficulties on
disability_self_declared | Інвалідність, зі слів | Disability, self-declared
displacement | Переміщення | Displacement
displacement_as_of | Переміщення станом на | Displacement as of
document_digests | Документи | Documents
document_version | Версія документа | Version of the document
due_on | Термін | Due on
duration_minutes | Тривалість, хв | Minutes
ends_minute | Кінець | Ends
engagement | Участь у програмі | Engagement
event_id | Подія | Event
evidence | Підтвердження | Evidence
facilitator_ids | Ведучі | Facilitators
family_name | Прізвище | Family name
female | Жінки | Women
field_date | Дата | Date
first_person_id | Перший учасник | First participant
founded_on | Засновано | Founded on
given_by | Хто дав | Given by
given_name | Ім’я | Given name
group_id | Група | Group
guardian_id | Опікун | Guardian
guardian_relation | Ким доводиться опікун | Guardian’s relation
host | Приймальна сторона | Host
iasc_4ws_code | Код 4Ws | 4Ws code
identity | Хто це | Identity
idp | ВПО | Displaced people
idp_estimate | ВПО, оцінка | Displaced people, estimate
idp_estimate_as_of | Оцінка ВПО станом на | Estimate as of
idp_estimate_source | Джерело оцінки | Source of the estimate
includes_named | Разом із названими | Includes those named
joined_on | Від | Joined on
katotth | КАТОТТГ | KATOTTH
key | Ключ | Key
kind | Вид | Kind
language | Мова | Language
languages | Мови | Languages
latitude_microdegrees | Широта, мкград | Latitude, microdegrees
leader_id | Лідер | Leader
left_on | До | Left on
longitude_microdegrees | Довгота, мкград | Longitude, microdegrees
male | Чоловіки | Men
meeting_rule | Як часто зустрічаються | How often they meet
method | Спосіб | Method
minutes_present | Був присутній, хв | Minutes present
modality | Формат | Modality
name_en | Назва англійською | Name in English
name_language | Мова імені | Language of the name
name_latin | Ім’я латиницею | Name in Latin letters
name_ru | Назва російською | Name in Russian
name_uk | Назва | Name
opened_on | Відкрито | Opened on
organisers | Організатори | Organisers
origin | Звідки в списку | How they came onto the list
origin_pcode | Звідки | Place of origin
original_note_id | Первинна нотатка | Original note
outcome | Результат | Outcome
participant_id | Учасник | Participant
patronymic | По батькові | Patronymic
pcode | Код | Code
phase | Етап | Phase
phone | Телефон | Phone
phone_owner | Чий телефон | Whose phone
planned_days | Днів за планом | Planned days
planned_end | Кінець за планом | Planned end
planned_start | Початок за планом | Planned start
population_estimate | Населення, оцінка | Population, estimate
population_estimate_as_of | Населення станом на | Population as of
postponed_to | Перенесено на | Put off to
presence | Присутність | Presence
psychologist_id | Психолог | Psychologist
psychologist_ids | Психологи | Psychologists
publication | Оприлюднення | Publication
purpose | Мета | Purpose
reason | Причина | Reason
record_consent | Згода на запис | Consent to a record
record_consent_given_by | Хто дав згоду | Consent given by
record_consent_on | Згода від | Consent given on
recorder_id | Хто відмітив | Recorder
reopened_on | Відкрито знову | Reopened on
represents | Кого представляє | Represents
residence_pcode | Де мешкає | Place of residence
risk | Ризик | Risk
role | Роль | Role
room_id | Кімната | Room
said_on | Сказано | Said on
schedule | Розклад | Schedule
second_person_id | Другий учасник | Second participant
seen | Бачив відмітки | Marks that were seen
session_id | Заняття | Session
settlement_pcode | Населений пункт | Settlement
sex | Стать | Sex
sex_basis | Звідки відомо | How the sex is known
sex_undisclosed | Стать не вказано | Sex not disclosed
sheet_count | Підписів на листі | Signatures on the sheet
sheet_line | Рядок листа | Line of the sheet
speaker_id | Хто сказав | Speaker
speaker_role | Ким є | Speaker’s role
starts_minute | Початок | Starts
state | Стан | State
status | Стан | Status
status_reason | Чому | Why
subtype | Вид | Subtype
taught_minutes | Хвилин занять | Minutes taught
text | Текст | Text
title_en | Назва англійською | Title in English
title_uk | Назва | Title
topics | Теми | Topics
total | Усього | Total
trainer_ids | Тренери | Trainers
training_id | Навчання | Training
translation_en | Переклад англійською | Translation into English
translation_uk | Переклад українською | Translation into Ukrainian
type | Тип | Type
venue_id | Місце | Venue
verdict | Рішення | Decision
veteran | Ветеран | Veteran
veteran_as_of | Ветеран станом на | Veteran as of
wellbeing_scale | Шкала самопочуття | Well-being scale
wellbeing_score | Оцінка самопочуття | Well-being score
with_disability | З інвалідністю | With a disability
withdrawn_on | Вибув | Withdrawn on
works_status | Ремонт | Works
`)
