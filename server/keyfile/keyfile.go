// Package keyfile is what a program on a desk or a hub proves itself with to the
// home server. To the server such a program is a tablet, so the package calls as
// the tablet's side does.
package keyfile

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/clientsdk"
	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// File is what a program on a desk or a hub proves itself with: a private key
// in PEM, and before it, once it has enrolled, the line of its identity. Whoever
// can read the file is the device.
type File struct {
	name     string
	Signer   *clientsdk.SoftwareKey
	Identity *clientsdk.Identity // nil before it has enrolled
}

const keyBlock = "PRIVATE KEY"

// Open reads the file, which must be its owner's alone.
func Open(name string) (*File, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("the key file %s is not there: `zhurnal enrol` makes one of an invitation", name)
	case err != nil:
		return nil, fmt.Errorf("key file: %w", err)
	case info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/':
		return nil, fmt.Errorf("key file %s: others of this machine can read it: chmod 600 it, and if they may have, revoke the device and enrol anew", name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	k := &File{name: name}
	if line, rest, ok := bytes.Cut(data, []byte("-----BEGIN")); ok && len(bytes.TrimSpace(line)) > 0 {
		identity, err := clientsdk.ParseIdentity(string(line))
		if err != nil {
			return nil, fmt.Errorf("key file %s: %w", name, err)
		}
		k.Identity, data = &identity, append([]byte("-----BEGIN"), rest...)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != keyBlock {
		return nil, fmt.Errorf("key file %s: there is no private key in it", name)
	}
	if k.Signer, err = clientsdk.ParseSoftwareKey(block.Bytes); err != nil {
		return nil, fmt.Errorf("key file %s: %w", name, err)
	}
	return k, nil
}

// Make draws a key and keeps it, so that it is there when the answer to
// the request to enrol is lost.
func Make(name string) (*File, error) {
	signer, err := clientsdk.NewSoftwareKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &File{name: name, Signer: signer}
	data, err := k.encode()
	if err == nil {
		err = atomicfile.Create(name, data)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return k, nil
}

// Keep writes a new file for a device that has enrolled.
func Keep(name string, signer *clientsdk.SoftwareKey, identity clientsdk.Identity) error {
	return (&File{name: name, Signer: signer}).Enrolled(identity)
}

// Enrolled keeps the identity.
func (k *File) Enrolled(identity clientsdk.Identity) error {
	k.Identity = &identity
	data, err := k.encode()
	if err == nil {
		err = atomicfile.Replace(k.name, data)
	}
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	return nil
}

// encode returns the file's content.
func (k *File) encode() ([]byte, error) {
	private, err := k.Signer.Private()
	if err != nil {
		return nil, err
	}
	var text []byte
	if k.Identity != nil {
		text = append([]byte(k.Identity.Text()), '\n')
	}
	return append(text, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: private})...), nil
}

// Caller is what a client of a service is made with.
type Caller struct {
	Client   *http.Client
	Address  string
	Option   connect.ClientOption // proves who calls
	Identity clientsdk.Identity
}

// NewCaller returns what a client of the home server is made with: the one that
// the key file names, or at another address.
func NewCaller(name, address string, client *http.Client) (*Caller, error) {
	k, err := Open(name)
	if err != nil {
		return nil, err
	}
	if k.Identity == nil {
		return nil, fmt.Errorf("key file %s: the key has not enrolled yet: `zhurnal enrol` with an invitation", name)
	}
	if address != "" {
		k.Identity.Server = strings.TrimSuffix(address, "/")
	}
	pinned, option, err := clientsdk.Proven(*k.Identity, k.Signer, client)
	if err != nil {
		return nil, err
	}
	return &Caller{pinned, k.Identity.Server, option, *k.Identity}, nil
}

// Explain says what to do, where the error of a call alone does not.
func Explain(what, address string, err error) error {
	var known *fault.Error
	var refused *connect.Error
	switch {
	case errors.As(err, &known): // of this side
		return fmt.Errorf("%s: %w", what, known)
	case errors.As(err, &refused) && connect.IsWireError(err):
		return fmt.Errorf("%s: %s", what, refused.Message())
	}
	return fmt.Errorf("%s: no answer from %s: %w: is `zhurnal serve` running there?", what, address, err)
}
