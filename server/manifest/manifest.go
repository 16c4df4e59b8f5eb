// Package manifest says what a device holds that was lost: which spaces it was
// given, how far, and how many records of which sensitivity these have. It counts,
// and shows nothing of a record.
//
// What a device was given is told by the log of who did what, which has a line for
// each answer before the answer goes out: so it is never less than what the device
// got, as far back as that log goes.
package manifest

import (
	"context"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// Engine has the records.
type Engine interface {
	// Records calls each with every record of a space, and returns its position.
	Records(space merge.SpaceID, each func(rec *merge.Record) error) (position uint64, err error)
	// Schema knows their types.
	Schema() *schema.Schema
}

// Log is the log of who did what.
type Log interface {
	Read(each func(audit.Entry) error) error
}

// Maker makes manifests.
type Maker struct {
	Engine    Engine
	Log       Log
	Directory *directory.Directory
	// Now is the clock, in milliseconds since 1970.
	Now func() int64
}

// Make says what a device of an organisation holds.
func (m *Maker) Make(ctx context.Context, organisation directory.OrganisationID, id directory.DeviceID) (*directoryv1.DeviceManifest, error) {
	view, err := m.Directory.View()
	if err != nil {
		return nil, err
	}
	device := view.Device(id)
	if device == nil || directory.OrganisationID(device.OrganisationId) != organisation {
		return nil, fault.New(fault.NotFound, "there is no such device in your organisation")
	}
	made := &directoryv1.DeviceManifest{
		DeviceId: id[:], UserId: device.UserId, TabletLabel: device.TabletLabel, EnrolledMillis: device.EnrolledMillis,
		Status: device.Status, StatusMillis: device.StatusMillis, MadeMillis: m.Now(),
	}
	served, err := m.served(ctx, id, made)
	if err != nil {
		return nil, err
	}
	for _, space := range view.SpacesOf(organisation) {
		if view.Knows(merge.PersonID(device.UserId), space) && served[space] == nil {
			served[space] = &directoryv1.ManifestSpace{}
		}
	}
	spaces := slices.SortedFunc(maps.Keys(served), func(a, b merge.SpaceID) int { return strings.Compare(string(a[:]), string(b[:])) })
	for _, space := range spaces {
		if err := ctx.Err(); err != nil {
			return nil, fault.New(fault.Unavailable, "%w", err)
		}
		of := served[space]
		of.SpaceId = space[:]
		if row := view.Space(space); row != nil {
			of.Kind, of.Name = row.Kind, row.Name
		}
		if err := m.count(space, of); err != nil {
			return nil, err
		}
		made.Spaces = append(made.Spaces, of)
	}
	return made, nil
}

// served reads what the device was given.
func (m *Maker) served(ctx context.Context, id directory.DeviceID, made *directoryv1.DeviceManifest) (map[merge.SpaceID]*directoryv1.ManifestSpace, error) {
	served, device := map[merge.SpaceID]*directoryv1.ManifestSpace{}, id.String()
	err := m.Log.Read(func(e audit.Entry) error {
		if made.KnownSinceMillis == 0 {
			made.KnownSinceMillis = e.At.UnixMilli()
		}
		if e.Device != device || e.Action != audit.RecordsRead || e.Outcome != "" {
			return ctx.Err()
		}
		var space merge.SpaceID
		if n, err := hex.Decode(space[:], []byte(e.Space)); err != nil || n != len(space) {
			return nil // of a desk, over several
		}
		of := served[space]
		if of == nil {
			of = &directoryv1.ManifestSpace{}
			served[space] = of
		}
		at := e.At.Truncate(time.Millisecond).UnixMilli()
		of.ServedThrough, of.LastServedMillis = max(of.ServedThrough, e.Position), max(of.LastServedMillis, at)
		made.LastServedMillis = max(made.LastServedMillis, at)
		return nil
	})
	return served, err
}
