package credential

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// What people read to each other over a telephone is digits, in groups of six:
// they are the same in every language and on every keyboard. A group is 16 bits,
// times eleven, as in BitLocker's recovery passwords (Microsoft, System Integrity
// Team, "BitLocker Recovery Password Details", 2006): one wrong digit, or two
// neighbours exchanged, is never a multiple of eleven, so the group in which
// somebody has mistyped is found as it is typed.
const (
	groupDigits = 6
	groupFactor = 11
)

// groupsText writes an even number of bytes.
func groupsText(data []byte) string {
	groups := make([]string, len(data)/2)
	for i := range groups {
		groups[i] = fmt.Sprintf("%0*d", groupDigits, groupFactor*int(binary.BigEndian.Uint16(data[2*i:])))
	}
	return strings.Join(groups, " ")
}

// parseGroups reads what groupsText has written, however it is parted, into data.
func parseGroups(what, text string, data []byte) error {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.\t\n\r\u00a0", r) {
			return -1
		}
		return r
	}, text)
	if want := len(data) / 2; len(digits) != groupDigits*want || strings.Trim(digits, "0123456789") != "" {
		return fault.New(fault.Invalid, "%s: %d groups of %d digits are due", what, want, groupDigits)
	}
	for i := range len(data) / 2 {
		group := digits[groupDigits*i : groupDigits*(i+1)]
		n, err := strconv.Atoi(group)
		if err != nil || n%groupFactor != 0 || n/groupFactor > 0xffff {
			return fault.New(fault.Invalid, "%s: the group %s, which is number %d, is mistyped: compare its digits", what, group, i+1)
		}
		binary.BigEndian.PutUint16(data[2*i:], uint16(n/groupFactor))
	}
	return nil
}
