package clientsdk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"google.golang.org/protobuf/proto"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"

	"github.com/zhurnal/zhurnal/clientsdk/localstore"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// unsentWork returns what the next sync would send home: own changes over which
// there is no verdict, and what others wrote that home may not have.
func (r *Register) unsentWork(ctx context.Context) (work []*enrolv1.SealedSpace, result WipeResult, err error) {
	err = r.store.Read(ctx, func(tx localstore.Tx) error {
		spaces, err := tx.Spaces()
		if err != nil {
			return err
		}
		for i := range spaces {
			u := unsent{tx: tx, space: &spaces[i], wiping: r.options.Wiping}
			if err := u.collect(); err != nil {
				return about(err, "space %s", spaces[i].ID)
			}
			result.Changes += u.changes
			result.Unreadable += u.unreadable
			if len(u.batches) > 0 {
				work = append(work, &enrolv1.SealedSpace{SpaceId: spaces[i].ID[:], Batches: u.batches})
			}
		}
		return nil
	})
	return work, result, err
}

// unsent is what one space has for home.
type unsent struct {
	tx      localstore.Tx
	space   *localstore.Space
	wiping  *Wiping
	batches [][]byte
	// changes are those in the batches, and unreadable are others, which no sync
	// could have sent either.
	changes, unreadable int
}

func (u *unsent) collect() error {
	var own, relayed []*merge.Change
	err := u.tx.Unsent(u.space.N, func(_ localstore.Pending, content []byte) bool {
		own = u.decode(own, content)
		return true
	})
	if err != nil {
		return err
	}
	err = u.tx.RelayedOffers(u.space.N, func(r localstore.Relayed) bool {
		relayed = u.decode(relayed, r.Content)
		return true
	})
	if err != nil {
		return err
	}
	signed, err := encodeOwn(u.space.ID, own, u.wiping.Identity.Device, u.wiping.Signer)
	if err != nil {
		return err
	}
	brought, err := wire.EncodeBatches(u.space.ID, relayed)
	if err != nil {
		return err
	}
	u.batches, u.changes = append(signed, brought...), len(own)+len(relayed)
	return u.tx.Offered(u.space.N, func(c localstore.Carried) bool {
		if changes, err := wire.DecodeKeptBatch(u.space.ID, c.Batch); err != nil {
			u.unreadable++
		} else {
			u.batches = append(u.batches, c.Batch)
			u.changes += len(changes)
		}
		return true
	})
}

func (u *unsent) decode(to []*merge.Change, content []byte) []*merge.Change {
	c, err := decodeOwn(u.space.ID, content)
	if err != nil {
		u.unreadable++
		return to
	}
	return append(to, c)
}

// The files that a wipe leaves until they are delivered.
const (
	sealedFileName  = "wiped.age"
	receiptFileName = "wiped.receipt"
)

// sealWork seals what was not sent, and signs the receipt for it.
func sealWork(dir string, w *Wiping, order *credential.WipeOrder, work []*enrolv1.SealedSpace, nowMillis int64) error {
	wiped := credential.Wiped{Order: *order, Receipt: credential.WipeReceipt{
		Organisation: order.Organisation, Device: order.Device, Nonce: order.Nonce, SignedMillis: nowMillis,
	}}
	if len(work) > 0 {
		sealed, err := sealFor(w.Identity.Recipients, &enrolv1.SealedWork{
			OrganisationId: order.Organisation[:], DeviceId: order.Device[:], PersonId: w.Identity.Person[:], Nonce: order.Nonce[:], Spaces: work,
		})
		if err != nil {
			return err
		}
		if err := atomicfile.Replace(filepath.Join(dir, sealedFileName), sealed); err != nil {
			return fault.New(fault.Unavailable, "%w", err)
		}
		wiped.Receipt.PackageHash, wiped.Receipt.PackageBytes = sha256.Sum256(sealed), uint64(len(sealed))
	}
	if err := wiped.Receipt.Sign(w.Signer); err != nil {
		return fault.New(fault.Unavailable, "the device's key does not sign: %w", err)
	}
	receipt, err := proto.Marshal(wiped.ToProto())
	if err != nil {
		return fault.New(fault.Internal, "%w", err)
	}
	if err := atomicfile.Replace(filepath.Join(dir, receiptFileName), receipt); err != nil {
		return fault.New(fault.Unavailable, "%w", err)
	}
	return nil
}

// sealFor returns an age file that the recipients open.
func sealFor(recipients []string, work *enrolv1.SealedWork) ([]byte, error) {
	plain, err := proto.Marshal(work)
	if err != nil {
		return nil, fault.New(fault.Internal, "%w", err)
	}
	to, err := age.ParseRecipients(strings.NewReader(strings.Join(recipients, "\n")))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the recovery recipients: %w", err)
	}
	var sealed bytes.Buffer
	writer, err := age.Encrypt(&sealed, to...)
	if err == nil {
		_, err = writer.Write(plain)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "seal: %w", err)
	}
	return sealed.Bytes(), nil
}
