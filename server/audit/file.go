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

	"github.com/zhurnal/zhurnal/syncengine/appendfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Torn is the action of the line by which a log goes on after a crash had cut
// its last line short: of that one nobody was told that it was there.
const Torn Action = "audit.torn"

// Log is an open log. It is safe for concurrent use.
type Log struct {
	name string
	now  func() int64 // milliseconds since 1970
	file *appendfile.File

	mu      sync.Mutex // guards what follows, and the file
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
func Open(name string, now func() int64) (l *Log, err error) {
	l = &Log{name: name, now: now}
	torn := int64(0)
	l.file, err = appendfile.Open(name, func(file io.ReaderAt, sizeBytes int64) (end int64, err error) {
		end, l.head, err = lastOf(file, sizeBytes)
		torn = sizeBytes - end
		return end, err
	})
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	if torn > 0 {
		if err := l.write([]Event{{Action: Torn, Count: int(torn)}}); err != nil {
			return nil, errors.Join(fmt.Errorf("audit log %s: %w", name, err), l.file.Close())
		}
	}
	return l, nil
}

// lineBytesMax bounds a line: it has ids and words.
const lineBytesMax = 4096

// lastOf looks for the last whole line: where it ends, and what it is.
func lastOf(file io.ReaderAt, sizeBytes int64) (end int64, head Head, err error) {
	from := max(0, sizeBytes-2*lineBytesMax)
	tail := make([]byte, sizeBytes-from)
	if _, err := file.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return 0, head, err
	}
	whole := bytes.LastIndexByte(tail, '\n') + 1
	switch {
	case whole == 0 && from > 0:
		return 0, head, fault.New(fault.Damaged, "its end has no line: put back a whole copy of the file")
	case whole == 0:
		return 0, head, nil
	}
	last, err := parse(tail[bytes.LastIndexByte(tail[:whole-1], '\n')+1 : whole-1])
	if err != nil {
		return 0, head, fault.New(fault.Damaged, "last line: %w: look at it with `zhurnal audit verify`, keep the file, and start another one", err)
	}
	return from + int64(whole), Head{last.Seq, last.Hash}, nil
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

// write adds events as lines, and makes them durable.
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
	if err := l.file.Append(lines); err != nil {
		return fault.New(fault.Unavailable, "audit: nothing is done that cannot be logged: %w", err)
	}
	l.head = head
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

// Read calls each with every entry that is durable when it is called, in order.
func (l *Log) Read(each func(Entry) error) error {
	head := l.Head()
	if head.Seq == 0 {
		return nil
	}
	file, err := os.Open(l.name)
	if err != nil {
		return fault.New(fault.Unavailable, "audit log: %w", err)
	}
	err = Read(file, func(e Entry) error {
		if err := each(e); err != nil {
			return err
		}
		if e.Seq == head.Seq { // what comes behind may be written just now
			return errEnd
		}
		return nil
	})
	if errors.Is(err, errEnd) {
		err = nil
	}
	return errors.Join(err, file.Close())
}

var errEnd = errors.New("the end")
