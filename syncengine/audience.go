package syncengine

import "github.com/zhurnal/zhurnal/syncengine/merge"

// NamedSpaces lists the spaces of which the engine has anything: also those that
// it does not know, and for which somebody has sent changes.
func (e *Engine) NamedSpaces() (spaces []merge.SpaceID, err error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	err = snapshot.NamedSpaces(func(space merge.SpaceID) error {
		spaces = append(spaces, space)
		return nil
	})
	return spaces, err
}

// People lists who has access to a space, in the order of their ids; nobody, if
// there is no such space.
func (e *Engine) People(space merge.SpaceID) (people []merge.PersonID, err error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	err = snapshot.People(space, func(person merge.PersonID) error {
		people = append(people, person)
		return nil
	})
	return people, err
}

// Audience is who has access to a space.
type Audience struct {
	Space  merge.SpaceID
	Kind   SpaceKind
	People []merge.PersonID // in the order of their ids
}

// Audiences lists the spaces that a person may read, and who else may.
func (e *Engine) Audiences(person merge.PersonID) ([]Audience, error) {
	spaces, err := e.Accessible(person)
	if err != nil {
		return nil, err
	}
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	audiences := make([]Audience, len(spaces))
	for i, space := range spaces {
		a := &audiences[i]
		a.Space, a.Kind = space.ID, space.Kind
		err := snapshot.People(space.ID, func(person merge.PersonID) error {
			a.People = append(a.People, person)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return audiences, nil
}
