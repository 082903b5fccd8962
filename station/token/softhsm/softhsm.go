// Package softhsm sets up PKCS #11 tokens in software (SoftHSM2) for tests.
package softhsm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Tokens are tokens of one test.
type Tokens struct {
	Library string // the PKCS #11 module
	Dir     string // where the tokens lie
}

// New sets up a token for each label, with one user PIN, in a folder of the test, and points the library
// to it, also in programs that the test starts. Tests that use it do not run in parallel: the library
// has one configuration in a process.
func New(t testing.TB, pin string, labels ...string) Tokens {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so")
	found = append(found, "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
	at := slices.IndexFunc(found, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})
	if _, err := exec.LookPath("softhsm2-util"); err != nil || at < 0 {
		t.Fatal("SoftHSM2 is not installed: run make deps")
	}
	top := t.TempDir()
	tokens := Tokens{Library: found[at], Dir: filepath.Join(top, "tokens")}
	if err := os.Mkdir(tokens.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(top, "softhsm2.conf")
	text := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.Dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	for _, label := range labels {
		cmd := exec.Command("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin,
			"--so-pin", "12345678")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("softhsm2-util: %v: %s", err, out)
		}
	}
	return tokens
}
