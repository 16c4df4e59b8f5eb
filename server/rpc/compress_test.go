package rpc

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// gzipOf compresses with the standard library, which the server does not use.
func gzipOf(t testing.TB, plain []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func zstdOf(t testing.TB, plain []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

func inflate(t *testing.T, encoding string, packed []byte) []byte {
	t.Helper()
	var r io.Reader
	var err error
	switch encoding {
	case "gzip":
		r, err = gzip.NewReader(bytes.NewReader(packed))
	case "zstd":
		r, err = zstd.NewReader(bytes.NewReader(packed))
	default:
		return packed
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// echoing answers with a page whose cursor has as many bytes as were asked for.
func echoing() *scripted {
	return &scripted{pull: func(_ context.Context, _ merge.SpaceID, cursor []byte, pageBytes int) (wire.Page, error) {
		page := hallPage(pageBytes)
		page.Position = uint64(len(cursor))
		return page, nil
	}}
}

func pullBytes(t testing.TB, cursor []byte, pageBytes uint32) []byte {
	message, err := proto.Marshal(&syncv1.PullRequest{SpaceId: hall[:], Cursor: cursor, PageBytes: pageBytes})
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func protoHeaders(more ...string) []string {
	return append([]string{"Content-Type", "application/proto", "Authorization", office.Header(olena)}, more...)
}

func TestRequestsAndAnswersAreCompressedAsTheClientAsks(t *testing.T) {
	server := start(t, echoing(), usual)
	cursor := bytes.Repeat([]byte{'c'}, 50_000)
	message := pullBytes(t, cursor, 90_000)
	for _, c := range []struct {
		name, send, accept, want string
		pack                     func(testing.TB, []byte) []byte
	}{
		{name: "plain", send: "identity", accept: "identity"},
		{name: "gzip", send: "gzip", accept: "gzip", want: "gzip", pack: gzipOf},
		{name: "zstd", send: "zstd", accept: "zstd", want: "zstd", pack: zstdOf},
		{name: "zstd preferred", send: "identity", accept: "zstd, gzip", want: "zstd"},
		{name: "gzip preferred", send: "identity", accept: "gzip, zstd", want: "gzip"},
		{name: "unknown preferred", send: "identity", accept: "br, zstd", want: "zstd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := message
			if c.pack != nil {
				body = c.pack(t, message)
			}
			for version := 1; version <= 2; version++ {
				got := server.post(httpClient(t, version), syncv1connect.SyncServicePullProcedure, body,
					protoHeaders("Content-Encoding", c.send, "Accept-Encoding", c.accept)...)
				mustBe(t, "status", got.status, http.StatusOK)
				mustBe(t, "encoding", got.header.Get("Content-Encoding"), c.want)
				if c.want != "" && len(got.body) > 5_000 {
					t.Errorf("%d bytes came", len(got.body))
				}
				var resp syncv1.PullResponse
				if err := proto.Unmarshal(inflate(t, c.want, got.body), &resp); err != nil {
					t.Fatal(err)
				}
				mustBe(t, "bytes of the cursor that arrived", resp.Page.Position, uint64(len(cursor)))
				mustBe(t, "bytes of the page that arrived", len(resp.Page.Cursor), 90_000)
			}
		})
	}
}

func TestSmallAnswersAreNotCompressed(t *testing.T) {
	server := start(t, echoing(), usual)
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, pullBytes(t, nil, 90), protoHeaders("Accept-Encoding", "zstd")...)
	mustBe(t, "status", got.status, http.StatusOK)
	mustBe(t, "encoding", got.header.Get("Content-Encoding"), "")
}

// counted is a decompressor that tells how much it inflated in all.
type counted struct {
	connect.Decompressor
	inflatedBytes *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Decompressor.Read(p)
	c.inflatedBytes.Add(int64(n))
	return n, err
}

// counting puts the meter below the cap, at the inflater itself.
func counting(name string, meter *atomic.Int64) connect.HandlerOption {
	makers := map[string]struct {
		decompressor func(capBytes int) connect.Decompressor
		compressor   func() connect.Compressor
	}{"gzip": {newGunzip, newGzip}, "zstd": {newUnzstd, newZstd}}
	return connect.WithCompression(name, func() connect.Decompressor {
		c := makers[name].decompressor(messageBytes).(*capped)
		c.source = counted{c.source, meter}
		return c
	}, makers[name].compressor)
}

// bomb is 2 GiB of zeros in many members or frames, so that no header tells
// how much it is.
func bomb(t *testing.T, pack func(testing.TB, []byte) []byte) []byte {
	return bytes.Repeat(pack(t, make([]byte, 2<<20)), 1024)
}

// singleBomb is zeros in one member or frame.
func singleBomb(t *testing.T, pack func(testing.TB, []byte) []byte) []byte {
	return pack(t, make([]byte, 12<<20))
}

func TestAttack10ABombIsInflatedToTheCapAndNoFurther(t *testing.T) {
	for name, pack := range map[string]func(testing.TB, []byte) []byte{"gzip": gzipOf, "zstd": zstdOf} {
		for shape, body := range map[string][]byte{"one": singleBomb(t, pack), "many": bomb(t, pack)} {
			t.Run(name+"/"+shape, func(t *testing.T) {
				if int64(len(body)) > procedures[syncv1connect.SyncServicePushProcedure].wireBytes() {
					t.Fatalf("the bomb has %d bytes and would be stopped by its size", len(body))
				}
				var meter atomic.Int64
				engine := echoing()
				server := start(t, engine, usual, counting(name, &meter))
				got := server.post(httpClient(t, 1), syncv1connect.SyncServicePushProcedure, body, protoHeaders("Content-Encoding", name)...)
				mustBeRefusedAsTooLarge(t, got)
				if n := meter.Load(); n > messageBytes+1 {
					t.Errorf("%d bytes were inflated, with a cap of %d", n, messageBytes)
				}
				mustBe(t, "calls that reached the engine", len(engine.calls()), 0)
			})
		}
	}
}

// The zstd decoder inflates a small buffer in one go when it is reset, unless
// told otherwise: before any reader could count.
func TestNothingIsInflatedBeforeItIsRead(t *testing.T) {
	d := newUnzstd(messageBytes)
	packed := bytes.NewBuffer(zstdOf(t, make([]byte, 64<<20)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := d.Reset(packed); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 2*zstdMaxWindowBytes {
		t.Errorf("%d bytes were allocated to read one", allocated)
	}
}

func mustBeRefusedAsTooLarge(t *testing.T, got reply) {
	t.Helper()
	mustBe(t, "status", got.status, http.StatusTooManyRequests)
	var refusal struct{ Code, Message string }
	if err := json.Unmarshal(got.body, &refusal); err != nil {
		t.Fatalf("%s: %v", got.body, err)
	}
	mustBe(t, "code", refusal.Code, "resource_exhausted")
}

func TestAttack10ABombFromAStrangerIsNotInflatedAtAll(t *testing.T) {
	var meter atomic.Int64
	server := start(t, echoing(), usual, counting("gzip", &meter))
	got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, singleBomb(t, gzipOf),
		"Content-Type", "application/proto", "Content-Encoding", "gzip")
	mustBe(t, "status", got.status, http.StatusUnauthorized)
	mustBe(t, "inflated bytes", meter.Load(), 0)
}

func TestAMessageOfExactlyTheCapPasses(t *testing.T) {
	for name, maker := range map[string]struct {
		pack func(testing.TB, []byte) []byte
		open func(capBytes int) connect.Decompressor
	}{"gzip": {gzipOf, newGunzip}, "zstd": {zstdOf, newUnzstd}} {
		d := maker.open(messageBytes)
		for _, sizeBytes := range []int{0, 1, messageBytes - 1, messageBytes, messageBytes + 1, 17} {
			if err := d.Reset(bytes.NewReader(maker.pack(t, make([]byte, sizeBytes)))); err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(d)
			if tooLarge := sizeBytes > messageBytes; tooLarge != (connect.CodeOf(err) == connect.CodeResourceExhausted) {
				t.Errorf("%s: %d bytes: %v", name, sizeBytes, err)
			}
			mustBe(t, name, len(plain), min(sizeBytes, messageBytes))
		}
	}
}

func TestDamagedCompressionIsTheSendersMistake(t *testing.T) {
	server := start(t, echoing(), usual)
	message := pullBytes(t, bytes.Repeat([]byte("cursor"), 1000), 0)
	for name, packed := range map[string][]byte{"gzip": gzipOf(t, message), "zstd": zstdOf(t, message)} {
		for what, body := range map[string][]byte{"cut": packed[:len(packed)/2], "not it": []byte("no compression at all")} {
			got := server.post(httpClient(t, 1), syncv1connect.SyncServicePullProcedure, body, protoHeaders("Content-Encoding", name)...)
			mustBe(t, name+" "+what, got.status, http.StatusBadRequest)
		}
	}
}

// BenchmarkAnswer packs a page of 200 attendance marks: as batches, which are
// compressed already, and as rows, which are not.
func BenchmarkAnswer(b *testing.B) {
	source := rand.NewChaCha8([32]byte{1})
	batches := make([]byte, 60<<10)
	_, _ = source.Read(batches)
	rows := bytes.Clone(batches)
	for i := 0; i+48 < len(rows); i += 64 { // a quarter is ids, the rest repeats
		copy(rows[i:], "zhurnal.records.v1.AttendanceMark present on day")
	}
	for name, data := range map[string][]byte{"batches": batches, "rows": rows} {
		for encoding, compressor := range map[string]connect.Compressor{"gzip": newGzip(), "zstd": newZstd()} {
			b.Run(name+"/"+encoding, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				var packed bytes.Buffer
				for b.Loop() {
					packed.Reset()
					compressor.Reset(&packed)
					_, err := compressor.Write(data)
					if err := errors.Join(err, compressor.Close()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(packed.Len())/float64(len(data)), "of-size")
			})
		}
	}
}
