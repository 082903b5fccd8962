package main

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sealed makes the package in a clone of the repository and returns its bytes.
func sealed(t *testing.T, cache string, programs string) []byte {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "clone")
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "-q", "../..", clone).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v: %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "make", "-C", clone, "package", "PACKAGED="+programs)
	cmd.Env = append(os.Environ(), "MAKEFLAGS=")
	if cache != "" {
		cmd.Env = append(cmd.Env, "GOCACHE="+cache)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make package: %v (run make deps): %s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(clone, "build/deb/*.deb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("packages %v, %v", found, err)
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Two clones of one commit, in two places, make the same package to the byte. The full form builds every
// program, and the second time compiles every file anew.
func TestPackageIsReproducible(t *testing.T) {
	programs, cache := "headquarters", ""
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		programs, cache = "station stationctl headquarters", t.TempDir()
	}
	first, second := sealed(t, "", programs), sealed(t, cache, programs)
	if !bytes.Equal(first, second) {
		t.Errorf("sha256 %x and %x", sha256.Sum256(first), sha256.Sum256(second))
	}
	deb := filepath.Join(t.TempDir(), "padarozhnik.deb")
	if err := os.WriteFile(deb, first, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := exec.CommandContext(t.Context(), "dpkg-deb", "--contents", deb).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		"usr/lib/udev/rules.d/60-padarozhnik.rules", "usr/share/applications/org.padarozhnik.station.desktop",
		"usr/share/icons/hicolor/512x512/apps/org.padarozhnik.station.png", "usr/bin/headquarters",
	} {
		if !strings.Contains(string(list), "./"+file+"\n") {
			t.Errorf("the package lacks %s", file)
		}
	}
	depends, err := exec.CommandContext(t.Context(), "dpkg-deb", "--field", deb, "Depends").Output()
	if err != nil || !strings.Contains(string(depends), "libc6 (>= 2.") {
		t.Errorf("depends on %s (%v): no library is computed", depends, err)
	}
}
