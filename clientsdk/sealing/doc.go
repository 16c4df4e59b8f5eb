// Package sealing seals and opens the sealed fields of counselling rooms, and
// decides to whom they are sealed.
//
// # Keys
//
// A person has one [Identity]: an X25519 key of age (age-encryption.org/v1). The
// app makes it, as with age.GenerateX25519Identity, or keeps it in the key store
// of the device and implements Unwrap there; the register never stores it.
// Whoever has none sees that there is a note, by whom and when, and nothing of
// its words.
//
// # To whom
//
// A value is sealed to its author and to all supervisors of the room. Who they
// are the tablet must not take from the server, nor from another tablet: a key
// that somebody slipped in would read every note from then on, and nothing would
// look different. Therefore a recipient is used only if
//
//   - the app has pinned it ([Pins].Supervisors, [Pins].Recovery), as it came with
//     the invitation, from hand to hand; or
//   - a record of the room announces it as a supervisor's, and the announcement
//     is signed by the key that the app has pinned ([Pins].Signer).
//
// What else a room announces is not used, and the app is told of it. Of two signed
// statements about one recipient the later one holds, wherever it is found, in a
// record that somebody has called a mistake too; so a supervisor's key ends by a
// statement that says so, and not because somebody hides a record. A server that
// withholds that statement keeps the old key in use: it hides what is new from
// everyone, and adds nobody.
//
// # Loss
//
// A value opens with the identity of its author or of a supervisor, and with
// nothing else. When all of them are lost, so is what they wrote. [Pins].Recovery
// is a recipient of which the organisation keeps the identity where no tablet is,
// on paper in a safe: everything is sealed to it too.
//
// A new supervisor reads what is sealed from then on. Handing over what was sealed
// before is a job of its own for somebody who can open it: records of their own
// that name the old ones, written after Tx.SealAlsoTo.
package sealing
