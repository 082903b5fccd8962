package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"padarozhnik/station/pki"
)

// Conditions of the directory.
var (
	// errBusy: two ceremonies cannot both be next.
	errBusy = errors.New("another ceremony is being held in this directory")
	// errNotBegun: there is nothing to go on with.
	errNotBegun = errors.New("no headquarters there: hold `headquarters init` first, or name its --dir")
)

// act is one ceremony after the first. It collects new public files, and puts them in force all at
// once: public/ is a link to the directory that the last whole ceremony left, and the last thing a
// ceremony does is to rename a new link over it. One that is cut off before has changed nothing but
// perhaps left an unused key; one that is cut off after has changed everything.
type act struct {
	*headquarters
	*country
	minutes
	kind     string
	began    time.Time
	keys     keystore
	officers []custodian
	files    map[string][]byte // to be written into public/
	number   int
	dir      string // of this ceremony
}

// hold opens what a ceremony needs, lets do work, and puts the result in force.
func (h *headquarters) hold(cmd *cobra.Command, kind string, specs []string,
	do func(context.Context, *act) error) error {
	a := &act{
		headquarters: h, kind: kind, minutes: minutes{out: cmd.OutOrStdout(), clock: h.now}, began: h.now().UTC(),
		files: map[string][]byte{},
	}
	lock, err := h.lockCeremonies()
	if err != nil {
		return err
	}
	defer lock.Close() // releases the lock
	if err := a.begin(); err != nil {
		return err
	}
	if a.officers, err = h.openOfficers(specs); err != nil {
		return err
	}
	defer func() { _ = closeOfficers(a.officers) }()
	for _, o := range a.officers {
		a.say("officer present: %s, key %s", o.Token, o.KeyID)
	}
	if !h.hasRegister() {
		a.say("no officers are registered for ceremonies: any two tokens do (training)")
	}
	if a.keys, err = h.store(); err != nil {
		return err
	}
	defer func() { _ = a.keys.Close() }()
	a.say("keys are in: %s", h.device.where())
	if err := a.strays(); err != nil {
		return err
	}
	if err := do(cmd.Context(), a); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	return a.putInForce()
}

// lockCeremonies lets one ceremony be held at a time; the lock ends with the process.
func (h *headquarters) lockCeremonies() (*os.File, error) {
	if _, err := os.Stat(h.path("public")); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", h.dir, errNotBegun)
	}
	if err := os.MkdirAll(h.path("ceremonies"), 0o700); err != nil {
		return nil, err
	}
	dir, err := os.Open(h.path("ceremonies"))
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(errBusy, dir.Close())
	}
	return dir, nil
}

