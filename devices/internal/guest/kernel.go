package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// image is the package that depends on Debian's kernel of the day.
const image = "linux-image-amd64"

// base is what is kept between runs.
type base struct {
	vmlinux string // the kernel as an ELF file, which QEMU enters by PVH without unpacking it
	archive string // the first initial archive: busybox and the modules
}

// prepared returns the kept kernel, after it fetched one if there is none for this list of modules. Two runs that
// start at once wait for one another.
func prepared(ctx context.Context) (base, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return base{}, fmt.Errorf("no directory to keep the kernel in: %w", err)
	}
	dir := filepath.Join(cache, "padarozhnik", "guest", recipe())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return base{}, err
	}
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return base{}, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return base{}, fmt.Errorf("wait for another run: %w", err)
	}
	kept := base{vmlinux: filepath.Join(dir, "vmlinux"), archive: filepath.Join(dir, "base.cpio")}
	if _, err := os.Stat(kept.archive); err == nil { // written last
		return kept, nil
	}
	work, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return base{}, err
	}
	defer os.RemoveAll(work)
	return kept, fetch(ctx, work, kept)
}

// fetch downloads the kernel and builds what is kept.
func fetch(ctx context.Context, work string, into base) error {
	fmt.Fprintln(os.Stderr, "guest: fetching Debian's kernel, once")
	name, err := download(ctx, work)
	if err != nil {
		return err
	}
	root := filepath.Join(work, "root")
	found, err := filepath.Glob(filepath.Join(work, name+"_*.deb"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("apt-get left %d packages of the name %s", len(found), name)
	}
	if _, err := output(ctx, work, "dpkg-deb", "-x", found[0], root); err != nil {
		return err
	}
	release := strings.TrimPrefix(name, "linux-image-")
	packed, err := os.ReadFile(filepath.Join(root, "boot", "vmlinuz-"+release))
	if err != nil {
		return err
	}
	if err := unpack(ctx, packed, filepath.Join(work, "vmlinux")); err != nil {
		return err
	}
	if err := writeBase(ctx, filepath.Join(work, "base.cpio"), root, release); err != nil {
		return err
	}
	return errors.Join(os.Rename(filepath.Join(work, "vmlinux"), into.vmlinux),
		os.Rename(filepath.Join(work, "base.cpio"), into.archive))
}

var dependsOn = regexp.MustCompile(`(?m)^\s*Depends: (linux-image-\S+)$`)

// download gets the package of today's kernel into a directory and returns its name. Where the system's package lists are
// missing or older than the mirror, it asks with lists of its own, which needs no root.
func download(ctx context.Context, dir string) (string, error) {
	name, err := downloadWith(ctx, dir)
	if err == nil {
		return name, nil
	}
	lists := filepath.Join(dir, "lists")
	if err := os.MkdirAll(filepath.Join(lists, "partial"), 0o700); err != nil {
		return "", err
	}
	own := []string{"-o", "Dir::State::Lists=" + lists, "-o", "Dir::Cache=" + dir, "-o", "APT::Sandbox::User="}
	if _, again := output(ctx, dir, "apt-get", append(own, "-q", "update")...); again != nil {
		return "", fmt.Errorf("no kernel to be had from Debian: %w: run make deps, with the network on: %w", err, again)
	}
	return downloadWith(ctx, dir, own...)
}

func downloadWith(ctx context.Context, dir string, options ...string) (string, error) {
	out, err := output(ctx, dir, "apt-cache", append(options, "depends", image)...)
	if err != nil {
		return "", err
	}
	m := dependsOn.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("apt-cache does not say which kernel %s depends on", image)
	}
	name := string(m[1])
	_, err = output(ctx, dir, "apt-get", append(options, "-q", "download", name)...)
	return name, err
}

// Fields of the x86 boot header, at fixed offsets of vmlinuz (Documentation/arch/x86/boot.rst).
const (
	setupSectors  = 0x1f1 // one byte: sectors of 512 bytes before the protected-mode code, less one
	headerMagic   = 0x202 // "HdrS"
	payloadOffset = 0x248 // of the compressed kernel within the protected-mode code; little-endian
	payloadLength = 0x24c // of the compressed kernel, with the four bytes of its unpacked length
)

// payload cuts the compressed kernel out of vmlinuz.
func payload(vmlinuz []byte) ([]byte, error) {
	if len(vmlinuz) < payloadLength+4 || string(vmlinuz[headerMagic:headerMagic+4]) != "HdrS" {
		return nil, errors.New("vmlinuz has no boot header")
	}
	sectors := uint64(vmlinuz[setupSectors])
	if sectors == 0 {
		sectors = 4
	}
	start := (sectors+1)*512 + uint64(binary.LittleEndian.Uint32(vmlinuz[payloadOffset:]))
	length := uint64(binary.LittleEndian.Uint32(vmlinuz[payloadLength:]))
	if length < 4 || start+length > uint64(len(vmlinuz)) {
		return nil, errors.New("vmlinuz is shorter than its boot header says")
	}
	return vmlinuz[start : start+length-4], nil
}

// unpack writes the ELF kernel that vmlinuz holds.
func unpack(ctx context.Context, vmlinuz []byte, into string) error {
	packed, err := payload(vmlinuz)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(packed, []byte("\xfd7zXZ\x00")) {
		return errors.New("this kernel is not packed with xz, which is all that is understood here")
	}
	out, err := os.Create(into)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "xz", "-dc")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(packed), out, os.Stderr
	return errors.Join(cmd.Run(), out.Close())
}
