package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// Flaw is a place where a log is not what was written.
type Flaw struct {
	// Line counts from 1; zero where it is about the log as a whole.
	Line int
	What string
}

// String is for people.
func (f Flaw) String() string {
	if f.Line == 0 {
		return f.What
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.What)
}

// Verified says what a log has.
type Verified struct {
	Lines       int
	First, Last time.Time
	Head        Head
	Flaws       int
}

// Verify reads a whole log and tells of every line that was altered, taken out,
// put in or moved. Each of the heads that were known of it at some time must be
// one of its entries: else its end is missing, or it was written anew.
func Verify(log io.Reader, known []Head, tell func(Flaw)) (v Verified, err error) {
	c := &checking{tell: tell, known: make(map[uint64][]Hash)}
	for _, head := range known {
		if head.Seq > 0 {
			c.known[head.Seq] = append(c.known[head.Seq], head.Hash)
		}
	}
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			c.line(line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c.Verified, fmt.Errorf("audit: %w", err)
		}
	}
	for seq := range c.known {
		c.Flaws++
		c.tell(Flaw{What: fmt.Sprintf("entry %d was in the log once, and is not: the log ends at %d", seq, c.Head.Seq)})
	}
	return c.Verified, nil
}

// checking is the reading of a log, with what its next line must fit.
type checking struct {
	Verified
	tell  func(Flaw)
	known map[uint64][]Hash
}

func (c *checking) flaw(format string, args ...any) {
	c.Flaws++
	c.tell(Flaw{Line: c.Lines, What: fmt.Sprintf(format, args...)})
}

func (c *checking) line(line []byte) {
	c.Lines++
	whole, ended := bytes.CutSuffix(line, []byte("\n"))
	if !ended {
		c.flaw("it is cut short: a crash, of which the server says so when it starts again, or somebody cut it")
		return
	}
	e, err := parse(whole)
	if err != nil {
		c.flaw("%v", err)
		if errors.Is(err, errNoEntry) {
			return
		}
	}
	switch want := c.Head.Seq + 1; {
	case e.Seq > want:
		c.flaw("entries %d to %d are missing before it", want, e.Seq-1)
	case e.Seq < want:
		c.flaw("entry %d is out of place: %d is due", e.Seq, want)
	case e.Previous != c.Head.Hash:
		c.flaw("entry %d does not follow the one before it: that was altered, or another one was there", e.Seq)
	}
	for _, hash := range c.known[e.Seq] {
		if hash != e.Hash {
			c.flaw("entry %d was another one once: the log was written anew", e.Seq)
		}
	}
	delete(c.known, e.Seq)
	if c.First.IsZero() {
		c.First = e.At
	}
	c.Head, c.Last = Head{e.Seq, e.Hash}, e.At
}
