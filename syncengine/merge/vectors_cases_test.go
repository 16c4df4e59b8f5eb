package merge_test

import (
	"slices"

	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
)

// noon is a time for stories: 2024-05-06 12:00 UTC.
const noon = int64(1_714_996_800_000)

// teller collects a case: it writes changes and applies them.
type teller struct {
	vector vectorCase
	space  *mergetest.Space
	salts  byte
}

func tell(name, shows string) *teller {
	return &teller{vector: vectorCase{Name: name, Shows: shows, Space: testSpace[:]}, space: mergetest.NewSpace()}
}

// write makes a change; each has a salt of its own.
func (s *teller) write(w *mergetest.Writer, atMillis int64, records ...merge.RecordWrites) *merge.Change {
	s.salts++
	own := merge.Salt(slices.Repeat([]byte{s.salts}, 16))
	c := w.Seal(own, atMillis, records...)
	s.vector.Changes = append(s.vector.Changes, toVectorChange(c))
	return c
}

func (s *teller) put(w *mergetest.Writer, cell merge.CellKey, value string, replaces ...merge.ID) *merge.Change {
	return s.write(w, noon+int64(s.salts)*60_000, on(visit, merge.Write{Cell: cell, Value: []byte(value), Replaces: replaces}))
}

// apply applies the changes as a copy does that home has confirmed nothing to.
func (s *teller) apply(changes ...*merge.Change) *teller {
	for _, c := range changes {
		s.applyAt(c, 0, 0)
	}
	return s
}

func (s *teller) applyAt(c *merge.Change, receivedMillis int64, position uint64) {
	effect, err := s.space.Apply(c, receivedMillis, position)
	if err != nil {
		panic(err)
	}
	s.vector.Apply = append(s.vector.Apply, vectorApply{
		Change: s.index(c), ReceivedMillis: receivedMillis, Position: position, Missing: missingIDs(effect.Missing),
	})
}

// follow applies the change as a copy does that follows home's log.
func (s *teller) follow(c *merge.Change, receivedMillis int64, position uint64, missing ...merge.MissingValue) {
	if _, err := s.space.Follow(c, receivedMillis, position, missing); err != nil {
		panic(err)
	}
	s.vector.Apply = append(s.vector.Apply, vectorApply{
		Change: s.index(c), ReceivedMillis: receivedMillis, Position: position, Following: true, Missing: missingIDs(missing),
	})
}

func (s *teller) index(c *merge.Change) int {
	return slices.IndexFunc(s.vector.Changes, func(v vectorChange) bool { return merge.Hash(v.Hash) == c.Hash })
}

func missingIDs(missing []merge.MissingValue) []vectorID {
	ids := []vectorID{}
	for _, m := range missing {
		ids = append(ids, toVectorID(m.Change))
	}
	return ids
}

// purge erases from the change and from its vector.
func (s *teller) purge(c *merge.Change, erase func(*merge.RecordWrites, *merge.Write) bool) {
	i := s.index(c)
	c.Purge(erase)
	s.vector.Changes[i] = toVectorChange(c)
}

// end fills in what is expected.
func (s *teller) end() *vectorCase {
	for _, rec := range s.space.Records() {
		s.vector.Records = append(s.vector.Records, toVectorRecord(rec))
	}
	digest := s.space.Digest()
	s.vector.Digest = digest[:]
	return &s.vector
}

func vectorCases() []*vectorCase {
	return []*vectorCase{
		oneWrite(), replaced(), concurrent(), tie(), marker(false), marker(true), forked(), chosenBetween(),
		setElements(), clockAhead(), twoRecords(), largeNumbers(),
		voided("void"), voided("contested"), voided("restored"), voidedEmpty(),
		purgedPart(), purgedElement(), rowsAndTail(),
	}
}

func oneWrite() *vectorCase {
	s := tell("one write", "a change, its hash, and the row it makes")
	return s.apply(s.put(anna(), nameCell, "Olha")).end()
}

func replaced() *vectorCase {
	s := tell("replace", "who has seen a value replaces it; the second change of the replica names the hash of the first")
	a := anna()
	first := s.put(a, nameCell, "Olga")
	return s.apply(first, s.put(a, nameCell, "Olha", first.ID)).end()
}

func concurrent() *vectorCase {
	s := tell("concurrent", "two who have not seen each other: both values stay, and each pick shows one")
	return s.apply(s.put(anna(), nameCell, "Olha"), s.put(bohdan(), nameCell, "Olga")).end()
}

func tie() *vectorCase {
	s := tell("tie", "two values of the same millisecond: both picks show the one with the higher tag")
	return s.apply(
		s.write(anna(), noon, on(visit, merge.Write{Cell: nameCell, Value: []byte("Olha")})),
		s.write(bohdan(), noon, on(visit, merge.Write{Cell: nameCell, Value: []byte("Olga")})),
	).end()
}

func marker(came bool) *vectorCase {
	s := tell("marker", "a correction comes before what it corrects, and leaves a marker")
	wrong := s.put(anna(), nameCell, "Olga")
	s.apply(s.put(bohdan(), nameCell, "Olha", wrong.ID))
	if came {
		s.vector.Name, s.vector.Shows = "marker, then swallowed", "what is corrected comes last, and is swallowed by the marker"
		s.apply(wrong)
	}
	return s.end()
}

func forked() *vectorCase {
	s := tell("fork", "a cloned tablet goes on under the same replica and sequence number: the tags tell the two changes apart")
	original := anna()
	first := s.put(original, nameCell, "Olha")
	clone := *original
	return s.apply(first, s.put(original, nameCell, "Olha K.", first.ID), s.put(&clone, nameCell, "Olha Koval", first.ID)).end()
}

