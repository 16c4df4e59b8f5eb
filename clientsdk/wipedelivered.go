package clientsdk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// isReceipted tells whether the register in a directory is to be destroyed, or was.
func isReceipted(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, receiptFileName))
	return err == nil
}

// destroy destroys the keys and then the files of a register, but for what was
// sealed. It may be cut off, and called again.
func destroy(ctx context.Context, dir string, w *Wiping, open io.Closer) error {
	if w != nil && w.DestroyKeys != nil {
		if err := w.DestroyKeys(ctx); err != nil {
			return fault.New(fault.Unavailable, "wipe: the app cannot destroy its keys; it is tried again at the next Open: %w", err)
		}
	}
	if open != nil {
		if err := open.Close(); err != nil {
			return about(err, "wipe")
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fault.New(fault.Unavailable, "wipe: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), localstore.FileName) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			return fault.New(fault.Unavailable, "wipe: %w", err)
		}
	}
	if err := atomicfile.SyncDir(dir); err != nil {
		return fault.New(fault.Unavailable, "wipe: %w", err)
	}
	return nil
}

// DeliverWiped brings what a wipe has left in a register's directory to a server:
// the home server, or a hub, at this address. It needs no key: what is brought
// shows by itself what it is. Nothing is left then, and the directory may be used
// anew. Pins, if any, are those of home; see [Identity]. The error is
// fault.NotFound if nothing is left to deliver.
func DeliverWiped(ctx context.Context, dir, address string, pins [][32]byte, client *http.Client) error {
	if err := credential.CheckServer(address); err != nil {
		return err
	}
	pinned, err := pinnedClient(client, &credential.Home{Server: address, Pins: pins})
	if err != nil {
		return err
	}
	return deliverWiped(ctx, dir, enrolv1connect.NewWipeServiceClient(pinned, address, boundedAnswers()))
}

func deliverWiped(ctx context.Context, dir string, via enrolv1connect.WipeServiceClient) error {
	wiped, sealed, err := readWiped(dir)
	if err != nil {
		return about(err, "deliver what was sealed")
	}
	err = wiped.Deliver(sealed, func(req *enrolv1.DeliverRequest) (*enrolv1.DeliverResponse, error) {
		resp, err := via.Deliver(ctx, connect.NewRequest(req))
		if err != nil {
			return nil, callError(ctx, err)
		}
		return resp.Msg, nil
	})
	if err != nil {
		return about(err, "deliver what was sealed")
	}
	if _, err := via.Confirm(ctx, connect.NewRequest(&enrolv1.ConfirmRequest{Wiped: wiped.ToProto()})); err != nil {
		return about(callError(ctx, err), "deliver the receipt")
	}
	for _, name := range []string{sealedFileName, receiptFileName} { // the receipt last: while it is there, this is done again
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Unavailable, "deliver what was sealed: %w", err)
		}
	}
	return nil
}

// readWiped reads what a wipe has left.
func readWiped(dir string) (wiped credential.Wiped, sealed []byte, err error) {
	receipt, err := os.ReadFile(filepath.Join(dir, receiptFileName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wiped, nil, fault.New(fault.NotFound, "there is no receipt in %s", dir)
	case err != nil:
		return wiped, nil, fault.New(fault.Unavailable, "%w", err)
	}
	m := new(enrolv1.Wiped)
	if err := proto.Unmarshal(receipt, m); err != nil {
		return wiped, nil, fault.New(fault.Damaged, "receipt: %w", err)
	}
	if wiped, err = credential.WipedFromProto(m); err != nil || wiped.Receipt.PackageBytes == 0 {
		return wiped, nil, err
	}
	sealed, err = os.ReadFile(filepath.Join(dir, sealedFileName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wiped, nil, fault.New(fault.Damaged, "the sealed file of the receipt in %s is gone", dir)
	case err != nil:
		return wiped, nil, fault.New(fault.Unavailable, "%w", err)
	}
	return wiped, sealed, nil
}
