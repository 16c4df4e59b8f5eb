package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var linkIn = regexp.MustCompile(`http://localhost:\d+/welcome\?link=\S+`)

// followLink fills in the form behind a link, and returns what the browser shows.
func followLink(t *testing.T, link string, form url.Values) *http.Response {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	form.Set("link", u.Query().Get("link"))
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	resp, err := client.PostForm("http://"+u.Host+u.Path, form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// typed runs a command in a process of its own, with what somebody types.
func typed(t *testing.T, text string, args ...string) (out string, failed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	cmd.Stdin = strings.NewReader(text)
	data, err := cmd.CombinedOutput()
	return string(data), err != nil
}

func TestFirstStartFromTheLinkToAReport(t *testing.T) {
	const password = "чотири слова без зв'язку"
	dir, log := privateDir(t), new(lines)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--dir", dir, "--listen", "127.0.0.1:0", "--min-free", "1MiB"}, streams{log, log})
	}()
	server := waitForURL(t, log)
	first := linkIn.FindString(log.String())
	code, out, _ := runHere(t, "admin-link", "--dir", dir)
	second := linkIn.FindString(out)
	if first == "" || second == "" || first == second || code != exitOK {
		t.Fatalf("links %q and %q, code %d:\n%s", first, second, code, log)
	}
	form := url.Values{"organisation": {"Опора"}, "name": {"Ірина"}, "login": {"iryna@example.org"}, "new": {password}, "again": {password}}
	if resp := followLink(t, first, form); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a link in whose stead another was made: %s", resp.Status)
	}
	if resp := followLink(t, second, form); resp.StatusCode != http.StatusOK || resp.Request.URL.Path != "/devices" { // the first section of an administrator
		t.Fatalf("%s at %s", resp.Status, resp.Request.URL)
	}
	if code, _, log := runHere(t, "admin-link", "--dir", dir); code != exitFailed || !strings.Contains(log, "--user") {
		t.Errorf("another link for a first: code %d, %s", code, log)
	}

	session := filepath.Join(t.TempDir(), "kept", "session")
	if out, failed := typed(t, "wrong password\n", "sign-in", "--server", server, "--login", "iryna@example.org", "--session", session); !failed || !strings.Contains(out, "is wrong") {
		t.Errorf("by a wrong password: %s", out)
	}
	if out, failed := typed(t, "iryna@example.org\n"+password+"\n", "sign-in", "--server", server, "--session", session); failed || !strings.Contains(out, "signed in as Ірина") {
		t.Fatalf("sign-in: %s", out)
	}
	if info, err := os.Stat(session); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	// An administrator reads no records.
	if code, _, log := runHere(t, "report", "--session", session, "--desk", deskHex); code != exitFailed || !strings.Contains(log, "ask a coordinator for access") {
		t.Errorf("report: code %d, %s", code, log)
	}
	if code, out, log := runHere(t, "sign-out", "--session", session); code != exitOK {
		t.Errorf("sign-out: %s%s", out, log)
	}
	if code, _, log := runHere(t, "report", "--session", session, "--desk", deskHex); code != exitFailed || !strings.Contains(log, "zhurnal sign-in") {
		t.Errorf("afterwards: code %d, %s", code, log)
	}
	stop()
	if got := <-ended; got != exitOK {
		t.Errorf("serve ended with %d:\n%s", got, log)
	}
	code, out, errs := runHere(t, "audit", "show", dir+".audit", "--action", "signin")
	for _, action := range []string{"signin.link.make", "signin.link.use", "signin.begin", "signin.fail", "signin.end"} {
		if !strings.Contains(out, `"`+action+`"`) {
			t.Errorf("the log of who did what has no %s: code %d\n%s%s", action, code, out, errs)
		}
	}
	if strings.Contains(out, "iryna@") || strings.Contains(out, "Ірина") {
		t.Errorf("it has a name:\n%s", out)
	}
	head := regexp.MustCompile(`head=(\d+:[0-9a-f]{64})`).FindStringSubmatch(log.String())
	if head == nil {
		t.Fatalf("the server's log does not say how far the log of who did what goes:\n%s", log)
	}
	must(t, exitOK, "head "+head[1], "audit", "verify", dir+".audit", "--head", head[1])
}

func TestASecretIsNotSaidToAServerWithoutTLS(t *testing.T) {
	if code, _, log := runHere(t, "sign-in", "--server", "http://register.example.org", "--login", "iryna"); code != exitFailed || !strings.Contains(log, "no TLS") {
		t.Errorf("code %d: %s", code, log)
	}
}

func TestFlagsOfAProviderGoTogether(t *testing.T) {
	for _, args := range [][]string{
		{"--oidc-client", "zhurnal"},
		{"--oidc-issuer", "https://login.example.org"},
		{"--oidc-issuer", "http://login.example.org", "--oidc-client", "zhurnal"},
		{"--url", "register.example.org"},
	} {
		args = append([]string{"serve", "--dir", privateDir(t), "--listen", "127.0.0.1:0", "--min-free", "1MiB"}, args...)
		if code, _, log := runHere(t, args...); code != exitFailed || log == "" {
			t.Errorf("%v: code %d, %s", args, code, log)
		}
	}
}
