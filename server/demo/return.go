package demo

import (
	"context"

	"github.com/zhurnal/zhurnal/clientsdk/sealing"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/server/report/table"
)

// comeBack lets all tablets but the last sync, in the order of the seed, over
// links of which some are cut. Each was switched off in between.
func (r *playthrough) comeBack(ctx context.Context) error {
	ph := r.progress.begin("Tablets come back to a network", len(r.tablets)-1)
	for _, t := range order(r.chance, "order", r.tablets) {
		if t.planned.Name == r.season.Last {
			continue
		}
		if err := r.hear(ctx, t); err != nil {
			return err
		}
		ph.step()
	}
	ph.end("%d links cut in the middle of a sync", r.sum(func(t *tablet) int { return t.traffic.cuts }))
	return nil
}

// hear is the first sync of a tablet after the season.
func (r *playthrough) hear(ctx context.Context, t *tablet) (err error) {
	if err := t.restart(ctx); err != nil {
		return err
	}
	t.cuts = r.chance.cuts(string(t.planned.Name))
	if err := t.sync(ctx); err != nil {
		return err
	}
	t.traffic.flaggedFirst, err = t.flagged(ctx)
	return err
}

// ask asks the server for its report.
func (r *playthrough) ask(ctx context.Context) (*table.Document, season.Figures, error) {
	report, err := r.desk.report(ctx, r.persons())
	if err != nil {
		return nil, season.Figures{}, err
	}
	communities := map[string]string{}
	for i := range r.season.Spaces {
		if s := &r.season.Spaces[i]; s.PCode != "" {
			communities[s.PCode] = s.Label
		}
	}
	return report, figuresOf(report, communities), nil
}

// askBeforeTheLast asks for the figures that are to be had without the last
// tablet.
func (r *playthrough) askBeforeTheLast(ctx context.Context) (err error) {
	r.interim, r.timeline.Interim, err = r.ask(ctx)
	return err
}

// lastComes lets the last tablet sync.
func (r *playthrough) lastComes(ctx context.Context) error {
	ph := r.progress.begin("The last tablet comes", 1)
	for _, t := range r.tablets {
		if t.planned.Name == r.season.Last {
			if err := r.hear(ctx, t); err != nil {
				return err
			}
			ph.end("%s", t.planned.Label)
		}
	}
	var err error
	_, r.timeline.Complete, err = r.ask(ctx)
	return err
}

// decide lets the coordinator link registrations, and then settle what that
// and the tablets have brought up.
func (r *playthrough) decide(ctx context.Context) error {
	s := r.season
	ph := r.progress.begin("The coordinator links and settles", len(s.Links)+len(s.Disputes)+len(s.Cells))
	for i := range s.Links {
		if err := r.desk.link(ctx, s.Coordinator, &s.Links[i]); err != nil {
			return err
		}
		ph.step()
	}
	var err error
	if _, r.timeline.Linked, err = r.ask(ctx); err != nil {
		return err
	}
	if err := r.settleDisputes(ctx, ph); err != nil {
		return err
	}
	if err := r.settleCells(ctx, ph); err != nil {
		return err
	}
	ph.end("%d links, %d disputes, %d cells", len(s.Links), len(s.Disputes), len(s.Cells))
	r.final, r.timeline.Settled, err = r.ask(ctx)
	return err
}

func (r *playthrough) register() *register {
	return &register{r.host.engine, r.types, r.ids, &notes{keys: &sealing.Keys{Identity: r.supervisor}}}
}

func (r *playthrough) settleDisputes(ctx context.Context, ph *phase) error {
	open, err := r.register().disputes(r.season)
	if err != nil {
		return err
	}
	for i := range r.season.Disputes {
		if err := r.desk.settle(ctx, r.season.Coordinator, &r.season.Disputes[i], open); err != nil {
			return err
		}
		ph.step()
	}
	return nil
}

func (r *playthrough) settleCells(ctx context.Context, ph *phase) error {
	lists := map[season.Name]disagreements{}
	for i := range r.season.Cells {
		c := &r.season.Cells[i]
		if lists[c.Space] == nil {
			list, err := r.desk.disagreements(ctx, c.Space)
			if err != nil {
				return err
			}
			lists[c.Space] = list
		}
		if err := r.desk.choose(ctx, c, lists[c.Space]); err != nil {
			return err
		}
		ph.step()
	}
	return nil
}

// syncAgain brings every tablet up to date, in another order.
func (r *playthrough) syncAgain(ctx context.Context) error {
	ph := r.progress.begin("All tablets sync again", len(r.tablets))
	err := each(order(r.chance, "order again", r.tablets), func(t *tablet) error {
		defer ph.step()
		return t.sync(ctx)
	})
	ph.end("%d round trips in all", r.sum(func(t *tablet) int { return t.traffic.roundTrips }))
	return err
}
