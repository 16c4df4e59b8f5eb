package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"filippo.io/age"

	schemav1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/schema/v1"
	"github.com/zhurnal/zhurnal/server/catalogue"
	"github.com/zhurnal/zhurnal/server/demo/season"
	"github.com/zhurnal/zhurnal/server/report/table"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
)

// playthrough is a season on its way.
type playthrough struct {
	season   *season.Season
	chance   chance
	progress *progress
	began    time.Time

	types   *schema.Schema
	ids     *identities
	called  called
	host    *host
	desk    *desk
	tablets []*tablet
	// supervisor is to whom psychologists seal their notes.
	supervisor *age.X25519Identity
	log        *os.File

	timeline season.Timeline
	// interim and final are the server's reports before the last tablet came,
	// and in the end.
	interim, final *table.Document
}

// begin starts a server in the directory and gives everybody ids.
func begin(ctx context.Context, s *season.Season, c chance, dir string, p *progress) (*playthrough, error) {
	types, err := catalogue.Types()
	if err != nil {
		return nil, err
	}
	r := &playthrough{season: s, chance: c, progress: p, began: time.Now(), types: types, ids: newIdentities(), called: callAll(s)}
	if r.supervisor, err = age.GenerateX25519Identity(); err != nil {
		return nil, err
	}
	if r.log, err = os.OpenFile(filepath.Join(dir, "server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	if r.host, err = startHost(ctx, filepath.Join(dir, "server"), types, r.log); err != nil {
		return nil, errors.Join(err, r.log.Close())
	}
	r.meet()
	coordinator, err := r.ids.of(s.Coordinator.Person())
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	if r.desk, err = r.openDesk(ctx, coordinator); err != nil {
		return nil, errors.Join(err, r.close())
	}
	if err := r.deal(filepath.Join(dir, "tablets")); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// meet gives everybody who works an id.
func (r *playthrough) meet() {
	people := []season.Name{r.season.Coordinator}
	for i := range r.season.Tablets {
		people = append(people, r.season.Tablets[i].Person)
	}
	for _, name := range people {
		r.ids.set(name.Person(), r.chance.id("person/"+string(name)))
	}
}

// openDesk enrols the coordinator's own machine.
func (r *playthrough) openDesk(ctx context.Context, coordinator merge.PersonID) (*desk, error) {
	invitation, err := r.invite(ctx, r.season.Coordinator)
	if err != nil {
		return nil, err
	}
	known, err := makeKnown(ctx, invitation, "desk", r.chance, http.DefaultClient)
	if err != nil {
		return nil, err
	}
	return newDesk(known, coordinator, r.types, r.ids, r.chance)
}

// invite makes an invitation for one more device of somebody who works.
func (r *playthrough) invite(ctx context.Context, name season.Name) (string, error) {
	person, err := r.ids.of(name.Person())
	if err != nil {
		return "", err
	}
	return r.host.invite(ctx, r.season.Programme.Implementer, person, r.called.users[name])
}

// deal makes the tablets.
func (r *playthrough) deal(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	kinds := map[season.Name]schemav1.SpaceKind{}
	for i := range r.season.Spaces {
		kinds[r.season.Spaces[i].Name] = r.season.Spaces[i].Kind
	}
	for i := range r.season.Tablets {
		t, err := newTablet(&r.season.Tablets[i], kinds, r.ids, r.types, dir, r.chance)
		if err != nil {
			return err
		}
		t.supervisor = r.supervisor.Recipient()
		r.tablets = append(r.tablets, t)
	}
	return nil
}

// close closes all registers and the server.
func (r *playthrough) close() error {
	var errs []error
	for _, t := range r.tablets {
		if t.register != nil {
			errs = append(errs, t.about(t.register.Close()))
		}
	}
	return errors.Join(append(errs, r.host.close(), r.log.Close())...)
}

// play plays the season, phase by phase.
func (r *playthrough) play(ctx context.Context) error {
	for _, phase := range []func(context.Context) error{
		r.openOffice, r.openRegisters, r.goOffline, r.comeBack, r.askBeforeTheLast, r.lastComes, r.decide, r.syncAgain,
	} {
		if err := phase(ctx); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// openOffice gives everybody a role and enters what the coordinator prepares.
func (r *playthrough) openOffice(ctx context.Context) error {
	ph := r.progress.begin("The office prepares the spaces", len(r.season.Spaces)+len(r.season.Office))
	of, err := r.found(ctx)
	if err != nil {
		return err
	}
	for i := range r.season.Spaces {
		if err := r.letIn(ctx, of, &r.season.Spaces[i]); err != nil {
			return err
		}
		ph.step()
	}
	for i := range r.season.Office {
		if err := r.desk.writeStep(ctx, &r.season.Office[i]); err != nil {
			return err
		}
		ph.step()
	}
	ph.end("%d spaces", len(r.season.Spaces))
	return nil
}

// tabletsAtOnce bounds how many registers are written at the same time.
const tabletsAtOnce = 4

// each does the same with all of a list, some at a time.
func each[T any](list []T, work func(T) error) error {
	errs := make([]error, len(list))
	slots := make(chan struct{}, tabletsAtOnce)
	var working sync.WaitGroup
	for i := range list {
		slots <- struct{}{}
		working.Go(func() {
			defer func() { <-slots }()
			errs[i] = work(list[i])
		})
	}
	working.Wait()
	return errors.Join(errs...)
}

// openRegisters hands out the tablets: groups are registered while there is
// still a network, and everybody fetches what the others have opened with.
func (r *playthrough) openRegisters(ctx context.Context) error {
	ph := r.progress.begin("Tablets are handed out", 2*len(r.tablets))
	invitations := map[*tablet]string{}
	for _, t := range r.tablets {
		var err error
		if invitations[t], err = r.invite(ctx, t.planned.Person); err != nil {
			return err
		}
	}
	err := each(r.tablets, func(t *tablet) error {
		defer ph.step()
		if err := t.enrol(ctx, invitations[t], r.called.tablets[t.planned.Name], r.chance); err != nil {
			return err
		}
		if err := t.open(ctx); err != nil {
			return err
		}
		if err := t.join(ctx); err != nil {
			return err
		}
		if err := t.sync(ctx); err != nil { // what the office has prepared
			return err
		}
		if err := t.play(ctx, t.planned.Opening); err != nil {
			return err
		}
		return t.sync(ctx)
	})
	if err != nil {
		return err
	}
	err = each(r.tablets, func(t *tablet) error {
		defer ph.step()
		return t.sync(ctx)
	})
	ph.end("%d tablets, %d with a clock that is wrong by years", len(r.tablets), r.wrongClocks())
	return err
}

func (r *playthrough) wrongClocks() int {
	n := 0
	for _, t := range r.tablets {
		if wrong := time.Duration(t.wrongByMillis) * time.Millisecond; wrong.Abs() > 24*time.Hour {
			n++
		}
	}
	return n
}

// goOffline plays the season without a network. The tablets of one community
// are played one after the other, since one of them scans cards that the other
// has handed out; neither hears of what the other writes.
func (r *playthrough) goOffline(ctx context.Context) error {
	ph := r.progress.begin("The season, without a network", len(r.tablets))
	err := each(r.teams(), func(team []*tablet) error {
		for _, t := range team {
			if err := t.play(ctx, t.planned.Season); err != nil {
				return err
			}
			ph.step()
		}
		return nil
	})
	ph.end("%d changes written", r.sum(func(t *tablet) int { return t.written }))
	return err
}

// teams are the tablets that share a community, in the order of the plan.
func (r *playthrough) teams() [][]*tablet {
	var teams [][]*tablet
	for _, t := range r.tablets {
		home := t.planned.Spaces[0]
		if i := slices.IndexFunc(teams, func(team []*tablet) bool { return team[0].planned.Spaces[0] == home }); i >= 0 {
			teams[i] = append(teams[i], t)
		} else {
			teams = append(teams, []*tablet{t})
		}
	}
	return teams
}

func (r *playthrough) sum(of func(*tablet) int) int {
	n := 0
	for _, t := range r.tablets {
		n += of(t)
	}
	return n
}

// persons are who uses the tablets.
func (r *playthrough) persons() []merge.PersonID {
	people := make([]merge.PersonID, len(r.tablets))
	for i, t := range r.tablets {
		people[i] = t.options.Author
	}
	return people
}
