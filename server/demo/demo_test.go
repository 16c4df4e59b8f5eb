package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	recordsv1 "github.com/zhurnal/zhurnal/proto/gen/zhurnal/records/v1"
	"github.com/zhurnal/zhurnal/server/demo/season"
)

// The whole season takes about ten seconds a seed: go test ./server/demo -season.whole
var whole = flag.Bool("season.whole", false, "play the season at its default size, for five seeds")

func sizes() (o season.Options, seeds int) {
	if *whole {
		return season.Default, 5
	}
	return season.Options{Communities: 2, People: 6}, 3
}

// demo runs the command and returns what it prints with --json.
func demo(t *testing.T, c Command) Result {
	t.Helper()
	var out, log bytes.Buffer
	c.JSON, c.Dir = true, filepath.Join(t.TempDir(), "demo")
	if err := c.run(t.Context(), &out, &log); err != nil {
		t.Fatalf("seed %d: %v\n%s", c.Seed, err, log.String())
	}
	var result Result
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	return result
}

func TestEverySeedGivesTheSameReportAndState(t *testing.T) {
	o, seeds := sizes()
	planned, err := season.Plan(o)
	if err != nil {
		t.Fatal(err)
	}
	state, cuts, resent := "", 0, 0
	for seed := range seeds {
		got := demo(t, Command{Seed: uint64(seed + 1), Communities: o.Communities, People: o.People})
		if want := planned.Expected(); !reflect.DeepEqual(got.Report, want) {
			t.Errorf("seed %d reports %+v\nnot %+v", seed+1, got.Report, want)
		}
		if !got.Run.Converged || !got.Run.FiguresMatchPlan || got.Run.TabletsEqualServer != got.Report.Tablets {
			t.Errorf("seed %d: %+v", seed+1, got.Run)
		}
		if state != "" && got.Run.StateDigest != state {
			t.Errorf("seed %d ends in state %s, another in %s", seed+1, got.Run.StateDigest, state)
		}
		state, cuts, resent = got.Run.StateDigest, cuts+got.Run.Cuts, resent+got.Run.Resent
	}
	if cuts == 0 || resent == 0 {
		t.Errorf("%d links were cut and %d changes sent again: the seeds prove little", cuts, resent)
	}
}

// started is a small season that has been played, for looking at and meddling.
func started(t *testing.T) *playthrough {
	t.Helper()
	s, err := season.Plan(season.Options{Communities: 1, People: 5})
	if err != nil {
		t.Fatal(err)
	}
	return playedSeason(t, s)
}

