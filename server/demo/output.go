package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"

	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

// writeTables writes what a coordinator wants to see, and then what an engineer
// wants.
func (r *playthrough) writeTables(out io.Writer, o *outcome) error {
	fmt.Fprintf(out, "\n%s, %s for %s\n\n", r.season.Programme.Name.English, r.season.Programme.Implementer, r.season.Programme.Donor)
	if err := table.WriteText(out, r.final, table.English); err != nil {
		return err
	}
	t := new(bytes.Buffer)
	r.tellInterim(t, o)
	o.tellWire(t, r)
	o.tellChecks(t, r)
	_, err := t.WriteTo(out)
	return err
}

func row(t *bytes.Buffer, label, format string, args ...any) {
	fmt.Fprintf(t, "  %-52s%12s\n", label, fmt.Sprintf(format, args...))
}

// tellInterim tells what the figures were while one tablet was missing.
func (r *playthrough) tellInterim(t *bytes.Buffer, o *outcome) {
	interim, complete := &r.timeline.Interim, &r.timeline.Complete
	fmt.Fprintf(t, "\nAsked before the last tablet came: %d of %d tablets heard from\n", interim.TabletsHeardFrom, len(r.tablets))
	for _, label := range o.missing {
		fmt.Fprintf(t, "  nothing yet from %s\n", label)
	}
	row(t, "registrations, and what the last tablet added", "%d +%d", interim.PeopleRegistered, complete.PeopleRegistered-interim.PeopleRegistered)
	row(t, "marks", "%d +%d", interim.Marks, complete.Marks-interim.Marks)
	row(t, "attendances of events", "%d +%d", interim.Attendances, complete.Attendances-interim.Attendances)
}

// tellWire tells what the season took.
func (o *outcome) tellWire(t *bytes.Buffer, r *playthrough) {
	run := &o.Run
	fmt.Fprintf(t, "\nOn the wire\n")
	row(t, "tablets", "%d", len(r.tablets))
	row(t, "  whose clock is wrong by years", "%d", r.wrongClocks())
	row(t, "changes written on tablets", "%d", o.written)
	row(t, "  acknowledged", "%d", run.ChangesAcknowledged)
	row(t, "  applied", "%d", run.ChangesApplied)
	row(t, "  something open about them when they came", "%d", o.flaggedFirst)
	row(t, "  and in the end", "%d", run.ChangesFlagged+run.ChangesQuarantined)
	row(t, "round trips", "%d", run.RoundTrips)
	row(t, "  links cut in the middle of a sync", "%d", run.Cuts)
	row(t, "  changes sent again after a cut", "%d", run.Resent)
	row(t, "bytes up", "%d", run.BytesUp)
	row(t, "  for each change", "%d", run.BytesUp/int64(max(1, o.written)))
	row(t, "bytes down", "%d", run.BytesDown)
	row(t, "seconds", "%.1f", run.ElapsedSeconds)
}

// tellChecks tells how the season compares with its plan.
func (o *outcome) tellChecks(t *bytes.Buffer, r *playthrough) {
	fmt.Fprintf(t, "\nCompared with the plan of the season\n")
	row(t, "tablets that equal the server", "%d of %d", o.Run.TabletsEqualServer, len(r.tablets))
	row(t, "counselling notes that the server cannot read", "%d", o.Run.NotesSealed)
	row(t, "figures match the plan", "%v", o.Run.FiguresMatchPlan)
	row(t, "everything converged", "%v", o.Run.Converged)
	fmt.Fprintf(t, "  state %s\n", o.Run.StateDigest)
	for _, problem := range o.problems {
		fmt.Fprintf(t, "  not as planned: %s\n", problem)
	}
}

// waitForLooks says how to look at the season, and waits until it is
// interrupted.
func (r *playthrough) waitForLooks(ctx context.Context, to io.Writer, dir string) error {
	key := filepath.Join(dir, "desk.key")
	if err := keyfile.Keep(key, r.desk.device.signer, r.desk.device.identity); err != nil {
		return err
	}
	token, err := r.token(ctx)
	if err != nil {
		return err
	}
	link, _, err := r.host.signIn.MakeLink(ctx, auth.Operator, r.desk.who)
	if err != nil {
		return err
	}
	fmt.Fprintf(to, `
The season in a browser, as its coordinator; the link is good once:
  %s

The server stays up at %s until you press Ctrl-C. Its files and those of the tablets are in %s.
The figures again, as the coordinator:
  go run ./server report --key %s --desk %s
The cells of a community in which people disagree, with a token that is good for 15 minutes:
  curl -s -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' \
    -d '{"spaceId":"%s"}' %s/zhurnal.sync.v1.DeskService/ListDisagreements
`, link, r.host.url, dir, key, r.desk.space, token, r.aCommunity(), r.host.url)
	<-ctx.Done()
	return nil
}

// token is one of the desk's, to be shown.
func (r *playthrough) token(ctx context.Context) (string, error) {
	d := r.desk.device
	nonce, err := r.host.door.Challenge(d.identity.Device)
	if err != nil {
		return "", err
	}
	signature, err := d.signer.Sign(credential.TokenMessage(d.identity.Organisation, d.identity.Device, nonce))
	if err != nil {
		return "", err
	}
	return r.host.door.Token(ctx, d.identity.Device, nonce, signature)
}

// aCommunity is the id of a community's space as JSON has bytes.
func (r *playthrough) aCommunity() string {
	id, err := r.ids.of(r.season.Spaces[0].Name.Space())
	if err != nil {
		return "the id of a space in base64"
	}
	return base64.StdEncoding.EncodeToString(id[:])
}
