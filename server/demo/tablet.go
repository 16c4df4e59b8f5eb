package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"connectrpc.com/connect"
	"filippo.io/age"

	"github.com/zhurnal/zhurnal/clientsdk"
	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// tablet plays one device: a register of its own on the disk, under its own
// data key, with its own clock.
type tablet struct {
	planned *season.Tablet
	ids     *identities
	kinds   map[season.Name]schemav1.SpaceKind
	options clientsdk.Options
	// identity opens what the person has sealed, nil for who seals nothing; what
	// is sealed is sealed to the supervisor too.
	identity   *age.X25519Identity
	supervisor *age.X25519Recipient
	// register is open between open and close.
	register *clientsdk.Register
	// trueMillis is what a right clock would say. The tablet's own is wrong by
	// wrongByMillis.
	trueMillis    atomic.Int64
	wrongByMillis int64
	// client proves who calls, over whichever way there is.
	client syncv1connect.SyncServiceClient
	ways   ways
	// written are the changes that the register accepted.
	written int
	// cuts are still to come.
	cuts    []cut
	traffic traffic
}

// traffic is what the syncs of a tablet came to.
type traffic struct {
	roundTrips, sent, resent, cuts int
	upBytes, downBytes             int64
	// flaggedFirst are the own changes about which something was open after the
	// first sync of the season.
	flaggedFirst int
}

func newTablet(t *season.Tablet, kinds map[season.Name]schemav1.SpaceKind, ids *identities, types *schema.Schema, dir string, c chance) (*tablet, error) {
	name := string(t.Name)
	tab := &tablet{planned: t, ids: ids, kinds: kinds, wrongByMillis: c.wrongBy(name)}
	author, err := ids.of(t.Person.Person())
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	tab.options = clientsdk.Options{
		Dir: dir, Key: c.key("key/" + name), Author: author, AppVersion: "demo", Schema: types, Random: c.source("random/" + name),
		Clock: func() int64 { return tab.trueMillis.Load() + tab.wrongByMillis },
	}
	return tab, nil
}

// open switches the tablet on.
func (t *tablet) open(ctx context.Context) (err error) {
	if t.options.Keys, err = t.keys(); err != nil {
		return t.about(err)
	}
	t.register, err = clientsdk.Open(ctx, t.options)
	return t.about(err)
}

// enrol makes the tablet known to the server.
func (t *tablet) enrol(ctx context.Context, invitation, label string, c chance) error {
	way := &link{}
	defer way.hangUp()
	t.ways.set(way.transport())
	client := &http.Client{Transport: &t.ways}
	known, err := makeKnown(ctx, invitation, label, c, client)
	if err != nil {
		return t.about(err)
	}
	if known.identity.Person != t.options.Author {
		return t.about(fmt.Errorf("it was enrolled for %s", known.identity.Person))
	}
	t.options.Device, t.options.Signer = known.identity.Device, known.signer
	t.client, err = clientsdk.HomeClient(known.identity, known.signer, client, noGzip)
	return t.about(err)
}

// restart switches the tablet off and on again.
func (t *tablet) restart(ctx context.Context) error {
	if err := t.register.Close(); err != nil {
		return t.about(err)
	}
	return t.open(ctx)
}

func (t *tablet) about(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("tablet %s: %w", t.planned.Name, err)
}

// join makes the tablet hold its spaces.
func (t *tablet) join(ctx context.Context) error {
	for _, name := range t.planned.Spaces {
		space, err := t.ids.of(name.Space())
		if err != nil {
			return t.about(err)
		}
		if err := t.register.Join(ctx, space, t.kinds[name]); err != nil {
			return t.about(err)
		}
	}
	return nil
}

// play writes the steps, one transaction each.
func (t *tablet) play(ctx context.Context, steps []season.Step) error {
	for i := range steps {
		if err := t.step(ctx, &steps[i]); err != nil {
			return t.about(fmt.Errorf("step %d: %w", i+1, err))
		}
	}
	return nil
}

func (t *tablet) step(ctx context.Context, step *season.Step) error {
	space, err := t.ids.of(step.Space.Space())
	if err != nil {
		return err
	}
	t.trueMillis.Store(step.AtMillis)
	begun := make([]bool, len(step.Acts)) // before: the transaction may run twice
	for i := range step.Acts {
		_, unknown := t.ids.of(step.Acts[i].ID(step.Space))
		begun[i] = unknown == nil
	}
	written, err := t.register.Write(ctx, space, func(tx *clientsdk.Tx) error {
		for i := range step.Acts {
			if err := t.act(tx, step.Space, &step.Acts[i], begun[i]); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(written.Warnings) > 0:
		return fmt.Errorf("the plan breaks a rule of the schema: %+v", written.Warnings)
	case written.Change == clientsdk.ChangeID{}:
		return errors.New("the plan writes what is there already")
	}
	t.written++
	return nil
}

// act writes one record, and notes the id that a new one got.
func (t *tablet) act(tx *clientsdk.Tx, space season.Name, act *season.Act, begun bool) error {
	msg, err := t.ids.play(act.Message)
	if err != nil {
		return err
	}
	standIn := act.ID(space)
	var id clientsdk.RecordID
	switch {
	case act.Record == "":
		id, err = tx.Put(msg)
	case begun:
		if id, err = t.ids.of(standIn); err == nil {
			err = tx.Update(id, msg)
		}
	default:
		id, err = tx.Create(msg)
	}
	if err == nil {
		t.ids.set(standIn, id)
	}
	return err
}

// attemptsMax bounds how often a tablet tries again at once. No plan cuts a
// link as often.
const attemptsMax = 5

// sync brings the tablet up to date, trying again where the link is cut.
func (t *tablet) sync(ctx context.Context) error {
	for range attemptsMax {
		done, err := t.attempt(ctx)
		if done || err != nil {
			return t.about(err)
		}
	}
	return t.about(fmt.Errorf("no sync came through in %d attempts", attemptsMax))
}

// attempt is one sync over one link. It is not done if the link was cut.
func (t *tablet) attempt(ctx context.Context) (done bool, err error) {
	way := &link{}
	if len(t.cuts) > 0 {
		way.cut = &t.cuts[0]
		t.cuts = t.cuts[1:]
	}
	defer way.hangUp()
	t.ways.set(way.transport())
	result, err := t.register.Sync(ctx, t.client)
	t.traffic.add(&result, way)
	switch {
	case err != nil && way.wasCut():
		return false, nil
	case err != nil:
		return false, err
	}
	return true, result.Err()
}

// noGzip asks for answers as they are: what is in them is compressed already.
var noGzip = connect.WithClientOptions(connect.WithAcceptCompression("gzip", nil, nil), connect.WithAcceptCompression("zstd", nil, nil))

func (t *traffic) add(result *clientsdk.SyncResult, way *link) {
	way.mu.Lock()
	defer way.mu.Unlock()
	t.roundTrips += result.RoundTrips
	t.sent += result.Sent
	t.resent += result.Resent
	t.upBytes += way.upBytes
	t.downBytes += way.downBytes
	if way.hasBeenCut {
		t.cuts++
	}
}

// flagged counts the own changes that the server has merged and about which
// something is open.
func (t *tablet) flagged(ctx context.Context) (int, error) {
	open, err := t.register.Attention(ctx)
	if err != nil {
		return 0, t.about(err)
	}
	changes := map[clientsdk.ChangeID]bool{}
	for i := range open {
		if open[i].Finding.Cause != 0 && !open[i].Quarantined {
			changes[open[i].Change] = true
		}
	}
	return len(changes), nil
}
