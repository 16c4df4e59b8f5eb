package clientsdk_test

import (
	"context"
	"errors"
)

var hubVerbs = []verb{
	{"a hub stands in the hall, for {spaces}", (*world).hubStands},
	{"{tablet}: sync with the hub", (*world).syncWithHub},
	{"the hub reaches home", (*world).hubReachesHome},
	{"the hub is stolen", (*world).hubIsStolen},
}

var errNoHub = errors.New("there is no hub in this story yet")

// hubStands sets a hub up where home can be reached, so that it knows whom the
// spaces are for.
func (w *world) hubStands(said words) error {
	for _, name := range listed(said["spaces"]) {
		space, err := w.space(name)
		if err != nil {
			return err
		}
		w.home.access(space.id, space.kind, true, laptop)
	}
	w.hall = newHall(w.t, w.home)
	return w.hubReachesHome(said)
}

func (w *world) syncWithHub(said words) error {
	tab, err := w.tablet(said["tablet"])
	if err != nil {
		return err
	}
	if w.hall == nil {
		return errNoHub
	}
	w.syncHomeClock()
	result, err := tab.Sync(context.Background(), cable{at: w.hall, person: tab.line.person})
	return errors.Join(err, result.Err())
}

func (w *world) hubReachesHome(words) error {
	if w.hall == nil {
		return errNoHub
	}
	w.syncHomeClock()
	relayed, err := w.hall.relay.Once(context.Background())
	return errors.Join(err, relayed.Err)
}

// hubIsStolen takes the hub away, with all that it had not passed on.
func (w *world) hubIsStolen(words) error {
	w.hall = nil
	return nil
}
