package sealed

import (
	"bytes"
	"encoding/base64"

	"google.golang.org/protobuf/encoding/protowire"
)

// Wrap returns the value of a cell that holds the age file.
func Wrap(field uint32, file []byte) []byte {
	value := protowire.AppendTag(nil, protowire.Number(field), protowire.BytesType)
	return protowire.AppendBytes(value, file)
}

// Unwrap returns the age file in the value of a cell; false if there is anything
// else in it. Whoever keeps values asks this first: what is not sealed, because
// an app has a defect, must not be kept where people may read it.
func Unwrap(field uint32, value []byte) (file []byte, ok bool) {
	number, wire, tag := protowire.ConsumeTag(value)
	if tag < 0 || number != protowire.Number(field) || wire != protowire.BytesType {
		return nil, false
	}
	file, n := protowire.ConsumeBytes(value[tag:])
	return file, n == len(value)-tag && isFile(file)
}

// The parts of an age file; see age-encryption.org/v1, "Encrypted file format".
const (
	intro = "age-encryption.org/v1\n"
	// columns is the length of a full line in the body of a stanza.
	columns = 64
	macLine = len("--- ") + 43
	// payloadMin is a nonce and a tag around the smallest frame.
	payloadMin = 16 + 256 + 16
)

// base64Strict is how the headers of age files spell bytes.
var base64Strict = base64.RawStdEncoding.Strict()

// isFile tells whether the data has the form of an age file: its header to the
// letter, of whatever kinds the recipients are, and behind it enough for a
// frame. Whether it opens is known to its recipients alone.
func isFile(data []byte) bool {
	rest, ok := bytes.CutPrefix(data, []byte(intro))
	stanzas := 0
	for ok && bytes.HasPrefix(rest, []byte("-> ")) {
		rest, ok = cutStanza(rest)
		stanzas++
	}
	if !ok || stanzas == 0 || len(rest) < macLine+1+payloadMin {
		return false
	}
	mac, ok := bytes.CutPrefix(rest[:macLine], []byte("--- "))
	return ok && isBase64(mac) && rest[macLine] == '\n'
}

// cutStanza cuts off a line that names a kind of recipient and its arguments,
// and the lines of its body, of which the last is shorter than the others.
func cutStanza(data []byte) (rest []byte, ok bool) {
	line, rest, ok := bytes.Cut(data[len("-> "):], []byte{'\n'})
	if !ok || !isArguments(line) {
		return nil, false
	}
	for {
		line, rest, ok = bytes.Cut(rest, []byte{'\n'})
		if !ok || len(line) > columns || !isBase64(line) {
			return nil, false
		}
		if len(line) < columns {
			return rest, true
		}
	}
}

// isArguments tells whether the line is of words of visible ASCII, each behind
// one space.
func isArguments(line []byte) bool {
	for word := range bytes.SplitSeq(line, []byte{' '}) {
		if len(word) == 0 || bytes.ContainsFunc(word, func(r rune) bool { return r < 33 || r > 126 }) {
			return false
		}
	}
	return true
}

func isBase64(text []byte) bool {
	if bytes.ContainsRune(text, '\r') { // the decoder passes over it
		return false
	}
	_, err := base64Strict.Decode(make([]byte, base64Strict.DecodedLen(len(text))), text)
	return err == nil
}
