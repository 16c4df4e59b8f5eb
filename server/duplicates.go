package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	personsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/persons/v1/personsv1connect"
	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/keyfile"
	"github.com/zhurnal/zhurnal/server/persons"
)

type duplicateCommand struct {
	List   duplicatesList   `cmd:"" default:"withargs" help:"List people who may be registered twice, the likeliest first."`
	Decide duplicatesDecide `cmd:"" help:"Say whether two registrations are one person."`
}

// duplicatesArgs say who asks about whom.
type duplicatesArgs struct {
	askerFlags
	Space id     `required:"" placeholder:"SPACE" help:"A desk, for all communities of its programme that you may read; or one community: 32 hexadecimal digits."`
	Lang  string `enum:"en,uk" default:"en" help:"The language of the reasons: en or uk (${default})."`
}

// ask calls the running server.
func (a *duplicatesArgs) ask(ctx context.Context, call func(ctx context.Context, client personsv1connect.PersonsServiceClient) error) error {
	return a.asking(ctx, "duplicates", func(ctx context.Context, caller *keyfile.Caller) error {
		return call(ctx, personsv1connect.NewPersonsServiceClient(caller.Client, caller.Address, caller.Option))
	})
}

type duplicatesList struct {
	duplicatesArgs
	State string `enum:"waiting,undecided,decided" default:"waiting" help:"Which pairs: waiting for a decision, undecided (deciders contradict each other, or nobody is sure), or decided (${default})."`
}

// Help is shown by `zhurnal duplicates list --help`.
func (duplicatesList) Help() string {
	return `Each pair is two lines, one for each registration, and one that says why they may be one person. Names are compared
across Ukrainian, Russian and Latin spellings. Nothing is linked until somebody says so.

Examples:
  zhurnal duplicates --key desk.key --space 00d35c00000000000000000000000001
  zhurnal duplicates --key desk.key --space ... --state undecided --lang uk`
}

// pairStates are those that a pair may be asked for in.
var pairStates = map[string]personsv1.PairState{
	"waiting": personsv1.PairState_PAIR_STATE_WAITING, "undecided": personsv1.PairState_PAIR_STATE_UNDECIDED, "decided": personsv1.PairState_PAIR_STATE_DECIDED,
}

// Run prints all pairs in a state.
func (c *duplicatesList) Run(ctx context.Context, to streams) error {
	for token := ""; ; {
		var page *personsv1.ListPairsResponse
		err := c.ask(ctx, func(ctx context.Context, client personsv1connect.PersonsServiceClient) error {
			resp, err := client.ListPairs(ctx, connect.NewRequest(&personsv1.ListPairsRequest{SpaceId: c.Space[:], State: pairStates[c.State], PageToken: token}))
			if err == nil {
				page = resp.Msg
			}
			return err
		})
		if err != nil {
			return err
		}
		if token == "" {
			fmt.Fprintf(to.log, "%d pairs %s\n", page.Total, c.State)
		}
		if err := persons.WriteText(to.out, page.Pairs, c.Lang); err != nil {
			return err
		}
		if token = page.NextPageToken; token == "" {
			return nil
		}
	}
}

type duplicatesDecide struct {
	duplicatesArgs
	First   id     `required:"" placeholder:"REGISTRATION" help:"One registration: 32 hexadecimal digits, as the list prints them."`
	Second  id     `required:"" placeholder:"REGISTRATION" help:"The other."`
	Verdict string `arg:"" enum:"same,different,unsure,take-back" help:"same, different, unsure, or take-back for what you have said before."`
	Because string `placeholder:"TEXT" help:"Why; with 'unsure' it is needed."`
}

// Help is shown by `zhurnal duplicates decide --help`.
func (duplicatesDecide) Help() string {
	return `What you say is a record like any other: it reaches the tablets of the community, has your name on it, and can be taken
back. Two registrations are counted as one person while somebody says so and nobody says that they are not.

Example:
  zhurnal duplicates decide same --key desk.key --space 00d3... --first 0a1b... --second 7c2d... --because "seen both cards"`
}

var verdicts = map[string]recordsv1.LinkVerdict{
	"same": recordsv1.LinkVerdict_LINK_VERDICT_SAME, "different": recordsv1.LinkVerdict_LINK_VERDICT_DIFFERENT,
	"unsure": recordsv1.LinkVerdict_LINK_VERDICT_UNSURE, "take-back": recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED,
}

// Run decides, and prints the pair as it stands then.
func (c *duplicatesDecide) Run(ctx context.Context, to streams) error {
	var pair *personsv1.RegistrationPair
	err := c.ask(ctx, func(ctx context.Context, client personsv1connect.PersonsServiceClient) error {
		resp, err := client.Decide(ctx, connect.NewRequest(&personsv1.DecideRequest{
			SpaceId: c.Space[:], FirstPersonId: c.First[:], SecondPersonId: c.Second[:], Verdict: verdicts[c.Verdict], Basis: c.Because,
		}))
		if err == nil {
			pair = resp.Msg.Pair
		}
		return err
	})
	if err != nil {
		return err
	}
	counted := "They are counted as two people."
	if pair.Linked {
		counted = "They are counted as one person."
	}
	fmt.Fprintln(to.log, counted)
	return persons.WriteText(to.out, []*personsv1.RegistrationPair{pair}, c.Lang)
}
