package wire

import (
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// SpaceUp is what a tablet has for one space.
type SpaceUp struct {
	Space   merge.SpaceID
	Batches [][]byte
	Cursor  []byte
	Asks    []merge.ID
	// HubCursor is where the tablet is in the log of the hub that it met last.
	HubCursor []byte
	// ByAuthors says that others have brought the batches to a hub: each change is
	// judged by the access of its author.
	ByAuthors bool
	// EntriesOnly asks for the log where rows were the shorter way.
	EntriesOnly bool
}

// SpaceDown is what the server has for one space.
type SpaceDown struct {
	Space    merge.SpaceID
	Outcomes []Outcome
	Page     *Page // nil if the space may not be read
	Err      error // set if this space could not be served
}

// SpacesUpFromProto checks and converts the spaces of a request. It shares
// their bytes.
func SpacesUpFromProto(spaces []*syncv1.SpaceUp) ([]SpaceUp, error) {
	ups := make([]SpaceUp, len(spaces))
	for i, m := range spaces {
		space, err := ID16[merge.SpaceID](m.SpaceId, "space_id")
		if err != nil {
			return nil, fault.New(fault.Malformed, "sync: space %d: %w", i+1, err)
		}
		asks, err := ChangeIDsFromProto(m.Asks)
		if err != nil {
			return nil, fault.New(fault.Malformed, "sync: space %d: asks: %w", i+1, err)
		}
		ups[i] = SpaceUp{
			Space: space, Batches: m.Batches, Cursor: m.Cursor, Asks: asks, HubCursor: m.HubCursor, ByAuthors: m.ByAuthors, EntriesOnly: m.EntriesOnly,
		}
	}
	return ups, nil
}

// SyncResponse returns the answer of the server to a Sync: that of an epoch, at
// a time by the server's clock. tell says what an Err is to the caller. It
// shares the bytes of the pages.
func SyncResponse(downs []SpaceDown, epoch EpochID, serverMillis int64, tell func(error) *syncv1.Fault) *syncv1.SyncResponse {
	return &syncv1.SyncResponse{ServerTimeMillis: serverMillis, EpochId: epoch[:], Spaces: spacesDownToProto(downs, tell)}
}

// HubResponse returns the answer of a hub; hub names its store.
func HubResponse(downs []SpaceDown, hub EpochID, hubMillis int64, tell func(error) *syncv1.Fault) *syncv1.SyncResponse {
	return &syncv1.SyncResponse{ServerTimeMillis: hubMillis, HubId: hub[:], Spaces: spacesDownToProto(downs, tell)}
}

func spacesDownToProto(downs []SpaceDown, tell func(error) *syncv1.Fault) []*syncv1.SpaceDown {
	spaces := make([]*syncv1.SpaceDown, len(downs))
	for i := range downs {
		spaces[i] = downs[i].toProto(tell)
	}
	return spaces
}

func (d *SpaceDown) toProto(tell func(error) *syncv1.Fault) *syncv1.SpaceDown {
	m := &syncv1.SpaceDown{SpaceId: d.Space[:], Outcomes: OutcomesToProto(d.Outcomes)}
	if d.Page != nil {
		m.Page = d.Page.ToProto()
	}
	if d.Err != nil {
		m.Fault = tell(d.Err)
	}
	return m
}
