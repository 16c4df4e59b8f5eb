package audit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Torn is the action of the line by which a log goes on after a crash had cut
// its last line short: of that one nobody was told that it was there.
const Torn Action = "audit.torn"

// Log is an open log. It is safe for concurrent use.
type Log struct {
	now  func() int64 // milliseconds since 1970
	file *os.File

	mu sync.Mutex // guards what follows, and the file
	// end is where the next line goes, and torn says that there may be a part of
	// one behind it.
	end     int64
	torn    bool
	head    Head
	waiting *batch // nil: nobody waits
	writing bool
}

// batch are events that are made durable at once.
type batch struct {
	events []Event
	done   chan struct{}
	err    error
}

// Open opens the log in a file, or makes one, readable by its owner alone. It
// goes on after the last whole line, and does not look at those before: see
// [Verify].
func Open(name string, now func() int64) (*Log, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	l := &Log{now: now, file: file, torn: true}
	if err := l.findEnd(); err != nil {
		return nil, errors.Join(fmt.Errorf("audit log %s: %w", name, err), file.Close())
	}
	return l, nil
}

// lineBytesMax bounds a line: it has ids and words.
const lineBytesMax = 4096

// findEnd looks for the last whole line.
func (l *Log) findEnd() error {
	sizeBytes, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	from := max(0, sizeBytes-2*lineBytesMax)
	tail := make([]byte, sizeBytes-from)
	if _, err := l.file.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	whole := bytes.LastIndexByte(tail, '\n') + 1
	l.end = from + int64(whole)
	if whole == 0 {
		if from > 0 {
			return fault.New(fault.Damaged, "its end has no line: put back a whole copy of the file")
		}
	} else {
		last, err := parse(tail[bytes.LastIndexByte(tail[:whole-1], '\n')+1 : whole-1])
		if err != nil {
			return fault.New(fault.Damaged, "last line: %w: look at it with `zhurnal audit verify`, keep the file, and start another one", err)
		}
		l.head = Head{last.Seq, last.Hash}
	}
	if left := sizeBytes - l.end; left > 0 {
		return l.write([]Event{{Action: Torn, Count: int(left)}})
	}
	return nil
}

// Head is that of what is durable.
func (l *Log) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Append adds events, in their order. They are durable when it returns. What
// others append at the same time becomes durable with them: forcing a file to
// the disk takes as long for one line as for many. A caller who gives up is told
// so; the events are written all the same.
func (l *Log) Append(ctx context.Context, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	l.mu.Lock()
	if l.waiting == nil {
		l.waiting = &batch{done: make(chan struct{})}
	}
	mine := l.waiting
	mine.events = append(mine.events, events...)
	if !l.writing {
		l.writing = true
		go l.writeAll()
	}
	l.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return fault.New(fault.Unavailable, "audit: %w", ctx.Err())
	}
}

// writeAll writes until nobody waits.
func (l *Log) writeAll() {
	for {
		l.mu.Lock()
		some := l.waiting
		l.waiting = nil
		if some == nil {
			l.writing = false
			l.mu.Unlock()
			return
		}
		some.err = l.write(some.events)
		l.mu.Unlock()
		close(some.done)
	}
}

// write adds lines and makes them durable. What it could not finish is taken away
// before the next ones.
func (l *Log) write(events []Event) error {
	at, head := time.UnixMilli(l.now()), l.head
	var lines []byte
	for i := range events {
		e := Entry{Seq: head.Seq + 1, At: at, Event: events[i], Previous: head.Hash}
		line, err := e.line()
		if err != nil {
			return fault.New(fault.Internal, "%w", err)
		}
		if len(line) > lineBytesMax {
			return fault.New(fault.Internal, "audit: %s takes %d bytes; at most %d", e.Action, len(line), lineBytesMax)
		}
		lines, head = append(lines, line...), Head{e.Seq, e.Hash}
	}
	if err := l.writeLines(lines); err != nil {
		var at *os.PathError
		if errors.As(err, &at) {
			err = at.Err // whoever asked is not told the path
		}
		return fault.New(fault.Unavailable, "audit: nothing is done that cannot be logged: %w", err)
	}
	l.head = head
	return nil
}

func (l *Log) writeLines(lines []byte) error {
	if l.torn {
		if err := l.file.Truncate(l.end); err != nil {
			return err
		}
	}
	l.torn = true
	if _, err := l.file.WriteAt(lines, l.end); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.end, l.torn = l.end+int64(len(lines)), false
	return nil
}

// Close waits for what is being written and closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	if last := l.waiting; last != nil {
		l.waiting = nil
		last.err = l.write(last.events)
		close(last.done)
	}
	defer l.mu.Unlock()
	return l.file.Close()
}

// Read calls each with every entry, in order, until one is not as it was written;
// see [Verify].
func Read(from io.Reader, each func(Entry) error) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, lineBytesMax)
	for number := 1; lines.Scan(); number++ {
		e, err := parse(lines.Bytes())
		if err != nil {
			return fault.New(fault.Damaged, "line %d: %w", number, err)
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return lines.Err()
}
