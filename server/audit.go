package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/zhurnal/zhurnal/server/audit"
)

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Find any altered, missing or reordered entry."`
	Show   auditShowCommand   `cmd:"" help:"Print entries, such as those about one person, as JSON lines."`
}

type auditVerifyCommand struct {
	File string      `arg:"" type:"existingfile" help:"The log of who did what."`
	Head []auditHead `placeholder:"SEQ:HASH" help:"What the log's last entry was once, as 'verify' printed it: the log must still have it. May be repeated."`
}

// Help is shown by "zhurnal audit verify --help".
func (auditVerifyCommand) Help() string {
	return `Each entry has the hash of the one before it, so an entry that was altered, taken out, put in or moved shows. A chain
cannot tell that its end is missing, or that all of it was written anew: keep the head that this prints, on paper or
elsewhere, and give it the next time.

Examples:
  zhurnal audit verify ./register.audit
  zhurnal audit verify ./register.audit --head 1204:5f0c...`
}

// flawsShown is how many are listed; the others are counted.
const flawsShown = 100

// Run reads the whole log, and fails if anything is wrong.
func (c *auditVerifyCommand) Run(to streams) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer file.Close()
	heads := make([]audit.Head, len(c.Head))
	for i := range c.Head {
		heads[i] = audit.Head(c.Head[i])
	}
	shown := 0
	v, err := audit.Verify(file, heads, func(f audit.Flaw) {
		if shown++; shown <= flawsShown {
			fmt.Fprintln(to.out, f)
		}
	})
	if err != nil {
		return err
	}
	if v.Flaws > 0 {
		return fmt.Errorf("audit: the log is not as it was written, in %d places: keep the file as it is, and compare it with a copy", v.Flaws)
	}
	if v.Lines == 0 {
		fmt.Fprintln(to.out, "the log is empty")
		return nil
	}
	fmt.Fprintf(to.out, "%d entries, from %s to %s, each follows the one before it\nhead %s\n",
		v.Lines, v.First.Format("2006-01-02 15:04"), v.Last.Format("2006-01-02 15:04 MST"), v.Head)
	return nil
}

// auditHead is a head on the command line: 1204:5f0c...
type auditHead audit.Head

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *auditHead) UnmarshalText(text []byte) (err error) {
	seq, hash, ok := strings.Cut(string(text), ":")
	if h.Seq, err = strconv.ParseUint(seq, 10, 64); !ok || err != nil || h.Hash.UnmarshalText([]byte(hash)) != nil {
		return fmt.Errorf("%q is no head of a log: write it as `zhurnal audit verify` prints it", text)
	}
	return nil
}

type auditShowCommand struct {
	File   string `arg:"" type:"existingfile" help:"The log of who did what."`
	About  string `placeholder:"ID" help:"Only entries that name this person, device, space or record: 32 hexadecimal digits."`
	Action string `placeholder:"ACTION" help:"Only these, such as records.erase, or all that begin with it."`
}

// Run prints what was asked for, up to the first entry that is not as it was
// written.
func (c *auditShowCommand) Run(to streams) error {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer file.Close()
	print := json.NewEncoder(to.out)
	return audit.Read(file, func(e audit.Entry) error {
		if !e.Names(strings.ToLower(c.About)) || !strings.HasPrefix(string(e.Action), c.Action) {
			return nil
		}
		return print.Encode(e)
	})
}
