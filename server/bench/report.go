package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// A figure is one number of the report: what it is called, how exactly it is
// printed and what it means.
type figure struct {
	key      string
	decimals int
	meaning  string
}

// reported are all figures, in the order in which people read them.
var reported = []figure{
	{"b1.server_cpu_us_per_change", 1, "µs of the server's CPU to take, merge and store a change"},
	{"b1.pull_cpu_us_per_row", 2, "µs of the server's CPU to serve a change to one device"},
	{"b1.round_trips", 0, "requests of one device that pushes a day and pulls another's"},
	{"b1.peak_rss_mb", 0, "MB of memory that the server had at most"},
	{"b1.start_rss_mb", 0, "MB of memory before the devices connect"},
	{"b1.changes_per_second", 0, "changes pushed per second, all devices at once"},
	{"b1.converge_seconds", 2, "seconds from connecting until every device has everything"},
	{"b1.changes", 0, "changes"},
	{"b1.change_bytes", 0, "bytes that a change takes before compression"},
	{"b1.change_cells", 1, "cells that a change writes"},
	{"wire_bytes_up_per_change", 0, "bytes sent for a change, headers included"},
	{"wire_bytes_down_per_row", 0, "bytes received for a change, headers included"},
	{"disk_bytes_per_change", 0, "bytes on the disk for a change after closing: its log entry and its record's state"},
	{"bomb.gzip_ms", 1, "ms until a request that inflates to 2 GiB is refused"},
	{"bomb.gzip_cpu_ms", 1, "ms of the server's CPU for that"},
	{"bomb.zstd_ms", 1, "the same with zstd"},
	{"bomb.zstd_cpu_ms", 1, "ms of the server's CPU for that"},
	{"b2.changes_per_second", 0, "changes pushed per second, each on the disk when answered"},
	{"b2.ratio_r1", 2, "of R1: the same bytes straight into Badger"},
	{"b2.ratio_r2", 2, "of R2: R1 with a row of state read and written for each change"},
	{"b2.server_cpu_us_per_change", 1, "µs of the server's CPU to take, merge and store a change"},
	{"b2.peak_rss_mb", 0, "MB of memory that the server had at most"},
	{"b2.disk_bytes_per_change", 0, "bytes on the disk for a change after closing"},
	{"b2.changes", 0, "changes"},
	{"r1.changes_per_second", 0, "changes written per second"},
	{"r1.cpu_us_per_change", 1, "µs of CPU to write a change"},
	{"r1.peak_rss_mb", 0, "MB of memory, the prepared changes included"},
	{"r1.disk_bytes_per_change", 0, "bytes on the disk for a change after closing"},
	{"r2.changes_per_second", 0, "changes written per second"},
	{"r2.cpu_us_per_change", 1, "µs of CPU to write a change"},
	{"r2.peak_rss_mb", 0, "MB of memory, the prepared changes included"},
	{"r2.disk_bytes_per_change", 0, "bytes on the disk for a change after closing"},
}

// spread is what the rounds say of one figure.
type spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"-"`
	Max    float64 `json:"max"`
}

func spreadOf(rounds []figures, key string) (s spread, ok bool) {
	var values []float64
	for _, round := range rounds {
		if value, there := round[key]; there {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return s, false
	}
	slices.Sort(values)
	middle := (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	return spread{Min: values[0], Median: middle, Max: values[len(values)-1]}, true
}

// writeJSON writes one object: the medians under their keys, where a dot nests,
// and beside them how the workload was and how far the rounds were apart.
func writeJSON(w io.Writer, load workload, rounds []figures) error {
	object, spreads := map[string]any{}, map[string]spread{}
	for _, f := range reported {
		s, ok := spreadOf(rounds, f.key)
		if !ok {
			continue
		}
		spreads[f.key] = s
		group, key, nested := strings.Cut(f.key, ".")
		if !nested {
			object[f.key] = s.Median
			continue
		}
		if object[group] == nil {
			object[group] = map[string]float64{}
		}
		object[group].(map[string]float64)[key] = s.Median
	}
	object["workload"] = load
	object["rounds"] = len(rounds)
	object["spread"] = spreads
	lines := json.NewEncoder(w)
	lines.SetIndent("", "  ")
	return lines.Encode(object)
}

// writeTable writes the medians for people.
func writeTable(w io.Writer, load workload, rounds []figures) error {
	fmt.Fprintf(w, "%d devices, %d changes each, %d %% of them on shared records; medians of %d rounds.\n\n",
		load.Devices, load.ChangesPerDevice, load.SharedPercent, len(rounds))
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "figure\tmedian\tlowest\thighest\tmeaning")
	for _, f := range reported {
		if s, ok := spreadOf(rounds, f.key); ok {
			fmt.Fprintf(table, "%s\t%.*f\t%.*f\t%.*f\t%s\n", f.key, f.decimals, s.Median, f.decimals, s.Min, f.decimals, s.Max, f.meaning)
		}
	}
	return table.Flush()
}
