package publication

import (
	"fmt"
	"strconv"
	"strings"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// Number names a publication as people do: its year, and its number in that.
func Number(year, number int32) string { return fmt.Sprintf("%d/%d", year, number) }

// ParseNumber reads what Number writes.
func ParseNumber(text string) (*reportv1.PublicationNumber, error) {
	year, number, _ := strings.Cut(text, "/")
	y, errYear := strconv.ParseInt(year, 10, 32)
	n, errNumber := strconv.ParseInt(number, 10, 32)
	if errYear != nil || errNumber != nil || n < 1 {
		return nil, fault.New(fault.Invalid, "%q is no publication: a year and a number are due, such as 2016/3", text)
	}
	return &reportv1.PublicationNumber{Year: int32(y), Number: int32(n)}, nil
}
