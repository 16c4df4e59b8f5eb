package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// figures are what one round found, by key.
type figures map[string]float64

// plan is what is to be measured.
type plan struct {
	b1, b2   workload
	skipB2   bool
	rounds   int
	dir      string // in which each run has a directory of its own
	profiles string
	progress func(format string, args ...any)
}

// run measures all rounds. The runs of a round follow each other, so that what
// else the machine does meets all of them alike.
func (p *plan) run(ctx context.Context) ([]figures, error) {
	p.progress("preparing %d changes", p.b1.changes())
	b1, err := prepare(ctx, p.b1)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	var b2 *prepared
	if !p.skipB2 {
		p.progress("preparing %d changes", p.b2.changes())
		if b2, err = prepare(ctx, p.b2); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
	}
	var rounds []figures
	for i := range p.rounds {
		f, err := p.round(ctx, b1, b2, fmt.Sprintf("round %d of %d: ", i+1, p.rounds))
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", i+1, err)
		}
		rounds = append(rounds, f)
	}
	return rounds, nil
}

func (p *plan) round(ctx context.Context, b1, b2 *prepared, which string) (figures, error) {
	f := figures{}
	p.progress(which + "B1")
	if err := p.inDir("b1", func(dir string) error { return p.runB1(ctx, dir, b1, f) }); err != nil {
		return nil, err
	}
	if p.skipB2 {
		return f, nil
	}
	p.progress(which + "B2")
	if err := p.inDir("b2", func(dir string) error { return p.runB2(ctx, dir, b2, f) }); err != nil {
		return nil, err
	}
	for _, name := range []string{roleR1, roleR2} {
		p.progress("%s%s", which, name)
		if err := p.inDir(name, func(dir string) error { return p.runRaw(ctx, dir, name, f) }); err != nil {
			return nil, err
		}
		f["b2.ratio_"+name] = f["b2.changes_per_second"] / f[name+".changes_per_second"]
	}
	return f, nil
}

// inDir runs in a directory that is gone afterwards.
func (p *plan) inDir(name string, run func(dir string) error) error {
	dir := filepath.Join(p.dir, name)
	err := run(dir)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return errors.Join(err, os.RemoveAll(dir))
}

func (p *plan) runB1(ctx context.Context, dir string, input *prepared, f figures) (err error) {
	r := &rush{name: "b1", input: input, dir: dir, profiles: p.profiles}
	defer func() { err = errors.Join(err, r.end()) }()
	if err := r.begin(ctx); err != nil {
		return err
	}
	idle, err := r.server.usage()
	if err != nil {
		return err
	}
	f["b1.start_rss_mb"] = megabytes(idle.PeakBytes)
	pushed, err := r.push(ctx)
	if err != nil {
		return err
	}
	changes := float64(input.load.changes())
	f["b1.changes"], f["b1.change_bytes"], f["b1.change_cells"] = changes, input.changeBytes, input.cells
	f["b1.changes_per_second"] = changes / pushed.seconds
	f["b1.server_cpu_us_per_change"] = pushed.cpuMicros / changes
	f["wire_bytes_up_per_change"] = pushed.upBytes / changes
	pulled, rows, err := r.pull(ctx)
	if err != nil {
		return err
	}
	f["b1.pull_cpu_us_per_row"] = pulled.cpuMicros / float64(rows)
	f["b1.converge_seconds"] = pushed.seconds + pulled.seconds
	f["wire_bytes_down_per_row"] = pulled.downBytes / float64(rows)
	used, err := r.server.usage()
	if err != nil {
		return err
	}
	f["b1.peak_rss_mb"] = megabytes(used.PeakBytes)
	return r.afterB1(ctx, f)
}

// afterB1 measures what would disturb the rest.
func (r *rush) afterB1(ctx context.Context, f figures) error {
	trips, err := r.roundTrips(ctx)
	if err != nil {
		return err
	}
	f["b1.round_trips"] = float64(trips)
	if err := r.bombs(ctx, f); err != nil {
		return err
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	sizeBytes, err := diskBytes(r.server, r.dir)
	stored := r.input.load.changes() + furtherDays*r.input.load.ChangesPerDevice + r.input.load.sharedRecords()
	f["disk_bytes_per_change"] = sizeBytes / float64(stored)
	return err
}

func (p *plan) runB2(ctx context.Context, dir string, input *prepared, f figures) (err error) {
	r := &rush{name: "b2", input: input, dir: dir, profiles: p.profiles}
	defer func() { err = errors.Join(err, r.end()) }()
	if err := r.begin(ctx); err != nil {
		return err
	}
	pushed, err := r.push(ctx)
	if err != nil {
		return err
	}
	changes := float64(input.load.changes())
	f["b2.changes"] = changes
	f["b2.changes_per_second"] = changes / pushed.seconds
	f["b2.server_cpu_us_per_change"] = pushed.cpuMicros / changes
	used, err := r.server.usage()
	if err != nil {
		return err
	}
	f["b2.peak_rss_mb"] = megabytes(used.PeakBytes)
	sizeBytes, err := diskBytes(r.server, dir)
	f["b2.disk_bytes_per_change"] = sizeBytes / (changes + float64(input.load.sharedRecords()))
	return err
}

func (p *plan) runRaw(ctx context.Context, dir, name string, f figures) (err error) {
	writer, err := launch(ctx, job{Role: name, Dir: dir, Load: p.b2})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, writer.end()) }()
	before, err := writer.usage()
	if err != nil {
		return err
	}
	wrote, err := writer.order(doWrite)
	if err != nil {
		return err
	}
	after, err := writer.usage()
	if err != nil {
		return err
	}
	changes := float64(p.b2.changes())
	f[name+".changes_per_second"] = changes / (float64(wrote.Micros) / 1e6)
	f[name+".cpu_us_per_change"] = float64(after.CPUMicros-before.CPUMicros) / changes
	f[name+".peak_rss_mb"] = megabytes(after.PeakBytes)
	sizeBytes, err := diskBytes(writer, dir)
	f[name+".disk_bytes_per_change"] = sizeBytes / changes
	return err
}

func megabytes(sizeBytes int64) float64 { return float64(sizeBytes) / (1 << 20) }
