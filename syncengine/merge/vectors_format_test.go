package merge_test

import "encoding/hex"

// The form of the golden vectors. README.md beside them says what each part
// means.
type vectorFile struct {
	Cases    []*vectorCase    `json:"cases"`
	Rejected *rejectedVectors `json:"rejected"`
}

type vectorCase struct {
	Name    string          `json:"name"`
	Shows   string          `json:"shows"`
	Space   hexBytes        `json:"space"`
	Changes []vectorChange  `json:"changes"`
	Start   []vectorRow     `json:"start,omitempty"`
	Apply   []vectorApply   `json:"apply"`
	Records []*vectorRecord `json:"records"`
	Digest  hexBytes        `json:"digest"`
}

type vectorChange struct {
	Replica     hexBytes             `json:"replica"`
	Seq         uint64               `json:"seq"`
	Previous    hexBytes             `json:"previous"`
	StampMillis int64                `json:"stamp_millis"`
	Author      hexBytes             `json:"author"`
	Salt        hexBytes             `json:"salt"`
	Records     []vectorRecordWrites `json:"records"`
	WriteHashes []hexBytes           `json:"write_hashes"`
	Hash        hexBytes             `json:"hash"`
	Tag         hexBytes             `json:"tag"`
}

type vectorRecordWrites struct {
	Type   string        `json:"type"`
	Record hexBytes      `json:"record"`
	Header hexBytes      `json:"header"`
	Writes []vectorWrite `json:"writes"`
}

type vectorWrite struct {
	Field    uint32     `json:"field"`
	Element  hexBytes   `json:"element"`
	Value    hexBytes   `json:"value"`
	Replaces []vectorID `json:"replaces"`
	Salt     hexBytes   `json:"salt,omitempty"`
	Purged   hexBytes   `json:"purged,omitempty"`
}

type vectorID struct {
	Replica hexBytes `json:"replica"`
	Seq     uint64   `json:"seq"`
	Tag     hexBytes `json:"tag"`
}

type vectorRow struct {
	Record hexBytes `json:"record"`
	Row    hexBytes `json:"row"`
}

type vectorApply struct {
	Change         int        `json:"change"`
	ReceivedMillis int64      `json:"received_millis"`
	Position       uint64     `json:"position"`
	Following      bool       `json:"following"`
	Missing        []vectorID `json:"missing"`
}

type vectorRecord struct {
	vectorRow
	Type     string       `json:"type"`
	Standing string       `json:"standing"`
	Digest   hexBytes     `json:"digest"`
	Cells    []vectorCell `json:"cells"`
}

type vectorCell struct {
	Field        uint32        `json:"field"`
	Element      hexBytes      `json:"element"`
	Values       []vectorValue `json:"values"`
	Missing      []vectorID    `json:"missing"`
	Distinct     int           `json:"distinct"`
	Latest       *vectorID     `json:"latest"`
	Earliest     *vectorID     `json:"earliest"`
	PresentFirst *vectorID     `json:"present_first"`
}

type vectorValue struct {
	Change   vectorID `json:"change"`
	AtMillis int64    `json:"at_millis"`
	Author   hexBytes `json:"author"`
	Data     hexBytes `json:"data"`
}

type rejectedVectors struct {
	Chains    []*rejectedChain `json:"chains"`
	Rows      []rejectedBytes  `json:"rows"`
	VoidLists []rejectedBytes  `json:"void_lists"`
}

// rejectedChain is a run of one replica's changes of which the one at index At
// has the defect.
type rejectedChain struct {
	Name    string         `json:"name"`
	Space   hexBytes       `json:"space"`
	Changes []vectorChange `json:"changes"`
	At      int            `json:"at"`
	Defect  string         `json:"defect"`
}

type rejectedBytes struct {
	Name  string   `json:"name"`
	Bytes hexBytes `json:"bytes"`
}

type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}
