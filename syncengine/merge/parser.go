package merge

import "encoding/binary"

// parser reads an encoding from front to back. After the first thing that is
// not there it has failed, and returns zeros; the caller looks once, at the end.
type parser struct {
	data   []byte
	failed bool
}

func (p *parser) take(n int) []byte {
	if p.failed || n < 0 || n > len(p.data) {
		p.failed = true
		return nil
	}
	taken := p.data[:n:n]
	p.data = p.data[n:]
	return taken
}

func (p *parser) byte() byte {
	if b := p.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) uvarint() uint64 {
	v, n := binary.Uvarint(p.data)
	if n <= 0 || (n > 1 && p.data[n-1] == 0) { // a padded varint is a second spelling
		p.failed = true
		return 0
	}
	p.data = p.data[n:]
	return v
}

func (p *parser) varint() int64 {
	u := p.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// bytes reads a length and as many bytes; nil for none, so that nothing keeps
// the whole encoding alive without need.
func (p *parser) bytes() []byte {
	n := p.uvarint()
	if n > uint64(len(p.data)) {
		p.failed = true
		return nil
	}
	if n == 0 {
		return nil
	}
	return p.take(int(n))
}

// count reads how many follow, each of at least itemBytes.
func (p *parser) count(itemBytes int) int {
	n := p.uvarint()
	if n > uint64(len(p.data)/itemBytes) {
		p.failed = true
		return 0
	}
	return int(n)
}

// index reads an index below length.
func (p *parser) index(length int) int {
	i := p.uvarint()
	if i >= uint64(length) {
		p.failed = true
		return 0
	}
	return int(i)
}

func (p *parser) fixed16() (v [16]byte) { copy(v[:], p.take(16)); return v }

func (p *parser) tag() (t Tag) { copy(t[:], p.take(8)); return t }

func (p *parser) id() ID { return ID{Replica: p.fixed16(), Seq: p.uvarint(), Tag: p.tag()} }

// ids reads a count and as many identities in ascending order; nil for none.
func (p *parser) ids() []ID {
	n := p.count(idBytesMin)
	if n == 0 {
		return nil
	}
	list := make([]ID, n)
	for i := range list {
		list[i] = p.id()
		if i > 0 && list[i-1].Compare(list[i]) >= 0 {
			p.failed = true
		}
	}
	return list
}
