package persons

import (
	"context"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Verdict is what somebody says about two registrations, and why.
type Verdict struct {
	Says  recordsv1.LinkVerdict
	Basis string
}

// TakenBack is no verdict any more.
var TakenBack = Verdict{}

// basisMost is how many characters a PersonLink takes.
const basisMost = 1000

func (v *Verdict) check() error {
	_, known := recordsv1.LinkVerdict_name[int32(v.Says)]
	switch {
	case !known:
		return fault.New(fault.Invalid, "verdict %d is none: say same, different or unsure", v.Says)
	case utf8.RuneCountInString(v.Basis) > basisMost:
		return fault.New(fault.TooLarge, "the reason has %d characters; at most %d are kept", utf8.RuneCountInString(v.Basis), basisMost)
	case !utf8.ValidString(v.Basis):
		return fault.New(fault.Invalid, "the reason is not text in UTF-8")
	case v.Says == recordsv1.LinkVerdict_LINK_VERDICT_UNSURE && v.Basis == "":
		return fault.New(fault.Invalid, "say what would help to be sure: the pair leaves the list, and whoever looks next needs to know")
	}
	return nil
}

// Decide writes what the asker says about two registrations, and returns the pair
// as it stands then. It is written where the asker has decided about the two
// before, or else in the community where both were made, so that its tablets count
// right too, or else at the desk. Saying again what one has said does nothing.
func (f *Finder) Decide(ctx context.Context, a Asker, one, other merge.RecordID, verdict Verdict) (Pair, error) {
	if err := verdict.check(); err != nil {
		return Pair{}, err
	}
	end, err := f.begin(ctx)
	if err != nil {
		return Pair{}, err
	}
	defer end()
	v, err := f.viewFor(ctx, &a)
	if err != nil {
		return Pair{}, err
	}
	ids := sorted(one, other)
	if err := v.checkPair(ids); err != nil {
		return Pair{}, err
	}
	targets := v.targets(&a, ids)
	if verdict.Says == TakenBack.Says && !v.saidBy(a.Person, ids) {
		return Pair{}, fault.New(fault.Invalid, "you have decided nothing about these two: there is nothing to take back")
	}
	for _, target := range targets {
		if target.Verdict == verdict.Says && target.Basis == verdict.Basis {
			continue
		}
		if _, _, err := f.registers.Write(ctx, a.Person, target.Space, []syncengine.WriteRecord{linkOf(ids, a.Person, verdict)}); err != nil {
			return Pair{}, err
		}
	}
	if v, err = f.viewFor(ctx, &a); err != nil {
		return Pair{}, err
	}
	return v.pair(ids), nil
}

// checkPair refuses registrations that are not the asker's to see, as if there
// were none.
func (v *view) checkPair(ids [2]merge.RecordID) error {
	if ids[0] == ids[1] {
		return fault.New(fault.Invalid, "both are registration %s: name two", ids[0])
	}
	for _, id := range ids {
		if v.shown[id] == nil {
			return fault.New(fault.NotFound, "registration %s: it is not there, or not for you", id)
		}
	}
	return nil
}

// targets are the decisions to write over, or where to write the first.
func (v *view) targets(a *Asker, ids [2]merge.RecordID) (targets []Decision) {
	for _, d := range v.decisions[ids] {
		if d.Decider == a.Person {
			targets = append(targets, d)
		}
	}
	if len(targets) > 0 {
		return targets
	}
	space := a.Space
	if v.of[ids[0]] == v.of[ids[1]] {
		space = v.of[ids[0]]
	}
	return []Decision{{Space: space}}
}

func (v *view) saidBy(person merge.PersonID, ids [2]merge.RecordID) bool {
	for _, d := range v.decisions[ids] {
		if d.Decider == person && d.Verdict != recordsv1.LinkVerdict_LINK_VERDICT_UNSPECIFIED {
			return true
		}
	}
	return false
}

func linkOf(ids [2]merge.RecordID, decider merge.PersonID, v Verdict) syncengine.WriteRecord {
	message, err := proto.Marshal(&recordsv1.PersonLink{
		FirstPersonId: ids[0][:], SecondPersonId: ids[1][:], DeciderId: decider[:], Verdict: v.Says, Basis: v.Basis,
	})
	if err != nil { // the reason is valid UTF-8: nothing else fails
		panic(err)
	}
	return syncengine.WriteRecord{Type: linkType, Message: message, Fields: []uint32{verdictField, basisField}}
}
