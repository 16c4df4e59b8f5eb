package directory

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	directoryv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/directory/v1"
	reportv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/report/v1"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/fault"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// Publications are rows that are written once: each under the next number of the
// organisation and the year, with its document in parts beside it. That one takes
// the place of another stands in the newer one alone, so that nothing is ever
// altered. A view has no parts: they are read when a publication is opened.

// PublicationID names a publication, or a part of one.
type PublicationID [16]byte

func publicationID(organisation OrganisationID, year, number int32, part uint32) PublicationID {
	data := append([]byte("zhurnal publication"), organisation[:]...)
	data = binary.BigEndian.AppendUint32(data, uint32(year))
	data = binary.BigEndian.AppendUint32(data, uint32(number))
	data = binary.BigEndian.AppendUint32(data, part)
	hash := sha256.Sum256(data)
	return PublicationID(hash[:16])
}

// Bounds of what is kept of publications. A programme publishes a few in a month.
const (
	publicationsMost = 1000 // of an organisation in a year
	remarkMost       = 1000 // characters
)

// Publish keeps a report for good, as it was listed but for its number, and by
// whom and when it was published, which is told in what it returns. What stands in
// its way is judged again by check as long as others publish at the same time.
func (t *Tenant) Publish(ctx context.Context, by merge.PersonID, listed *reportv1.Publication, parts [][]byte, check func(v *View) error) (*reportv1.Publication, error) {
	if err := checkRemarks(listed); err != nil {
		return nil, err
	}
	var published *reportv1.Publication
	err := t.directory.put(ctx, by, func(w *writing) error {
		published = proto.CloneOf(listed)
		if err := t.number(w, published); err != nil {
			return err
		}
		if err := t.checkSuperseded(w.view, published); err != nil {
			return err
		}
		if err := check(w.view); err != nil {
			return err
		}
		for i, part := range parts {
			id := publicationID(t.organisation, published.Year, published.Number, uint32(i)+1)
			if err := w.put(keyOf(directoryv1.RowKind_ROW_KIND_PUBLICATION_PART, id), &directoryv1.PublicationPart{Data: part}, syncengine.NotLasting); err != nil {
				return err
			}
		}
		id := publicationID(t.organisation, published.Year, published.Number, 0)
		row := &directoryv1.Publication{OrganisationId: t.organisation[:], Listed: published, Parts: uint32(len(parts))}
		return t.add(w, keyOf(directoryv1.RowKind_ROW_KIND_PUBLICATION, id), row)
	})
	if err != nil {
		return nil, err
	}
	return published, nil
}

// number gives it the next number. Whoever takes the same at the same time writes
// the same row, and one of both is judged again.
func (t *Tenant) number(w *writing, p *reportv1.Publication) error {
	p.Year, p.PublishedById, p.PublishedMillis = int32(time.UnixMilli(w.now).UTC().Year()), w.byOrNobody(), w.now
	p.Number = 1
	for w.view.publication(t.organisation, p.Year, p.Number) != nil {
		p.Number++
	}
	if p.Number > publicationsMost {
		return fault.New(fault.TooLarge, "publish: %d reports have been published in %d, and no more are kept", publicationsMost, p.Year)
	}
	return nil
}

func checkRemarks(p *reportv1.Publication) error {
	for what, text := range map[string]string{"note": p.Note, "reason": p.Reason} {
		odd := strings.ContainsFunc(text, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
		})
		if odd || !utf8.ValidString(text) || utf8.RuneCountInString(text) > remarkMost {
			return fault.New(fault.Invalid, "publish: the %s is at most %d characters of text", what, remarkMost)
		}
	}
	if (p.Supersedes != nil) != (strings.TrimSpace(p.Reason) != "") {
		return fault.New(fault.Invalid, "publish: a publication that takes the place of another needs a reason, and only such a one has it")
	}
	return nil
}

