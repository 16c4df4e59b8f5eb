package fieldwork

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Quote is what somebody said.
type Quote struct {
	Ref     Ref
	Message *recordsv1.Quote
	// Community is the p-code, empty where it is not known.
	Community string
	// Speaker is who said it; zero where that was not noted.
	Speaker merge.RecordID
	// Allowed tells whether the speaker allows to be quoted: by a consent that
	// holds, or because nobody noted who it was and so nobody can be asked.
	Allowed bool
}

// Approved tells whether a coordinator lets the quote be published and the
// speaker allows it.
func (q *Quote) Approved() bool {
	return q.Message.GetPublication() == recordsv1.Publication_PUBLICATION_APPROVED && q.Allowed
}

// Quotes returns all quotes in the order of their ids.
func (r *Reckoning) Quotes() []Quote { return r.quotes }

// readQuotes looks at the consents of all registrations of a speaker in the space
// of the quote: those of one person in another community are for what is said
// there.
func (r *Reckoning) readQuotes(b *Book) []Quote {
	consents := map[merge.RecordID][]*recordsv1.Consent{}
	for _, c := range b.consents {
		person := r.persons.Canonical(recordID(c.GetParticipantId()))
		consents[person] = append(consents[person], c)
	}
	var quotes []Quote
	for _, at := range sortedRefs(b.quotes) {
		m := b.quotes[at]
		q := Quote{Ref: at, Message: m, Community: r.places.of(at.to(m.GetCommunityId())), Allowed: true}
		if hasID(m.GetSpeakerId()) {
			q.Speaker = r.persons.Canonical(recordID(m.GetSpeakerId()))
			q.Allowed = Allows(consents[q.Speaker], recordsv1.ConsentPurpose_CONSENT_PURPOSE_QUOTE_ATTRIBUTION)
		}
		quotes = append(quotes, q)
	}
	return quotes
}
