// Package enrol lets devices in: it makes a device of an invitation, gives a
// device something to sign, and a token for the signature.
//
// Nothing that a stranger asks for is kept: a challenge carries its own seal, and
// is noted when it was used. Nothing that is told to a stranger depends on who is
// known: an unknown device gets a challenge as every other, and one refusal
// stands for all reasons.
//
// It knows nothing of rights, storage and transport. Who is known is package
// directory's; that of two who use one invitation at once exactly one wins rests
// on it.
package enrol
