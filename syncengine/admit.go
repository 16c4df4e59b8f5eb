package syncengine

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/schema"
	"github.com/zhurnal/zhurnal/syncengine/store"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// push is the content of a push entry, decoded.
type push struct {
	batch   []byte
	changes []*merge.Change
	// findings holds what the schema says, by place of the change; nil for most.
	findings map[int][]wire.Finding
	// own says that the server itself made them, and fromHome that a hub has them
	// from the home server.
	own, fromHome bool
	// byAuthors says that a hub passed them on, and each is judged by the access of
	// its author; proven, that its signature was looked at.
	byAuthors, proven bool
	// erased are records that were found to be an erased person's; see
	// logv1.Push.
	erased []*syncv1.ErasedRecord
	// spaceless says that there was no such space when they were judged.
	spaceless bool
}

// judge says what the schema finds about changes of one space. Judging happens
// where a change enters and its result goes into the log, so that applying the
// log again never depends on a rule's version. It runs beside other judges, on
// a snapshot; what depends on the state is looked at again when the entry is
// applied.
type judge struct {
	schema   *schema.Schema
	snapshot *store.Snapshot
	space    merge.SpaceID
	kind     schema.SpaceKind // unspecified if there is no such space
	// there holds the records that changes judged before have made or that are
	// known to be there.
	there map[merge.RecordID]bool
	// making are the records of the change that is judged.
	making []merge.RecordWrites
	// reserved is the replica on which the server alone writes.
	reserved merge.ReplicaID
	// again says that the changes were kept back before.
	again bool
	// signers knows who signed them; nil where nobody asks.
	signers *proving
}

func (e *Engine) newJudge(snapshot *store.Snapshot, space merge.SpaceID) (*judge, error) {
	head, err := snapshot.Head(space)
	if err != nil {
		return nil, err
	}
	return &judge{
		schema: e.Schema(), snapshot: snapshot, space: space, kind: head.GetKind(),
		there: map[merge.RecordID]bool{}, reserved: e.epoch.replica,
	}, nil
}

// isForged tells whether a change is on the replica on which the server alone
// writes, without being one of the server's: its id is in every change that a
// coordinator has written, for all to see. The server's own come back to it by
// hubs and from whoever got them there, and are known; what it wrote in an older
// epoch was on another replica.
func (j *judge) isForged(c *merge.Change) (bool, error) {
	if c.ID.Replica != j.reserved {
		return false, nil
	}
	known, err := j.snapshot.Known(j.space, c.ID)
	return known == nil || !known.Verdict.Merged(), err
}

// change judges a change; sender is by whose access.
func (j *judge) change(c *merge.Change, sender merge.PersonID) ([]wire.Finding, error) {
	if j.signers != nil { // first: nothing else may hide it from who tries the change again
		key, err := j.signers.unproven(c, sender)
		if err != nil {
			return nil, err
		}
		if key != "" {
			return []wire.Finding{{Cause: wire.DeviceUnproven, MessageKey: key}}, nil
		}
	}
	if j.kind == 0 { // there is no such space; judged again when there is
		return []wire.Finding{{Cause: wire.NoAccess, MessageKey: "access.none"}}, nil
	}
	forged, err := j.isForged(c)
	if err != nil {
		return nil, err
	}
	if forged {
		return []wire.Finding{{Cause: wire.ForeignReplica, MessageKey: "replica.foreign"}}, nil
	}
	j.making = c.Records
	if wire.CheckLimits(c) != nil { // nothing else is looked at: the limits bound what that costs
		return []wire.Finding{{Cause: wire.OverLimit, MessageKey: "limit.change"}}, nil
	}
	var findings []wire.Finding
	for i := range c.Records {
		found, err := j.record(&c.Records[i])
		if err != nil {
			return nil, err
		}
		findings = append(findings, found...)
	}
	if slices.ContainsFunc(findings, quarantines) {
		return findings, nil
	}
	for i := range c.Records {
		j.there[c.Records[i].Record] = true
	}
	return findings, nil
}

func (j *judge) record(w *merge.RecordWrites) ([]wire.Finding, error) {
	about := wire.Finding{Type: w.Type, Record: w.Record}
	found := func(cause wire.Cause, field uint32, key string) []wire.Finding {
		about.Cause, about.Field, about.MessageKey = cause, field, key
		return []wire.Finding{about}
	}
	plan := j.schema.Plan(w.Type)
	switch {
	case plan == nil:
		return found(wire.UnknownType, 0, "type.unknown"), nil
	case !plan.LivesIn(j.kind):
		return found(wire.WrongSpace, 0, "space.wrong_kind"), nil
	case plan.Keyed() != (len(w.Header) > 0):
		return found(wire.KeyMismatch, 0, "key.missing"), nil
	}
	if field := j.unsealed(plan, w); field != 0 {
		return found(wire.NotSealed, field, "sealed.plain"), nil
	}
	violations, err := plan.Check(w)
	switch {
	case err != nil && plan.CheckHeader(w.Header) != nil: // Check has looked at it first, and does not tell
		return found(wire.KeyMismatch, 0, "key.not_canonical"), nil
	case err != nil:
		return found(wire.Unreadable, 0, "bytes.unreadable"), nil
	}
	var findings []wire.Finding
	for _, v := range violations {
		broken := found(wire.RuleFailed, v.Field, v.Key)
		broken[0].Fields = plan.RuleCells(w, v)
		findings = append(findings, broken...)
	}
	return j.references(plan, w, findings)
}

