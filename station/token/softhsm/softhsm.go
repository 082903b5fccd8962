// Package softhsm sets up PKCS #11 tokens in software (SoftHSM2), for training and tests: the code that
// talks to them is the code that talks to a device. The files of such a token are its keys; it guards
// nothing from whoever can read them and the PIN.
package softhsm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNotInstalled: SoftHSM2 is not on this machine. Its Debian package is softhsm2.
var ErrNotInstalled = errors.New("SoftHSM2 is not installed")

// Environment is the variable by which a process finds the configuration of its tokens.
const Environment = "SOFTHSM2_CONF"

// Tokens are the tokens of one directory.
type Tokens struct {
	Library string // the PKCS #11 module
	Config  string // file that Environment names
	Dir     string // where the tokens lie
	labels  []string
}

// At finds the module and names the tokens of dir, which Create has made or will make.
func At(dir string, labels ...string) (Tokens, error) {
	found, _ := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so")
	found = append(found, "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
	at := slices.IndexFunc(found, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})
	if _, err := exec.LookPath("softhsm2-util"); err != nil || at < 0 {
		return Tokens{}, ErrNotInstalled
	}
	return Tokens{
		Library: found[at], Config: filepath.Join(dir, "softhsm2.conf"), Dir: filepath.Join(dir, "tokens"), labels: labels,
	}, nil
}

// Create makes the tokens, each with the PIN given.
func (t Tokens) Create(ctx context.Context, pin string) error {
	if err := os.MkdirAll(t.Dir, 0o700); err != nil {
		return err
	}
	text := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", t.Dir)
	if err := os.WriteFile(t.Config, []byte(text), 0o600); err != nil {
		return err
	}
	for _, label := range t.labels {
		_, err := t.util(ctx, "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", pin)
		if err != nil {
			return fmt.Errorf("token %s: %w", label, err)
		}
	}
	return nil
}

// Keep copies the tokens as they are now, for Mend.
func (t Tokens) Keep() error {
	if err := os.RemoveAll(t.kept()); err != nil {
		return err
	}
	return os.CopyFS(t.kept(), os.DirFS(t.Dir))
}

// Mend puts back what Keep copied where a token is gone, and tells whether it had to. SoftHSM2 rewrites a
// token's file in place at every login and loses the token when it is killed meanwhile, which a device
// with a memory of its own does not.
func (t Tokens) Mend(ctx context.Context) (mended bool, err error) {
	out, err := t.util(ctx, "--show-slots")
	whole := err == nil
	for _, label := range t.labels {
		whole = whole && strings.Contains(out, label)
	}
	if whole {
		return false, nil
	}
	return true, errors.Join(os.RemoveAll(t.Dir), os.CopyFS(t.Dir, os.DirFS(t.kept())))
}

func (t Tokens) kept() string { return t.Dir + ".kept" }

// Setting is the entry of a process's environment that points the module to these tokens.
func (t Tokens) Setting() string { return Environment + "=" + t.Config }

func (t Tokens) util(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "softhsm2-util", args...)
	cmd.Env = append(os.Environ(), t.Setting())
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("softhsm2-util: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return string(out), err
}
