package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// measure reads what this process has used so far.
func measure() (usage, error) {
	var spent unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &spent); err != nil {
		return usage{}, fmt.Errorf("getrusage: %w", err)
	}
	peak, err := peakBytes()
	return usage{CPUMicros: micros(spent.Utime) + micros(spent.Stime), PeakBytes: peak}, err
}

func micros(t unix.Timeval) int64 { return t.Nano() / 1000 }

// peakBytes reads VmHWM. The ru_maxrss of getrusage would not do: a process
// inherits it from the one that started it.
func peakBytes() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		fields := bytes.Fields(line) // VmHWM: 12345 kB
		if len(fields) == 3 && string(fields[0]) == "VmHWM:" {
			kilobytes, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status: no VmHWM")
}
