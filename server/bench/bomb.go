package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
)

// A bomb is so many parts of so many zeros, each compressed by itself: 2 GiB in
// all, and as a request short enough for the server to read it.
const (
	bombParts     = 1024
	bombPartBytes = 2 << 20
)

// bombs measures what it costs the server to refuse them.
func (r *rush) bombs(ctx context.Context, f figures) error {
	if err := r.devices[0].pull(ctx, nil); err != nil { // with a token that is good
		return err
	}
	for encoding, pack := range map[string]func([]byte) ([]byte, error){"gzip": gzipOf, "zstd": zstdOf} {
		part, err := pack(make([]byte, bombPartBytes))
		if err != nil {
			return fmt.Errorf("bomb: %s: %w", encoding, err)
		}
		before, err := r.server.usage()
		if err != nil {
			return err
		}
		start := time.Now()
		if err := r.throw(ctx, encoding, bytes.Repeat(part, bombParts)); err != nil {
			return fmt.Errorf("bomb: %s: %w", encoding, err)
		}
		f["bomb."+encoding+"_ms"] = float64(time.Since(start).Microseconds()) / 1000
		after, err := r.server.usage()
		if err != nil {
			return err
		}
		f["bomb."+encoding+"_cpu_ms"] = float64(after.CPUMicros-before.CPUMicros) / 1000
	}
	return nil
}

// throw sends a bomb as a push, and makes sure that it is refused for its size.
func (r *rush) throw(ctx context.Context, encoding string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.server.first.Address+syncv1connect.SyncServicePushProcedure, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/proto")
	req.Header.Set("Content-Encoding", encoding)
	req.Header.Set("Authorization", *r.devices[0].authorization.Load())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return nil
}

func gzipOf(plain []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(plain)
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

func zstdOf(plain []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	return w.EncodeAll(plain, nil), w.Close()
}
