package page

// unlockTexts are those of the page by which a locked tablet is unlocked.
var unlockTexts = catalogue{
	"unlock.way":           {"Розблокувати телефоном", "Unlock over the telephone"},
	"unlock.hint":          {"Планшет, що надто довго не був на зв’язку, замикається. Найкраще підключити його до мережі. Якщо не вдається, розблокуйте його кодом.", "A tablet that was not in touch for too long locks. It is best connected. If that cannot be, unlock it by a code."},
	"unlock.title":         {"Розблокувати планшет", "Unlock the tablet"},
	"unlock.lead":          {"%s (%s): людина з планшетом читає вам 18 цифр, ви читаєте їй код. PIN він не замінює.", "%s (%s): whoever has the tablet reads you 18 digits, and you read back a code. It does not replace the PIN."},
	"unlock.who":           {"Переконайтеся, хто дзвонить: код однаково відкриє планшет злодієві. Те, що його видано, залишиться в журналі.", "Make sure who is calling: the code opens the tablet to a thief as well. That it was given is kept."},
	"unlock.shows":         {"Що показує планшет", "What the tablet shows"},
	"unlock.shows.hint":    {"Три групи по шість цифр", "Three groups of six digits"},
	"unlock.days":          {"На скільки днів", "For how many days"},
	"unlock.submit":        {"Показати код", "Show the code"},
	"unlock.not":           {"Не розблоковувати", "Do not unlock"},
	"unlock.code":          {"Код на %d день|Код на %d дні|Код на %d днів", "The code, for %d day|The code, for %d days"},
	"unlock.once":          {"Код діє один раз, для цього планшета і цих цифр, від миті, коли його введуть.", "The code is good once, for this tablet and these digits, from when it is typed."},
	"unlock.problem.typed": {"У цифрах помилка: попросіть прочитати їх ще раз. Потрібні три групи по шість.", "There is a mistake in the digits: have them read again. Three groups of six are due."},
	"unlock.problem.other": {"Ці цифри показує інший планшет або інший користувач спільного планшета.", "Another tablet shows these digits, or another user of a shared tablet."},
	"unlock.problem.days":  {"Днів може бути від 1 до 30.", "It may be 1 to 30 days."},
}
