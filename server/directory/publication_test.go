package directory_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/server/directory"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

var publishingDesk = merge.SpaceID{0xde}

func anyView(*directory.View) error { return nil }

func reportOf(note string) *reportv1.Publication {
	return &reportv1.Publication{Report: "people-reached", DeskSpaceId: publishingDesk[:], Public: true, Stamp: "stamp", Hash: []byte("hash"), Note: note}
}

func instead(number int32, reason string) *reportv1.Publication {
	p := reportOf("again")
	p.Supersedes, p.Reason = &reportv1.PublicationNumber{Year: 2026, Number: number}, reason
	return p
}

func (o *office) publish(p *reportv1.Publication, parts ...string) (*reportv1.Publication, error) {
	var data [][]byte
	for _, part := range parts {
		data = append(data, []byte(part))
	}
	return o.tenant().Publish(o.Context(), o.admin, p, data, anyView)
}

func (o *office) published() (list []string) {
	for _, p := range o.view().Publications(o.org, publishingDesk) {
		text := fmt.Sprintf("%d/%d %s", p.Year, p.Number, p.Note)
		if p.SupersededBy != nil {
			text += fmt.Sprintf(", superseded by %d", p.SupersededBy.Number)
		}
		list = append(list, text)
	}
	return list
}

// Everybody who publishes at the same time gets a number of their own, without
// gaps; the next year begins anew; and another organisation counts for itself.
func TestPublicationsAreNumberedByYear(t *testing.T) {
	o := newOffice(t)
	var publishing sync.WaitGroup
	for range 8 {
		publishing.Go(func() {
			if _, err := o.publish(reportOf(""), "a document"); err != nil {
				t.Error(err)
			}
		})
	}
	publishing.Wait()
	var numbers []int32
	for _, p := range o.view().Publications(o.org, publishingDesk) {
		numbers = append(numbers, p.Number)
	}
	if want := []int32{8, 7, 6, 5, 4, 3, 2, 1}; !slices.Equal(numbers, want) {
		t.Errorf("numbers %v, want %v", numbers, want)
	}
	o.clock.Add(366 * 24 * hour)
	if p := must(o.publish(reportOf("")))(t); p.Year != 2027 || p.Number != 1 || merge.PersonID(p.PublishedById) != o.admin || p.PublishedMillis != o.clock.Load() {
		t.Errorf("in another year: %v", p)
	}
	other := must(o.dir.AddOrganisation(t.Context(), merge.PersonID{}, "Крила"))(t)
	if p := must(o.dir.In(other).Publish(t.Context(), o.admin, reportOf(""), nil, anyView))(t); p.Number != 1 {
		t.Errorf("of another organisation: %v", p)
	}
	if n := len(o.view().Publications(o.org, publishingDesk)); n != 9 {
		t.Errorf("%d are listed", n)
	}
	if _, err := o.dir.In(other).Parts(2026, 2); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another's document: %v", err)
	}
}

func TestAPublicationIsSupersededAndStays(t *testing.T) {
	o := newOffice(t)
	first := must(o.publish(reportOf("first"), "one", "and more"))(t)
	before := must(o.tenant().Parts(2026, 1))(t)
	second := must(o.publish(instead(1, "a concert was entered late"), "two"))(t)
	if second.Number != 2 || second.Reason == "" {
		t.Errorf("published %v", second)
	}
	if want := []string{"2026/2 again", "2026/1 first, superseded by 2"}; !slices.Equal(o.published(), want) {
		t.Errorf("listed %q", o.published())
	}
	listed := o.view().Publication(o.org, 2026, 1)
	if after := must(o.tenant().Parts(2026, 1))(t); !slices.EqualFunc(after, before, bytes.Equal) || len(after) != 2 {
		t.Errorf("the document became %q", after)
	}
	if listed.SupersededBy = nil; !proto.Equal(listed, first) {
		t.Errorf("the first became %v", listed)
	}

	other := instead(2, "why")
	other.Report = "events"
	elsewhere := instead(2, "why")
	elsewhere.DeskSpaceId = bytes.Repeat([]byte{9}, 16)
	internal := instead(2, "why")
	internal.Public = false
	for name, c := range map[string]struct {
		p    *reportv1.Publication
		kind fault.Kind
	}{
		"one whose place is taken": {instead(1, "why"), fault.Conflict}, "one that is not there": {instead(7, "why"), fault.NotFound},
		"without a reason": {instead(2, " "), fault.Invalid}, "another report": {other, fault.Invalid}, "its other version": {internal, fault.Invalid},
		"another programme's": {elsewhere, fault.NotFound}, "a long note": {reportOf(strings.Repeat("ї", 1001)), fault.Invalid},
		"a reason for nothing": {&reportv1.Publication{Reason: "because"}, fault.Invalid}, "a note of a terminal": {reportOf("\x1b[2J"), fault.Invalid},
	} {
		if _, err := o.publish(c.p); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.tenant().Publish(t.Context(), o.admin, reportOf(""), nil, func(*directory.View) error { return fault.New(fault.Conflict, "not beside the first") }); fault.KindOf(err) != fault.Conflict {
		t.Errorf("what the caller refuses: %v", err)
	}
	if n := len(o.published()); n != 2 {
		t.Errorf("%d are listed", n)
	}
}

// A backup has them, documents and all, and what checks a register checks them.
func TestPublicationsOutliveTheServer(t *testing.T) {
	o := newOffice(t)
	must(o.publish(reportOf("first"), "one", "and more"))(t)
	must(o.publish(instead(1, "a concert was entered late"), "two"))(t)
	before := o.published()
	o.restore(o.backedUp())
	if after := o.published(); !slices.Equal(after, before) {
		t.Errorf("after a restore %q, want %q", after, before)
	}
	parts := must(o.tenant().Parts(2026, 1))(t)
	if want := []string{"one", "and more"}; len(parts) != 2 || string(parts[0]) != want[0] || string(parts[1]) != want[1] {
		t.Errorf("after a restore %q", parts)
	}
	o.mustBeHealthy()
}
