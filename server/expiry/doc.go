// Package expiry erases what is not to be kept any longer, by rules that say for
// how many months records of a type are kept.
//
// What is due is a function of the records, the rules and a calendar day: asked
// twice it is the same, and asked only to rehearse it says what would go. What
// stays of a record is what stays when a person is erased, so that totals remain.
// Erasing is the engine's; see [syncengine.Engine.Expire].
package expiry
