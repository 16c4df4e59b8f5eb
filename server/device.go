package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1/directoryv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/syncengine/credential"
)

type deviceCommand struct {
	List   deviceList   `cmd:"" help:"List the devices of your organisation that you may see."`
	Revoke deviceRevoke `cmd:"" help:"Let a device in no more, for good: it was lost or stolen."`
	Retire deviceRetire `cmd:"" help:"Do not wait for a device in the figures, until it syncs again."`
	Unlock deviceUnlock `cmd:"" help:"Print the code that unlocks a tablet which has not met the server for too long, and cannot."`
	Wipe   deviceWipe   `cmd:"" help:"Order that a device erases what it holds when it next meets the server or a hub."`
	// Manifest is for whoever reports the breach.
	Manifest deviceManifest `cmd:"" help:"Say what a lost device holds: which spaces, how many records of which sensitivity."`
}

// askerFlags say as whom a running server is asked.
type askerFlags struct {
	Server  string        `placeholder:"URL" help:"With --key: another address of the server than that at which the device enrolled."`
	Key     string        `placeholder:"FILE" help:"The key file of a device, as 'zhurnal enrol' makes it. Without it: as who has signed in."`
	Session string        `placeholder:"FILE" help:"Where 'zhurnal sign-in' keeps the session (in your configuration directory)."`
	Wait    time.Duration `default:"1m" help:"How long to wait for each answer (${default})."`
}

// directory calls the directory of the running server.
func (a *askerFlags) directory(ctx context.Context, call func(context.Context, directoryv1connect.DirectoryServiceClient) error) error {
	caller, err := keyfile.Whoever(a.Key, a.Session, a.Server, http.DefaultClient)
	if err != nil {
		return fmt.Errorf("device: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	if err := call(ctx, directoryv1connect.NewDirectoryServiceClient(caller.Client, caller.Address, caller.Option)); err != nil {
		return keyfile.Explain("device", caller.Address, err)
	}
	return nil
}

// eachOf asks something of one device after the other, and says of each that it is
// done.
func (a *askerFlags) eachOf(ctx context.Context, to streams, devices []id, done string, ask func(ctx context.Context, client directoryv1connect.DirectoryServiceClient, device []byte) error) error {
	return a.directory(ctx, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient) error {
		for _, device := range devices {
			if err := ask(ctx, client, device[:]); err != nil {
				return err
			}
			fmt.Fprintf(to.out, "device %x: %s\n", device, done)
		}
		return nil
	})
}

type deviceList struct{ askerFlags }

// Run prints a line for each device.
func (c *deviceList) Run(ctx context.Context, to streams) error {
	return c.directory(ctx, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient) error {
		_, err := eachDevice(ctx, client, func(d *directoryv1.ListedDevice) {
			wipe := ""
			if d.Hub {
				wipe = ", a hub"
			}
			if !d.ObeysWipeKey {
				wipe += ", obeys no order to wipe it"
			}
			fmt.Fprintf(to.out, "%x  %-12s  %q of user %x, enrolled %s%s\n", d.DeviceId, statusWord(d.Status), d.TabletLabel, d.UserId, clock(d.EnrolledMillis), wipe)
		})
		return err
	})
}

// eachDevice calls each with the devices that are listed, and returns whose they
// are.
func eachDevice(ctx context.Context, client directoryv1connect.DirectoryServiceClient, each func(*directoryv1.ListedDevice)) (organisation []byte, err error) {
	for token := ""; ; {
		resp, err := client.ListDevices(ctx, connect.NewRequest(&directoryv1.ListDevicesRequest{PageToken: token}))
		if err != nil {
			return nil, err
		}
		for _, d := range resp.Msg.Devices {
			each(d)
		}
		if token = resp.Msg.NextPageToken; token == "" {
			return resp.Msg.OrganisationId, nil
		}
	}
}

// statusWord is the status as people say it.
func statusWord(status directoryv1.DeviceStatus) string {
	word := strings.TrimPrefix(status.String(), "DEVICE_STATUS_")
	return strings.ReplaceAll(strings.ToLower(word), "_", " ")
}

type deviceRevoke struct {
	askerFlags
	Device []id `arg:"" help:"The devices: 32 hexadecimal digits each, as 'zhurnal device list' prints them."`
}

// Run revokes.
func (c *deviceRevoke) Run(ctx context.Context, to streams) error {
	const done = "revoked. What it holds it still holds: 'zhurnal device wipe'."
	return c.eachOf(ctx, to, c.Device, done, func(ctx context.Context, client directoryv1connect.DirectoryServiceClient, device []byte) error {
		_, err := client.RevokeDevice(ctx, connect.NewRequest(&directoryv1.RevokeDeviceRequest{DeviceId: device}))
		return err
	})
}

type deviceRetire struct {
	askerFlags
	Device []id `arg:"" help:"The devices: 32 hexadecimal digits each."`
	Back   bool `help:"Take it back: wait for the devices again."`
}

// Run retires.
func (c *deviceRetire) Run(ctx context.Context, to streams) error {
	return c.eachOf(ctx, to, c.Device, "done", func(ctx context.Context, client directoryv1connect.DirectoryServiceClient, device []byte) error {
		_, err := client.RetireDevice(ctx, connect.NewRequest(&directoryv1.RetireDeviceRequest{DeviceId: device, Retired: !c.Back}))
		return err
	})
}

type deviceWipe struct {
	askerFlags
	Device  []id   `arg:"" help:"The devices: 32 hexadecimal digits each. A shared tablet is a device for each of its users."`
	WipeKey string `required:"" type:"existingfile" placeholder:"FILE" help:"The key that signs the order, as 'zhurnal key wipe' made it."`
}

// Help is shown by 'zhurnal device wipe --help'.
func (deviceWipe) Help() string {
	return `The device is let in no more. When it next meets the server or a hub it is told the order, seals what it has not
sent to the recovery recipients, destroys its keys and files, and leaves the sealed file and a receipt: the device is
then "wiped", and the file lies in the directory DIR.wiped of the server, for 'zhurnal recover'.

A device that never connects again never hears of it, and cannot be wiped: what protects what it holds then is its
encryption, the PIN of its user and the offline lease. 'zhurnal device revoke' takes an order back that the device has
not heard of.

Example:
  zhurnal device wipe --key desk.key --wipe-key /mnt/safe/wipe.key 6f0c9d1f0e6b4a2ba5a1f3f3a9a4c7d1`
}

// Run signs an order for each device and hands it over.
func (c *deviceWipe) Run(ctx context.Context, to streams) error {
	key, err := keyfile.Open(c.WipeKey)
	if err != nil {
		return fmt.Errorf("device wipe: %w", err)
	}
	if key.Identity != nil {
		return fmt.Errorf("device wipe: %s is the key of a device: name the file that `zhurnal key wipe` has made", c.WipeKey)
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

func (c *deviceWipe) order(ctx context.Context, client directoryv1connect.DirectoryServiceClient, key *keyfile.File, organisation []byte, device id) error {
	order := credential.WipeOrder{Device: credential.DeviceID(device), IssuedMillis: nowMillis()}
	copy(order.Organisation[:], organisation)
	if _, err := io.ReadFull(rand.Reader, order.Nonce[:]); err != nil {
		return err
	}
	if err := order.Sign(key.Signer); err != nil {
		return err
	}
	_, err := client.WipeDevice(ctx, connect.NewRequest(&directoryv1.WipeDeviceRequest{DeviceId: device[:], Order: order.ToProto()}))
	return err
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
