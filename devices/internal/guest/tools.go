package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// wanted are the programs of the host, each with the Debian package that brings it.
var wanted = []struct{ program, pack string }{
	{"qemu-system-x86_64", "qemu-system-x86"}, {"busybox", "busybox-static"}, {"depmod", "kmod"}, {"xz", "xz-utils"},
	{"apt-get", "apt"}, {"apt-cache", "apt"}, {"dpkg-deb", "dpkg"}, {"ldd", "libc-bin"},
}

// tools names what is missing and how to get it.
func tools() error {
	var missing []string
	for _, w := range wanted {
		if _, err := exec.LookPath(w.program); err != nil {
			missing = append(missing, w.pack)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("these Debian packages are missing: %s: run make deps", strings.Join(missing, " "))
	}
	return nil
}

// output runs a program of the host in a directory and returns what it writes. An error carries the last line
// that it complained with.
func output(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Errorf("%s: %w: %s", name, err, lines[len(lines)-1])
	}
	return out, nil
}
