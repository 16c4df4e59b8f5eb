// Package bench measures what the server costs, beside what the disk and the
// store underneath would allow.
//
// The load is a morning on which the tablets of a community come back from the
// field. Each device has written persons into its register offline, about 300
// bytes a change; a part of its changes edit persons whom other devices edit
// too, ten devices each. Then all devices connect at once.
//
//	B1  50 devices with 200 changes each: all push, then all pull until their
//	    copies are equal to the server's. Measured: the server's CPU for each
//	    change and for each row pulled, its memory, the bytes on the wire, and
//	    the round trips of one further sync.
//	B2  the same load with 200,000 changes, pushed: changes per second.
//	R1  the changes of B2 straight into Badger, with the server's settings and
//	    in transactions of half the largest size: an ordered key with the bytes
//	    of the change and an index key in random order for each.
//	R2  R1 that also reads, changes and writes a row of state for each change:
//	    what a server that merges cannot beat with this store.
//
// A change counts when the server has said APPLIED, which it does only once the
// change is on the disk. The server runs as a process of its own, so its CPU
// and memory are read from the kernel and hold nothing of the load; the devices
// speak HTTP with it over loopback. All changes are written, sealed and
// compressed before the clock starts, from a fixed seed.
//
// The package knows nothing of how the server stores or merges, but for the
// settings of Badger that R1 and R2 share with it.
package bench
