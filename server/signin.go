package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/term"

	signinv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1"
	"github.com/zhurnal/zhurnal/proto/gen/zhurnal/signin/v1/signinv1connect"
	"github.com/zhurnal/zhurnal/server/keyfile"
)

type signInCommand struct {
	Server  string `default:"http://127.0.0.1:8765" placeholder:"URL" help:"The server (${default})."`
	Login   string `placeholder:"LOGIN" help:"Your login; asked for if it is left out."`
	Session string `placeholder:"FILE" help:"Where to keep the session (in your configuration directory)."`

	in io.Reader // nil for the terminal
}

// signInTimeout bounds one call.
const signInTimeout = time.Minute

// Help is shown by 'zhurnal sign-in --help'.
func (signInCommand) Help() string {
	return `Asks for your login and password, and keeps a session by which 'report' and 'history' say who you are. It ends 30
minutes after it was last used, 12 hours after it began, and with 'zhurnal sign-out'. Who signs in with a passkey or
through a provider does so in a browser.

Examples:
  zhurnal sign-in --server https://register.example.org
  zhurnal report --desk 00d35c00000000000000000000000001
  zhurnal sign-out`
}

// Run signs in.
func (c *signInCommand) Run(ctx context.Context, to streams) error {
	server := strings.TrimSuffix(c.Server, "/")
	if err := keyfile.CheckConfidential(server); err != nil {
		return fmt.Errorf("sign-in: %w", err)
	}
	name, err := sessionFile(c.Session)
	if err != nil {
		return err
	}
	login, password, err := c.ask(to.log)
	if err != nil {
		return fmt.Errorf("sign-in: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, signInTimeout)
	defer cancel()
	client := signinv1connect.NewSignInServiceClient(http.DefaultClient, server)
	resp, err := client.SignIn(ctx, connect.NewRequest(&signinv1.SignInRequest{Login: login, Password: password}))
	if err != nil {
		return keyfile.Explain("sign-in", server, err)
	}
	if err := keyfile.KeepSession(name, keyfile.Session{Server: server, Token: resp.Msg.Token}); err != nil {
		return fmt.Errorf("sign-in: %w", err)
	}
	_, err = fmt.Fprintf(to.out, "signed in as %s\n", resp.Msg.Name)
	return err
}

// ask reads login and password: from the terminal, which does not show the latter,
// or a line each of what a program gives.
func (c *signInCommand) ask(prompts io.Writer) (login, password string, err error) {
	in := c.in
	if in == nil {
		in = os.Stdin
	}
	lines := bufio.NewReader(in)
	if login = c.Login; login == "" {
		fmt.Fprint(prompts, "Login: ")
		if login, err = line(lines); err != nil {
			return "", "", err
		}
	}
	fmt.Fprint(prompts, "Password: ")
	defer fmt.Fprintln(prompts)
	if c.in == nil && term.IsTerminal(int(os.Stdin.Fd())) {
		typed, err := term.ReadPassword(int(os.Stdin.Fd()))
		return login, string(typed), err
	}
	password, err = line(lines)
	return login, password, err
}

func line(lines *bufio.Reader) (string, error) {
	text, err := lines.ReadString('\n')
	if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
		return "", fmt.Errorf("login and password are asked for on a terminal, or read a line each: %w", err)
	}
	return strings.TrimRight(text, "\r\n"), nil
}

func sessionFile(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	return keyfile.SessionFile()
}

type signOutCommand struct {
	Session string `placeholder:"FILE" help:"Where the session is kept (in your configuration directory)."`
}

// Run ends the session, at the server and here.
func (c *signOutCommand) Run(ctx context.Context, to streams) error {
	name, err := sessionFile(c.Session)
	if err != nil {
		return err
	}
	session, err := keyfile.OpenSession(name)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, signInTimeout)
		defer cancel()
		client := signinv1connect.NewSignInServiceClient(http.DefaultClient, session.Server, keyfile.Bearer(session.Token))
		_, err = client.SignOut(ctx, connect.NewRequest(&signinv1.SignOutRequest{}))
	}
	if connect.CodeOf(err) == connect.CodeUnauthenticated { // it was over
		err = nil
	}
	if gone := os.Remove(name); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		return fmt.Errorf("sign-out: %w", gone)
	}
	if err != nil {
		return fmt.Errorf("sign-out: the session is forgotten here, and ends by itself: %w", err)
	}
	_, err = fmt.Fprintln(to.out, "signed out")
	return err
}
