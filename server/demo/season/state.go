package season

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// CellAt names a cell of the register, in the world of stand-ins.
type CellAt struct {
	Space  Name
	Type   string
	Record merge.RecordID
	Cell   merge.CellKey
}

// String names the cell for people.
func (c CellAt) String() string {
	return fmt.Sprintf("%s %s %s cell %d %q", c.Space, c.Type, c.Record, c.Cell.Field, c.Cell.Element)
}

func (c CellAt) compare(other CellAt) int {
	return cmp.Or(
		cmp.Compare(c.Space, other.Space), cmp.Compare(c.Type, other.Type),
		compareRecords(c.Record, other.Record), c.Cell.Compare(other.Cell),
	)
}

// State is what a register holds: of every cell the different values that are
// live, sorted. It leaves out who wrote a value and when, and so which of
// several values is shown: that is all that clocks and random ids decide.
type State map[CellAt][]string

// Digest is a hash over the state.
func (s State) Digest() [32]byte {
	hash := sha256.New()
	field := func(b []byte) {
		hash.Write(binary.AppendUvarint(nil, uint64(len(b))))
		hash.Write(b)
	}
	for _, at := range slices.SortedFunc(maps.Keys(s), CellAt.compare) {
		field([]byte(at.Space))
		field([]byte(at.Type))
		field(at.Record[:])
		field(binary.AppendUvarint(nil, uint64(at.Cell.Field)))
		field([]byte(at.Cell.Element))
		field(binary.AppendUvarint(nil, uint64(len(s[at]))))
		for _, value := range s[at] {
			field([]byte(value))
		}
	}
	return [32]byte(hash.Sum(nil))
}

// Differences names, for people, the first few cells in which the state differs
// from what is wanted, and says how many there are.
func (s State) Differences(wanted State) (first []string, all int) {
	const shown = 5
	note := func(at CellAt, what string) {
		if all++; len(first) < shown {
			first = append(first, fmt.Sprintf("%s: %s", at, what))
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(wanted), CellAt.compare) {
		switch values, ok := s[at]; {
		case !ok:
			note(at, "missing")
		case !slices.Equal(values, wanted[at]):
			note(at, fmt.Sprintf("holds %q, not %q", values, wanted[at]))
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(s), CellAt.compare) {
		if _, ok := wanted[at]; !ok {
			note(at, "should not be there")
		}
	}
	return first, all
}

// Disagreeing is how many cells hold more than one value.
func (s State) Disagreeing() int {
	n := 0
	for _, values := range s {
		if len(values) > 1 {
			n++
		}
	}
	return n
}

// Put adds a live value to a cell.
func (s State) Put(at CellAt, value []byte) {
	if i, found := slices.BinarySearch(s[at], string(value)); !found {
		s[at] = slices.Insert(s[at], i, string(value))
	}
}

// State says what the register must hold at a moment. It follows who could have
// seen what: whoever writes a cell replaces what was there when the stage
// began, and what others write in the same stage stays beside it.
func (s *Season) State(m Moment) State {
	state, types := State{}, anatomy{}
	for _, stage := range s.stages(m) {
		state.advance(stage, types)
	}
	return state
}

// advance lets all writers of a stage write on top of the same state.
func (s State) advance(writers stage, types anatomy) {
	written := map[CellAt][]string{}
	for _, steps := range writers {
		for at, value := range s.write(steps, types) {
			if !slices.Contains(written[at], value) {
				written[at] = append(written[at], value)
			}
		}
	}
	for at, values := range written {
		slices.Sort(values)
		s[at] = values
	}
}

// write returns what one writer leaves in the cells that change by it. Writing
// what is there already changes nothing.
func (s State) write(steps []Step, types anatomy) map[CellAt]string {
	own := map[CellAt]string{}
	for i := range steps {
		for j := range steps[i].Acts {
			for at, value := range types.cellsOf(steps[i].Space, &steps[i].Acts[j]) {
				was, written := own[at]
				if !written && len(s[at]) == 1 {
					was, written = s[at][0], true
				}
				if !written || was != value {
					own[at] = value
				}
			}
		}
	}
	return own
}
