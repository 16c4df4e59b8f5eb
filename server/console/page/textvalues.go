package page

// valueTexts are what the values of enumerations are called. What nobody stated is
// "value.UNSPECIFIED" in all of them.
var valueTexts = listed("value.", `
UNSPECIFIED | не вказано | not stated
PRESENCE_PRESENT | присутній | present
PRESENCE_LATE | запізнився | late
PRESENCE_LEFT_EARLY | пішов раніше | left early
PRESENCE_ABSENT_CONFIRMED | відсутній | absent
PRESENCE_ABSENT_DEFAULT | відсутній, за замовчуванням | absent by default
PRESENCE_EXCUSED | відсутній, попередив | excused
EVIDENCE_BULK_DEFAULT | відмічено всіх разом | everybody at once
EVIDENCE_SELF_REPORT | зі слів | somebody’s word
EVIDENCE_ROLL_CALL | перекличка | roll call
EVIDENCE_QR_CARD_SCAN | скановано картку | card scanned
EVIDENCE_SIGNATURE_CHECKED | підпис на листі | signature on the sheet
EVIDENCE_SETTLED | рішення координатора | coordinator’s decision
ABSENCE_REASON_ILLNESS | хвороба | illness
ABSENCE_REASON_WORK | робота | work
ABSENCE_REASON_SHELLING_ALERT | обстріл або тривога | shelling or alert
ABSENCE_REASON_TRANSPORT | транспорт | transport
ABSENCE_REASON_CHILDCARE | догляд за дітьми | childcare
ABSENCE_REASON_OTHER | інше | other
CLIENT_IDENTITY_ANONYMOUS | анонімно | anonymous
CLIENT_IDENTITY_LINKED | пов’язано з учасником | linked to a participant
SEX_FEMALE | жіноча | female
SEX_MALE | чоловіча | male
SEX_OTHER | інша | other
SEX_UNDISCLOSED | не розкрито | undisclosed
AGE_BAND_0_17 | 0–17 | 0–17
AGE_BAND_18 | 18 | 18
AGE_BAND_19_24 | 19–24 | 19–24
AGE_BAND_25_35 | 25–35 | 25–35
AGE_BAND_36_59 | 36–59 | 36–59
AGE_BAND_60_PLUS | 60+ | 60+
DISPLACEMENT_IDP | внутрішньо переміщена особа | internally displaced
DISPLACEMENT_RETURNEE | повернувся | returnee
DISPLACEMENT_HOST_RESIDENT | місцевий мешканець | local resident
DISPLACEMENT_REFUGEE_OR_OTHER | біженець або інше | refugee or other
DISPLACEMENT_UNDISCLOSED | не розкрито | undisclosed
CONSENT_STATE_GIVEN | надано | given
CONSENT_STATE_REFUSED | відмова | refused
CONSENT_STATE_WITHDRAWN | відкликано | withdrawn
CONSENT_GIVER_SELF | особисто | in person
CONSENT_GIVER_GUARDIAN | опікун | guardian
CONSENT_GIVER_BOTH | особисто й опікун | in person and guardian
CASE_STATUS_OPEN | відкрито | open
CASE_STATUS_CLOSED | закрито | closed
CASE_STATUS_REOPENED | відкрито знову | reopened
RISK_NONE | немає | none
RISK_WATCH | спостерігати | watch
RISK_ELEVATED | підвищений | elevated
RISK_IMMINENT | безпосередній | imminent
CONTROL_STATUS_GOVERNMENT | уряд | government
CONTROL_STATUS_NON_GOVERNMENT | не уряд | non-government
CONTROL_STATUS_CONTACT_LINE | лінія зіткнення | contact line
CONTROL_STATUS_NOT_APPLICABLE | не стосується | not applicable
COHORT_PREVIOUSLY_SELECTED | відібрана раніше | selected earlier
COHORT_ADDITIONAL | додаткова | additional
COMMUNITY_PHASE_CANDIDATE | кандидат | candidate
COMMUNITY_PHASE_APPLIED | подала заявку | applied
COMMUNITY_PHASE_VISITED | відвідали | visited
COMMUNITY_PHASE_REJECTED | відхилено | rejected
COMMUNITY_PHASE_SELECTED | відібрано | selected
COMMUNITY_PHASE_ACTIVE | працює | active
COMMUNITY_PHASE_CLOSED | завершено | closed
CONSENT_PURPOSE_REGISTRATION | реєстрація | registration
CONSENT_PURPOSE_CONTACT | зв’язок | contact
CONSENT_PURPOSE_PHOTO | фото | photo
CONSENT_PURPOSE_QUOTE_ATTRIBUTION | підпис під цитатою | attribution of a quote
CONSENT_PURPOSE_SHARE_WITH_DONOR_NAMED | передача донору з іменем | sharing with the donor by name
CONSENT_PURPOSE_SHARE_WITH_PARTNER | передача партнеру | sharing with a partner
CONSENT_PURPOSE_REFERRAL | перенаправлення | referral
CONSENT_PURPOSE_DEDUPLICATION_OUTSIDE | звірка з іншими організаціями | comparison with other organisations
CONSENT_METHOD_SIGNATURE_ON_SHEET | підпис на листі | signature on the sheet
CONSENT_METHOD_TICK | позначка | tick
CONSENT_METHOD_VERBAL_WITNESSED | усно, при свідкові | spoken, with a witness
ROOM_STATUS_PLANNED | планується | planned
ROOM_STATUS_OPEN | відкрито | open
ROOM_STATUS_CLOSED | закрито | closed
SESSION_KIND_INDIVIDUAL | індивідуальна | individual
SESSION_KIND_COUPLE_FAMILY | сімейна | couple or family
SESSION_KIND_GROUP | групова | group
SESSION_MODALITY_IN_ROOM | у кімнаті | in the room
SESSION_MODALITY_HOME_VISIT | удома | home visit
SESSION_MODALITY_PHONE | телефоном | by phone
SESSION_MODALITY_VIDEO | відео | by video
SESSION_MODALITY_MOBILE_TEAM | мобільна команда | mobile team
COUNSELLING_TOPIC_STRESS | стрес | stress
COUNSELLING_TOPIC_ANXIETY | тривога | anxiety
COUNSELLING_TOPIC_COMMUNICATION_SKILLS | спілкування | communication skills
COUNSELLING_TOPIC_MOTIVATION_PERSONAL_GROWTH | мотивація і розвиток | motivation and growth
COUNSELLING_TOPIC_GRIEF | втрата | grief
COUNSELLING_TOPIC_FAMILY | родина | family
COUNSELLING_TOPIC_DISPLACEMENT_ADJUSTMENT | пристосування після переїзду | adjusting after displacement
COUNSELLING_TOPIC_VETERAN_REINTEGRATION | повернення ветеранів | veterans’ return
COUNSELLING_TOPIC_PARENTING | батьківство | parenting
COUNSELLING_TOPIC_SLEEP | сон | sleep
COUNSELLING_TOPIC_WORK | робота | work
COUNSELLING_TOPIC_VIOLENCE_EXPOSURE | пережите насильство | exposure to violence
COUNSELLING_TOPIC_SUBSTANCE | залежність | substance use
COUNSELLING_TOPIC_OTHER | інше | other
SESSION_OUTCOME_ONGOING | триває | ongoing
SESSION_OUTCOME_COMPLETED | завершено | completed
SESSION_OUTCOME_DROPPED_OUT | перестав приходити | dropped out
SESSION_OUTCOME_REFERRED | перенаправлено | referred
SESSION_OUTCOME_MOVED | переїхав | moved away
COUNSELLING_STATUS_PLANNED | заплановано | planned
COUNSELLING_STATUS_CANCELLED | скасовано | cancelled
COUNSELLING_STATUS_NO_SHOW | не прийшли | no show
COUNSELLING_STATUS_HELD | відбулося | held
ENROLMENT_ORIGIN_EXPECTED | у списку | expected
ENROLMENT_ORIGIN_WALK_IN | прийшов сам | walk-in
EVENT_CATEGORY_CULTURE | культура | culture
EVENT_CATEGORY_EDUCATION | освіта | education
EVENT_CATEGORY_SPORTS | спорт | sports
EVENT_CATEGORY_OTHER | інше | other
EVENT_SUBTYPE_CONCERT | концерт | concert
EVENT_SUBTYPE_FESTIVAL | фестиваль | festival
EVENT_SUBTYPE_EXHIBITION | виставка | exhibition
EVENT_SUBTYPE_ART_EXHIBITION | художня виставка | art exhibition
EVENT_SUBTYPE_MASTER_CLASS | майстер-клас | master class
EVENT_SUBTYPE_HOBBY_CLUB | гурток | hobby club
EVENT_SUBTYPE_COMPETITION | змагання | competition
EVENT_SUBTYPE_HEALTHY_LIFESTYLE | здоровий спосіб життя | healthy lifestyle
EVENT_SUBTYPE_WORKSHOP | майстерня | workshop
EVENT_SUBTYPE_ROUND_TABLE | круглий стіл | round table
EVENT_SUBTYPE_FLASH_MOB | флешмоб | flash mob
EVENT_SUBTYPE_ECO_INITIATIVE | екоініціатива | eco-initiative
EVENT_SUBTYPE_THEMATIC_MEETING | тематична зустріч | thematic meeting
EVENT_SUBTYPE_PUBLIC_HEARING | громадські слухання | public hearing
EVENT_SUBTYPE_EXCHANGE_VISIT | обмінний візит | exchange visit
EVENT_SUBTYPE_DIALOGUE_MEETING | діалогова зустріч | dialogue meeting
EVENT_SUBTYPE_OTHER | інше | other
EVENT_COUNTING_NAMED | поіменно | by name
EVENT_COUNTING_HEAD_COUNT | підрахунок голів | head count
SESSION_STATUS_PLANNED | заплановано | planned
SESSION_STATUS_POSTPONED | перенесено | put off
SESSION_STATUS_CANCELLED | скасовано | cancelled
SESSION_STATUS_DID_NOT_HAPPEN | не відбулося | did not happen
SESSION_STATUS_HELD | відбулося | held
SESSION_STATUS_CLOSED | закрито | closed
FOLLOW_UP_PURPOSE_NEXT_SESSION | наступна зустріч | next session
FOLLOW_UP_PURPOSE_CALL | дзвінок | call
FOLLOW_UP_PURPOSE_RISK_CHECK | перевірка ризику | risk check
FOLLOW_UP_PURPOSE_REFERRAL_CHECK | перевірка перенаправлення | referral check
FOLLOW_UP_PURPOSE_OTHER | інше | other
FOLLOW_UP_STATUS_OPEN | відкрито | open
FOLLOW_UP_STATUS_CANCELLED | скасовано | cancelled
FOLLOW_UP_STATUS_DONE | зроблено | done
GROUP_KIND_INITIATIVE_GROUP | ініціативна група | initiative group
GROUP_KIND_WORKING_GROUP_COHESION_SAFETY | робоча група: згуртованість і безпека | working group: cohesion and safety
GROUP_KIND_WORKING_GROUP_SOCIAL_PROTECTION | робоча група: соціальний захист | working group: social protection
GROUP_KIND_VETERANS_GROUP | група ветеранів | veterans’ group
GROUP_KIND_YOUTH_GROUP | молодіжна група | youth group
GROUP_KIND_CIVIL_SOCIETY_ORGANISATION | громадська організація | civil society organisation
MEETING_RULE_NONE | без графіка | no rule
MEETING_RULE_MONTHLY | щомісяця | monthly
MEETING_RULE_QUARTERLY | щокварталу | quarterly
COUNT_METHOD_DOOR_TALLY | на вході | at the door
COUNT_METHOD_CHAIRS | за стільцями | by chairs
COUNT_METHOD_PHOTO_COUNT | за фото | on a photo
COUNT_METHOD_ESTIMATE | приблизно | estimate
COUNT_METHOD_SIGNED_LIST | за підписами | by signatures
MEMBER_ROLE_OBSERVER | спостерігач | observer
MEMBER_ROLE_MEMBER | член | member
MEMBER_ROLE_SECRETARY | секретар | secretary
MEMBER_ROLE_DEPUTY | заступник | deputy
MEMBER_ROLE_LEADER | лідер | leader
CONSTITUENCY_RESIDENTS | мешканці | residents
CONSTITUENCY_IDPS | ВПО | displaced people
CONSTITUENCY_PEOPLE_WITH_DISABILITIES | люди з інвалідністю | people with disabilities
CONSTITUENCY_VETERANS | ветерани | veterans
CONSTITUENCY_YOUTH | молодь | youth
CONSTITUENCY_LOCAL_GOVERNMENT | місцева влада | local government
CONSTITUENCY_CIVIL_SOCIETY | громадськість | civil society
CONSTITUENCY_POLICE | поліція | police
CONSTITUENCY_EMERGENCY_SERVICE | ДСНС | emergency service
CONSTITUENCY_BUSINESS | бізнес | business
MEMBERSHIP_STATUS_INVITED | запрошено | invited
MEMBERSHIP_STATUS_ACTIVE | діє | active
MEMBERSHIP_STATUS_LEFT | вибув | left
NOTE_KIND_NOTE | нотатка | note
NOTE_KIND_AMENDMENT | доповнення | amendment
NOTE_KIND_CORRECTION | виправлення | correction
NOTE_KIND_HANDOVER | передача | handover
SEX_BASIS_ASSUMED | на вигляд | assumed
SEX_BASIS_STATED | зі слів | stated
SEX_BASIS_DOCUMENT_SEEN | за документом | document seen
BIRTH_PRECISION_AGE | вік | age
BIRTH_PRECISION_YEAR | рік | year
BIRTH_PRECISION_DATE | дата | date
VETERAN_NONE | ні | no
VETERAN_VETERAN | ветеран | veteran
VETERAN_ACTIVE_SERVICE | на службі | in active service
VETERAN_FAMILY | член родини | family member
VETERAN_UNDISCLOSED | не розкрито | undisclosed
DIFFICULTY_NONE | немає | none
DIFFICULTY_SOME | деякі | some
DIFFICULTY_A_LOT | великі | a lot
DIFFICULTY_CANNOT | зовсім не може | cannot at all
SELF_DECLARED_NO | ні | no
SELF_DECLARED_YES | так | yes
SELF_DECLARED_UNDISCLOSED | не розкрито | undisclosed
ACCESS_NEED_SIGN_LANGUAGE | жестова мова | sign language
ACCESS_NEED_RAMP | пандус | ramp
ACCESS_NEED_TRANSPORT | транспорт | transport
ACCESS_NEED_CHILDCARE | догляд за дітьми | childcare
ACCESS_NEED_OTHER | інше | other
PHONE_OWNER_OWN | власний | own
PHONE_OWNER_SHARED | спільний | shared
PHONE_OWNER_GUARDIAN | опікуна | guardian’s
ENGAGEMENT_ACTIVE | бере участь | active
ENGAGEMENT_INACTIVE | не бере участі | inactive
EVENT_ROLE_PARTICIPANT | учасник | participant
EVENT_ROLE_PERFORMER | виконавець | performer
EVENT_ROLE_VOLUNTEER | волонтер | volunteer
EVENT_ROLE_SPEAKER | доповідач | speaker
EVENT_ROLE_ORGANISER | організатор | organiser
LINK_VERDICT_SAME | та сама людина | the same person
LINK_VERDICT_DIFFERENT | різні люди | different people
LINK_VERDICT_UNSURE | не певні | not sure
SPEAKER_ROLE_TRAINING_PARTICIPANT | учасник навчання | participant of a training
SPEAKER_ROLE_EVENT_PARTICIPANT | учасник події | participant of an event
SPEAKER_ROLE_GROUP_LEADER | лідер групи | leader of a group
SPEAKER_ROLE_FACILITATOR | ведучий | facilitator
SPEAKER_ROLE_INSTITUTION_STAFF | працівник закладу | staff of an institution
SPEAKER_ROLE_LOCAL_AUTHORITY | місцева влада | local authority
PUBLICATION_REQUESTED | подано | requested
PUBLICATION_APPROVED | дозволено | approved
PUBLICATION_REFUSED | відмовлено | refused
TOPIC_COMMUNITY_DEVELOPMENT | розвиток громади | community development
TOPIC_SOCIAL_COHESION | згуртованість | social cohesion
TOPIC_INTEGRATION_INCLUSION | інтеграція і залучення | integration and inclusion
TOPIC_RESOURCE_MOBILISATION | залучення ресурсів | resource mobilisation
TOPIC_PROJECT_DEVELOPMENT | розробка проєктів | project development
TOPIC_COMMUNICATIONS | комунікації | communications
TOPIC_FUNDRAISING | фандрейзинг | fundraising
TOPIC_EXTERNAL_COMMUNICATIONS | зовнішні комунікації | external communications
TOPIC_PROJECT_FINANCIAL_MANAGEMENT | фінанси проєкту | project finance
TOPIC_SELF_EMPLOYMENT | самозайнятість | self-employment
TOPIC_MICRO_BUSINESS | мікробізнес | micro-business
TOPIC_PROFESSIONAL_ORIENTATION | профорієнтація | career guidance
TOPIC_VOCATIONAL | професійне навчання | vocational training
TOPIC_STRATEGIC_MONITORING | стратегічний моніторинг | strategic monitoring
TOPIC_PUBLIC_REPORTING | публічна звітність | public reporting
TOPIC_FIRST_AID | домедична допомога | first aid
TOPIC_EMERGENCY_RESPONSE | дії в надзвичайних ситуаціях | emergency response
TOPIC_DIGITAL_LITERACY | цифрова грамотність | digital literacy
TOPIC_ARTS_CRAFTS | мистецтво і ремесла | arts and crafts
TOPIC_YOUTH_LEADERSHIP | молодіжне лідерство | youth leadership
TOPIC_INTERNSHIP | стажування | internship
TOPIC_EXCHANGE_VISIT | обмінний візит | exchange visit
TRAINING_STATUS_DRAFT | чернетка | draft
TRAINING_STATUS_PLANNED | заплановано | planned
TRAINING_STATUS_CANCELLED | скасовано | cancelled
TRAINING_STATUS_RUNNING | триває | running
TRAINING_STATUS_COMPLETED | завершено | completed
TRAINING_STATUS_CLOSED | закрито | closed
VENUE_TYPE_LIBRARY | бібліотека | library
VENUE_TYPE_CULTURE_CLUB | клуб | culture club
VENUE_TYPE_CULTURAL_CENTRE | будинок культури | cultural centre
VENUE_TYPE_CHILDREN_YOUTH_CREATIVITY_CENTRE | центр творчості | children’s creativity centre
VENUE_TYPE_MUSIC_SCHOOL | музична школа | music school
VENUE_TYPE_SECONDARY_SCHOOL | школа | school
VENUE_TYPE_KINDERGARTEN | дитячий садок | kindergarten
VENUE_TYPE_PLAYGROUND | майданчик | playground
VENUE_TYPE_AMBULATORY | амбулаторія | outpatient clinic
VENUE_TYPE_HEALTH_POST | медпункт | health post
VENUE_TYPE_SOCIAL_PROTECTION_CENTRE | центр соціального захисту | social protection centre
VENUE_TYPE_MULTIMEDIA_ROOM | мультимедійна зала | multimedia room
VENUE_TYPE_HOMELESS_CENTRE | центр для бездомних | centre for homeless people
VENUE_TYPE_ADMIN_BRANCH | відділення адмінпослуг | administrative branch
VENUE_TYPE_SELF_SERVICE_STATION | пункт самообслуговування | self-service station
VENUE_TYPE_MOBILE_TEAM_POINT | точка мобільної команди | mobile team point
VENUE_TYPE_PSYCHOSOCIAL_ROOM_HOST | приміщення кімнати підтримки | host of a counselling room
VENUE_TYPE_SPORT_FACILITY | спортивний заклад | sport facility
VENUE_TYPE_OTHER | інше | other
ACCESSIBILITY_NONE | немає | none
ACCESSIBILITY_RAMP | пандус | ramp
ACCESSIBILITY_LIFT | ліфт | lift
ACCESSIBILITY_TOILET | туалет | toilet
ACCESSIBILITY_HEARING_LOOP | індукційна петля | hearing loop
CATCHMENT_METHOD_ESTIMATE | оцінка | estimate
CATCHMENT_METHOD_CENSUS | перепис | census
CATCHMENT_METHOD_VISITOR_LOG | журнал відвідувачів | visitor log
WORKS_STATUS_SELECTED | відібрано | selected
WORKS_STATUS_DESIGNED | спроєктовано | designed
WORKS_STATUS_CONTRACTED | є договір | contracted
WORKS_STATUS_CANCELLED | скасовано | cancelled
WORKS_STATUS_IN_WORKS | у роботі | in works
WORKS_STATUS_REOPENED | відкрито знову | reopened
WORKS_STATUS_HANDED_OVER | передано | handed over
`)
