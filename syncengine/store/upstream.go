package store

import (
	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Upstream returns how far a hub has come with the home server in a space.
func (r rows) Upstream(space merge.SpaceID) (*logv1.Upstream, error) {
	upstream := new(logv1.Upstream)
	_, err := r.message(spaceKey(space, kindUpstream), upstream)
	return upstream, err
}

// PutUpstream keeps how far a hub has come.
func (f *Fold) PutUpstream(space merge.SpaceID, upstream *logv1.Upstream) error {
	return f.setMessage(spaceKey(space, kindUpstream), upstream)
}

// People calls each with everybody who has access to a space, in the order of
// their ids.
func (s *Snapshot) People(space merge.SpaceID, each func(person merge.PersonID) error) error {
	prefix := spaceKey(space, kindAccess)
	return s.scan(prefix, prefix, func(key, _ []byte) error {
		person := merge.PersonID(key[len(prefix):])
		access, err := s.Access(space, person)
		if err != nil || !access.Allowed {
			return err
		}
		return each(person)
	})
}
