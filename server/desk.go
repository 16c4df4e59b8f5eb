package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/zhurnal/zhurnal/server/audit"
	"github.com/zhurnal/zhurnal/server/auth"
	"github.com/zhurnal/zhurnal/server/console"
	"github.com/zhurnal/zhurnal/server/contact"
	"github.com/zhurnal/zhurnal/server/manifest"
	"github.com/zhurnal/zhurnal/server/rpc"
	"github.com/zhurnal/zhurnal/server/signin"
	"github.com/zhurnal/zhurnal/syncengine"
	"github.com/zhurnal/zhurnal/syncengine/credential"
	"github.com/zhurnal/zhurnal/syncengine/merge"
)

// desk are the flags of serve that say how people sign in who are at a desk.
type desk struct {
	URL            string `name:"url" placeholder:"URL" help:"Where browsers find the server, such as https://register.example.org. Without it: the name of --acme-host, or localhost."`
	Audit          string `placeholder:"FILE" help:"The log of who did what (PATH of --dir with .audit behind it)."`
	OIDCIssuer     string `name:"oidc-issuer" placeholder:"URL" help:"An OpenID Connect provider that says who people are, by its issuer."`
	OIDCClient     string `name:"oidc-client" placeholder:"ID" help:"The client id under which this server is registered there."`
	OIDCSecretFile string `name:"oidc-secret-file" type:"existingfile" placeholder:"FILE" help:"A file with the client secret, for its owner alone."`
	OIDCName       string `name:"oidc-name" placeholder:"TEXT" help:"What people call the provider (the issuer's host)."`
}

// recheckEvery is how often sessions that are over are looked for; each request
// looks by itself.
const recheckEvery = time.Minute

// keepContactsEvery is how often it is written down when devices were heard from.
const keepContactsEvery = time.Minute

// open has the server sign people in and keep who did what, and returns what ends
// that.
func (d *desk) open(ctx context.Context, way *opened, dir string, engine *syncengine.Engine, o *rpc.Options) (func() error, error) {
	provider, err := d.provider()
	if err != nil {
		return nil, err
	}
	if way.tls != nil && d.URL == "" && way.acmeHost == "" {
		o.Log.Warn("links, passkeys and the provider's answers lead to localhost: say with --url where browsers find the server")
	}
	name := d.Audit
	if name == "" {
		name = filepath.Clean(dir) + ".audit"
	}
	log, err := audit.Open(name, nowMillis)
	if err != nil {
		return nil, err
	}
	service, err := signin.New(signin.Options{
		Directory: o.Directory, Audit: log, Now: nowMillis, Random: rand.Reader, URL: d.url(way),
		Address: way.exposure.Client, Provider: provider,
		Trouble: func(err error) { o.Log.Error("a page could not be shown", "error", err) },
	})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	pages, err := console.New(console.Options{
		Directory: o.Directory, Schema: engine.Schema, Now: nowMillis,
		Trouble: func(err error) { o.Log.Error("a page could not be shown", "error", err) },
	})
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	contacts, err := contact.Open(filepath.Clean(dir) + ".contacts")
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	keep := func() {
		if err := contacts.Keep(); err != nil {
			o.Log.Error("when devices were heard from is not kept over a restart", "error", err)
		}
	}
	ctx, stop := context.WithCancel(ctx)
	var checking sync.WaitGroup
	checking.Go(func() { every(ctx, recheckEvery, service.Recheck) })
	checking.Go(func() { tellHead(ctx, log, o.Log) })
	checking.Go(func() { every(ctx, keepContactsEvery, keep) })
	o.SignIn, o.Console, o.Audit, o.Trail, o.Contacts = service, pages, log, log, contacts
	o.Manifest = &manifest.Maker{Engine: engine, Log: log, Directory: o.Directory, Now: nowMillis}
	o.Home = credential.Home{Server: d.url(way)}
	return func() error {
		stop()
		checking.Wait()
		keep()
		return log.Close()
	}, nil
}

// tellHeadEvery is how often the server's log is told how far the log of who did
// what goes: who has that can tell later whether its end is missing, or all of it
// was written anew.
const tellHeadEvery = time.Hour

func tellHead(ctx context.Context, kept *audit.Log, log *slog.Logger) {
	told := audit.Head{}
	tell := func() {
		if head := kept.Head(); head != told {
			log.Info("the log of who did what goes to here", "head", head.String())
			told = head
		}
	}
	every(ctx, tellHeadEvery, tell)
	tell()
}

// url is where browsers find the server if nobody says so: on loopback by name,
// since passkeys are bound to one.
func (d *desk) url(way *opened) string {
	scheme := "http"
	if way.tls != nil {
		scheme = "https"
	}
	_, port, _ := net.SplitHostPort(way.listener.Addr().String()) // it is one of TCP
	switch {
	case d.URL != "":
		return strings.TrimSuffix(d.URL, "/")
	case way.acmeHost != "":
		return "https://" + way.acmeHost
	default:
		return scheme + "://" + net.JoinHostPort("localhost", port)
	}
}

func (d *desk) provider() (*signin.Provider, error) {
	switch {
	case d.OIDCIssuer == "" && (d.OIDCClient != "" || d.OIDCSecretFile != "" || d.OIDCName != ""):
		return nil, errors.New("the other --oidc flags say how the provider of --oidc-issuer is asked: give that too")
	case d.OIDCIssuer == "":
		return nil, nil
	}
	p := &signin.Provider{Issuer: d.OIDCIssuer, ClientID: d.OIDCClient, Name: d.OIDCName}
	if d.OIDCSecretFile != "" {
		text, err := os.ReadFile(d.OIDCSecretFile)
		if err != nil {
			return nil, fmt.Errorf("--oidc-secret-file: %w", err)
		}
		p.ClientSecret = strings.TrimSpace(string(text))
	}
	return p, nil
}

// welcomeFirst prints a link for the first administrator of a register that has
// none.
func welcomeFirst(ctx context.Context, service *signin.Service, out io.Writer) error {
	needed, err := service.NeedsFirst()
	if err != nil || !needed {
		return err
	}
	link, expires, err := service.MakeLink(ctx, auth.Operator, merge.PersonID{})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The register has no administrator yet. Open this link to become it; it is good once, until %s:\n\n  %s\n\n", clock(expires), link)
	return err
}

func clock(millis int64) string { return time.UnixMilli(millis).Format("2006-01-02 15:04") }