func chosenBetween() *vectorCase {
	s := tell("settled", "who has seen both values chooses: an ordinary change that replaces two, named in ascending order")
	a, b := s.put(anna(), nameCell, "Olha"), s.put(bohdan(), nameCell, "Olga")
	s.apply(a, b)
	return s.apply(s.put(mergetest.NewWriter(testSpace, "server", "Coordinator"), nameCell, "Olha", s.space.Records()[0].Cell(nameCell).Seen()...)).end()
}

func setElements() *vectorCase {
	s := tell("set elements", "each element of a set is a cell; an addition that had not seen a removal is shown")
	tea, bread := merge.CellKey{Field: 7, Element: "\x3a\x03tea"}, merge.CellKey{Field: 7, Element: "\x3a\x05bread"}
	a, b := anna(), bohdan()
	added := s.put(a, tea, "\x01")
	return s.apply(added, s.put(b, bread, "\x01"), s.put(a, tea, "\x01", added.ID), s.put(b, tea, "", added.ID)).end()
}

func clockAhead() *vectorCase {
	const tenYears = 3650 * 86_400_000
	s := tell("clock ahead", "a stamp ten years ahead counts as home's time of receipt, which is lower; a stamp in the past is believed")
	ahead := s.write(anna(), noon+tenYears, on(visit, merge.Write{Cell: nameCell, Value: []byte("ahead")}))
	later := s.write(bohdan(), noon+60_000, on(visit, merge.Write{Cell: nameCell, Value: []byte("later")}))
	s.applyAt(ahead, noon+30_000, 1)
	s.applyAt(later, noon+90_000, 2)
	return s.end()
}

func twoRecords() *vectorCase {
	s := tell("two records", "one change to a record with a random id and to one with a key, from which its id is computed")
	return s.apply(s.write(anna(), noon,
		on(visit, merge.Write{Cell: nameCell, Value: []byte("Olha")}, merge.Write{Cell: phoneCell}),
		on(keyedVisit, merge.Write{Cell: nameCell, Value: []byte("Bohdan")}))).end()
}

func largeNumbers() *vectorCase {
	s := tell("large numbers", "numbers of several varint bytes, a stamp before 1970, the highest field")
	a := anna()
	a.Seq, a.Previous, a.Stamp = 1<<40, merge.Hash{0xff}, -2_000
	c := s.write(a, -1_000, on(visit,
		merge.Write{Cell: merge.CellKey{Field: 300}, Value: slices.Repeat([]byte("z"), 200)},
		merge.Write{Cell: merge.CellKey{Field: merge.MaxField}, Replaces: []merge.ID{{Replica: a.Replica, Seq: 1 << 39}}}))
	s.applyAt(c, noon, 70_000)
	return s.end()
}

func voided(standing string) *vectorCase {
	s := tell(standing, map[string]string{
		"void":      "the lifecycle cell lists all that is live: the record is hidden",
		"contested": "an edit that the void had not seen keeps the record alive",
		"restored":  "an empty value in place of the void: the record is meant",
	}[standing])
	a, b := anna(), bohdan()
	name := s.put(a, nameCell, "Olha")
	s.apply(name)
	mistake := s.put(b, merge.Lifecycle, string(s.space.Records()[0].LiveChanges().Encode()))
	s.apply(mistake)
	switch standing {
	case "contested":
		s.apply(s.put(a, phoneCell, "044"))
	case "restored":
		s.apply(s.put(a, merge.Lifecycle, "", mistake.ID))
	}
	return s.end()
}

func voidedEmpty() *vectorCase {
	s := tell("void of a record without values", "the list of nothing is not the empty value")
	opened := s.put(anna(), merge.Lifecycle, "")
	return s.apply(opened, s.put(bohdan(), merge.Lifecycle, string(merge.VoidList{}.Encode()), opened.ID)).end()
}

func purgedPart() *vectorCase {
	s := tell("purge", "of one write only its hash is left; the change has the hash that it had; nothing of it waits for the erased value")
	a := anna()
	whole := s.write(a, noon, on(visit, merge.Write{Cell: nameCell, Value: []byte("Olha")}, merge.Write{Cell: phoneCell, Value: []byte("044")}))
	s.purge(whole, phoneOnly)
	return s.apply(whole, s.put(a, nameCell, "Olha K.", whole.ID)).end()
}

func purgedElement() *vectorCase {
	s := tell("purge of an element", "the element is gone with the content; what waited for the write waits no longer")
	tea := merge.CellKey{Field: 7, Element: "\x3a\x03tea"}
	added := s.put(anna(), tea, "\x01")
	s.apply(s.put(bohdan(), tea, "", added.ID))
	s.purge(added, everything)
	return s.apply(added).end()
}

func rowsAndTail() *vectorCase {
	s := tell("rows and tail", "a row that reflects position 2 leaves positions 1 and 2 alone; what home found missing, not the copy's own set, says what has come")
	story := twoVisits()
	for _, c := range story {
		s.vector.Changes = append(s.vector.Changes, toVectorChange(c))
	}
	h := newHome()
	h.receive(story[:2])
	row, _ := h.space.Record(visit.Record)
	s.vector.Start = []vectorRow{{Record: row.ID[:], Row: merge.AppendRecord(nil, row)}}
	_ = s.space.Put(row.Clone())
	h.receive(story[2:])
	for i, e := range h.log {
		s.follow(e.change, e.received, uint64(i+1), e.missing...)
	}
	return s.end()
}
