package clientsdk

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect"

	enrolv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/enrol/v1/enrolv1connect"
	syncv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/sync/v1/syncv1connect"

	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/fault"
)

// HomeClient returns a client of the device's home server for [Register.Sync],
// which proves who calls: it gets tokens when they are due, and another when the
// server has forgotten one.
func HomeClient(identity Identity, signer Signer, client *http.Client, options ...connect.ClientOption) (syncv1connect.SyncServiceClient, error) {
	pinned, proven, err := Proven(identity, signer, client)
	if err != nil {
		return nil, err
	}
	return syncv1connect.NewSyncServiceClient(pinned, identity.Server, append([]connect.ClientOption{proven}, options...)...), nil
}

// HubClient returns the like of a hub at this address, which knows the device
// from home.
func HubClient(address string, identity Identity, signer Signer, client *http.Client, options ...connect.ClientOption) (syncv1connect.SyncServiceClient, error) {
	if err := credential.CheckServer(address); err != nil {
		return nil, err
	}
	proves := newProver(identity, signer, client, address)
	proves.hub = true
	return syncv1connect.NewSyncServiceClient(client, address, append(append([]connect.ClientOption{boundedAnswers()}, options...), connect.WithInterceptors(proves))...), nil
}

// Proven returns what a client of any service of home's is made with: an HTTP
// client that holds the server to its pins, and the option that proves who calls.
func Proven(identity Identity, signer Signer, client *http.Client) (*http.Client, connect.ClientOption, error) {
	pinned, err := pinnedClient(client, &identity.Home)
	if err != nil {
		return nil, nil, err
	}
	return pinned, connect.WithClientOptions(boundedAnswers(), connect.WithInterceptors(newProver(identity, signer, pinned, identity.Server))), nil
}

// prover is an interceptor that sends a token with each call.
type prover struct {
	identity Identity
	signer   Signer
	service  enrolv1connect.EnrolServiceClient
	wipes    enrolv1connect.WipeServiceClient
	// hub says that a hub is asked.
	hub bool
	// held is there for the one who may look at what follows, or get a token.
	held  chan struct{}
	token string
	// until is when it is time for another; by the monotonic clock, since the
	// other may be wrong.
	until time.Time
}

var _ connect.Interceptor = (*prover)(nil)

func newProver(identity Identity, signer Signer, client *http.Client, address string) *prover {
	p := &prover{
		identity: identity, signer: signer, held: make(chan struct{}, 1),
		service: enrolv1connect.NewEnrolServiceClient(client, address, boundedAnswers()),
		wipes:   enrolv1connect.NewWipeServiceClient(client, address, boundedAnswers()),
	}
	p.held <- struct{}{}
	return p
}

// current returns a token, another than the refused one.
func (p *prover) current(ctx context.Context, refused string) (string, error) {
	select {
	case <-p.held:
		defer func() { p.held <- struct{}{} }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if p.token != "" && p.token != refused && time.Now().Before(p.until) {
		return p.token, nil
	}
	p.token = ""
	asked := time.Now()
	resp, err := p.ask(ctx)
	if err != nil {
		return "", err
	}
	// A fifth of its time is for the request that it is sent with, on a slow link.
	p.token, p.until = resp.Token, asked.Add(time.Duration(resp.ValidMillis)*time.Millisecond*4/5)
	return p.token, nil
}

// ask gets a token for a signature.
func (p *prover) ask(ctx context.Context) (*enrolv1.TokenResponse, error) {
	device := p.identity.Device
	challenge, err := p.service.Challenge(ctx, connect.NewRequest(&enrolv1.ChallengeRequest{DeviceId: device[:]}))
	if err != nil {
		return nil, err
	}
	message, err := p.message(challenge.Msg)
	if err != nil {
		return nil, err
	}
	signature, err := p.signer.Sign(message)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the device's key does not sign: %w", err)
	}
	resp, err := p.service.Token(ctx, connect.NewRequest(&enrolv1.TokenRequest{DeviceId: device[:], Nonce: challenge.Msg.Nonce, Signature: signature}))
	if err != nil {
		return nil, err
	}
	if resp.Msg.WipeOrder != nil {
		order, err := credential.WipeOrderFromProto(resp.Msg.WipeOrder)
		if err != nil {
			return nil, err
		}
		return nil, &wipeOrdered{order, p.wipes}
	}
	return resp.Msg, nil
}

// message is what is to be signed. What a server says of itself is not believed:
// a hub gets what is good at hubs alone.
func (p *prover) message(challenge *enrolv1.ChallengeResponse) ([]byte, error) {
	if len(challenge.Nonce) != len(credential.Nonce{}) {
		return nil, fault.New(fault.Malformed, "the server's challenge has %d bytes, where %d are due", len(challenge.Nonce), len(credential.Nonce{}))
	}
	nonce, device := credential.Nonce(challenge.Nonce), p.identity.Device
	switch isHub := len(challenge.HubId) > 0; {
	case p.hub && len(challenge.HubId) != len(credential.HubID{}):
		return nil, fault.New(fault.Invalid, "the server at this address is no hub: ask the home server with HomeClient")
	case p.hub:
		return credential.HubTokenMessage(credential.HubID(challenge.HubId), device, nonce), nil
	case isHub:
		return nil, fault.New(fault.Invalid, "a hub answers at the address of the home server: ask it with HubClient")
	}
	return credential.TokenMessage(p.identity.Organisation, device, nonce), nil
}

const authorization = "Authorization"

func bearer(token string) string { return "Bearer " + token }

func isRefusal(err error) bool { return connect.CodeOf(err) == connect.CodeUnauthenticated }

// WrapUnary implements connect.Interceptor.
func (p *prover) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		token, err := p.current(ctx, "")
		if err != nil {
			return nil, err
		}
		req.Header().Set(authorization, bearer(token))
		resp, err := next(ctx, req)
		if err == nil || !isRefusal(err) {
			return p.checkHub(resp, err)
		}
		// The server was started anew, and has forgotten it.
		if token, err = p.current(ctx, token); err != nil {
			return nil, err
		}
		req.Header().Set(authorization, bearer(token))
		return p.checkHub(next(ctx, req))
	}
}

// checkHub refuses the answer of a hub that is made out to be home's: it would be
// taken for home's word on what was merged, and for contact with home.
func (p *prover) checkHub(resp connect.AnyResponse, err error) (connect.AnyResponse, error) {
	if err != nil || !p.hub {
		return resp, err
	}
	if m, ok := resp.Any().(*syncv1.SyncResponse); ok && len(m.HubId) == 0 {
		return nil, fault.New(fault.Malformed, "the hub at this address answers as if it were the home server: nothing of it is taken")
	}
	return resp, nil
}

// WrapStreamingClient implements connect.Interceptor.
func (p *prover) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		again := func() connect.StreamingClientConn { return next(ctx, spec) }
		return &provenStream{StreamingClientConn: again(), prover: p, ctx: ctx, again: again}
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (p *prover) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
