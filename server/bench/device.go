package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// device is a tablet as the server sees it, over a connection of its own.
type device struct {
	authorization atomic.Pointer[string]
	client        syncv1connect.SyncServiceClient
	transport     *http.Transport
	identity      clientsdk.Identity
	key           *clientsdk.SoftwareKey
	traffic       traffic
	// cursor and position are where the device's copy is.
	cursor   []byte
	position uint64
	// rows counts changes and rows that were pulled, calls the requests.
	rows  int
	calls int
}

// traffic counts the bytes on the device's connections, headers included.
type traffic struct{ up, down atomic.Int64 }

// requestTimeout ends what would never end.
const requestTimeout = 2 * time.Minute

// newDevice enrols a device, by its invitation. A second one of a number is the
// same device on another connection.
func newDevice(ctx context.Context, number int, server *answer) (*device, error) {
	d := &device{}
	var dialer net.Dialer
	d.transport = &http.Transport{
		DisableCompression: true, // Connect does its own
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: conn, traffic: &d.traffic}, nil
		},
	}
	client := &http.Client{Transport: rememberer{d}, Timeout: requestTimeout}
	key, err := clientsdk.NewSoftwareKey(source(forKey, number))
	if err != nil {
		return nil, err
	}
	invitation, err := clientsdk.ParseInvitation(server.Invitations[number-coordinator])
	if err != nil {
		return nil, err
	}
	identity, err := clientsdk.Enrol(ctx, invitation, fmt.Sprint("device ", number), key, client)
	if err != nil {
		return nil, err
	}
	d.identity, d.key = identity, key
	// What is large in an answer are batches, which are compressed already.
	d.client, err = clientsdk.HomeClient(identity, key, client, connect.WithAcceptCompression("gzip", nil, nil), connect.WithAcceptCompression("zstd", nil, nil))
	return d, err
}

// rememberer keeps how the device proved itself last, for a request that the
// client would not send.
type rememberer struct{ device *device }

// RoundTrip implements http.RoundTripper.
func (r rememberer) RoundTrip(req *http.Request) (*http.Response, error) {
	if authorization := req.Header.Get("Authorization"); authorization != "" {
		r.device.authorization.Store(&authorization)
	}
	return r.device.transport.RoundTrip(req)
}

// countedConn counts what passes.
type countedConn struct {
	net.Conn
	traffic *traffic
}

// Read implements net.Conn.
func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.traffic.down.Add(int64(n))
	return n, err
}

// Write implements net.Conn.
func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.traffic.up.Add(int64(n))
	return n, err
}

// disconnect closes the connection; the next request opens another.
func (d *device) disconnect() { d.transport.CloseIdleConnections() }

// request counts.
func request[T any](d *device, message *T) *connect.Request[T] {
	d.calls++
	return connect.NewRequest(message)
}

// sign returns batches with the device's signatures: the device has its name since
// it has enrolled.
func (d *device) sign(batches [][]byte) (signed [][]byte, err error) {
	for _, batch := range batches {
		changes, err := wire.DecodeBatch(space, batch)
		if err != nil {
			return nil, err
		}
		again, err := wire.EncodeSigned(space, d.identity.Device, changes, d.key.Sign)
		if err != nil {
			return nil, err
		}
		signed = append(signed, again...)
	}
	return signed, nil
}

// pushBatches is how many batches go into one request: half a megabyte before
// compression, with which a tablet begins.
const pushBatches = 2

// push sends batches and makes sure that every change was applied.
func (d *device) push(ctx context.Context, batches [][]byte, changes int) error {
	applied := 0
	for len(batches) > 0 {
		n := min(len(batches), pushBatches)
		resp, err := d.client.Push(ctx, request(d, &syncv1.PushRequest{SpaceId: space[:], Batches: batches[:n]}))
		if err != nil {
			return fmt.Errorf("push: %w", err)
		}
		more, err := countApplied(resp.Msg.Outcomes)
		if err != nil {
			return fmt.Errorf("push: %w", err)
		}
		applied += more
		batches = batches[n:]
	}
	if applied != changes {
		return fmt.Errorf("push: %d changes applied of %d", applied, changes)
	}
	return nil
}

func countApplied(outcomes []*syncv1.Outcome) (applied int, err error) {
	list, err := wire.OutcomesFromProto(outcomes)
	if err != nil {
		return 0, err
	}
	for i := range list {
		o := &list[i]
		if o.Verdict != wire.Applied {
			return 0, fmt.Errorf("change %s is %s: %v: what is measured must be plain", o.Last(), o.Verdict, o.Findings)
		}
		applied += int(o.LastSeq - o.FirstSeq + 1)
	}
	return applied, nil
}

// pull brings the copy to the end of the log. each, if there is one, is given
// every page.
func (d *device) pull(ctx context.Context, each func(*wire.Page) error) error {
	for more := true; more; {
		resp, err := d.client.Pull(ctx, request(d, &syncv1.PullRequest{SpaceId: space[:], Cursor: d.cursor}))
		if err != nil {
			return fmt.Errorf("pull: %w", err)
		}
		page, err := d.take(resp.Msg.Page)
		if err != nil {
			return fmt.Errorf("pull: %w", err)
		}
		if each != nil {
			if err := each(page); err != nil {
				return fmt.Errorf("pull: %w", err)
			}
		}
		more = page.More
	}
	return nil
}

// sync pushes and pulls until there is no more, as a tablet does.
func (d *device) sync(ctx context.Context, batches [][]byte) error {
	for more := true; more; batches = nil {
		up := &syncv1.SpaceUp{SpaceId: space[:], Batches: batches, Cursor: d.cursor}
		resp, err := d.client.Sync(ctx, request(d, &syncv1.SyncRequest{Spaces: []*syncv1.SpaceUp{up}}))
		if err != nil {
			return fmt.Errorf("sync: %w", err)
		}
		if len(resp.Msg.Spaces) != 1 || resp.Msg.Spaces[0].Page == nil {
			return fmt.Errorf("sync: no page: %v", resp.Msg.Spaces)
		}
		page, err := d.take(resp.Msg.Spaces[0].Page)
		if err != nil {
			return fmt.Errorf("sync: %w", err)
		}
		more = page.More
	}
	return nil
}

// take moves the copy forward by a page, and makes sure that no entry is
// missing between.
func (d *device) take(m *syncv1.Page) (*wire.Page, error) {
	page, err := wire.PageFromProto(m)
	if err != nil {
		return nil, err
	}
	for i := range page.Entries {
		e := &page.Entries[i]
		if e.FirstPosition != d.position+1 {
			return nil, fmt.Errorf("an entry at position %d follows position %d", e.FirstPosition, d.position)
		}
		d.position += uint64(e.Positions)
		d.rows += int(e.Positions)
	}
	d.rows += len(page.Rows)
	d.cursor, d.position = page.Cursor, page.Position
	return &page, nil
}
