package syncengine

import (
	"context"
	"math"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/log/v1"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/log"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/store"
)

// Retention is for how long the log of a space is kept.
type Retention struct {
	Days    uint32 // at least, since the server took what is in it
	Forever bool
}

// retentionOf is what was said of a space, or else what holds for all.
func retentionOf(head *logv1.SpaceHead, all Retention) Retention {
	if head.Retention == nil {
		return all
	}
	return Retention{Days: head.Retention.Days, Forever: head.Retention.Forever}
}

const dayMillis = 24 * 60 * 60 * 1000

// since returns the moment from which on everything is kept, in milliseconds
// since 1970.
func (r Retention) since(now int64) int64 {
	if r.Forever {
		return math.MinInt64
	}
	return now - int64(r.Days)*dayMillis
}

// SetRetention says for how long the log of a space is kept; the zero Retention,
// that it is as for all.
func (e *Engine) SetRetention(ctx context.Context, by merge.PersonID, space merge.SpaceID, r Retention) error {
	if err := e.gate.enter(); err != nil {
		return err
	}
	defer e.gate.leave()
	if err := e.checkRoom(); err != nil {
		return err
	}
	snapshot := e.store.Snapshot()
	head, err := snapshot.Head(space)
	snapshot.Close()
	switch {
	case err != nil:
		return err
	case head == nil:
		return fault.New(fault.NotFound, "retention: there is no space %s", space)
	case r.Forever && r.Days > 0:
		return fault.New(fault.Malformed, "retention: %d days, and for ever; one of them is due", r.Days)
	}
	body, err := proto.Marshal(&logv1.Retention{Days: r.Days, Forever: r.Forever})
	if err != nil {
		return marshalFailed("retention", err)
	}
	_, err = e.append(ctx, log.Entry{Kind: log.Retention, Space: space, Principal: by, Body: body, SizeBytes: 64})
	return err
}

// retention keeps for how long the log of a space is kept.
func (a applier) retention(fold *store.Fold, e *log.Entry) (log.Outcome, error) {
	body := new(logv1.Retention)
	if err := proto.Unmarshal(e.Body, body); err != nil {
		return log.Outcome{}, fault.New(fault.Damaged, "retention entry: %w", err)
	}
	head, err := fold.Head(e.Space)
	if err != nil || head == nil {
		return log.Outcome{}, err
	}
	if body.Days == 0 && !body.Forever {
		body = nil
	}
	if proto.Equal(head.Retention, body) {
		return log.Outcome{Position: head.Position}, nil
	}
	head.Retention = body
	return log.Outcome{Recorded: true, Position: head.Position}, nil
}
