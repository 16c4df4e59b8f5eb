package keyfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"connectrpc.com/connect"

	"github.com/zhurnal/zhurnal/syncengine/atomicfile"
)

// Session is what a person at a desk has who has signed in from a terminal.
// Whoever can read its file is that person, for as long as it lasts.
type Session struct {
	// Server is its address.
	Server string `json:"server"`
	Token  string `json:"token"`
}

// SessionFile is where a session is kept if nobody says otherwise.
func SessionFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("session file: %w: say where with --session", err)
	}
	return filepath.Join(dir, "zhurnal", "session"), nil
}

// KeepSession writes the file, for its owner alone.
func KeepSession(name string, s Session) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("session file: %w", err)
	}
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("session file: %w", err)
	}
	// Another file in its place, so that what modes the one before had is nothing.
	if err := atomicfile.Replace(name, append(data, '\n')); err != nil {
		return fmt.Errorf("session file: %w", err)
	}
	return nil
}

// OpenSession reads the file, which must be its owner's alone.
func OpenSession(name string) (Session, error) {
	var s Session
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, fmt.Errorf("you have not signed in (%s is not there): `zhurnal sign-in`, or name the key file of a device that has enrolled with --key", name)
	case err != nil:
		return s, fmt.Errorf("session file: %w", err)
	case info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/':
		return s, fmt.Errorf("session file %s: others of this machine can read it: `zhurnal sign-out`, and sign in again", name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return s, fmt.Errorf("session file: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil || s.Token == "" || CheckConfidential(s.Server) != nil {
		return s, fmt.Errorf("session file %s: it is not whole: sign in again", name)
	}
	return s, nil
}

// CheckConfidential refuses the address of a server to which nobody should say a
// secret: one of another machine without TLS.
func CheckConfidential(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%q is no address of a server, such as https://register.example.org", address)
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && !strings.EqualFold(u.Hostname(), "localhost") && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s has no TLS and is not on this machine: whoever is in between would read what you say. Use https, or a tunnel", address)
	}
	return nil
}

// Whoever returns what a client of the home server is made with: by the key file
// of a device, or, if none is named, by the session of who has signed in.
func Whoever(key, session, address string, client *http.Client) (*Caller, error) {
	if key != "" && session != "" {
		return nil, errors.New("--key is a device's, --session a person's: give one of them")
	}
	if key != "" {
		return NewCaller(key, address, client)
	}
	if session == "" {
		var err error
		if session, err = SessionFile(); err != nil {
			return nil, err
		}
	}
	s, err := OpenSession(session)
	if err != nil {
		return nil, err
	}
	if address != "" && strings.TrimSuffix(address, "/") != s.Server {
		return nil, fmt.Errorf("you have signed in at %s, and not at %s: `zhurnal sign-in --server %s`", s.Server, address, address)
	}
	return &Caller{Client: client, Address: s.Server, Option: Bearer(s.Token)}, nil
}

// Bearer says by a token who calls.
func Bearer(token string) connect.ClientOption {
	return connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, req)
		}
	}))
}
