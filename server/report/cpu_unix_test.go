//go:build unix

package report

import (
	"syscall"
	"testing"
	"time"
)

// cpu is what this process has used of processors: on a machine that has other work
// it says more than the time that went by.
func cpu(t testing.TB) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
