package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// A Recipient is whom a backup is sealed to, an Identity who opens it: the public
// and the secret half of one key. See https://age-encryption.org/v1.
type (
	Recipient = age.Recipient
	Identity  = age.Identity
)

// ParseRecipients reads recipients, one a line; empty lines and those that begin
// with # say nothing. There is one at least.
func ParseRecipients(text string) ([]Recipient, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil {
		return nil, fault.New(fault.Invalid, "whom the backup is sealed to: %w; a recipient begins with age1", err)
	}
	return recipients, nil
}

// ErrNoRecipient refuses a backup that nobody asked to have unsealed.
var ErrNoRecipient = fault.New(fault.Invalid, "nobody is named who is to open the backup: say --to age1..., or write recipients into the file that has the name of the register's directory with .recipients behind it, or say --unsealed; `zhurnal key identity` makes an identity and says its recipient")

// ReadIdentities reads the identities in a file.
func ReadIdentities(name string) ([]Identity, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	identities, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s: %w; an identity begins with AGE-SECRET-KEY-", name, err)
	}
	return identities, nil
}

// Written says what was written as a backup, and which bytes that made.
type Written struct {
	Summary
	Sealed    bool
	FileHash  [32]byte // SHA-256
	FileBytes uint64
}

// Write has write write a backup to a file, sealed to the recipients if there are
// any. What goes out is opened again and verified as it goes: sealed, by the key
// of this one file, which is in memory anyhow and nowhere else. So whoever seals
// needs no identity, and what is left to be shown is that the file is what went
// out.
func Write(to io.Writer, recipients []Recipient, write func(io.Writer) (Summary, error)) (Written, error) {
	out, key := &hashing{to: to, hash: sha256.New()}, new(keeper)
	reading, verified := verifying(key)
	summary, err := seal(io.MultiWriter(out, reading), recipients, key, write)
	reading.CloseWithError(err) // nil is an end
	check := <-verified
	switch {
	case err != nil && !errors.Is(err, errVerify):
		return Written{}, err
	case check.err != nil:
		return Written{}, fault.New(fault.Internal, "what was written as a backup is none: %w", check.err)
	case check.summary != summary:
		return Written{}, fault.New(fault.Internal, "what was written as a backup is another one")
	}
	return Written{summary, len(recipients) > 0, [32]byte(out.hash.Sum(nil)), out.sizeBytes}, nil
}

// seal writes the file.
func seal(to io.Writer, recipients []Recipient, key *keeper, write func(io.Writer) (Summary, error)) (Summary, error) {
	if len(recipients) == 0 {
		return write(to)
	}
	key.Recipient = recipients[0]
	sealed, err := age.Encrypt(to, append([]Recipient{key}, recipients[1:]...)...)
	if err != nil {
		return Summary{}, fault.New(fault.Invalid, "seal the backup: %w", err)
	}
	summary, err := write(sealed)
	if err == nil {
		err = sealed.Close()
	}
	return summary, err
}

// hashing passes on what is written.
type hashing struct {
	to        io.Writer
	hash      hash.Hash
	sizeBytes uint64
}

func (h *hashing) Write(data []byte) (int, error) {
	h.hash.Write(data)
	h.sizeBytes += uint64(len(data))
	return h.to.Write(data)
}

type check struct {
	summary Summary
	err     error
}

var errVerify = errors.New("verifying has ended")

// verifying reads what is written to the pipe, as a backup.
func verifying(key *keeper) (*io.PipeWriter, <-chan check) {
	from, to := io.Pipe()
	verified := make(chan check, 1)
	go func() {
		summary, err := read(from, []Identity{key}, func(_, _ []byte) error { return nil }, passOver)
		from.CloseWithError(errVerify)
		verified <- check{summary, err}
	}()
	return to, verified
}

// keeper is a recipient that keeps the key of the file, and an identity that
// opens the file by it.
type keeper struct {
	Recipient
	fileKey []byte
}

// Wrap implements [age.Recipient].
func (k *keeper) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	k.fileKey = bytes.Clone(fileKey)
	return k.Recipient.Wrap(fileKey)
}

// WrapWithLabels implements [age.RecipientWithLabels]: recipients that are safe
// from a quantum computer are not mixed with others.
func (k *keeper) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	if labelled, ok := k.Recipient.(age.RecipientWithLabels); ok {
		k.fileKey = bytes.Clone(fileKey)
		return labelled.WrapWithLabels(fileKey)
	}
	stanzas, err := k.Wrap(fileKey)
	return stanzas, nil, err
}

// Unwrap implements [age.Identity].
func (k *keeper) Unwrap([]*age.Stanza) ([]byte, error) { return k.fileKey, nil }

// sealedMagic is how a sealed file begins.
const sealedMagic = "age-encryption.org/v1\n"

// read is ReadAll of a file that may be sealed.
func read(from io.Reader, identities []Identity, each func(key, value []byte) error, piece func(name string, data []byte) error) (Summary, error) {
	under := &watched{from: bufio.NewReaderSize(from, frameBytes)}
	if start, _ := under.from.Peek(len(sealedMagic)); string(start) != sealedMagic {
		return ReadAll(under, each, piece)
	}
	if len(identities) == 0 {
		return Summary{}, fault.New(fault.Invalid, "the backup is sealed: name the file with the identity that opens it, with --identity")
	}
	plain, err := age.Decrypt(under, identities...)
	var strange *age.NoIdentityMatchError
	switch {
	case errors.As(err, &strange):
		return Summary{}, fault.New(fault.Invalid, "the backup is sealed to others: none of the identities opens it; name the right one with --identity")
	case err != nil:
		return Summary{}, under.explain(err)
	}
	return ReadAll(&unsealing{plain, under}, each, piece)
}

// watched remembers that its reader failed.
type watched struct {
	from *bufio.Reader
	err  error
}

func (w *watched) Read(into []byte) (int, error) {
	n, err := w.from.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// explain tells a file that could not be read from one that was altered.
func (w *watched) explain(err error) error {
	if w.err != nil {
		return fault.New(fault.Unavailable, "read backup: %w", w.err)
	}
	return fault.New(fault.Damaged, "not a whole backup: it is cut short or was altered: %w: take another backup, or another copy of this one", err)
}

type unsealing struct {
	plain io.Reader
	under *watched
}

func (u *unsealing) Read(into []byte) (int, error) {
	n, err := u.plain.Read(into)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = u.under.explain(err)
	}
	return n, err
}
