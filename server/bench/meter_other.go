//go:build !linux

package bench

import "errors"

// measure needs the CPU and the peak memory of one process, which every system
// tells in another way.
func measure() (usage, error) {
	return usage{}, errors.New("CPU and memory of the server are read as Linux tells them: run bench on Linux")
}
