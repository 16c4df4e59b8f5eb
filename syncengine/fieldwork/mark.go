package fieldwork

import (
	"bytes"
	"cmp"

	"google.golang.org/protobuf/proto"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Mark is what one recorder says about one registration at one session.
type Mark struct {
	// Record is the mark's own record.
	Record      merge.RecordID
	Session     Ref
	Participant merge.RecordID
	Recorder    merge.PersonID
	Presence    recordsv1.Presence
	Evidence    recordsv1.Evidence
	// Minutes is how long the person was there, nil where nobody noted it.
	Minutes *int32
	// Change and At are the identity and the time, in milliseconds since 1970,
	// of the value that is shown.
	Change merge.ID
	At     int64
	// Seen are, in a settled mark, the marks that its author had seen.
	Seen []SeenMark
}

// SeenMark names a value that a mark had: its record, and the tag of the change
// that wrote the value. Whoever corrects the mark later makes it unseen.
type SeenMark struct {
	Record merge.RecordID
	Tag    merge.Tag
}

// seenMarkBytes is the size of one element of AttendanceMark.seen.
const seenMarkBytes = 16 + 8

// AsSeen is how a coordinator's mark names this one as it stands.
func (m *Mark) AsSeen() SeenMark { return SeenMark{m.Record, m.Change.Tag} }

// Encode returns the 24 bytes that stand in AttendanceMark.seen.
func (s SeenMark) Encode() []byte { return append(s.Record[:], s.Tag[:]...) }

// markValueField names the cell of AttendanceMark's group "value".
const markValueField = 4

// markRule is how a view shows that cell: the best founded value, among equals
// the latest.
var markRule = merge.Rule{Pick: merge.Heaviest, Weight: func(data []byte) int64 {
	var value recordsv1.AttendanceMark
	if proto.Unmarshal(data, &value) != nil {
		return 0
	}
	return int64(value.GetEvidence())
}}

// ReadMark reads a mark from its merged record and the message that shows it.
// It is false where the record marks nothing: its value was cleared, has not
// come, or is of a kind that this version does not know.
func ReadMark(space merge.SpaceID, rec *merge.Record, msg *recordsv1.AttendanceMark) (Mark, bool) {
	shown, ok := rec.Cell(merge.CellKey{Field: markValueField}).Shown(markRule)
	if _, known := claims[msg.GetPresence()]; !ok || !known {
		return Mark{}, false
	}
	return Mark{
		Record:      rec.ID,
		Session:     Ref{space, recordID(msg.GetSessionId())},
		Participant: recordID(msg.GetParticipantId()),
		Recorder:    personID(msg.GetRecorderId()),
		Presence:    msg.GetPresence(),
		Evidence:    msg.GetEvidence(),
		Minutes:     msg.MinutesPresent,
		Change:      shown.Change,
		At:          shown.At,
		Seen:        readSeen(msg.GetSeen()),
	}, true
}

func readSeen(list [][]byte) []SeenMark {
	var seen []SeenMark
	for _, b := range list {
		if len(b) == seenMarkBytes {
			seen = append(seen, SeenMark{merge.RecordID(b[:16]), merge.Tag(b[16:])})
		}
	}
	return seen
}

// claims are the presences that the rules know, by what they claim.
var claims = map[recordsv1.Presence]claim{
	recordsv1.Presence_PRESENCE_PRESENT:          claimThere,
	recordsv1.Presence_PRESENCE_LATE:             claimThere,
	recordsv1.Presence_PRESENCE_LEFT_EARLY:       claimThere,
	recordsv1.Presence_PRESENCE_ABSENT_CONFIRMED: claimNotThere,
	recordsv1.Presence_PRESENCE_EXCUSED:          claimNotThere,
	recordsv1.Presence_PRESENCE_ABSENT_DEFAULT:   claimNothing,
}

type claim uint8

const (
	claimNothing  claim = iota // nobody tapped the person before "rest absent"
	claimThere                 // the person was there
	claimNotThere              // somebody looked: the person was not there
)

func (m *Mark) claim() claim { return claims[m.Presence] }

// byHand tells a mark that somebody made for this person from what one tap
// made for everybody who was left.
func (m *Mark) byHand() bool {
	return m.claim() != claimNothing && m.Evidence != recordsv1.Evidence_EVIDENCE_BULK_DEFAULT
}

// rank is how well founded a mark is, 0 to 5. Evidence that is not stated, or
// that a later version has invented, ranks as somebody's word.
func (m *Mark) rank() int {
	switch m.Evidence {
	case recordsv1.Evidence_EVIDENCE_BULK_DEFAULT:
		return 0
	case recordsv1.Evidence_EVIDENCE_ROLL_CALL:
		return 2
	case recordsv1.Evidence_EVIDENCE_QR_CARD_SCAN:
		return 3
	case recordsv1.Evidence_EVIDENCE_SIGNATURE_CHECKED:
		return rankSignature
	case recordsv1.Evidence_EVIDENCE_SETTLED:
		return rankSettled
	default:
		return 1
	}
}

const (
	rankSignature = 4
	rankSettled   = 5
)

// compareTime orders marks by the time of their values; ties are broken by the
// change's hash, which nobody can choose freely, and then by the record.
func compareTime(a, b Mark) int {
	return cmp.Or(
		cmp.Compare(a.At, b.At),
		bytes.Compare(a.Change.Tag[:], b.Change.Tag[:]),
		compareRecords(a.Record, b.Record),
	)
}
