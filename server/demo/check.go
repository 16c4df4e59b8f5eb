package demo

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/zhurnal/zhurnal/server/demo/season"
)

// Result is what the demo prints with --json.
type Result struct {
	Report season.Report `json:"report"`
	Run    Run           `json:"run"`
}

// Run is how the season went on the wire, and what the checks say.
type Run struct {
	// The changes of the tablets' own: those that the server has answered for,
	// and what it made of them.
	ChangesAcknowledged int `json:"changes_acknowledged"`
	ChangesApplied      int `json:"changes_applied"`
	ChangesFlagged      int `json:"changes_flagged"`
	ChangesQuarantined  int `json:"changes_quarantined"`
	// Resent are changes that went up again, since a cut had left open whether
	// they had come.
	Resent int `json:"resent"`
	Cuts   int `json:"cuts"`
	// RoundTrips are requests of tablets, those without an answer included; the
	// bytes are those on their connections.
	RoundTrips     int     `json:"round_trips"`
	BytesUp        int64   `json:"bytes_up"`
	BytesDown      int64   `json:"bytes_down"`
	ElapsedSeconds float64 `json:"elapsed_seconds"`
	// StateDigest is over every live value of every cell, with the plan's names
	// in place of ids and what is sealed opened.
	StateDigest        string `json:"state_digest"`
	TabletsEqualServer int    `json:"tablets_equal_server"`
	// NotesSealed are the counselling notes that the server holds sealed, each
	// opened for the comparison with the identity of the rooms' supervisor.
	NotesSealed int `json:"notes_sealed"`
	// FiguresMatchPlan: at all moments of the season the report said what the
	// plan comes to. Converged: that, and all other checks.
	FiguresMatchPlan bool `json:"figures_match_plan"`
	Converged        bool `json:"converged"`
}

// outcome is a result with what a person wants to know beside it.
type outcome struct {
	Result
	// written are the changes that the tablets wrote, and flaggedFirst those of
	// them about which something was open when they came.
	written, flaggedFirst int
	// missing are the tablets of which there was nothing in the interim.
	missing []string
	// problems are what the checks found, empty if all is well.
	problems []string
}

// check compares everything with the plan.
func (r *playthrough) check(ctx context.Context) (*outcome, error) {
	o := &outcome{Result: Result{Report: season.NewReport(r.shape(), r.timeline)}}
	o.checkFigures(r)
	if err := o.checkState(r); err != nil {
		return nil, err
	}
	if err := o.checkTablets(ctx, r); err != nil {
		return nil, err
	}
	if err := o.checkChanges(ctx, r); err != nil {
		return nil, err
	}
	o.Run.ElapsedSeconds = time.Since(r.began).Seconds()
	o.Run.Converged = len(o.problems) == 0
	return o, nil
}

// shape is what the server says that the season consists of.
func (r *playthrough) shape() season.Shape {
	return season.Shape{
		Communities:            figure(r.final, "trainings", "communities"),
		CounsellingCommunities: figure(r.final, "counselling", "communities"),
		Spaces:                 figure(r.final, "completeness", "spaces"),
		Tablets:                figure(r.final, "completeness", "recorders_expected"),
	}
}

func (o *outcome) problem(format string, args ...any) {
	o.problems = append(o.problems, fmt.Sprintf(format, args...))
}

// checkFigures compares the reports of all moments with the plan.
func (o *outcome) checkFigures(r *playthrough) {
	planned := r.season.Timeline()
	o.problems = slices.Concat(
		differences("without the last tablet", r.timeline.Interim, planned.Interim),
		differences("with all tablets", r.timeline.Complete, planned.Complete),
		differences("after linking", r.timeline.Linked, planned.Linked),
		differences("in the end", r.timeline.Settled, planned.Settled),
	)
	if got, want := r.shape(), r.season.Shape(); got != want {
		o.problem("the season consists of %+v, and was to of %+v", got, want)
	}
	if before := figure(r.final, "trainings", "people_trained_before_linking"); before != planned.Complete.PeopleTrained {
		o.problem("without links %d people would be trained, and %d were to be", before, planned.Complete.PeopleTrained)
	}
	last := ""
	for _, t := range r.tablets {
		if missing(r.interim, t.options.Author) {
			o.missing = append(o.missing, t.planned.Label)
		}
		if t.planned.Name == r.season.Last {
			last = t.planned.Label
		}
	}
	if !slices.Equal(o.missing, []string{last}) {
		o.problem("the interim report misses %q, and was to miss %q", o.missing, last)
	}
	o.Run.FiguresMatchPlan = len(o.problems) == 0
}

// checkState compares what the server holds with what the plan leaves.
func (o *outcome) checkState(r *playthrough) error {
	register := r.register()
	state, err := register.state(r.season)
	if err != nil {
		return err
	}
	o.checkNotes(r, register.notes.opened)
	digest := state.Digest()
	o.Run.StateDigest = hex.EncodeToString(digest[:])
	if first, all := state.Differences(r.season.State(season.Moment{Linked: true, Settled: true})); all > 0 {
		o.problem("%d cells differ from the plan, the first %d: %q", all, len(first), first)
	}
	return nil
}

// checkTablets compares every space of every tablet with the server.
func (o *outcome) checkTablets(ctx context.Context, r *playthrough) error {
	for _, t := range r.tablets {
		equal := true
		for _, name := range t.planned.Spaces {
			same, err := r.same(ctx, t, name)
			if err != nil {
				return t.about(err)
			}
			if !same {
				o.problem("tablet %s differs from the server in %s", t.planned.Name, name)
			}
			equal = equal && same
		}
		if equal {
			o.Run.TabletsEqualServer++
		}
	}
	return nil
}

// same tells whether what a tablet shows of a space is what the server holds.
func (r *playthrough) same(ctx context.Context, t *tablet, name season.Name) (bool, error) {
	space, err := r.ids.of(name.Space())
	if err != nil {
		return false, err
	}
	here, err := t.register.Digest(ctx, space)
	if err != nil {
		return false, err
	}
	home, position, err := r.host.engine.Digest(space)
	return here.Base == home && here.View == home && here.Position == position, err
}

// checkChanges sums up what became of the tablets' changes.
func (o *outcome) checkChanges(ctx context.Context, r *playthrough) error {
	for _, t := range r.tablets {
		status, err := t.register.Status(ctx)
		if err != nil {
			return t.about(err)
		}
		flagged, err := t.flagged(ctx)
		if err != nil {
			return err
		}
		for i := range status.Spaces {
			s := &status.Spaces[i]
			o.Run.ChangesAcknowledged += s.Confirmed + s.Quarantined + s.Dismissed
			o.Run.ChangesApplied += s.Confirmed
			o.Run.ChangesQuarantined += s.Quarantined
		}
		o.Run.ChangesApplied -= flagged
		o.Run.ChangesFlagged += flagged
		o.addTraffic(t)
	}
	if o.Run.ChangesAcknowledged != o.written || o.Run.ChangesApplied != o.written {
		o.problem("of %d changes that tablets wrote, the server has answered for %d and applied %d", o.written, o.Run.ChangesAcknowledged, o.Run.ChangesApplied)
	}
	return nil
}

func (o *outcome) addTraffic(t *tablet) {
	o.written += t.written
	o.flaggedFirst += t.traffic.flaggedFirst
	o.Run.Resent += t.traffic.resent
	o.Run.Cuts += t.traffic.cuts
	o.Run.RoundTrips += t.traffic.roundTrips
	o.Run.BytesUp += t.traffic.upBytes
	o.Run.BytesDown += t.traffic.downBytes
}
