package clientsdk_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

const aDay = 24 * time.Hour

// leased is a tablet with three weeks of lease, from its first sync on.
func leased(t *testing.T) (*home, *tablet) {
	t.Helper()
	h := newHome(t)
	h.lease = 21 * aDay
	h.access(named[clientsdk.SpaceID]("lyman"), community, true, "oksana")
	tab := newTablet(t, h, "oksana", "lyman")
	return h, tab
}

// goesTo sets the tablet's clock.
func (tab *tablet) goesTo(days float64) {
	tab.clock.set(august2016 + int64(days*float64(aDay.Milliseconds())))
}

// isLocked tries everything that shows or takes something.
func (tab *tablet) isLocked() bool {
	tab.t.Helper()
	ctx := context.Background()
	_, written := tab.Write(ctx, tab.space, func(tx *clientsdk.Tx) error { return create(tx, "Бондар") })
	_, queried := clientsdk.Query[*recordsv1.Participant](ctx, tab, tab.space)
	_, attended := tab.Attention(ctx)
	_, drafted := tab.Drafts(ctx)
	seen := tab.Snapshot(ctx, func(*clientsdk.Snapshot) error { return nil })
	locked := 0
	for _, err := range []error{written, queried, attended, drafted, seen} {
		switch {
		case errors.Is(err, clientsdk.ErrLocked) && fault.KindOf(err) == fault.Locked:
			locked++
		case err != nil:
			tab.t.Fatal(err)
		}
	}
	if locked != 0 && locked != 5 {
		tab.t.Fatalf("%d of 5 are locked", locked)
	}
	if (tab.Lease().Left < 0) != (locked > 0) {
		tab.t.Errorf("left are %s", tab.Lease().Left)
	}
	if _, err := tab.Status(ctx); err != nil {
		tab.t.Error(err)
	}
	return locked > 0
}

func (tab *tablet) mustBeLocked(want bool, what string) {
	tab.t.Helper()
	if got := tab.isLocked(); got != want {
		tab.t.Errorf("%s: locked %v, left %s of %s", what, got, tab.Lease().Left, tab.Lease().Allowed)
	}
}

// What is locked is there again with the next contact, and what was not sent goes
// up with it.
func TestALeaseEndsAndContactBeginsAnother(t *testing.T) {
	h, tab := leased(t)
	tab.goesTo(400)
	tab.mustBeLocked(false, "who never met home has no lease")
	tab.sync()
	tab.goesTo(420.9)
	unsent := tab.register("Шевченко")
	tab.mustBeLocked(false, "on the 21st day")
	tab.goesTo(421.1)
	tab.mustBeLocked(true, "on the 22nd day")
	tab.reopen(recordTypes())
	tab.mustBeLocked(true, "opened anew")
	if err := tab.Join(t.Context(), tab.space, community); err != nil {
		t.Error(err)
	}
	if result := tab.sync(); result.Sent == 0 {
		t.Errorf("nothing was sent: %+v", result)
	}
	tab.mustBeLocked(false, "after contact")
	if tab.person(unsent).Message.FamilyName != "Шевченко" {
		t.Error("what was not sent is gone")
	}
	tab.goesTo(441)
	tab.reopen(recordTypes())
	tab.mustBeLocked(false, "twenty days after contact")
	h.lease = 0
	tab.sync()
	tab.goesTo(4000)
	tab.mustBeLocked(false, "once home says that there is no lease")
}

// byClocks runs each with a tablet that has just been in contact. Clocks of tablets
// are wrong, and who holds a tablet sets its clock.
func byClocks(t *testing.T, cases map[string]func(h *home, tab *tablet)) {
	t.Helper()
	for what, run := range cases {
		t.Run(what, func(t *testing.T) {
			h, tab := leased(t)
			tab.sync()
			run(h, tab)
		})
	}
}

func TestALeaseIsNotHeldByAClock(t *testing.T) {
	byClocks(t, map[string]func(h *home, tab *tablet){
		"set back, it gives nothing back": func(_ *home, tab *tablet) {
			tab.goesTo(20)
			tab.mustBeLocked(false, "on the 20th day")
			tab.goesTo(-3000)
			tab.mustBeLocked(false, "set back")
			tab.goesTo(-2999.4)
			tab.mustBeLocked(false, "half a day later")
			tab.goesTo(-2998.8)
			tab.mustBeLocked(true, "a day later by the clock that was set back")
			tab.reopen(recordTypes())
			tab.goesTo(0.5)
			tab.mustBeLocked(true, "set to the first day")
		},
		"set back again and again": func(_ *home, tab *tablet) {
			for day := range 45 { // half a day of use each, by a clock that never leaves the second day
				tab.goesTo(1)
				tab.isLocked()
				tab.goesTo(1.5)
				if locked := tab.isLocked(); locked != (day >= 39) {
					tab.t.Fatalf("day %d: locked %v, left %s", day, locked, tab.Lease().Left)
				}
				if day%7 == 0 {
					tab.reopen(recordTypes())
				}
			}
		},
	})
}

