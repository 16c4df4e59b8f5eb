package clientsdk

import (
	"context"
	"slices"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
)

// The spaces of a register take turns. A server fills its answer with the
// spaces in the order of the request and puts off the others; the next request
// begins with the first of these, also after a cut or a restart. So each is
// served after as many answers as there are spaces, at the latest.

// propertyFirst is the space with which the next request begins.
const propertyFirst = "sync_first_space"

// findFirst finds the space that was put off last. One that has been left since
// does no harm: any order will do for a beginning.
func (s *exchange) findFirst(ctx context.Context) error {
	return s.register.store.Read(ctx, func(tx localstore.Tx) error {
		id, err := tx.Property(propertyFirst)
		s.first = max(0, slices.IndexFunc(s.tours, func(t *tour) bool { return string(t.space[:]) == string(id) }))
		return err
	})
}

// beginWith lets the next request begin with the space.
func (s *exchange) beginWith(tx localstore.Tx, t *tour) error {
	s.first = slices.Index(s.tours, t)
	return tx.SetProperty(propertyFirst, t.space[:])
}
