package fieldwork

import (
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
)

// Venue is an institution or place.
type Venue struct {
	Ref     Ref
	Message *recordsv1.Venue
	// Community is the p-code, empty where it is not known.
	Community string
}

// Venues returns all venues in the order of their ids.
func (r *Reckoning) Venues() []Venue { return r.venues }

func (r *Reckoning) readVenues(b *Book) []Venue {
	var venues []Venue
	for _, at := range sortedRefs(b.venues) {
		m := b.venues[at]
		venues = append(venues, Venue{at, m, r.places.of(at.to(m.GetCommunityId()))})
	}
	return venues
}

// Venue is where the event was held; the zero Ref where nobody said.
func (e *Event) Venue() Ref {
	if !hasID(e.Message.GetVenueId()) {
		return Ref{}
	}
	return e.Ref.to(e.Message.GetVenueId())
}
