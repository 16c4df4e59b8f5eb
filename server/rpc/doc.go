// Package rpc is the server's edge: it decodes requests, finds out who asks,
// calls the engine and encodes the answer. Connect, gRPC and gRPC-Web share one
// port, over HTTP/1.1 and HTTP/2 without TLS.
//
// What it must not know: what a record means, how anything is stored, who may do
// what. Errors of the engine become answers in one place, fault.go; every limit
// of the edge stands in limits.go.
package rpc
