package merge

import "errors"

// ErrMalformedRecord says that bytes are not the encoding of a record.
var ErrMalformedRecord = errors.New("malformed record row")

// The least bytes that one of these takes, to bound counts by what is there.
const (
	idBytesMin    = 16 + 1 + 8
	sourceBytes   = 16 + 16
	writeBytesMin = 1 + 1 + 8 + 1
	cellBytesMin  = 1 + 1 + 1 + 1
	valueBytesMin = 1 + 1
)

// ParseRecord reads what [AppendRecord] wrote, and nothing else: no two
// encodings give the same record. The record shares the bytes of data, which
// must not be altered afterwards.
func ParseRecord(id RecordID, data []byte) (*Record, error) {
	p := rowParser{parser: parser{data: data}}
	format := p.byte()
	if format != recordFormat && format != erasedFormat {
		return nil, ErrMalformedRecord
	}
	r := &Record{ID: id, Position: p.uvarint(), Erased: format == erasedFormat}
	r.Type = string(p.bytes())
	r.Header = p.bytes()
	if r.Erased {
		r.Kept = p.readKept()
	}
	p.readSources()
	p.readWrites()
	r.Cells = p.readCells()
	if p.failed || len(p.data) != 0 || p.writesUsed != len(p.writes.items) {
		return nil, ErrMalformedRecord
	}
	return r, nil
}

// rowParser reads a row. Sources and changes must stand in the order of their
// first use, all of them used and none twice.
type rowParser struct {
	parser
	sources     dictionary[source]
	writes      dictionary[liveWrite]
	sourcesUsed int
	writesUsed  int
	room        []Value // for the values of most cells, in one piece
}

// readKept reads ascending field numbers.
func (p *rowParser) readKept() []uint32 {
	kept := make([]uint32, p.count(1))
	for i := range kept {
		field := p.uvarint()
		if field > MaxField || i > 0 && uint32(field) <= kept[i-1] {
			p.failed = true
		}
		kept[i] = uint32(field)
	}
	return kept
}

func (p *rowParser) readSources() {
	n := p.count(sourceBytes)
	p.sources.items = make([]source, 0, n)
	for i := range n {
		var index int
		index, p.sources = p.sources.index(source{ReplicaID(p.fixed16()), PersonID(p.fixed16())})
		if index != i {
			p.failed = true
		}
	}
}

func (p *rowParser) readWrites() {
	n := p.count(writeBytesMin)
	p.writes.items = make([]liveWrite, 0, n)
	for i := range n {
		s := p.firstUse(&p.sourcesUsed, len(p.sources.items))
		var index int
		index, p.writes = p.writes.index(liveWrite{s, p.uvarint(), p.tag(), p.varint()})
		if index != i {
			p.failed = true
		}
	}
	if p.sourcesUsed != len(p.sources.items) {
		p.failed = true
	}
}

// firstUse reads an index below length: of what was used before, or the next.
func (p *rowParser) firstUse(used *int, length int) int {
	i := p.index(min(*used+1, length))
	if i == *used && !p.failed {
		*used++
	}
	return i
}

func (p *rowParser) readCells() []Cell {
	cells := make([]Cell, p.count(cellBytesMin))
	p.room = make([]Value, len(cells))
	for i := range cells {
		p.readCell(&cells[i])
		if i > 0 && cells[i-1].Key.Compare(cells[i].Key) >= 0 {
			p.failed = true
		}
		if p.failed {
			return nil
		}
	}
	return cells
}

func (p *rowParser) readCell(c *Cell) {
	field := p.uvarint()
	if field > MaxField {
		p.failed = true
	}
	c.Key = CellKey{Field: uint32(field), Element: string(p.bytes())}
	c.Values = p.values(p.count(valueBytesMin))
	for i := range c.Values {
		w := p.firstUse(&p.writesUsed, len(p.writes.items))
		data := p.bytes()
		if p.failed {
			return
		}
		write := &p.writes.items[w]
		from := &p.sources.items[write.source]
		c.Values[i] = Value{Change: ID{from.replica, write.seq, write.tag}, At: write.at, Author: from.author, Data: data}
		if i > 0 && c.Values[i-1].Change.Compare(c.Values[i].Change) >= 0 {
			p.failed = true
		}
	}
	c.Missing = p.ids()
}

// values returns room for n values; nil for none.
func (p *rowParser) values(n int) []Value {
	if n > len(p.room) {
		return make([]Value, n)
	}
	if n == 0 {
		return nil
	}
	values := p.room[:n:n]
	p.room = p.room[n:]
	return values
}

// RecordPosition returns the position of an encoded record without reading the
// rest of it.
func RecordPosition(data []byte) (uint64, error) {
	p := parser{data: data}
	if format := p.byte(); format != recordFormat && format != erasedFormat {
		return 0, ErrMalformedRecord
	}
	position := p.uvarint()
	if p.failed {
		return 0, ErrMalformedRecord
	}
	return position, nil
}
