package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// programs is the directory into which TestMain builds what an office runs.
var programs string

// built is where make build puts them.
const built = "../../build/bin"

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv("PADAROZHNIK_GUEST") == "1" { // they came along (guest.files)
		programs = built
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "padarozhnik-programs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir
	for _, p := range []string{"stationctl", "headquarters", "simulator"} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, p), "padarozhnik/cmd/"+p)
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", p, err, out)
			return 1
		}
	}
	return m.Run()
}

// stationctl runs the program to its end and returns what it said and its exit status.
func stationctl(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "stationctl"), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// report is report.json as the command surface promises it.
type report struct {
	OK     bool   `json:"ok"`
	Case   string `json:"case"`
	Serial string `json:"serial"`
	Steps  []struct {
		Name   string `json:"name"`
		OK     bool   `json:"ok"`
		MS     int64  `json:"ms"`
		Detail string `json:"detail"`
	} `json:"steps"`
}

func readReport(t *testing.T, dir string) report {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// killedDemo runs the demo, kills it with SIGKILL a little after it began the named step, and
// returns whether the step was reached.
func killedDemo(t *testing.T, dir, step string, wait time.Duration) bool {
	t.Helper()
	cmd := exec.Command(filepath.Join(programs, "stationctl"), "demo", "--out", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reached := make(chan bool, 1)
	go func() {
		defer close(reached)
		s := bufio.NewReader(out)
		var line strings.Builder
		for {
			b, err := s.ReadByte()
			if err != nil {
				return
			}
			if b == '\n' {
				line.Reset()
				continue
			}
			line.WriteByte(b)
			if b == ' ' && strings.TrimSpace(line.String()) == "step "+step {
				reached <- true
				_, _ = io.Copy(io.Discard, s)
				return
			}
		}
	}()
	hit := <-reached
	if hit {
		time.Sleep(wait)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return hit
}
