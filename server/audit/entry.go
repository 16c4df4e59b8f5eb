package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Action is what was done, as a word that stays: "records.erase".
type Action string

// RecordsRead is what a tablet was given, or somebody at a desk has looked at.
const RecordsRead Action = "records.read"

// Event is something that was done, before it has its place in the log. Ids are
// hexadecimal digits; those that do not apply are empty.
type Event struct {
	Action Action `json:"action"`
	// By is the person who did it, on Device if that is a tablet; the operator's id
	// for whoever runs the server, and empty for who is not known yet.
	By     string `json:"by,omitempty"`
	Device string `json:"device,omitempty"`
	// Organisation is whose the log line is.
	Organisation string `json:"organisation,omitempty"`
	// What it was done to, as far as it is one thing.
	Space  string `json:"space,omitempty"`
	Record string `json:"record,omitempty"`
	Person string `json:"person,omitempty"`
	Target string `json:"target,omitempty"`
	// Count is how many things it was done to, where it was several.
	Count int `json:"count,omitempty"`
	// Position is up to where of the space's log a tablet was given it.
	Position uint64 `json:"position,omitempty"`
	// Outcome is the kind of error that it ended with; empty if it was done.
	Outcome string `json:"outcome,omitempty"`
	// Detail is a word or two of the program's own, such as a role.
	Detail string `json:"detail,omitempty"`
}

// Names tells whether the event has this id anywhere; every event has the empty
// one.
func (e *Event) Names(id string) bool {
	return id == "" || slices.Contains([]string{e.By, e.Device, e.Organisation, e.Space, e.Record, e.Person, e.Target}, id)
}

// Entry is an event in its place.
type Entry struct {
	// Seq counts from 1.
	Seq uint64 `json:"seq"`
	// At is the server's clock, in UTC to the millisecond.
	At time.Time `json:"at"`
	Event
	// Previous is the hash of the entry before, zeros for the first.
	Previous Hash `json:"previous"`
	Hash     Hash `json:"-"`
}

// Hash is over a line without its own hash.
type Hash [sha256.Size]byte

// MarshalText implements encoding.TextMarshaler.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash of %d characters where %d are due", len(text), hex.EncodedLen(len(h)))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return err
	}
	if h.String() != string(text) {
		return errors.New("a hash with capital letters, which nobody wrote")
	}
	return nil
}

// String gives hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Head is how far a log goes: whoever has it can tell later whether the log still
// goes as far, and came there in the same way.
type Head struct {
	Seq  uint64
	Hash Hash
}

// String is as `zhurnal audit verify` takes it.
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Hash) }

// The end of each line: its hash, as one more field of the object.
const (
	hashField = `,"hash":"`
	hashEnd   = `"}`
	tailBytes = len(hashField) + 2*sha256.Size + len(hashEnd)
)

// line seals the entry and returns it as a line, with its end.
func (e *Entry) line() ([]byte, error) {
	e.At = e.At.UTC().Truncate(time.Millisecond)
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("audit: encode entry %d: %w", e.Seq, err)
	}
	body = body[:len(body)-1] // the hash goes before the last brace
	e.Hash = sha256.Sum256(body)
	return fmt.Appendf(body, "%s%s%s\n", hashField, e.Hash, hashEnd), nil
}

var errNoEntry = errors.New("it is no line of an audit log")

// parse reads a line without its end, and checks its own hash.
func parse(line []byte) (e Entry, err error) {
	at := len(line) - tailBytes
	if at < 0 || !bytes.HasPrefix(line[at:], []byte(hashField)) || !bytes.HasSuffix(line, []byte(hashEnd)) {
		return e, errNoEntry
	}
	body := line[:at]
	if err := e.Hash.UnmarshalText(line[at+len(hashField) : len(line)-len(hashEnd)]); err != nil {
		return e, errNoEntry
	}
	decoder := json.NewDecoder(bytes.NewReader(append(bytes.Clone(body), '}')))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil {
		return e, fmt.Errorf("%w: %w", errNoEntry, err)
	}
	if sha256.Sum256(body) != e.Hash {
		return e, errors.New("it was altered: its hash does not fit")
	}
	return e, nil
}
