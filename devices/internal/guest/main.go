// Guest runs the tests of a package on a kernel of its own: a stock Debian kernel in QEMU, with the host controllers,
// gadgets and cameras that a test plugs in and tears out. It is a tool of the tests and no program of the office.
//
//	go test -tags guest -exec build/bin/guest -run '^TestGuest' ./devices/...
//
// # Life of a run
//
// The kernel is what Debian's linux-image-amd64 depends on when nothing is kept yet; it and the base archive (busybox and
// the modules below) stay in the user's cache. The test binary, the shared libraries that it wants and the
// package's testdata are appended to that archive and unpacked by the kernel into memory, at the paths that they
// have on the host, and with them what the package lists in guest.files: programs that its tests run. The same program is then /init: it mounts what a kernel offers, runs the binary in the directory of its
// package, and sends what it says, the files that it leaves (coverage, profiles) and its exit status through
// one virtio port. The guest has no disk and no network, and its root may do what it likes.
//
// A test finds PADAROZHNIK_GUEST=1 in its environment, loads modules with modprobe, and needs no cleaning up.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit status of the runner when the guest did not come to an end: not one that a test binary uses.
const broken = 125

func main() {
	if os.Getpid() == 1 {
		boot() // does not return
	}
	os.Exit(host(os.Args[1:]))
}

// paths is a flag that may be given several times.
type paths []string

func (p *paths) String() string     { return fmt.Sprint(*p) }
func (p *paths) Set(s string) error { *p = append(*p, s); return nil }

// host prepares the guest, runs one test binary in it and returns its exit status.
func host(args []string) int {
	flags := flag.NewFlagSet("guest", flag.ContinueOnError)
	var with paths
	var m machine
	flags.Var(&with, "with", "file, program or directory of the host that the test needs too (may be given again)")
	flags.BoolVar(&m.talk, "kernel", false, "show what the kernel says")
	prepare := flags.Bool("prepare", false, "fetch the kernel if it is missing, and stop")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() == 0 && !*prepare {
		fmt.Fprintln(os.Stderr, "guest: go test -tags guest -exec guest PACKAGE, or: guest PROGRAM ARGUMENT...")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	defer stop()
	status, err := run(ctx, m, flags.Args(), with)
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
		return broken
	}
	return status
}

// run boots the machine for one command, or only fetches what it needs when there is none.
func run(ctx context.Context, m machine, command, with []string) (int, error) {
	if err := tools(); err != nil {
		return 0, err
	}
	base, err := prepared(ctx)
	if err != nil || len(command) == 0 {
		return 0, err
	}
	j, err := jobOf(command)
	if err != nil {
		return 0, err
	}
	more, err := listed(j.Dir)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "padarozhnik-guest-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	m.vmlinux, m.initrd = base.vmlinux, dir+"/initrd"
	if err := pack(ctx, m.initrd, base.archive, j, append(with, more...)); err != nil {
		return 0, err
	}
	return m.run(ctx, j)
}
