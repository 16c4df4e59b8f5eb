package season

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

var sayings = []struct{ uk, en string }{
	{"Ми вперше сіли за один стіл і побачили, що клопоти в нас ті самі.", "For the first time we sat at one table and saw that our troubles are the same."},
	{"Тепер я знаю, з чого почати, коли хочеш щось змінити у своєму місті.", "Now I know where to begin if you want to change something in your town."},
	{"Після тренінгу сусіди з переселенців перестали бути для мене чужими.", "After the training my displaced neighbours were no longer strangers to me."},
	{"Нас вислухали. Це вже багато.", "We were listened to. That is much already."},
}

// listen makes what people said after the training, and what they allow.
func (c *community) listen() {
	speakers := shuffled(c.expected(), "speaks")
	for i, r := range []*recorder{&c.first, &c.second} {
		r.diary.turnTo(c.after(45), 11*60)
		speaker := speakers[i]
		r.diary.write(c.space,
			Act{Record: c.space.sub("quote-%d", i+1), Message: c.quote(speaker, sayings[(c.index+i)%len(sayings)].uk, sayings[(c.index+i)%len(sayings)].en)},
			Act{Message: consent(speaker.record.id(), recordsv1.ConsentPurpose_CONSENT_PURPOSE_QUOTE_ATTRIBUTION, quoteAnswer(i), c.after(45))},
		)
	}
	c.changeMind(speakers[len(speakers)-1])
}

func quoteAnswer(i int) recordsv1.ConsentState {
	return [...]recordsv1.ConsentState{recordsv1.ConsentState_CONSENT_STATE_GIVEN, recordsv1.ConsentState_CONSENT_STATE_REFUSED}[i]
}

func (c *community) quote(speaker *member, uk, en string) *recordsv1.Quote {
	return &recordsv1.Quote{
		Text: uk, Language: "uk", TranslationEn: en, AboutId: c.training().id(), SpeakerId: speaker.record.id(),
		SpeakerRole: recordsv1.SpeakerRole_SPEAKER_ROLE_TRAINING_PARTICIPANT, CommunityId: c.communityID(), SaidOn: c.date(c.days()),
		Publication: recordsv1.Publication_PUBLICATION_REQUESTED,
	}
}

// changeMind makes somebody allow photographs and withdraw that a week later.
func (c *community) changeMind(m *member) {
	photo := recordsv1.ConsentPurpose_CONSENT_PURPOSE_PHOTO
	c.first.diary.write(c.space, Act{Message: consent(m.record.id(), photo, recordsv1.ConsentState_CONSENT_STATE_GIVEN, c.after(45))})
	c.first.diary.turnTo(c.after(52), 11*60)
	c.first.diary.write(c.space, Act{Message: consent(m.record.id(), photo, recordsv1.ConsentState_CONSENT_STATE_WITHDRAWN, c.after(52))})
}
