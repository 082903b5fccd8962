// Package desk is the top of a training office's table: the blank and finished books of the
// virtual devices, and where each one lies.
//
// A desk is a directory. Each book is a folder books/SERIAL with page.png (the data page as it
// looks now) and chip.state (the chip's memory, which survives a kill). A place (scanner, reader,
// printer) holds at most one book; which one is written in places/PLACE. The virtual devices only
// look; the operator's hand is Move, called by `simulator move`, by demo and by tests.
package desk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// Place is where a book can lie.
type Place string

// Places of the desk. Away is no device: the book is in a drawer.
const (
	Scanner Place = "scanner"
	Reader  Place = "reader"
	Printer Place = "printer"
	Away    Place = "away"
)

// ErrNoBook is returned for a serial that the desk does not know.
var ErrNoBook = errors.New("no such book on the desk")

var serialForm = regexp.MustCompile(`^[A-Z0-9]{1,16}$`)

// Desk is an open desk directory. Its methods may be called by several processes at a time.
type Desk struct{ dir string }

// Open returns the desk in dir and makes the directory if it is new.
func Open(dir string) (*Desk, error) {
	for _, sub := range []string{"books", "places"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("open desk: %w", err)
		}
	}
	return &Desk{dir: dir}, nil
}

// ParsePlace reads the name of a place.
func ParsePlace(s string) (Place, error) {
	switch p := Place(s); p {
	case Scanner, Reader, Printer, Away:
		return p, nil
	}
	return "", fmt.Errorf("place %q: want scanner, reader, printer or away", s)
}

// AddBook makes the folder of a new book and returns its path.
func (d *Desk) AddBook(serial string) (string, error) {
	if !serialForm.MatchString(serial) {
		return "", fmt.Errorf("serial %q: want 1 to 16 letters A-Z and digits", serial)
	}
	path := filepath.Join(d.dir, "books", serial)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("add book: %w", err)
	}
	return path, nil
}

// Books lists the serials of all books, sorted.
func (d *Desk) Books() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(d.dir, "books"))
	if err != nil {
		return nil, fmt.Errorf("list books: %w", err)
	}
	var serials []string
	for _, e := range entries {
		if e.IsDir() {
			serials = append(serials, e.Name())
		}
	}
	sort.Strings(serials)
	return serials, nil
}

// PagePath is the picture of a book's data page.
func (d *Desk) PagePath(serial string) string {
	return filepath.Join(d.dir, "books", serial, "page.png")
}

// ChipPath is the memory of a book's chip.
func (d *Desk) ChipPath(serial string) string {
	return filepath.Join(d.dir, "books", serial, "chip.state")
}

// At returns the serial of the book that lies at a place, or "" where none does.
func (d *Desk) At(p Place) (string, error) {
	b, err := os.ReadFile(filepath.Join(d.dir, "places", string(p)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", p, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Move puts a book at a place: it leaves the place where it lay, and a book that lay there goes
// into the drawer.
func (d *Desk) Move(serial string, to Place) error {
	if !serialForm.MatchString(serial) {
		return fmt.Errorf("move %q: %w", serial, ErrNoBook)
	}
	if _, err := os.Stat(filepath.Join(d.dir, "books", serial)); err != nil {
		return fmt.Errorf("move %s: %w", serial, ErrNoBook)
	}
	for _, p := range []Place{Scanner, Reader, Printer} {
		lying, err := d.At(p)
		if err != nil {
			return err
		}
		if lying == serial && p != to {
			if err := d.Clear(p); err != nil {
				return err
			}
		}
	}
	if to == Away {
		return nil
	}
	path := filepath.Join(d.dir, "places", string(to))
	if err := os.WriteFile(path+".new", []byte(serial+"\n"), 0o600); err != nil {
		return fmt.Errorf("move %s: %w", serial, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("move %s: %w", serial, err)
	}
	return nil
}

// Clear takes the book, if any, from a place.
func (d *Desk) Clear(p Place) error {
	err := os.Remove(filepath.Join(d.dir, "places", string(p)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear %s: %w", p, err)
	}
	return nil
}
