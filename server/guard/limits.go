package guard

import "time"

// Limits are what one server allows its callers.
type Limits struct {
	// Connections may be open at once, and so many of them from one address.
	Connections, ConnectionsPerAddress int
	// AddressPerSecond requests are taken from one address, after AddressBurst at
	// once. Beyond that they are refused, before anybody looks who asks.
	AddressPerSecond float64
	AddressBurst     int
	// CallerPerSecond requests are taken from one caller, after CallerBurst at
	// once. Beyond that they wait up to CallerDelay, and are then refused.
	CallerPerSecond float64
	CallerBurst     int
	CallerDelay     time.Duration
	// CallerRequests of one caller may be under way at once, and CallerStreams.
	CallerRequests, CallerStreams int
	// AtWork requests are worked on at once. The others take turns, caller by
	// caller, for up to Patience, and are then asked to come again.
	AtWork   int
	Patience time.Duration
	// BodyBytes of requests, as they come over the wire, are held in memory at
	// once.
	BodyBytes int64
	// DayBytes, before compression, and DayChanges are taken from one caller in a
	// day of UTC.
	DayBytes, DayChanges int64
}

// Usual are the limits of a real server, for some hundreds of tablets.
var Usual = Limits{
	// Each takes a file descriptor and about 20 KB. A tablet uses one or two; a
	// town's office behind one address has all its tablets there.
	Connections: 2048, ConnectionsPerAddress: 512,
	// 200 tablets that return to one office at once make some ten requests each.
	AddressPerSecond: 200, AddressBurst: 2000,
	// A tablet that was away for a year sends 100,000 changes in 40 requests.
	CallerPerSecond: 20, CallerBurst: 100, CallerDelay: 5 * time.Second,
	// A tablet asks one thing after the other; a hub and a coordinator do a few at
	// once.
	CallerRequests: 8, CallerStreams: 8,
	// Each may have 4 MiB of message and 16 MiB of batches unpacked: 640 MiB if
	// all are as large as can be.
	AtWork: 32, Patience: 20 * time.Second,
	BodyBytes: 256 << 20,
	// Ten times a year's work of one tablet, in bytes and in changes.
	DayBytes: 1 << 30, DayChanges: 1_000_000,
}
