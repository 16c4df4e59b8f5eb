// Command zhurnal is the home server: tablets push what was recorded offline
// and pull what others recorded, and coordinators read what it comes to.
//
// This package reads flags and puts the parts together; what it does is in the
// packages below.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/zhurnal/zhurnal/server/bench"
	"github.com/zhurnal/zhurnal/server/demo"
	"github.com/zhurnal/zhurnal/server/ops"
)

const about = `The home server of Zhurnal: it merges the registers of tablets that were offline, and gives the figures.

  zhurnal demo
  zhurnal serve --dir ./register
  zhurnal invite --dir ./register --organisation-name Opora --name "Iryna K."
  zhurnal enrol --key desk.key
  zhurnal report --key desk.key --desk <space id>

In a checkout write "go run ./server" for "zhurnal".`

// commands is the command line; kong reads it from the tags.
type commands struct {
	Serve     serveCommand     `cmd:"" help:"Serve tablets and coordinators until stopped."`
	Report    reportCommands   `cmd:"" help:"Ask a running server for the season's figures."`
	History   historyCommand   `cmd:"" help:"Ask a running server who wrote what to a record."`
	Duplicate duplicateCommand `cmd:"" name:"duplicates" help:"List people who may be registered twice, and say whether they are."`
	Person    personCommand    `cmd:"" help:"See to a person's rights: what a running server holds about them, and that they be erased."`
	Backup    backupCommand    `cmd:"" help:"Make a verified copy of a server's register, also while it runs."`
	Expire    expireCommand    `cmd:"" help:"Erase records that were kept for as long as rules say."`
	Cut       cutCommand       `cmd:"" help:"Forget the beginning of a server's log, as far as a verified backup has it."`
	AddSchema addSchemaCommand `cmd:"" help:"Make record types known to a server that it was not built with."`
	Invite    inviteCommand    `cmd:"" help:"Make an invitation by which a tablet enrols."`
	AdminLink adminLinkCommand `cmd:"" help:"Let in an administrator, or a user, who cannot sign in."`
	SignIn    signInCommand    `cmd:"" help:"Say by login and password who you are, for 'report' and 'history'."`
	SignOut   signOutCommand   `cmd:"" help:"End that."`
	Enrol     enrolCommand     `cmd:"" help:"Make this machine known to a server, by an invitation."`
	Device    deviceCommand    `cmd:"" help:"See to devices: list them, let one in no more, have one wiped."`
	Recover   recoverCommand   `cmd:"" help:"Bring home what a device has sealed before it was wiped."`
	Restore   restoreCommand   `cmd:"" help:"Make a register of a backup."`
	Check     checkCommand     `cmd:"" help:"Look for damage in a register or a backup."`
	Key       keyCommand       `cmd:"" help:"Make a master key, put a register under another one, or make an identity that opens backups."`
	Audit     auditCommand     `cmd:"" help:"Look into the log of who did what with people's data."`
	Demo      demo.Command     `cmd:"" help:"Play a whole season on real registers: tablets offline, sync, reports."`
	Bench     bench.Command    `cmd:"" help:"Measure the server on this machine."`
	Child     bench.Child      `cmd:"" name:"bench-child" hidden:""`
	Version   versionCommand   `cmd:"" help:"Say which version this is."`
}

// streams are where a command writes: results to out, everything else to log.
type streams struct{ out, log io.Writer }

func main() {
	// The first signal asks to stop; after it the default is back, so that a
	// second one ends the process at once.
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore)
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the program without its process.
func run(ctx context.Context, args []string, to streams) int {
	ops.OwnerOnlyFiles()
	exit := make(exitSignal, 1)
	parser, err := kong.New(new(commands),
		kong.Name("zhurnal"), kong.Description(about),
		kong.Writers(to.out, to.log), kong.Exit(exit.set),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(to))
	if err != nil {
		fmt.Fprintln(to.log, "zhurnal:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if code, asked := exit.get(); asked { // --help has printed
		return code
	}
	if err != nil {
		fmt.Fprintf(to.log, "zhurnal: %v\nSee `zhurnal --help`.\n", err)
		return exitUsage
	}
	if err := parsed.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(to.log, "zhurnal:", err)
		return exitFailed
	}
	return exitOK
}

// exitSignal keeps the code with which kong wants to end the process.
type exitSignal chan int

func (e exitSignal) set(code int) {
	select {
	case e <- code:
	default:
	}
}

func (e exitSignal) get() (int, bool) {
	select {
	case code := <-e:
		return code, true
	default:
		return 0, false
	}
}
