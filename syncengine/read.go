package syncengine

import (
	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
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
	position, err = e.Records(space, func(rec *merge.Record) error {
		digest = digest.Combine(rec.Digest())
		return nil
	})
	return digest, position, err
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
	return e.spaces()
}

func (e *Engine) spaces() ([]SpaceInfo, error) {
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
	var infos []SpaceInfo
	err := snapshot.Spaces(func(space merge.SpaceID, head *logv1.SpaceHead) error {
		infos = append(infos, SpaceInfo{ID: space, Kind: schema.SpaceKind(head.Kind), Position: head.Position, Records: head.Records})
		return nil
	})
	return infos, err
}

// Accessible lists the spaces that a person may read.
func (e *Engine) Accessible(person merge.PersonID) ([]SpaceInfo, error) {
	if err := e.gate.enter(); err != nil {
		return nil, err
	}
	defer e.gate.leave()
	all, err := e.spaces()
	if err != nil {
		return nil, err
	}
	snapshot := e.store.Snapshot()
	defer snapshot.Close()
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
