package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/resources"
)

// onDisplay is this program's test as the real program, on a display.
func onDisplay(ctx context.Context, t *testing.T, screen string, command ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), walkVariable+"=program", "DISPLAY="+screen, "WAYLAND_DISPLAY=", "HOME="+t.TempDir(),
		"LANG=be_BY.UTF-8", "LC_ALL=C.UTF-8")
	return cmd
}

// A program that was begun from a desktop on a computer that is no station yet says so in a window, which is left by
// its keys; then it has ended as any other that could not work, and the reason is in the log.
func TestNoStationFromADesktop(t *testing.T) {
	texts, err := resources.Texts("be")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	screen, absent := display(t), filepath.Join(t.TempDir(), "absent.toml")
	cmd := onDisplay(ctx, t, screen, os.Args[0], "--config", absent)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// From "try again" over "another file" to the last button.
	keys := onDisplay(ctx, t, screen, "xdotool", "search", "--sync", "--onlyvisible", "--name", texts["ui.name"],
		"windowfocus", "--sync", "key", "--window", "0", "--delay", "200", "Tab", "Tab", "space")
	if out, err := keys.CombinedOutput(); err != nil {
		t.Fatalf("no window: %v: %s (run make deps)", err, out)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v: %s", err, log.Bytes())
	}
	if !strings.Contains(log.String(), absent) || !strings.Contains(log.String(), "not set up as a station") {
		t.Errorf("the log does not say why: %s", log.Bytes())
	}
}

// At a terminal the same is said there, in words with a cure, and no window waits for anybody.
func TestNoStationAtATerminal(t *testing.T) {
	english, err := resources.Texts("en")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	absent := filepath.Join(t.TempDir(), "absent.toml")
	cmd := onDisplay(ctx, t, display(t), "script", "--quiet", "--return", "--command", os.Args[0]+" --config "+absent,
		"/dev/null")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	for _, words := range []string{absent, english["cure.not-set-up"]} {
		if !strings.Contains(string(out), words) {
			t.Errorf("the terminal says %q, without %q", out, words)
		}
	}
}

// Another configuration brings the tokens beside it, unless others were named.
func TestAnotherConfiguration(t *testing.T) {
	for _, c := range []struct{ tokens, want string }{
		{"/etc/p/tokens", "/media/office/tokens"}, {"/media/stick", "/media/stick"},
	} {
		e := &entrance{options: options{config: "/etc/p/station.toml", tokens: c.tokens}}
		e.choose("/media/office/station.toml")
		if e.options.config != "/media/office/station.toml" || e.tokens != c.want {
			t.Errorf("%s: %s with %s", c.tokens, e.options.config, e.tokens)
		}
	}
}

// Every step of an opening has words in every language.
func TestStepsHaveWords(t *testing.T) {
	practice := &entrance{}
	if err := practice.practise(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, language := range resources.Languages() {
		texts, err := resources.Texts(language)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range practice.steps() {
			if texts["ui.progress."+step] == "" {
				t.Errorf("%s has no words for %s", language, step)
			}
		}
	}
}
