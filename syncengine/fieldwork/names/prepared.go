package names

// Prepared is a person taken apart, to be compared with many. It does not change,
// and may be in several registers.
type Prepared struct {
	person Person
	read
	keys []key
}

// Prepare takes a person apart.
func Prepare(p Person) *Prepared {
	one := &Prepared{person: p, read: readPerson(&p)}
	one.keys = one.read.keys()
	return one
}

// Person is who was prepared, as entered.
func (p *Prepared) Person() Person { return p.person }

// stands tells whether there is a name to compare.
func (p *Prepared) stands() bool { return len(p.readings) > 0 }
