package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"padarozhnik/station/hq/vault"
)

// dirAllocations holds the manifests that were decided on, here and in a backup: the ledger knows them by their
// digests alone, and without them no vault can say which chip is in which blank.
const dirAllocations = "allocations"

// errAllocation: an allocation here and its copy differ, and neither ever changes.
var errAllocation = errors.New("an allocation is not the one that was copied: keep both, one is damaged")

// saveAllocations copies the manifests of this directory that a backup has not.
func (h *headquarters) saveAllocations(out io.Writer, dir string) error {
	return copyAllocations(out, h.path(dirAllocations), filepath.Join(dir, dirAllocations), "safe in "+dir)
}

// restoreAllocations takes back those that are not here.
func (h *headquarters) restoreAllocations(out io.Writer, dir string) error {
	return copyAllocations(out, filepath.Join(dir, dirAllocations), h.path(dirAllocations), "restored from "+dir)
}

// copyAllocations copies what is missing, reads it back, and changes nothing that is there. One that cannot be
// copied does not keep the others from it.
func copyAllocations(out io.Writer, from, to, done string) error {
	found, err := filepath.Glob(filepath.Join(from, "*.json"))
	if err != nil || len(found) == 0 {
		return err
	}
	var errs []error
	for _, path := range found {
		if err := copyAllocation(path, filepath.Join(to, filepath.Base(path))); err != nil {
			errs = append(errs, fmt.Errorf("allocation %s: %w", filepath.Base(path), err))
		}
	}
	fmt.Fprintf(out, "%s: %d allocations of blanks\n", done, len(found)-len(errs))
	return errors.Join(errs...)
}

func copyAllocation(from, to string) error {
	var a vault.Allocation
	if err := readJSON(from, &a); err != nil {
		return err
	}
	if err := a.Manifest.Check(); err != nil {
		return err
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	there, err := os.ReadFile(to)
	if errors.Is(err, fs.ErrNotExist) {
		if err := write(to, raw, 0o600); err != nil {
			return err
		}
		there, err = os.ReadFile(to)
	}
	if err == nil && !bytes.Equal(raw, there) {
		err = errAllocation
	}
	return err
}
