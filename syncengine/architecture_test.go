package syncengine_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/zhurnal/zhurnal/"

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Doc        string
	GoFiles    []string // none in a package of tests alone
	Imports    []string
	Deps       []string
}

// packages lists every package of the module, without tests.
func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,GoFiles,Imports,Deps", module+"...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
}

func under(path string, dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// A rule says what packages under from must not reach, at whatever depth.
var rules = []struct {
	name   string
	from   []string
	except []string
	never  func(dep string) bool
}{
	{
		name: "the engine knows nothing that stands above it",
		from: []string{"syncengine"},
		never: func(dep string) bool {
			return under(dep, module+"server", module+"clientsdk")
		},
	},
	{
		name: "no engine package knows a record by name, or the rules over records",
		from: []string{"syncengine"}, except: []string{"syncengine/fieldwork"},
		never: func(dep string) bool {
			return under(dep, module+"proto/gen/zhurnal/records", module+"syncengine/fieldwork")
		},
	},
	{
		name: "the engine knows no network",
		from: []string{"syncengine"},
		never: func(dep string) bool {
			return strings.HasPrefix(dep, "connectrpc.com/") || under(dep, "google.golang.org/grpc")
		},
	},
	{
		name: "the server's packages do not know the tablet's side; the demo and the bench play the tablets, and a desk or a hub is one",
		from: []string{"server"}, except: []string{"server", "server/demo", "server/bench", "server/keyfile"},
		never: func(dep string) bool { return under(dep, module+"clientsdk") },
	},
	{
		name: "the tablet's side knows neither the server nor its store",
		from: []string{"clientsdk"},
		never: func(dep string) bool {
			return under(dep, module+"server", module+"syncengine/store", module+"syncengine/log", "github.com/dgraph-io/badger")
		},
	},
	{
		name: "an app that embeds the tablet's side pays for no gRPC stubs",
		from: []string{"clientsdk"},
		never: func(dep string) bool {
			return under(dep, "google.golang.org/grpc")
		},
	},
	{
		name: "merging is pure: no clock, randomness, goroutine or I/O",
		from: []string{"syncengine/merge"}, except: []string{"syncengine/merge/mergetest"},
		never: func(dep string) bool { return strings.HasPrefix(dep, module) && dep != module+"syncengine/merge" },
	},
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		for _, rule := range rules {
			if !under(p.ImportPath, rule.from...) || (slices.Contains(rule.except, p.ImportPath) || excepted(p.ImportPath, rule.except)) {
				continue
			}
			for _, dep := range p.Deps {
				if rule.never(dep) {
					t.Errorf("%s reaches %s: %s", p.ImportPath, dep, rule.name)
				}
			}
		}
	}
}

// excepted holds for packages below an excepted one, but not below the roots.
func excepted(path string, except []string) bool {
	return slices.ContainsFunc(except, func(e string) bool { return strings.Contains(e, "/") && under(path, e) })
}

func TestPureCoreImportsNoWorld(t *testing.T) {
	world := []string{"time", "os", "io", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog", "context", "sync", "sync/atomic"}
	for _, p := range packages(t) {
		if p.ImportPath != "syncengine/merge" {
			continue
		}
		for _, dep := range p.Imports {
			if slices.Contains(world, dep) {
				t.Errorf("%s imports %s: the pure core takes times and random bytes as arguments and does no I/O", p.ImportPath, dep)
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && len(p.GoFiles) > 0 && !under(p.ImportPath, "proto/gen") {
			t.Errorf("%s has no package comment: say what it is for and what it must not know", p.ImportPath)
		}
	}
}
