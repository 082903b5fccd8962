package printer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"

	"github.com/OpenPrinting/goipp"
)

// prefix begins what this printer says and no standard knows.
const prefix = "padarozhnik.org-"

// serialForm is a job's name that names a booklet.
var serialForm = regexp.MustCompile(`^[A-Z]{1,3}[0-9]{5,9}$`)

// Lie is how a booklet lies in the printer: to the right and below where it should, and turned
// clockwise about the page's centre.
type Lie struct {
	XMM     float64 `json:"xMM"`
	YMM     float64 `json:"yMM"`
	Degrees float64 `json:"degrees"`
}

// What the printer makes good for, if it is told; a booklet that lies farther off is not printed.
const (
	mostLieMM      = 3
	mostLieDegrees = 2
)

// within tells whether the printer can print on a booklet that lies like this.
func (l Lie) within() bool {
	return math.Abs(l.XMM) <= mostLieMM && math.Abs(l.YMM) <= mostLieMM && math.Abs(l.Degrees) <= mostLieDegrees
}

// LieFile is the file that lays booklets in askew: a Lie as JSON.
func (p *Printer) LieFile() string { return filepath.Join(p.dir, "faults", "lie.json") }

// Lay lays the booklets in like this from now on, or straight for the zero Lie.
func (p *Printer) Lay(l Lie) error {
	if err := (Shift{XMM: l.XMM, YMM: l.YMM, Degrees: l.Degrees}).check(); err != nil {
		return fmt.Errorf("lay booklet: %w", err)
	}
	if l == (Lie{}) {
		if err := os.Remove(p.LieFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("lay booklet: %w", err)
		}
		p.poke()
		return nil
	}
	err := replace(p.LieFile(), func(w io.Writer) error { return json.NewEncoder(w).Encode(l) })
	if err != nil {
		return fmt.Errorf("lay booklet: %w", err)
	}
	p.poke()
	return nil
}

// lie reads the lie file.
func (p *Printer) lie() Lie {
	var l Lie
	if b, err := os.ReadFile(p.LieFile()); err == nil && json.Unmarshal(b, &l) != nil {
		p.o.Log.Warn("unreadable lie", "file", p.LieFile())
		return Lie{}
	}
	return l
}

// loaded is the serial of the booklet that the printer has taken: the one that lies at its place, or,
// with the fault planted, another one from the drawer.
func (p *Printer) loaded() (string, error) {
	lies, err := p.desk.At(deskPlace)
	if err != nil || lies == "" || p.planted() != WrongBooklet {
		return lies, err
	}
	books, err := p.desk.Books()
	if err != nil {
		return "", err
	}
	for _, other := range books {
		if other != lies {
			return other, nil
		}
	}
	return lies, nil
}

// mistaken tells whether the next job names another booklet than the one that the printer sees.
func (p *Printer) mistaken(loaded string) bool {
	if p.o.Blind {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		if j.state == statePending {
			return serialForm.MatchString(j.name) && j.name != loaded
		}
	}
	return false
}

// seen are the attributes that say what the printer sees of its booklet.
func (p *Printer) seen() goipp.Attributes {
	serial, err := p.loaded()
	if p.o.Blind || err != nil || serial == "" || p.planted() == NoBooklet {
		return nil
	}
	l := p.lie()
	thousandths := func(v float64) int { return int(math.Round(v * 1000)) }
	return goipp.Attributes{
		text(prefix+"loaded-serial", goipp.TagName, serial),
		integer(prefix+"loaded-position", goipp.TagInteger, thousandths(l.XMM), thousandths(l.YMM), thousandths(l.Degrees)),
	}
}
