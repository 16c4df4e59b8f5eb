package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/zhurnal/zhurnal/server/report/table"
)

// CodeListsVersion changes whenever a code list, a band of ages or the definition
// of a figure does.
const CodeListsVersion = "2026-11"

// stamp names all that a report follows from: the positions of the spaces, the
// question, the day, the code lists. Of a room that the caller may not know of
// the position says too much, since every note moves it; what such rooms show in
// the report takes its place. So reports of one stamp are equal, and the stamp of
// a report is the same with and without notes.
func (r *run) stamp(d *table.Document) string {
	h := sha256.New()
	q := r.q
	fmt.Fprintf(h, "zhurnal report 1\ncode lists %s\n%q %q public %v from %d to %d on %d, %d\n",
		CodeListsVersion, q.Name, q.Programme, q.Public, q.Period.From, q.Period.To, r.on, r.as)
	for _, name := range slices.Sorted(maps.Keys(q.Parameters)) {
		fmt.Fprintf(h, "parameter %q %q\n", name, q.Parameters[name])
	}
	for _, p := range r.portions {
		if r.named(p) {
			fmt.Fprintf(h, "space %x at %d\n", p.info.ID, p.position)
		}
	}
	for _, recorder := range q.Expected {
		fmt.Fprintf(h, "expected %x %q\n", recorder.ID, recorder.Name)
	}
	put(h, d.Completeness)
	if r.d.counselling {
		put(h, d.Tables)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func put(h hash.Hash, tables any) {
	if err := json.NewEncoder(h).Encode(tables); err != nil {
		panic(err) // tables are plain data, and a hash takes everything
	}
}
