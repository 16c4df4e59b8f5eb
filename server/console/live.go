package console

import (
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// livePath is where a page hears that something has moved, as server-sent events
// (HTML, 9.2).
const livePath = "/live"

// IsStream tells of a request that lasts as long as somebody listens.
func (c *Console) IsStream(r *http.Request) bool { return r.URL.Path == livePath }

// sendMost bounds how long one event may take: after that nobody listens.
const sendMost = 30 * time.Second

// live tells whenever a space that the reader may read has moved on: that it has,
// and nothing else. What has become of it, a page is asked.
func live(v *visit) error {
	spaces := v.spaces(openingRoles...)
	if len(spaces) == 0 {
		v.w.WriteHeader(http.StatusNoContent) // by which a browser listens no more
		return nil
	}
	req := &syncv1.WatchRequest{}
	for _, id := range spaces[:min(len(spaces), limits.WatchSpaces)] {
		req.SpaceIds = append(req.SpaceIds, id[:])
	}
	stream, err := v.calls.sync.Watch(v.ctx(), connect.NewRequest(req))
	if err != nil {
		return err
	}
	defer stream.Close()
	v.w.Header().Set("Content-Type", "text/event-stream")
	seen := map[merge.SpaceID]bool{}
	for stream.Receive() {
		event, space := "moved", merge.SpaceID(stream.Msg().SpaceId)
		if !seen[space] { // where it is when the page has just been shown
			seen[space], event = true, "at"
		}
		if err := v.send(event); err != nil {
			return nil // the browser has gone
		}
	}
	if err := stream.Err(); err != nil && kindOf(err) == fault.Internal {
		v.trouble(err)
	}
	return nil
}

func (v *visit) send(event string) error {
	control := http.NewResponseController(v.w)
	if err := control.SetWriteDeadline(time.Now().Add(sendMost)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(v.w, "event: %s\ndata:\n\n", event); err != nil {
		return err
	}
	if err := control.Flush(); err != nil {
		return err
	}
	return control.SetWriteDeadline(time.Time{})
}
