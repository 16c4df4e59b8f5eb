package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress tells who waits how far the season is: a bar that fills on a
// terminal, a line for each phase elsewhere.
type progress struct {
	to       io.Writer
	terminal bool
}

func newProgress(to io.Writer) *progress {
	p := &progress{to: to}
	if file, ok := to.(*os.File); ok {
		info, err := file.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// phase is a part of the season that is under way.
type phase struct {
	*progress
	name  string
	all   int
	began time.Time

	mu   sync.Mutex
	done int
}

// begin starts a phase of so many steps.
func (p *progress) begin(name string, all int) *phase {
	ph := &phase{progress: p, name: name, all: all, began: time.Now()}
	ph.draw()
	return ph
}

// step says that one more step is done.
func (ph *phase) step() {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	ph.done++
	ph.draw()
}

const (
	barLetters  = 24
	nameLetters = 44
)

func (ph *phase) draw() {
	if !ph.terminal {
		return
	}
	full := barLetters
	if ph.all > 0 {
		full = barLetters * ph.done / ph.all
	}
	fmt.Fprintf(ph.to, "\r%-*s [%s%s] %d/%d", nameLetters, ph.name, strings.Repeat("#", full), strings.Repeat(".", barLetters-full), ph.done, ph.all)
}

// end says what came of the phase.
func (ph *phase) end(format string, args ...any) {
	if ph.terminal {
		fmt.Fprint(ph.to, "\r\x1b[2K") // back to the start of the line, and clear it
	}
	fmt.Fprintf(ph.to, "%-*s %6.1f s  %s\n", nameLetters, ph.name, time.Since(ph.began).Seconds(), fmt.Sprintf(format, args...))
}
