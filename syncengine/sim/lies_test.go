package sim

import (
	"github.com/zhurnal/zhurnal/syncengine/merge"
	"github.com/zhurnal/zhurnal/syncengine/merge/mergetest"
	"github.com/zhurnal/zhurnal/syncengine/wire"
)

// signatureLies are lies about who wrote what. The stranger's own device is known
// to the server.
var signatureLies = []lie{
	{"a run that nobody has signed", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		return d.unsigned(space, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
	}},
	{"a run in another's name", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		w.Author = d.tablet.person
		return d.batch(space, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
	}},
	{"a run that says to be signed by another's device", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		w.Author = d.tablet.person
		c := w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil))
		d.must(wire.Sign(space, d.tablet.signer.id, []*merge.Change{c}, d.stranger().Sign), "sign a lie")
		return d.unsigned(space, c)
	}},
	{"the word of another's device for something else", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		known := d.anyChange(space)
		if known == nil || known.Signed == nil {
			return nil
		}
		w.Replica, w.Seq, w.Previous, w.Author = known.ID.Replica, known.ID.Seq-1, known.Previous, known.Author
		return d.underWordOf(space, known.Signed, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
	}},
	{"a run that was signed for another space", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		c := w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil))
		other := space
		other[0] ^= 1
		d.must(wire.Sign(other, d.stranger().id, []*merge.Change{c}, d.stranger().Sign), "sign a lie")
		return d.unsigned(space, c)
	}},
	{"a run that was signed for other numbers", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		run := d.run(space, w, 2)
		d.must(wire.Sign(space, d.stranger().id, run[:1], d.stranger().Sign), "sign a lie")
		return d.underWordOf(space, run[0].Signed, run[1])
	}},
	{"a run without its end", true, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		run := d.run(space, w, 3)
		d.must(wire.Sign(space, d.stranger().id, run, d.stranger().Sign), "sign a lie")
		return d.underWordOf(space, run[0].Signed, run[:2]...)
	}},
	{"a part of a run, as it may be sent", false, func(d *doing, space merge.SpaceID, w *mergetest.Writer) []byte {
		run := d.run(space, w, 1+d.IntN(9))
		d.must(wire.Sign(space, d.stranger().id, run, d.stranger().Sign), "sign a part")
		from := d.IntN(len(run))
		return d.unsigned(space, run[from:from+1+d.IntN(len(run)-from)]...)
	}},
}

// stranger is the stranger's device.
func (d *doing) stranger() *signer { return d.newSigner("stranger", mergetest.ID16("stranger")) }

func (d *doing) run(space merge.SpaceID, w *mergetest.Writer, count int) (run []*merge.Change) {
	for range count {
		run = append(run, w.Seal(mergetest.DrawSalt(d), d.now, d.visit(space, nil)))
	}
	return run
}

// underWordOf is a batch of changes with a signature that is not for them.
func (d *doing) underWordOf(space merge.SpaceID, word *merge.Signature, changes ...*merge.Change) []byte {
	signed := merge.SignatureFor(word.Device, changes)
	signed.Bytes = word.Bytes
	for _, c := range changes {
		c.Signed = signed
	}
	return d.unsigned(space, changes...)
}

// unsigned is a batch of changes as they are.
func (d *doing) unsigned(space merge.SpaceID, changes ...*merge.Change) []byte {
	batch, err := wire.EncodeBatch(space, changes)
	d.must(err, "encode a lie")
	return batch
}
