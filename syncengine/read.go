package syncengine

import (
	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Records calls each with every record of a space at one moment, in the order
// of ids, and returns the space's position at that moment. It asks for no
// access: it is for the server's own reports.
func (e *Engine) Records(space merge.SpaceID, each func(rec *merge.Record) error) (position uint64, err error) {
	if err := e.gate.enter(); err != nil {
		return 0, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	head, err := snapshot.Head(space)
	if err != nil {
		return 0, err
	}
	if head == nil {
		return 0, errNoAccess(space)
	}
	return head.Position, snapshot.Records(space, merge.RecordID{}, each)
}

// Digest returns the combined digest of all records of a space, and the
// position at which it holds.
func (e *Engine) Digest(space merge.SpaceID) (digest merge.Hash, position uint64, err error) {
	position, err = e.Records(space, addTo(&digest))
	return digest, position, err
}

// addTo returns what combines the digests of records into one.
func addTo(digest *merge.Hash) func(rec *merge.Record) error {
	return func(rec *merge.Record) error {
		*digest = digest.Combine(rec.Digest())
		return nil
	}
}

// SpaceKind is the kind of a space; see zhurnal.schema.v1.SpaceKind.
type SpaceKind = schema.SpaceKind

// SpaceInfo is a space in a list.
type SpaceInfo struct {
	ID       merge.SpaceID
	Kind     SpaceKind
	Position uint64
	Records  uint64
}

// Spaces lists all spaces in the order of their partitions.
func (e *Engine) Spaces() ([]SpaceInfo, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	return spacesIn(snapshot)
}

// spacesIn lists all spaces in the order of their partitions.
func spacesIn(snapshot *store.Snapshot) (infos []SpaceInfo, err error) {
	err = snapshot.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
		infos = append(infos, infoOf(space, head))
		return nil
	})
	return infos, err
}

// spacesOf lists the ids of all spaces at this moment.
func spacesOf(st *store.Store) (spaces []merge.SpaceID, err error) {
	snapshot := st.Snapshot()
	defer snapshot.Close()
	infos, err := spacesIn(snapshot)
	for i := range infos {
		spaces = append(spaces, infos[i].ID)
	}
	return spaces, err
}

func infoOf(space merge.SpaceID, head *logv1.SpaceHead) SpaceInfo {
	return SpaceInfo{ID: space, Kind: head.Kind, Position: head.Position, Records: head.Records}
}

// Accessible lists the spaces that a person may read.
func (e *Engine) Accessible(person merge.PersonID) ([]SpaceInfo, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	all, err := spacesIn(snapshot)
	if err != nil {
		return nil, err
	}
	var infos []SpaceInfo
	for _, info := range all {
		access, err := snapshot.Access(info.ID, person)
		if err != nil {
			return nil, err
		}
		if access.Allowed {
			infos = append(infos, info)
		}
	}
	return infos, nil
}
