package wiped

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// packageBytesMax bounds a file. Twenty bytes are a mark of attendance, so it is
// more than a tablet records in its life.
const packageBytesMax = 256 << 20

// The names of files: of a device and the nonce of the order. What is sealed comes
// under the second until it is whole.
const (
	sealedSuffix  = ".age"
	partSuffix    = ".age.part"
	receiptSuffix = ".receipt"
)

// Store is a directory of sealed files and receipts. It is safe for concurrent
// use, but for what takes a backup.
type Store struct {
	dir string
	// room tells whether the disk has some.
	room   func() error
	mu     sync.Mutex
	taking taking
}

// New returns a store in a directory, which is made when something comes. Room says
// whether the disk has some for a piece that somebody brings; nil where nobody
// does.
func New(dir string, room func() error) *Store { return &Store{dir: dir, room: room} }

// DirOf is where the files of a register are kept unless somebody says otherwise:
// beside it.
func DirOf(register string) string { return filepath.Clean(register) + ".wiped" }

func (s *Store) name(w *credential.Wiped, suffix string) string {
	return filepath.Join(s.dir, w.Order.Device.String()+"-"+hex.EncodeToString(w.Order.Nonce[:8])+suffix)
}

// Put takes a piece of a file that begins at an offset, and returns how much of the
// file is there then, on the disk. A piece that begins elsewhere is not taken.
func (s *Store) Put(w *credential.Wiped, offset uint64, piece []byte) (received uint64, err error) {
	size := w.Receipt.PackageBytes
	switch {
	case size > packageBytesMax:
		return 0, fault.New(fault.TooLarge, "sealed file of %d bytes, at most %d are taken: keep it, and bring it to whoever can open it", size, packageBytesMax)
	case len(piece) > credential.PieceBytes:
		return 0, fault.New(fault.TooLarge, "a piece of %d bytes, at most %d are taken at a time", len(piece), credential.PieceBytes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if whole, err := sizeOf(s.name(w, sealedSuffix)); err != nil || whole == size {
		return whole, err
	}
	received, err = sizeOf(s.name(w, partSuffix))
	if err != nil || offset != received || len(piece) == 0 {
		return received, err
	}
	if uint64(len(piece)) > size-received {
		return 0, fault.New(fault.Malformed, "the file is longer than its receipt says")
	}
	if err := s.room(); err != nil {
		return 0, err
	}
	if err := s.append(w, piece); err != nil {
		return 0, fault.New(fault.Unavailable, "keep what was sealed: %w", err)
	}
	received += uint64(len(piece))
	if received < size {
		return received, nil
	}
	return received, s.finish(w)
}

func (s *Store) makeDir() error {
	switch err := os.Mkdir(s.dir, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(s.dir))
}

// append puts a piece at the end of the file that is not whole.
func (s *Store) append(w *credential.Wiped, piece []byte) (err error) {
	if err := s.makeDir(); err != nil {
		return err
	}
	f, err := os.OpenFile(s.name(w, partSuffix), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(piece)
	return errors.Join(err, f.Sync(), f.Close())
}

// finish gives a file that is whole its name, behind its receipt. One that is not
// what the receipt says begins anew.
func (s *Store) finish(w *credential.Wiped) error {
	part := s.name(w, partSuffix)
	hash, err := hashOf(part)
	if err != nil {
		return fault.New(fault.Unavailable, "read what was sealed: %w", err)
	}
	if hash != w.Receipt.PackageHash {
		return errors.Join(fault.New(fault.FalseHash, "the file is not the one of its receipt: send it anew"), os.Remove(part))
	}
	if err := s.note(w); err != nil {
		return err
	}
	if err := atomicfile.Move(part, s.name(w, sealedSuffix)); err != nil {
		return fault.New(fault.Unavailable, "keep what was sealed: %w", err)
	}
	return nil
}

// Note keeps a receipt.
func (s *Store) Note(w *credential.Wiped) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.note(w)
}

func (s *Store) note(w *credential.Wiped) error {
	data, err := proto.Marshal(w.ToProto())
	if err == nil {
		err = s.makeDir()
	}
	if err == nil {
		err = atomicfile.Replace(s.name(w, receiptSuffix), data)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "keep a receipt: %w", err)
	}
	return nil
}

// Receipts lists the receipts that there are.
func (s *Store) Receipts() (all []credential.Wiped, err error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), receiptSuffix) {
			continue
		}
		w, err := readReceipt(filepath.Join(s.dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, err
}

func readReceipt(name string) (w credential.Wiped, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return w, err
	}
	m := new(enrolv1.Wiped)
	if err := proto.Unmarshal(data, m); err != nil {
		return w, fault.New(fault.Damaged, "receipt %s: %w", filepath.Base(name), err)
	}
	return credential.WipedFromProto(m)
}

// Open returns the sealed file of a receipt; [fault.NotFound] if it is not there,
// or not whole.
func (s *Store) Open(w *credential.Wiped) (io.ReadCloser, error) {
	f, err := os.Open(s.name(w, sealedSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "the sealed file of device %s is not there, or not whole", w.Order.Device)
	}
	return f, err
}

// Drop forgets a receipt and its file, which another has.
func (s *Store) Drop(w *credential.Wiped) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, suffix := range []string{sealedSuffix, partSuffix, receiptSuffix} { // the receipt last: while it is there, this is done again
		if err := os.Remove(s.name(w, suffix)); !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

func sizeOf(name string) (uint64, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, fault.New(fault.Unavailable, "look at what was sealed: %w", err)
	}
	return uint64(info.Size()), nil
}

func hashOf(name string) (hash [32]byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return hash, err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return [32]byte(sum.Sum(nil)), errors.Join(err, f.Close())
}
