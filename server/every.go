package main

import (
	"context"
	"time"
)

// every does something again and again until the context ends, the first time
// when one period is over.
func every(ctx context.Context, period time.Duration, do func()) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}
