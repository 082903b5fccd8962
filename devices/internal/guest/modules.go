package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// modules are the kernel modules that a test may load; what they depend on comes along.
var modules = []string{
	"virtio_pci", "virtio_console", // the way out of the guest
	"usbcore", "vhci-hcd", "usbmon", // devices that a test plugs in over USB/IP
	"dummy_hcd", "libcomposite", "configfs", "usb_f_printer", "usblp", // the kernel's own printer
	"videodev", "videobuf2-vmalloc", "vivid", // the kernel's own camera
}

// recipe names a list of modules and the way in which the base archive is built of them.
func recipe() string {
	sum := sha256.Sum256([]byte("base 1\n" + strings.Join(modules, "\n")))
	return hex.EncodeToString(sum[:6])
}

// writeBase writes the archive of busybox and the modules out of an unpacked kernel package.
func writeBase(ctx context.Context, into, root, release string) error {
	all := filepath.Join(root, "lib", "modules", release)
	if _, err := output(ctx, root, "depmod", "-b", root, release); err != nil {
		return err
	}
	deps, err := os.ReadFile(filepath.Join(all, "modules.dep"))
	if err != nil {
		return err
	}
	chosen, err := closure(deps, modules)
	if err != nil {
		return err
	}
	few := filepath.Join(root, "few")
	kept := filepath.Join(few, "lib", "modules", release)
	for _, m := range append(chosen, "modules.order", "modules.builtin", "modules.builtin.modinfo") {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(kept, m)), 0o700); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(all, m), filepath.Join(kept, m)); err != nil {
			return err
		}
	}
	if _, err := output(ctx, few, "depmod", "-b", few, release); err != nil {
		return err
	}
	return writeArchive(into, func(a *archive) error {
		a.tree("/lib/modules", filepath.Join(few, "lib", "modules"))
		return busybox(ctx, a)
	})
}

// writeArchive makes a file and fills it with an archive.
func writeArchive(path string, fill func(*archive) error) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	a := newArchive(w)
	a.fail(fill(a))
	return errors.Join(a.close(), w.Flush())
}

// busybox adds the program and its names, so that a test finds the usual commands.
func busybox(ctx context.Context, a *archive) error {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	names, err := output(ctx, "", path, "--list")
	if err != nil {
		return err
	}
	a.file("/bin/busybox", path)
	for name := range strings.FieldsSeq(string(names)) {
		a.link("/bin/"+name, "/bin/busybox")
	}
	return a.err
}

// closure returns the files of the wanted modules and of all that they depend on, by the lines of modules.dep
// ("path.ko: path.ko path.ko"). Underscores and hyphens in a name are one.
func closure(deps []byte, wanted []string) ([]string, error) {
	needs := map[string][]string{}
	files := map[string]string{}
	for line := range bytes.Lines(deps) {
		file, rest, ok := strings.Cut(strings.TrimSpace(string(line)), ":")
		if !ok {
			continue
		}
		needs[file] = strings.Fields(rest)
		name, _, _ := strings.Cut(filepath.Base(file), ".ko")
		files[strings.ReplaceAll(name, "_", "-")] = file
	}
	var out []string
	seen := map[string]bool{}
	for _, name := range wanted {
		file, ok := files[strings.ReplaceAll(name, "_", "-")]
		if !ok {
			return nil, fmt.Errorf("this kernel has no module %s", name)
		}
		for _, f := range append([]string{file}, needs[file]...) { // modules.dep lists indirect needs too
			if !seen[f] {
				seen[f] = true
				out = append(out, f)
			}
		}
	}
	return out, nil
}