// begin reads the state in force and removes what a ceremony left that was cut off.
func (a *act) begin() error {
	var err error
	if a.country, err = a.headquarters.country(); err != nil {
		return err
	}
	last, err := a.inForce()
	if err != nil {
		return err
	}
	a.number = last + 1
	if err := os.RemoveAll(a.path("public.next")); err != nil {
		return err
	}
	entries, err := os.ReadDir(a.path("ceremonies"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if n, ok := ceremonyNumber(e.Name()); ok && n > last {
			a.say("ceremony %s was cut off before it was in force: its files are removed", e.Name())
			if err := os.RemoveAll(a.path("ceremonies", e.Name())); err != nil {
				return err
			}
		}
	}
	a.dir = a.path("ceremonies", fmt.Sprintf("%04d-%s", a.number, a.kind))
	return nil
}

// inForce is the number of the ceremony that public/ is a link to, 0 where it is a directory.
func (h *headquarters) inForce() (int, error) {
	target, err := os.Readlink(h.path("public"))
	if errors.Is(err, unix.EINVAL) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, ok := ceremonyNumber(filepath.Base(filepath.Dir(target)))
	if !ok {
		return 0, fmt.Errorf("public leads to %s, which is no ceremony", target)
	}
	return n, nil
}

func ceremonyNumber(name string) (int, bool) {
	digits, _, ok := strings.Cut(name, "-")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n > 0
}

// strays names keys that no certificate has. They are left: a person decides, because a key file or
// token may know more than a directory that was restored from an old copy.
func (a *act) strays() error {
	names, err := a.orphans(a.keys, a.all())
	if err != nil {
		return err
	}
	if len(names) > 0 {
		a.say("keys that belong to no certificate: %s; a ceremony was cut off, or this directory is an old copy",
			strings.Join(names, ", "))
	}
	return nil
}

// put names a file that public/ is to have.
func (a *act) put(name string, b []byte) { a.files[name] = b }

// keep puts the file that is in force under a name of its own.
func (a *act) keep(name, as string) error {
	b, err := os.ReadFile(a.path("public", name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	a.put(as, b)
	return err
}

// issuing returns the root that signs now.
func (a *act) issuing() (*pki.Certificate, error) {
	root, err := a.issuer(a.began)
	if err != nil {
		return nil, err
	}
	if root != a.roots[0] {
		a.say("the newest CSCA key is to rest until %s: the one before it signs",
			a.roots[0].NotBefore.Add(restOfNewKey).Format(time.RFC3339))
	}
	return root, nil
}

// putInForce writes the new state beside the old, has it signed, reads it back, and switches over.
func (a *act) putInForce() error {
	a.say("writing %d files", len(a.files))
	public := filepath.Join(a.dir, "public")
	if err := a.copyPublic(public); err != nil {
		return err
	}
	if _, err := readCountry(public); err != nil {
		return fmt.Errorf("read new state back: %w", err)
	}
	p := protocol{
		Ceremony: a.kind, Number: a.number, Country: a.roots[0].Subject.Country, Began: a.began, Keys: a.device.where(),
	}
	for _, o := range a.officers {
		p.Officers = append(p.Officers, o.witness)
	}
	var err error
	if p.Before, err = digests(a.path("public")); err != nil {
		return err
	}
	if p.After, err = digests(public); err != nil {
		return err
	}
	a.say("both officers sign the protocol")
	p.Steps, p.Ended = a.steps, a.now().UTC()
	signed, err := signProtocol(p, a.officers)
	if err != nil {
		return err
	}
	for name, b := range signed {
		if err := write(filepath.Join(a.dir, name), b, 0o644); err != nil {
			return err
		}
	}
	for _, dir := range []string{public, a.dir, a.path("ceremonies")} {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.out, "putting it in force")
	if err := a.switchOver(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "in force: ceremony %d, protocol in %s\n", a.number, a.dir)
	return nil
}

// copyPublic writes the state in force with the changes.
func (a *act) copyPublic(to string) error {
	entries, err := os.ReadDir(a.path("public"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := os.ReadFile(a.path("public", e.Name()))
		if err != nil {
			return err
		}
		if _, changed := a.files[e.Name()]; changed {
			continue
		}
		if err := write(filepath.Join(to, e.Name()), b, 0o644); err != nil {
			return err
		}
	}
	for name, b := range a.files {
		if err := write(filepath.Join(to, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// switchOver is the one step that counts. The link is exchanged with what public is, so that a public
// directory of an older headquarters, which no rename replaces, gives way as a link does.
func (a *act) switchOver() error {
	target, err := filepath.Rel(a.headquarters.dir, filepath.Join(a.dir, "public"))
	if err != nil {
		return err
	}
	next := a.path("public.next")
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	if err := syncDir(a.headquarters.dir); err != nil {
		return err
	}
	if info, err := os.Lstat(a.path("public")); err == nil && info.Mode()&os.ModeSymlink != 0 {
		err = os.Rename(next, a.path("public"))
		return errors.Join(err, syncDir(a.headquarters.dir))
	}
	if err := unix.Renameat2(unix.AT_FDCWD, next, unix.AT_FDCWD, a.path("public"), unix.RENAME_EXCHANGE); err != nil {
		return fmt.Errorf("exchange public: %w", err)
	}
	return errors.Join(syncDir(a.headquarters.dir), os.RemoveAll(next))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
