package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// backBytes is how much is read at a time.
const backBytes = 64 << 10

// ErrStop ends reading without an error.
var ErrStop = errors.New("stop")

// Back calls each with the entries of the log from the newest on, or from before a
// sequence number that is not zero. A line that is not as it was written is left
// out: where that is, [Read] says. each may return [ErrStop].
func (l *Log) Back(before uint64, each func(*Entry) error) error {
	file, err := os.Open(l.name)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer file.Close()
	err = linesBack(file, func(line []byte) error {
		e, err := parse(line)
		if err != nil || before != 0 && e.Seq >= before {
			return nil
		}
		return each(&e)
	})
	if errors.Is(err, ErrStop) {
		return nil
	}
	return err
}

// linesBack calls each with the whole lines of a file, the last one first.
func linesBack(file *os.File, each func(line []byte) error) error {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	var rest []byte // the end of a line whose begin has not been read
	for first := true; end > 0; {
		block := make([]byte, min(backBytes, end), min(backBytes, end)+int64(len(rest)))
		end -= int64(len(block))
		if _, err := file.ReadAt(block, end); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		lines := bytes.Split(append(block, rest...), []byte{'\n'})
		if first { // what follows the last line's end is being written
			lines, first = lines[:len(lines)-1], false
		}
		whole := lines
		if end > 0 && len(lines) > 0 {
			rest, whole = lines[0], lines[1:]
		}
		for i := len(whole) - 1; i >= 0; i-- {
			if err := each(whole[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
