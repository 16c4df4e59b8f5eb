package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

type deviceWipe struct {
	askerFlags
	Device  []id   `arg:"" help:"The devices: 32 hexadecimal digits each. A shared tablet is a device for each of its users."`
	WipeKey string `required:"" type:"existingfile" placeholder:"FILE" help:"The key that signs the order, as 'zhurnal key wipe' made it."`
	Print   *id    `placeholder:"ORGANISATION" help:"Ask no server: print the orders, for devices of this organisation. Whoever may revoke hands them over on the page of the device."`
}

// Help is shown by 'zhurnal device wipe --help'.
func (deviceWipe) Help() string {
	return `The device is let in no more. When it next meets the server or a hub it is told the order, seals what it has not
sent to the recovery recipients, destroys its keys and files, and leaves the sealed file and a receipt: the device is
then "wiped", and the file lies in the directory DIR.wiped of the server, for 'zhurnal recover'.

A device that never connects again never hears of it, and cannot be wiped: what protects what it holds then is its
encryption, the PIN of its user and the offline lease. 'zhurnal device revoke' takes an order back that the device has
not heard of.

With --print no server is asked, so that the machine with the wipe key needs no network: each order is a line, which is no
secret and good against that device alone. The page of the device, in the console, shows the command and takes the line.

Examples:
  zhurnal device wipe --key desk.key --wipe-key /mnt/safe/wipe.key 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1
  zhurnal device wipe --wipe-key /mnt/safe/wipe.key --print 07a3c1d2e4f50617283940516273849a 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1`
}

// Run signs an order for each device and hands it over, or prints it.
func (c *deviceWipe) Run(ctx context.Context, to streams) error {
	key, err := keyfile.Open(c.WipeKey)
	if err != nil {
		return fmt.Errorf("device wipe: %w", err)
	}
	if key.Identity != nil {
		return fmt.Errorf("device wipe: %s is the key of a device: name the file that `zhurnal key wipe` has made", c.WipeKey)
	}
	if c.Print != nil {
		return c.print(to, key)
	}
	return c.directory(ctx, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient) error {
		organisation, err := eachDevice(ctx, client, func(*directoryv1.ListedDevice) {})
		if err != nil {
			return err
		}
		for _, device := range c.Device {
			if err := c.order(ctx, client, key, organisation, device); err != nil {
				return err
			}
			fmt.Fprintf(to.out, "device %x: ordered to be wiped; it hears of it when it next meets the server or a hub, and not before\n", device)
		}
		return nil
	})
}

// print writes each order as a line.
func (c *deviceWipe) print(to streams, key *keyfile.File) error {
	if c.Key != "" || c.Server != "" {
		return errors.New("device wipe: with --print no server is asked: leave out --key and --server")
	}
	for _, device := range c.Device {
		order, err := signedOrder(key, c.Print[:], device)
		if err != nil {
			return fmt.Errorf("device wipe: %w", err)
		}
		fmt.Fprintln(to.out, order.Text())
	}
	return nil
}

// order hands one over.
func (c *deviceWipe) order(ctx context.Context, client directoryv1connect.DirectoryServiceClient, key *keyfile.File, organisation []byte, device id) error {
	order, err := signedOrder(key, organisation, device)
	if err != nil {
		return err
	}
	_, err = client.WipeDevice(ctx, connect.NewRequest(&directoryv1.WipeDeviceRequest{DeviceId: device[:], Order: order.ToProto()}))
	return err
}

func signedOrder(key *keyfile.File, organisation []byte, device id) (*credential.WipeOrder, error) {
	order := &credential.WipeOrder{Device: credential.DeviceID(device), IssuedMillis: nowMillis()}
	copy(order.Organisation[:], organisation)
	if _, err := io.ReadFull(rand.Reader, order.Nonce[:]); err != nil {
		return nil, err
	}
	return order, order.Sign(key.Signer)
}

type wipeKeyCommand struct {
	File string `arg:"" help:"The file to make. One that is there is not replaced."`
}

// Help is shown by 'zhurnal key wipe --help'.
func (wipeKeyCommand) Help() string {
	return `The file signs orders to wipe a device. It does not belong on the server: who takes the server over could then
wipe every tablet. What is printed is its public half, which goes into invitations:
  zhurnal invite --dir ./register --wipe-key PUBLIC --recovery age1... --name "Olena S."
Tablets obey the key that they were given when they enrolled, and no other.`
}

// Run makes a wipe key.
func (c *wipeKeyCommand) Run(to streams) error {
	key, err := keyfile.Make(c.File)
	if err != nil {
		return fmt.Errorf("key wipe: %w", err)
	}
	_, err = fmt.Fprintln(to.out, hex.EncodeToString(key.Signer.Public().Bytes()))
	return err
}

// wipeKey is the public half of a wipe key on the command line.
type wipeKey []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *wipeKey) UnmarshalText(text []byte) error {
	data, err := hex.DecodeString(string(text))
	if err == nil {
		_, err = credential.ParsePublicKey(credential.Ed25519, data)
	}
	if err != nil {
		return errors.New("it is no public half of a wipe key, as 'zhurnal key wipe' prints it")
	}
	*k = data
	return nil
}