func TestAClockThatIsAheadLocksUntilContact(t *testing.T) {
	byClocks(t, map[string]func(h *home, tab *tablet){
		"set forward, it locks until contact": func(_ *home, tab *tablet) {
			tab.goesTo(4000)
			tab.mustBeLocked(true, "set forward")
			tab.goesTo(1)
			tab.mustBeLocked(true, "put right again")
			tab.sync()
			tab.mustBeLocked(false, "after contact")
			tab.goesTo(23)
			tab.mustBeLocked(true, "22 days after contact")
		},
		"contact while it is far ahead": func(_ *home, tab *tablet) {
			tab.goesTo(4000)
			tab.sync()
			tab.goesTo(4001)
			tab.mustBeLocked(false, "a day later")
			tab.goesTo(2) // put right
			tab.mustBeLocked(false, "put right")
		},
	})
}

func TestAFlatBatteryDoesNotEndALease(t *testing.T) {
	byClocks(t, map[string]func(h *home, tab *tablet){
		"a flat battery sets it to 1970": func(_ *home, tab *tablet) {
			tab.goesTo(3)
			tab.mustBeLocked(false, "before")
			tab.clock.set(0)
			tab.reopen(recordTypes())
			tab.mustBeLocked(false, "in 1970")
			tab.clock.set(3 * 60 * 60 * 1000)
			tab.mustBeLocked(false, "three hours later")
			tab.goesTo(4)
			tab.mustBeLocked(false, "put right")
			if left := tab.Lease().Left; left < 17*aDay-time.Minute || left > 17*aDay {
				tab.t.Errorf("what passed in 1970 is counted twice, or not: left are %s", left)
			}
			tab.goesTo(22)
			tab.mustBeLocked(true, "22 days after contact")
		},
		"a flat battery sets it to 1970, and somebody to 2010": func(_ *home, tab *tablet) {
			tab.clock.set(0)
			tab.mustBeLocked(false, "in 1970")
			tab.goesTo(-2400)
			tab.mustBeLocked(false, "in 2010")
			tab.goesTo(1)
			tab.mustBeLocked(false, "put right")
		},
		"contact in 1970, and then put right": func(h *home, tab *tablet) {
			tab.clock.set(0)
			h.clock.set(august2016)
			tab.sync()
			tab.goesTo(2)
			tab.mustBeLocked(false, "put right")
			tab.goesTo(20)
			tab.mustBeLocked(false, "twenty days after contact")
			tab.goesTo(22)
			tab.mustBeLocked(true, "22 days after contact")
		},
	})
}

// Only home knows whom it still lets in.
func TestAHubDoesNotRenewALease(t *testing.T) {
	h, at, nadia, _ := twoAndAHall(t)
	h.lease = 21 * aDay
	nadia.sync()
	nadia.goesTo(20)
	nadia.register("Шевченко")
	nadia.visits(at)
	nadia.goesTo(22)
	nadia.mustBeLocked(true, "after a visit to the hub")
	nadia.visits(at) // what is unsent goes to the hub all the same
	nadia.mustBeLocked(true, "after another")
	at.reached = true
	at.relays()
	nadia.sync()
	nadia.mustBeLocked(false, "after contact with home")
}

// relabelled is a link on which the answers of a hub are made out to be home's.
type relabelled struct{}

func (relabelled) RoundTrip(req *http.Request) (*http.Response, error) {
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/Sync") {
		return resp, err
	}
	m := new(syncv1.SyncResponse)
	check(proto.Unmarshal(must(io.ReadAll(resp.Body)), m))
	m.HubId, m.EpochId, m.LeaseMillis = nil, make([]byte, 16), 1<<40
	data := string(must(proto.Marshal(m)))
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(data)), int64(len(data))
	return resp, nil
}

// A hub that makes itself out to be home is neither believed nor contact with it.
func TestAHubThatPosesAsHomeIsNotBelieved(t *testing.T) {
	home := openOffice(t)
	e := enrolAt(t, home, "oksana")
	hub := &office{engine: home.engine, known: home.known, hub: credential.HubID{0x4b}}
	hub.start("127.0.0.1:0")
	t.Cleanup(func() { hub.stop() })
	client := must(clientsdk.HubClient(hub.home.Server, e.identity, e.signer, &http.Client{Transport: relabelled{}}))
	_, err := client.Sync(t.Context(), connect.NewRequest(&syncv1.SyncRequest{}))
	if fault.KindOf(err) != fault.Malformed || !strings.Contains(err.Error(), "as if it were the home server") {
		t.Errorf("%v", err)
	}
}

// A revoked tablet gets no token, so no contact of its own makes it last longer.
func TestARevokedTabletLocksWhenItsLeaseIsOver(t *testing.T) {
	h, tab := leased(t)
	tab.sync()
	h.before = func() error { return refusal(t, fault.New(fault.Unauthenticated, "revoked")) }
	tab.goesTo(20)
	if _, err := tab.Sync(t.Context(), tab.line); err == nil {
		t.Fatal("it is let in")
	}
	tab.goesTo(22)
	tab.mustBeLocked(true, "22 days after contact")
}
