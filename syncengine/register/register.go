// Package register is a small file beside the store, outside of its backups, of
// what must outlive the restore of an older backup: that a person gave changes
// back to their authors, that persons were erased, and that a device or a user is
// let in no more. A line is durable before the server says that it is done.
package register

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/zhurnal/zhurnal/syncengine/appendfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Dismissal is a change that a person gave back to its author.
type Dismissal struct {
	Space  merge.SpaceID
	Change merge.ID
	Reason string // a key without spaces
}

// Erasure is a person who was erased in a space.
type Erasure struct {
	Space merge.SpaceID
	merge.Erasure
}

// End says of a row of the server's directory that what it stands for has ended,
// or has not after all. Of several about one row the last holds.
type End struct {
	Row     [17]byte // its key
	Version uint64   // of the directory, that made it so
	Resumed bool     // it has not ended
}

// Contents is what is in a register, each in the order in which it was added.
type Contents struct {
	Dismissals []Dismissal
	Ends       []End
	Erasures   []Erasure
}

// File is an open register. It is safe for concurrent use.
type File struct {
	mu   sync.Mutex
	file *appendfile.File
}

// Open opens the register in a file, or makes one, readable by its owner alone.
// A last line that a crash has cut short, and that nobody was told of, is taken
// away.
func Open(name string) (*File, error) {
	file, err := appendfile.Open(name, wholeLines)
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	if err := file.Append(nil); err != nil {
		return nil, errors.Join(fmt.Errorf("register %s: %w", name, err), file.Close())
	}
	return &File{file: file}, nil
}

// wholeLines returns how far the lines go, all of which must be good.
func wholeLines(file io.ReaderAt, sizeBytes int64) (end int64, err error) {
	data, err := io.ReadAll(io.NewSectionReader(file, 0, sizeBytes))
	if err != nil {
		return 0, err
	}
	_, err = parse(data)
	return int64(bytes.LastIndexByte(data, '\n') + 1), err
}

// Add appends dismissals. They are durable when it returns.
func (f *File) Add(dismissals []Dismissal) error {
	var lines []byte
	for i := range dismissals {
		lines = append(lines, dismissals[i].line()...)
	}
	return f.add(lines)
}

// AddErasure appends an erasure. It is durable when it returns.
func (f *File) AddErasure(e Erasure) error { return f.add([]byte(e.line())) }

// AddEnds appends ends. They are durable when it returns.
func (f *File) AddEnds(ends []End) error {
	var lines []byte
	for i := range ends {
		lines = append(lines, ends[i].line()...)
	}
	return f.add(lines)
}

func (f *File) add(lines []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.file.Append(lines); err != nil {
		return fault.New(fault.Unavailable, "register: %w", err)
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// Read returns what is in a register.
func Read(name string) (Contents, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Contents{}, fault.New(fault.NotFound, "there is no register %s", name)
	}
	if err != nil {
		return Contents{}, fmt.Errorf("register: %w", err)
	}
	contents, err := parse(data)
	if err != nil {
		return Contents{}, fault.New(fault.Damaged, "register %s: %w", name, err)
	}
	return contents, nil
}

// parse leaves out a last line without its end.
func parse(data []byte) (c Contents, err error) {
	lines := strings.Split(string(data), "\n")
	for i, line := range lines[:len(lines)-1] {
		if err := c.parseLine(line); err != nil {
			return Contents{}, fault.New(fault.Damaged, "line %d: %w: put back a whole copy of the file", i+1, err)
		}
	}
	return c, nil
}

func (c *Contents) parseLine(line string) error {
	if strings.HasPrefix(line, dismissed+" ") {
		d, err := parseDismissal(line)
		c.Dismissals = append(c.Dismissals, d)
		return err
	}
	if strings.HasPrefix(line, erased+" ") {
		e, err := parseErasure(line)
		c.Erasures = append(c.Erasures, e)
		return err
	}
	e, err := parseEnd(line)
	c.Ends = append(c.Ends, e)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The first words of lines.
const (
	dismissed = "dismiss"
	ended     = "end"
	resumed   = "resume"
	erased    = "erase"
)

// summed ends a line of text with CRC-32C of it.
func summed(format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	return fmt.Sprintf("%s %08x\n", text, crc32.Checksum([]byte(text), castagnoli))
}

// line is a dismissal as a line of text: what was done, space, replica, sequence
// number, tag, reason.
func (d *Dismissal) line() string {
	return summed("%s %x %x %d %x %s", dismissed, d.Space[:], d.Change.Replica[:], d.Change.Seq, d.Change.Tag[:], d.Reason)
}

// line is an end as a line of text: what was done, key, version.
func (e *End) line() string {
	word := ended
	if e.Resumed {
		word = resumed
	}
	return summed("%s %x %d", word, e.Row[:], e.Version)
}

var errLine = errors.New("it is not as it was written")

func parseEnd(line string) (e End, err error) {
	words := strings.Split(line, " ")
	if len(words) != 4 {
		return e, errLine
	}
	if e.Version, err = strconv.ParseUint(words[2], 10, 64); err != nil {
		return e, errLine
	}
	copy(e.Row[:], unhex(words[1]))
	e.Resumed = words[0] == resumed
	if e.line() != line+"\n" { // also if a word was not what it should be
		return e, errLine
	}
	return e, nil
}

func parseDismissal(line string) (d Dismissal, err error) {
	words := strings.Split(line, " ")
	if len(words) != 7 {
		return d, errLine
	}
	if d.Change.Seq, err = strconv.ParseUint(words[3], 10, 64); err != nil {
		return d, errLine
	}
	copy(d.Space[:], unhex(words[1]))
	copy(d.Change.Replica[:], unhex(words[2]))
	copy(d.Change.Tag[:], unhex(words[4]))
	d.Reason = words[5]
	if d.line() != line+"\n" { // also if an id was not what it should be
		return d, errLine
	}
	return d, nil
}

func unhex(word string) []byte {
	data, _ := hex.DecodeString(word) // what is wrong shows when it is written again
	return data
}
