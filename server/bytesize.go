package main

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// byteSize is a number of bytes on the command line: 4096, 512MiB, 2GiB.
type byteSize uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *byteSize) UnmarshalText(text []byte) error {
	number, unit := strings.TrimSpace(string(text)), uint64(1)
	for suffix, factor := range map[string]uint64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = strings.TrimSpace(rest), factor
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 64)
	over, product := bits.Mul64(n, unit)
	if err != nil || over > 0 {
		return fmt.Errorf("%q is not a size: write bytes, or a number with KiB, MiB, GiB or TiB, such as 2GiB", text)
	}
	*b = byteSize(product)
	return nil
}
