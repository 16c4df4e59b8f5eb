package console

import (
	"encoding/hex"
	"strconv"
	"strings"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
)

func fromHex(text string) ([]byte, bool) {
	data, err := hex.DecodeString(text)
	return data, err == nil
}

// parseChange reads what changeKey has written.
func parseChange(key string) (*syncv1.ChangeID, error) {
	parts := strings.Split(key, ".")
	if len(parts) != 3 {
		return nil, errNoID
	}
	replica, ok := fromHex(parts[0])
	tag, also := fromHex(parts[2])
	seq, err := strconv.ParseUint(parts[1], 10, 64)
	if !ok || !also || err != nil {
		return nil, errNoID
	}
	return &syncv1.ChangeID{Replica: replica, Seq: seq, Tag: tag}, nil
}
