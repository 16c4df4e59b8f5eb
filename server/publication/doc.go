// Package publication makes of a report what is kept of it for good: bytes that
// never change, in parts that fit rows of the directory, under a hash. It says what
// may be published that way: nothing that names somebody or has somebody's words,
// since what is kept for good can be taken back by nobody; and no correction from
// which, beside the figure that it corrects, a reader learns of a few people.
package publication
