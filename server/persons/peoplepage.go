package persons

import (
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// seen is who was shown last, and how many had been shown then. It has no name in
// it: it stands in addresses.
type seen struct {
	last  merge.RecordID
	count int
}

// page leaves of all people, who are in their order, those of the page that begins
// after whoever was seen last: so who was registered or linked meanwhile moves
// nobody to another page. If that person is found no more, who stands there begins.
func (f *Found) page(after *seen, most int) {
	from := 0
	if after != nil {
		from = min(after.count, len(f.People))
		if at := slices.IndexFunc(f.People, func(s Someone) bool { return s.ID == after.last }); at >= 0 {
			from = at + 1
		}
	}
	if most <= 0 || most > pageMost {
		most = pageMost
	}
	to := min(len(f.People), from+most)
	if to < len(f.People) {
		f.Next = seen{f.People[to-1].ID, to}.token()
	}
	f.People = f.People[from:to]
}

func (s seen) token() string {
	return hex.EncodeToString(append(binary.BigEndian.AppendUint32(nil, uint32(s.count)), s.last[:]...))
}

func readPeopleToken(token string) (*seen, error) {
	if token == "" {
		return nil, nil
	}
	data, err := hex.DecodeString(token)
	if err != nil || len(data) != 4+16 {
		return nil, fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
	}
	return &seen{merge.RecordID(data[4:]), int(binary.BigEndian.Uint32(data))}, nil
}
