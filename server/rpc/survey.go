package rpc

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/survey"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/limits"
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// How many items of a review are on a page, unless it is asked otherwise.
const (
	reviewPage    = 50
	reviewPageMax = 500
)

func (s *deskService) Survey(ctx context.Context, req *connect.Request[syncv1.SurveyRequest]) (*connect.Response[syncv1.SurveyResponse], error) {
	by, err := auth.Person(ctx)
	if err != nil {
		return nil, err
	}
	resp := &syncv1.SurveyResponse{}
	err = s.eachSurvey(ctx, req.Msg.SpaceIds, func(id merge.SpaceID, space *survey.Space) error {
		numbers := proto.CloneOf(space.Numbers)
		held, err := s.countQuarantined(ctx, by, id)
		if err != nil {
			return err
		}
		numbers.Quarantined = uint32(held)
		resp.Spaces = append(resp.Spaces, numbers)
		return nil
	})
	return answered(resp, err)
}

func (s *deskService) countQuarantined(ctx context.Context, by merge.PersonID, space merge.SpaceID) (n int, err error) {
	for token := ""; ; {
		page, next, err := s.engine.Quarantined(ctx, by, space, token)
		if n += len(page); err != nil || next == "" {
			return n, err
		}
		token = next
	}
}

// eachSurvey calls each with the surveys of spaces that somebody has written to,
// in their order.
func (s *deskService) eachSurvey(ctx context.Context, ids [][]byte, each func(merge.SpaceID, *survey.Space) error) error {
	if n := len(ids); n == 0 || n > limits.WatchSpaces {
		return fault.New(fault.Invalid, "survey: %d spaces; at least one is due, and at most %d", n, limits.WatchSpaces)
	}
	view, err := s.directory.View()
	if err != nil {
		return err
	}
	now, err := s.surveyor.Now()
	if err != nil {
		return err
	}
	for _, data := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, err := wire.ID16[merge.SpaceID](data, "space_ids")
		if err != nil {
			return err
		}
		desk, _ := view.DeskOf(id)
		space, err := now.Space(id, desk)
		if err == nil && space != nil {
			err = each(id, space)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *deskService) ListReview(ctx context.Context, req *connect.Request[syncv1.ListReviewRequest]) (*connect.Response[syncv1.ListReviewResponse], error) {
	from, err := countOfToken(req.Msg.PageToken)
	if err != nil {
		return nil, err
	}
	size := min(int(cmp.Or(req.Msg.PageSize, reviewPage)), reviewPageMax)
	resp, at := &syncv1.ListReviewResponse{}, 0
	var record merge.RecordID
	if len(req.Msg.RecordId) > 0 {
		if record, err = wire.ID16[merge.RecordID](req.Msg.RecordId, "record_id"); err != nil {
			return nil, err
		}
	}
	err = s.eachSurvey(ctx, req.Msg.SpaceIds, func(id merge.SpaceID, space *survey.Space) error {
		items := space.Review
		if req.Msg.Minor {
			items = space.Minor
		}
		for _, item := range items {
			if req.Msg.Kind != syncv1.ReviewKind_REVIEW_KIND_UNSPECIFIED && item.Kind != req.Msg.Kind {
				continue
			}
			if of, err := recordID(id, item.Record); record != (merge.RecordID{}) && (err != nil || of != record) {
				continue
			}
			if uint64(at) >= from && len(resp.Items) < size {
				resp.Items = append(resp.Items, item)
			}
			at++
		}
		return nil
	})
	if resp.Total = uint32(at); len(resp.Items) > 0 && from+uint64(len(resp.Items)) < uint64(at) {
		resp.NextPageToken = tokenOfCount(from + uint64(len(resp.Items)))
	}
	return answered(resp, err)
}

// tokenOfCount is a page token that says how many items the pages before had. What
// was settled meanwhile is none of them any more, so a list that is worked through
// is begun anew.
func tokenOfCount(n uint64) string { return fmt.Sprintf("%032x", n) }

func countOfToken(token string) (uint64, error) {
	if token == "" {
		return 0, nil
	}
	data, err := hex.DecodeString(token)
	if err != nil || len(data) != 16 {
		return 0, fault.New(fault.Invalid, "page token: not one that this server gave; start without one")
	}
	return binary.BigEndian.Uint64(data[8:]), nil
}

func (s *deskService) ListRecords(ctx context.Context, req *connect.Request[syncv1.ListRecordsRequest]) (*connect.Response[syncv1.ListRecordsResponse], error) {
	by, space, err := callerAndSpace(ctx, req.Msg.SpaceId)
	if err != nil {
		return nil, err
	}
	list, next, position, err := s.engine.ListRecords(ctx, by, space, req.Msg.PageToken)
	resp := &syncv1.ListRecordsResponse{NextPageToken: next, Position: position, Records: make([]*syncv1.ListedRecord, len(list))}
	for i := range list {
		resp.Records[i] = &syncv1.ListedRecord{RecordId: list[i].ID[:], Row: list[i].Row}
	}
	return answered(resp, err)
}
