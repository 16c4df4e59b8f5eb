package merge

// Change is one local transaction in one space: what one replica wrote at one
// time. Once sealed it never changes, but that erasing a person may purge
// single writes of it.
type Change struct {
	ID   ID
	Hash Hash
	// Previous is the hash of the replica's change before this one; zero for
	// the first. It makes a replica's changes a chain.
	Previous Hash
	// Stamp is the writer's clock in milliseconds since 1970, never going back
	// within a replica. It orders only values that nobody has chosen between,
	// and may be wrong by years.
	Stamp  int64
	Author PersonID
	// Salt seeds the salts of the writes; see [Change.WriteSalts]. Zero once a
	// write was purged, when the writes that are left carry their own.
	Salt Salt
	// Records are the parts of the change, each record once, none without a
	// write.
	Records []RecordWrites
	// Signed is the word of the device that made the change, as far as it is known
	// here. Neither the hash nor merging asks for it.
	Signed *Signature
}

// RecordWrites are the writes of one change to one record.
type RecordWrites struct {
	// Type is the full name of the record's protobuf message.
	Type   string
	Record RecordID
	// Header holds the key fields in canonical wire bytes, in every change to
	// the record, so that each change explains itself; empty for a type
	// without key.
	Header []byte
	// Writes stand in ascending order of their cells, each cell once. Purged
	// ones keep their place by the field alone.
	Writes []Write
}

// Write puts a value into a cell in place of the values its author saw there.
type Write struct {
	Cell CellKey
	// Value is the wire bytes of the cell's fields; empty clears them. For an
	// element of a set: one byte when present, empty when removed. For the
	// lifecycle cell see [VoidList].
	Value []byte
	// Replaces names the changes whose values the author saw in this cell:
	// almost always one, or none. Sorted, without repetition.
	Replaces []ID
	// Purged is set once the write's content was erased, and holds the hash it
	// had, so that the chain still verifies. Value, Replaces and the cell's
	// element are then empty: which element it was is content too.
	Purged *Hash
	// Salt is the write's own salt, set only in a change of which another
	// write was purged.
	Salt *Salt
}

// WriteCount returns the number of writes to all records.
func (c *Change) WriteCount() int {
	n := 0
	for i := range c.Records {
		n += len(c.Records[i].Writes)
	}
	return n
}

func isPurged(w Write) bool { return w.Purged != nil }
