package wiped_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/zhurnal/zhurnal/server/wiped"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

func room() error { return nil }

// receiptOf is the receipt for a file.
func receiptOf(file []byte) *credential.Wiped {
	return &credential.Wiped{
		Order:   credential.WipeOrder{Device: credential.DeviceID{1}, Nonce: credential.Nonce{2}},
		Receipt: credential.WipeReceipt{Device: credential.DeviceID{1}, PackageHash: sha256.Sum256(file), PackageBytes: uint64(len(file))},
	}
}

func put(t *testing.T, s *wiped.Store, w *credential.Wiped, offset uint64, piece []byte, want uint64) {
	t.Helper()
	if received, err := s.Put(w, offset, piece); err != nil || received != want {
		t.Errorf("%d bytes at %d: %d are there, want %d; %v", len(piece), offset, received, want, err)
	}
}

func TestAFileComesInPiecesInWhateverOrder(t *testing.T) {
	file := bytes.Repeat([]byte("sealed"), 50_000)
	w, dir := receiptOf(file), filepath.Join(t.TempDir(), "wiped")
	s := wiped.New(dir, room)
	put(t, s, w, 0, nil, 0)
	put(t, s, w, 0, file[:1000], 1000)
	put(t, s, w, 0, file[:1000], 1000)        // again, after a cut
	put(t, s, w, 5000, file[5000:6000], 1000) // one that is too early
	if _, err := s.Open(w); fault.KindOf(err) != fault.NotFound {
		t.Errorf("it is there before it is whole: %v", err)
	}
	s = wiped.New(dir, room) // another process
	for at := uint64(1000); at < uint64(len(file)); {
		end := min(at+credential.PieceBytes, uint64(len(file)))
		put(t, s, w, at, file[at:end], end)
		at = end
	}
	put(t, s, w, 0, nil, uint64(len(file)))
	opened, err := s.Open(w)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(opened)
	if err := errors.Join(err, opened.Close()); err != nil || !bytes.Equal(got, file) {
		t.Errorf("%d bytes of %d, %v", len(got), len(file), err)
	}
	if receipts, err := s.Receipts(); err != nil || len(receipts) != 1 || receipts[0].Receipt.PackageHash != w.Receipt.PackageHash {
		t.Errorf("%+v, %v", receipts, err)
	}
	for range 2 {
		if err := s.Drop(w); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestWhatIsNotTheFileOfTheReceiptIsNotKept(t *testing.T) {
	file := []byte("what was sealed")
	w := receiptOf(file)
	s := wiped.New(t.TempDir(), room)
	if _, err := s.Put(w, 0, []byte("what was sealeD")); fault.KindOf(err) != fault.FalseHash {
		t.Errorf("another file: %v", err)
	}
	put(t, s, w, 0, nil, 0)
	if _, err := s.Put(w, 0, append(bytes.Clone(file), '!')); fault.KindOf(err) != fault.Malformed {
		t.Errorf("a longer file: %v", err)
	}
	put(t, s, w, 0, file, uint64(len(file)))

	huge := receiptOf(file)
	huge.Receipt.PackageBytes = 1 << 40
	if _, err := s.Put(huge, 0, nil); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("a terabyte: %v", err)
	}
	if _, err := s.Put(receiptOf(make([]byte, 1<<20)), 0, make([]byte, credential.PieceBytes+1)); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("a large piece: %v", err)
	}
	full := wiped.New(filepath.Join(t.TempDir(), "full"), func() error { return fault.New(fault.NoRoom, "the disk is full") })
	if _, err := full.Put(w, 0, file); fault.KindOf(err) != fault.NoRoom {
		t.Errorf("a full disk: %v", err)
	}
}
