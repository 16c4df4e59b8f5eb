package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
)

// Child is the hidden command that bench runs as a process of its own: a server
// or a writer of R1 or R2. It takes a job and then orders, one line of JSON
// each, on its standard input, and answers each with one line. When the input
// ends, so does the process.
type Child struct{}

// ChildName is the name under which the program must know [Child].
const ChildName = "bench-child"

// Run serves orders until there are no more.
func (*Child) Run(ctx context.Context) error {
	signal.Ignore(os.Interrupt) // a Ctrl-C is for who gives the orders
	return obey(ctx, os.Stdin, os.Stdout)
}

// job is the first line: what the process is.
type job struct {
	Role string   `json:"role"`
	Dir  string   `json:"dir"`
	Load workload `json:"load"`
}

// The roles.
const (
	roleServer = "server"
	roleR1     = "r1"
	roleR2     = "r2"
)

// order is one further line.
type order struct {
	Do   string `json:"do"`
	Path string `json:"path,omitempty"`
}

// What can be ordered.
const (
	doMeasure = "measure" // read usage
	doProfile = "profile" // begin a CPU profile in the file Path
	doHeap    = "heap"    // end it, and write a heap profile into the file Path
	doWrite   = "write"   // R1, R2: write everything
	doDigest  = "digest"  // server: the state's digest
	doClose   = "close"   // close the store
)

// answer is the answer to a line.
type answer struct {
	Error   string `json:"error,omitempty"`
	Address string `json:"address,omitempty"` // of the server
	// Invitations are for the devices, the coordinator's first.
	Invitations []string `json:"invitations,omitempty"`
	Usage       usage    `json:"usage,omitzero"`
	// Micros is what the writing took on the clock.
	Micros   int64  `json:"micros,omitempty"`
	Digest   string `json:"digest,omitempty"`
	Position uint64 `json:"position,omitempty"`
}

// usage is what a process has used since it began.
type usage struct {
	CPUMicros int64 `json:"cpu_micros"` // user and system
	PeakBytes int64 `json:"peak_bytes"` // of resident memory
}

// role is what a child does.
type role interface {
	// do carries out an order of its own.
	do(o order) (answer, error)
	// close makes everything durable and ends the role; a second call does
	// nothing.
	close() error
}

func obey(ctx context.Context, in io.Reader, out io.Writer) error {
	lines, answers := json.NewDecoder(in), json.NewEncoder(out)
	var j job
	if err := lines.Decode(&j); err != nil {
		return fmt.Errorf("%s: no job on standard input: %w: it is started by bench", ChildName, err)
	}
	playing, first, err := begin(ctx, j)
	if err != nil {
		return errors.Join(err, answers.Encode(answer{Error: err.Error()}))
	}
	if err := answers.Encode(first); err != nil {
		return errors.Join(err, playing.close())
	}
	err = obeyOrders(playing, lines, answers)
	return errors.Join(err, playing.close())
}

func begin(ctx context.Context, j job) (role, answer, error) {
	switch j.Role {
	case roleServer:
		return beginServer(ctx, j)
	case roleR1, roleR2:
		return beginRaw(j)
	}
	return nil, answer{}, fmt.Errorf("%s: no role %q", ChildName, j.Role)
}

func obeyOrders(playing role, lines *json.Decoder, answers *json.Encoder) error {
	for {
		var o order
		if err := lines.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("order: %w", err)
		}
		a, err := carryOut(playing, o)
		if err != nil {
			a.Error = fmt.Sprintf("%s: %v", o.Do, err)
		}
		if err := answers.Encode(a); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
}

func carryOut(playing role, o order) (a answer, err error) {
	switch o.Do {
	case doMeasure:
		a.Usage, err = measure()
	case doProfile:
		err = profile(o.Path)
	case doHeap:
		err = heapProfile(o.Path)
	case doClose:
		err = playing.close()
	default:
		return playing.do(o)
	}
	return a, err
}

func profile(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(file) // the file is closed by the end of the process
}

func heapProfile(path string) (err error) {
	pprof.StopCPUProfile()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	runtime.GC() // the profile is as of the last collection
	return errors.Join(pprof.WriteHeapProfile(file), file.Close())
}
