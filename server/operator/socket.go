package operator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// socketName is the socket's name in the directory of the register.
const socketName = "admin.sock"

// pathBytes bounds the path of a socket, with the zero behind it: Linux takes
// 108 bytes, macOS and the BSDs 104.
const pathBytes = 104

// Listen opens the socket in the register's directory, which must be its owner's
// alone. Call it with the register open: a socket that is there then was left by
// a server that was killed, and is replaced. Closing the listener removes it.
func Listen(ctx context.Context, dir string) (net.Listener, error) {
	path, err := pathIn(dir)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("operator's socket: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("operator's socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("operator's socket: %w", err), listener.Close())
	}
	return listener, nil
}

// pathIn returns the path of the socket, the shorter of the absolute one and
// that from the working directory.
func pathIn(dir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, socketName))
	if err != nil {
		return "", fmt.Errorf("operator's socket: %w", err)
	}
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, path); err == nil && len(relative) < len(path) {
			path = relative
		}
	}
	if len(path) >= pathBytes {
		return "", fmt.Errorf("operator's socket: the path %s has %d bytes, and a socket's may have %d: start from a directory that is nearer, or give the register one with a shorter name",
			path, len(path), pathBytes-1)
	}
	return path, nil
}

// URL is what clients are given as the address: the name stands for the socket.
const URL = "http://operator"

// Dial returns a client of the server that has the directory's register open;
// nil if none runs.
func Dial(ctx context.Context, dir string) (*http.Client, error) {
	path, err := pathIn(dir)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	asking, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := dial(asking, "", "")
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, connectionRefused):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("operator's socket: %w: is it yours, and the directory?", err)
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("operator's socket: %w", err)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableCompression: true}}, nil
}

// dialTimeout is how long a server of this machine may take to accept.
const dialTimeout = 10 * time.Second
