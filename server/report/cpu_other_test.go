//go:build !unix

package report

import (
	"testing"
	"time"
)

var began = time.Now()

// cpu is the time that went by: what this process used is not known here.
func cpu(testing.TB) time.Duration { return time.Since(began) }