// checkSuperseded holds what it says of another to be so: that is one of the same
// programme, and no third has taken its place.
func (t *Tenant) checkSuperseded(v *View, p *reportv1.Publication) error {
	if p.Supersedes == nil {
		return nil
	}
	old := v.Publication(t.organisation, p.Supersedes.Year, p.Supersedes.Number)
	switch {
	case old == nil || string(old.DeskSpaceId) != string(p.DeskSpaceId):
		return errNotHere("publication")
	case old.Report != p.Report || old.Public != p.Public:
		return fault.New(fault.Invalid, "publish: %d/%d is another report, or its other version: a publication takes the place of one of its own kind", old.Year, old.Number)
	case old.SupersededBy != nil:
		return fault.New(fault.Conflict, "publish: the place of %d/%d is taken by %d/%d: supersede that", old.Year, old.Number, old.SupersededBy.Year, old.SupersededBy.Number)
	}
	return nil
}

// Publication returns what is listed of a publication of an organisation, nil if
// there is none. The caller owns it.
func (v *View) Publication(organisation OrganisationID, year, number int32) *reportv1.Publication {
	row := v.publication(organisation, year, number)
	if row == nil {
		return nil
	}
	listed := proto.CloneOf(row.Listed)
	listed.SupersededBy = v.supersededBy(organisation, listed)
	return listed
}

// publication is the row of a publication, nil if there is none.
func (v *View) publication(organisation OrganisationID, year, number int32) *directoryv1.Publication {
	return find[*directoryv1.Publication](v, keyOf(directoryv1.RowKind_ROW_KIND_PUBLICATION, publicationID(organisation, year, number, 0)))
}

func (v *View) supersededBy(organisation OrganisationID, p *reportv1.Publication) *reportv1.PublicationNumber {
	for _, id := range v.publications(organisation, p.DeskSpaceId) {
		newer := find[*directoryv1.Publication](v, keyOf(directoryv1.RowKind_ROW_KIND_PUBLICATION, id)).Listed
		if newer.Supersedes != nil && newer.Supersedes.Year == p.Year && newer.Supersedes.Number == p.Number {
			return &reportv1.PublicationNumber{Year: newer.Year, Number: newer.Number}
		}
	}
	return nil
}

func (v *View) publications(organisation OrganisationID, desk []byte) []PublicationID {
	return list(v, directoryv1.RowKind_ROW_KIND_PUBLICATION, func(_ PublicationID, p *directoryv1.Publication) bool {
		return string(p.OrganisationId) == string(organisation[:]) && string(p.Listed.DeskSpaceId) == string(desk)
	})
}

// Publications lists what was published for the programme of a desk, the newest
// first. The caller owns it.
func (v *View) Publications(organisation OrganisationID, desk merge.SpaceID) (all []*reportv1.Publication) {
	superseded := map[[2]int32]*reportv1.PublicationNumber{}
	for _, id := range v.publications(organisation, desk[:]) {
		p := proto.CloneOf(find[*directoryv1.Publication](v, keyOf(directoryv1.RowKind_ROW_KIND_PUBLICATION, id)).Listed)
		if old := p.Supersedes; old != nil {
			superseded[[2]int32{old.Year, old.Number}] = &reportv1.PublicationNumber{Year: p.Year, Number: p.Number}
		}
		all = append(all, p)
	}
	for _, p := range all {
		p.SupersededBy = superseded[[2]int32{p.Year, p.Number}]
	}
	slices.SortFunc(all, func(a, b *reportv1.Publication) int {
		return slices.Compare([]int32{b.Year, b.Number}, []int32{a.Year, a.Number})
	})
	return all
}

// Parts reads the parts of the document of a publication.
func (t *Tenant) Parts(year, number int32) (parts [][]byte, err error) {
	view, err := t.directory.View()
	if err != nil {
		return nil, err
	}
	row := view.publication(t.organisation, year, number)
	if row == nil {
		return nil, errNotHere("publication")
	}
	for i := range row.Parts {
		key := keyOf(directoryv1.RowKind_ROW_KIND_PUBLICATION_PART, publicationID(t.organisation, year, number, i+1))
		data, err := t.directory.engine.DirectoryRow(key)
		if err != nil {
			return nil, fault.New(fault.KindOf(err), "publication %d/%d: %w", year, number, err)
		}
		var part directoryv1.PublicationPart
		if err := proto.Unmarshal(data, &part); err != nil {
			return nil, fault.New(fault.Damaged, "row %s: %w: the store is damaged; restore it from a backup", key, err)
		}
		parts = append(parts, part.Data)
	}
	return parts, nil
}
