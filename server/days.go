package main

import (
	"fmt"
	"strconv"
	"strings"
)

// days is a number of days on the command line: 400d.
type days uint32

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *days) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(strings.TrimSpace(string(text)), "d")
	n, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil {
		return fmt.Errorf("%q is not a number of days: write such as 400d", text)
	}
	*d = days(n)
	return nil
}
