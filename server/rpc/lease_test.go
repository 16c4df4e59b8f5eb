package rpc

import (
	"testing"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// Tablets are told for how long they may be used without contact, and by what they
// know a code that lengthens that.
func TestEachSyncSaysHowLongTheLeaseIs(t *testing.T) {
	engine := &scripted{sync: func([]wire.SpaceUp, int) ([]wire.SpaceDown, error) { return nil, nil }}
	for _, lease := range []time.Duration{0, 21 * 24 * time.Hour} {
		server := startWith(t, engine, usual, func(o *Options) { o.OfflineLease = lease })
		client := syncv1connect.NewSyncServiceClient(httpClient(t, 1), server.url)
		req := connect.NewRequest(&syncv1.SyncRequest{})
		req.Header().Set("Authorization", office.Header(olena))
		resp, err := client.Sync(t.Context(), req)
		noError(t, err)
		mustBe(t, "lease", resp.Msg.LeaseMillis, uint64(lease.Milliseconds()))
		mustBe(t, "it comes with a key", len(resp.Msg.UnlockKey) > 0, lease > 0)
	}
}