// playedSeason plays a season.
func playedSeason(t *testing.T, s *season.Season) *playthrough {
	t.Helper()
	r, err := begin(t.Context(), s, 1, t.TempDir(), newProgress(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	if err := r.play(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *playthrough) mustCheck(t *testing.T) *outcome {
	t.Helper()
	o, err := r.check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestChecksNoticeWhatIsNotPlanned meddles with a season that came out well.
func TestChecksNoticeWhatIsNotPlanned(t *testing.T) {
	r := started(t)
	if o := r.mustCheck(t); !o.Run.Converged {
		t.Fatalf("before any meddling: %q", o.problems)
	}
	well := r.timeline

	r.timeline.Settled.Marks++
	if o := r.mustCheck(t); o.Run.FiguresMatchPlan || o.Run.Converged {
		t.Error("a figure of the final report is wrong, and nobody notices")
	}
	r.timeline = well
	r.timeline.Interim.PeopleRegistered--
	if o := r.mustCheck(t); o.Run.FiguresMatchPlan || o.Run.Converged {
		t.Error("a figure of the interim report is wrong, and nobody notices")
	}
	r.timeline = well
	r.tablets[0].written++
	if o := r.mustCheck(t); !o.Run.FiguresMatchPlan || o.Run.Converged {
		t.Error("a change is written and not acknowledged, and nobody notices")
	}
	r.tablets[0].written--

	// Somebody changes a phone behind the tablets' back: no figure is touched.
	person := season.Act{Record: r.season.Links[0].First, Message: &recordsv1.Participant{
		Phone: "+380001111111", PhoneOwner: recordsv1.PhoneOwner_PHONE_OWNER_OWN,
	}}
	step := season.Step{Space: r.season.Links[0].Space, Acts: []season.Act{person}}
	if err := r.desk.writeStep(t.Context(), &step); err != nil {
		t.Fatal(err)
	}
	o := r.mustCheck(t)
	if !o.Run.FiguresMatchPlan || o.Run.Converged || o.Run.TabletsEqualServer != len(r.tablets)-2 {
		t.Errorf("after an unplanned write: %+v", o.Run)
	}
	if err := r.syncAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	o = r.mustCheck(t)
	if o.Run.TabletsEqualServer != len(r.tablets) || o.Run.Converged || len(o.problems) != 1 || !strings.Contains(o.problems[0], "1 cells differ") {
		t.Errorf("after all tablets have it: %+v, %q", o.Run, o.problems)
	}
}

// TestJSONHasTheKeysThatScriptsRead holds the names of the output.
func TestJSONHasTheKeysThatScriptsRead(t *testing.T) {
	text, err := json.Marshal(Result{})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"report": `communities counselling_communities spaces tablets people_registered people_trained_before_linking person_links
			people_trained people_trained_by_community attended_all_days training_days_held days_cancelled_but_attended marks
			absent_default_overridden disputes_found disputes_settled disputed cells_with_siblings cells_settled counselling_rooms
			sessions events attendances unregistered suspect_dates voided_but_attended tablets_heard_from tablets_heard_from_interim`,
		"run": `changes_acknowledged changes_applied changes_flagged changes_quarantined resent cuts round_trips bytes_up bytes_down
			elapsed_seconds state_digest tablets_equal_server notes_sealed figures_match_plan converged`,
	}
	for object, keys := range want {
		wanted := strings.Fields(keys)
		slices.Sort(wanted)
		if has := slices.Sorted(maps.Keys(got[object])); !slices.Equal(has, wanted) {
			t.Errorf("%s has %q\nand not %q", object, has, wanted)
		}
	}
	if sessions, _ := got["report"]["sessions"].(map[string]any); len(sessions) != 2 || sessions["individual"] == nil || sessions["group"] == nil {
		t.Errorf("sessions: %v", got["report"]["sessions"])
	}
}

func TestTablesTellCoordinatorAndEngineer(t *testing.T) {
	r := started(t)
	var out bytes.Buffer
	if err := r.writeTables(&out, r.mustCheck(t)); err != nil {
		t.Fatal(err)
	}
	last := r.tablets[1].planned.Label
	for _, line := range []string{
		`people trained, each counted once +5\n`,
		`of 3 tablets heard from\n +nothing yet from ` + last,
		`changes sent again after a cut +\d+\n`,
		`tablets that equal the server +3 of 3\n`,
		`everything converged +true\n`,
	} {
		if !regexp.MustCompile(line).Match(out.Bytes()) {
			t.Errorf("no line like %q in\n%s", line, out.String())
		}
	}
}

// lines is a log that is read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestKeepLeavesTheServerUpAndSaysHowToLook does what the text says.
func TestKeepLeavesTheServerUpAndSaysHowToLook(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out bytes.Buffer
	log, ended := new(lines), make(chan error, 1)
	dir := filepath.Join(t.TempDir(), "demo")
	c := Command{Seed: 1, Communities: 1, People: 5, Keep: true, Dir: dir}
	go func() { ended <- c.run(ctx, &out, log) }()

	curl := regexp.MustCompile(`(?s)Authorization: (Bearer [0-9A-Za-z_-]{43}).*-d '(\{.*?\})' (http://\S+)`)
	var found []string
	for found == nil {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, log)
		case <-time.After(20 * time.Millisecond):
			found = curl.FindStringSubmatch(log.String())
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, found[3], strings.NewReader(found[2]))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", found[1])
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !json.Valid(body) {
		t.Errorf("%s answers %s: %s, %v", found[3], resp.Status, body, err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, part := range []string{"server", "tablets", "server.log"} {
		if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
			t.Error(err)
		}
	}
}

func TestADirectoryThatExistsIsLeftAlone(t *testing.T) {
	c := Command{Seed: 1, Communities: 1, People: 5, Dir: t.TempDir()}
	if err := c.run(t.Context(), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "does not exist yet") {
		t.Errorf("%v", err)
	}
}

// interrupter is a log that ends the season when the first phase is told.
type interrupter func()

func (stop interrupter) Write(p []byte) (int, error) {
	stop()
	return len(p), nil
}

func TestAnInterruptedSeasonEndsAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	c := Command{Seed: 1, Communities: 2, People: 6}
	if err := c.run(ctx, io.Discard, interrupter(stop)); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted season ended with: %v", err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSeedsAreAllOfChance(t *testing.T) {
	first, again := chance(1).id("a"), chance(1).id("a")
	if first != again || first == chance(2).id("a") || first == chance(1).id("b") {
		t.Error("an id does not follow from seed and purpose")
	}
	if a, b := chance(3).wrongBy("x"), chance(3).wrongBy("x"); a != b {
		t.Errorf("one clock is wrong by %d and by %d", a, b)
	}
	wrong, cut := 0, 0
	for i := range 100 {
		tablet := fmt.Sprint(i)
		if by := time.Duration(chance(4).wrongBy(tablet)) * time.Millisecond; by.Abs() > 300*24*time.Hour {
			wrong++
		}
		cut += min(1, len(chance(4).cuts(tablet)))
	}
	if wrong < 10 || wrong > 50 || cut < 30 || cut > 70 {
		t.Errorf("of 100 tablets %d have a clock that is wrong by years, and %d are cut", wrong, cut)
	}
}