// references finds fields that hold the id of a record that is not there. Only
// records that could be in this space are looked for.
func (j *judge) references(plan *schema.Plan, w *merge.RecordWrites, findings []wire.Finding) ([]wire.Finding, error) {
	for _, ref := range plan.References(w) {
		if j.makes(ref.Record) || j.there[ref.Record] || !j.couldBeHere(ref) {
			continue
		}
		there, err := j.snapshot.HasRecord(j.space, ref.Record)
		if err != nil {
			return nil, err
		}
		if there {
			j.there[ref.Record] = true
			continue
		}
		findings = append(findings, wire.Finding{
			Cause: wire.ReferenceDangles, Type: w.Type, Record: w.Record, Field: ref.Field, Fields: groupOf(plan, ref.Field),
			MessageKey: "reference.missing", MissingRecord: ref.Record,
		})
	}
	return findings, nil
}

// groupOf returns the cell of a field that is part of a group.
func groupOf(plan *schema.Plan, field uint32) []uint32 {
	if cell, ok := plan.Cell(protoreflect.FieldNumber(field)); ok && cell.Field != field {
		return []uint32{cell.Field}
	}
	return nil
}

func (j *judge) makes(id merge.RecordID) bool {
	return slices.ContainsFunc(j.making, func(w merge.RecordWrites) bool { return w.Record == id })
}

func (j *judge) couldBeHere(ref schema.Reference) bool {
	for _, name := range ref.Types {
		if target := j.schema.Plan(name); target == nil || target.LivesIn(j.kind) {
			return true
		}
	}
	return false
}

// admit decodes, verifies and judges a batch and returns the entry for it.
func (e *Engine) admit(snapshot *store.Snapshot, person merge.PersonID, space merge.SpaceID, content push) (entry log.Entry, err error) {
	if content.changes, err = wire.DecodeBatch(space, content.batch); err != nil {
		return log.Entry{}, err
	}
	return e.judged(snapshot, person, &content, space)
}

func (e *Engine) judged(snapshot *store.Snapshot, person merge.PersonID, content *push, space merge.SpaceID) (log.Entry, error) {
	judge, err := e.newJudge(snapshot, space)
	if err != nil {
		return log.Entry{}, err
	}
	if !content.own && !content.fromHome { // its own word, and home's
		judge.signers, content.proven = e.newProving(snapshot, space), e.options.Device != nil
		if err := judge.signers.prove(content.changes); err != nil {
			return log.Entry{}, err
		}
	}
	if content.own {
		judge.reserved = merge.ReplicaID{}
	}
	content.findings, content.spaceless = map[int][]wire.Finding{}, judge.kind == 0
	for i, c := range content.changes {
		findings, err := judge.change(c, content.sender(c, person))
		if err != nil {
			return log.Entry{}, err
		}
		if len(findings) > 0 {
			content.findings[i] = findings
		}
	}
	if err := content.emptyPlain(judge.schema, space); err != nil {
		return log.Entry{}, err
	}
	return content.entry(person, space)
}

// entry returns the entry that holds the content.
func (p *push) entry(person merge.PersonID, space merge.SpaceID) (log.Entry, error) {
	body := &logv1.Push{Batch: p.batch, Own: p.own, FromHome: p.fromHome, Erased: p.erased, ByAuthors: p.byAuthors, Proven: p.proven}
	sizeBytes := len(p.batch)
	for i, c := range p.changes {
		sizeBytes += wire.ChangeSizeBytes(c)
		if findings := p.findings[i]; len(findings) > 0 {
			body.Judgements = append(body.Judgements, &logv1.Judgement{Index: uint32(i), Findings: wire.FindingsToProto(findings)})
		}
	}
	data, err := proto.Marshal(body)
	if err != nil {
		return log.Entry{}, marshalFailed("push", err)
	}
	last := p.changes[len(p.changes)-1].Hash
	return log.Entry{
		Kind: log.Push, Space: space, PushID: string(last[:]), Principal: person,
		Body: data, Decoded: p, SizeBytes: sizeBytes,
	}, nil
}

// decodePush reads the body of a push entry.
func decodePush(e *log.Entry) (*push, error) {
	if content, ok := e.Decoded.(*push); ok {
		return content, nil
	}
	var body logv1.Push
	if err := proto.Unmarshal(e.Body, &body); err != nil {
		return nil, fault.New(fault.Damaged, "push entry: %w", err)
	}
	changes, err := wire.DecodeKeptBatch(e.Space, body.Batch)
	if err != nil {
		return nil, fault.New(fault.Damaged, "push entry: %w", err)
	}
	content := &push{
		batch: body.Batch, changes: changes, own: body.Own, fromHome: body.FromHome, erased: body.Erased,
		byAuthors: body.ByAuthors, proven: body.Proven, findings: map[int][]wire.Finding{},
	}
	for _, j := range body.Judgements {
		findings, err := wire.FindingsFromProto(j.Findings)
		if err != nil {
			return nil, fault.New(fault.Damaged, "push entry: %w", err)
		}
		content.findings[int(j.Index)] = findings
	}
	return content, nil
}
