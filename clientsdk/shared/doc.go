// Package shared is for tablets that several people use: a register for each
// person, whose key is wrapped by that person's PIN. Who is at the tablet changes
// without a network.
//
// # How to use it
//
// [Open] the directory, show [Tablet.Users], and [Tablet.Unlock] the one who gives a
// PIN. What comes back has the directory and the key for clientsdk.Open, and
// keeps what is the person's own beside the register: the device's key, its
// identity, the keys of counselling notes. A shared tablet is a device for each of
// its users: each enrols for itself. The example shows all of it.
//
// # What it promises
//
// One person's files open by that person's PIN and by nothing else: not by
// another's, not by the app. A counselling note of one is nothing to another, nor
// is a name; both may read what their roles give both, each in a register of one's
// own.
//
// A PIN may be tried five times and then after a wait that grows to an hour, which
// outlives the app and the battery; nothing is ever destroyed by wrong PINs.
// Changing a PIN wraps the key again, and touches no record.
//
// A PIN that is forgotten is recovered by nobody. The code of
// clientsdk.Register.Unlock lengthens the offline lease of a register that a PIN
// has opened, and opens none.
//
// # What it does not
//
// The wait holds up who has the tablet in the hand, not who copies its files and
// tries PINs elsewhere: a million PINs of six digits are a matter of days there,
// whatever they cost each. A key store that does not let its key go, given as
// [Options].KeyStore, ends that: without it a PIN is worth nothing. Without one,
// people should choose more than six digits.
//
// The names of users are readable without a PIN: they are on the screen.
package shared
