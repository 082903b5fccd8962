// Package training sets up and runs an office for practice: a headquarters of its own on a loopback
// port, virtual scanner, printer and chip reader, blanks from a pretended maker, and officers whose
// tokens open with one passphrase that lies beside them. Everything runs as the real programs, as
// processes of their own; only the station itself is the caller.
//
// Nothing here can touch real stock: the office is made by its own headquarters, under the built-in
// profile of Utopia.
package training

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"padarozhnik/cmd/internal/tokenfile"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/station"
)

// StationID names the training station.
const StationID = "UTO-01"

// Member is one officer of the training office.
type Member struct {
	Name  string // of the token's file
	Roles []station.Role
}

// Members are the officers: as few as the separation of duties allows, a second custodian and a technician.
func Members() []Member {
	return []Member{
		{"E-01", []station.Role{station.RoleEnrol}},
		{"A-01", []station.Role{station.RoleApprove, station.RoleCustody}},
		{"O-01", []station.Role{station.RoleOperate}},
		{"I-01", []station.Role{station.RoleInspect}},
		{"C-01", []station.Role{station.RoleCustody, station.RoleSecurity}},
		{"T-01", []station.Role{station.RoleTechnician}},
	}
}

// Office is a training office in a directory.
type Office struct {
	Dir      string
	Programs string    // directory of headquarters and simulator
	Out      io.Writer // what the set-up says
	Keys     []string  // flags that name the token with headquarters' keys; nil: one of the office's own
	ready    []func() error
}

// New names an office; nothing is made yet. The programs are those beside the running one.
func New(dir string, out io.Writer) (*Office, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &Office{Dir: abs, Programs: filepath.Dir(self), Out: out}, nil
}

// Path is a file of the office.
func (o *Office) Path(parts ...string) string {
	return filepath.Join(append([]string{o.Dir}, parts...)...)
}

// Config is the station's configuration file, written by Start.
func (o *Office) Config() string { return o.Path("station", "station.toml") }

// PassphraseFile opens every token of the office.
func (o *Office) PassphraseFile() string { return o.Path("passphrase") }

// Token is the file of an officer's token.
func (o *Office) Token(name string) string { return o.Path("tokens", name+".token") }

// Desk is the top of the table.
func (o *Office) Desk() (*desk.Desk, error) { return desk.Open(o.Path("desk")) }

// Prepare makes the office if it is not there. What a broken-off preparation left is removed: an
// office is whole when its last file, the mark "ready", stands.
func (o *Office) Prepare(ctx context.Context) error {
	if _, err := os.Stat(o.Path("ready")); err == nil {
		return nil
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return err
	}
	for _, sub := range []string{"tokens", "station", "desk", "pages"} {
		if err := os.MkdirAll(o.Path(sub), 0o700); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{
		o.passphrase, o.makeHSM, o.headquarters, o.keepHSM, o.tokens, o.enrol,
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("prepare training office: %w", err)
		}
	}
	return os.WriteFile(o.Path("ready"), []byte("training office\n"), 0o600)
}

func (o *Office) passphrase(context.Context) error {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	return os.WriteFile(o.PassphraseFile(), []byte(hex.EncodeToString(b[:])+"\n"), 0o600)
}

func (o *Office) headquarters(ctx context.Context) error {
	return o.run(ctx, "headquarters", "init")
}

// Command prepares a program; those of headquarters are told where its directory and keys are.
func (o *Office) Command(ctx context.Context, program string, args ...string) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(o.Programs, program), args...)
	if program != "headquarters" {
		return cmd, nil
	}
	flags, environment, err := o.keyFlags()
	if err != nil {
		return nil, err
	}
	cmd.Args = append(cmd.Args, "--dir", o.Path("headquarters"), "--passphrase-file", o.PassphraseFile())
	cmd.Args, cmd.Env = append(cmd.Args, flags...), environment
	return cmd, nil
}

// run carries one program to its end.
func (o *Office) run(ctx context.Context, program string, args ...string) error {
	cmd, err := o.Command(ctx, program, args...)
	if err != nil {
		return err
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (o *Office) tokens(context.Context) error {
	secret, err := os.ReadFile(o.PassphraseFile())
	if err != nil {
		return err
	}
	secret = []byte(strings.TrimSpace(string(secret)))
	names := []string{"station"}
	for _, m := range Members() {
		names = append(names, m.Name)
	}
	for _, name := range names {
		if err := tokenfile.Create(o.Token(name), o.Path("tokens", name+".json"), name, secret); err != nil {
			return err
		}
	}
	return nil
}

func (o *Office) enrol(ctx context.Context) error {
	args := []string{"station", "enrol", StationID, "--key", o.Path("tokens", "station.json")}
	for _, m := range Members() {
		roles := make([]string, len(m.Roles))
		for i, r := range m.Roles {
			roles[i] = string(r)
		}
		args = append(args, "--officer", o.Path("tokens", m.Name+".json")+"="+strings.Join(roles, ","))
	}
	if err := o.run(ctx, "headquarters", args...); err != nil {
		return err
	}
	for from, to := range map[string]string{
		o.Path("headquarters", "stations", StationID, "charter.cose"): "charter.cose",
		o.Path("headquarters", "stations", StationID, "client.der"):   "client.der",
		o.Path("headquarters", "public", "root.der"):                  "root.der",
		o.Token("station"): "station.token",
	} {
		b, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.Path("station", to), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Stop ends every process of the office, the last started first.
func (o *Office) Stop() error {
	var errs []error
	for i := len(o.ready) - 1; i >= 0; i-- {
		errs = append(errs, o.ready[i]())
	}
	o.ready = nil
	return errors.Join(errs...)
}
