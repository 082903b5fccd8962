package printer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Fault is a condition planted on demand.
type Fault string

// Faults, as they are written into the fault file.
const (
	NoFault        Fault = ""
	NoBooklet      Fault = "no-booklet"
	Jam            Fault = "jam"
	InkEmpty       Fault = "ink-empty"
	CoverOpen      Fault = "cover-open"
	WrongPage      Fault = "wrong-page"
	WrongBooklet   Fault = "wrong-booklet"
	Skew           Fault = "skew"
	Damaged        Fault = "damaged"
	Maintenance    Fault = "maintenance"
	InkLow         Fault = "ink-low"
	PowerLost      Fault = "power-lost"
	PowerLostEarly Fault = "power-lost-early"
	PowerLostLate  Fault = "power-lost-late"
	Hang           Fault = "hang"
)

// Faults lists every fault that can be planted.
func Faults() []Fault {
	return []Fault{
		NoBooklet, Jam, InkEmpty, CoverOpen, WrongPage, WrongBooklet, Skew, Damaged, Maintenance, InkLow,
		PowerLost, PowerLostEarly, PowerLostLate, Hang,
	}
}

// ParseFault reads the word of a fault; "" and "none" are NoFault.
func ParseFault(word string) (Fault, error) {
	word = strings.TrimSpace(word)
	if word == "" || word == "none" {
		return NoFault, nil
	}
	for _, f := range Faults() {
		if word == string(f) {
			return f, nil
		}
	}
	return NoFault, fmt.Errorf("fault %q: want one of %v or none", word, Faults())
}

// FaultFile is the file that plants a fault.
func (p *Printer) FaultFile() string { return filepath.Join(p.dir, "faults", "printer") }

// Plant writes the fault file, or removes it for NoFault.
func (p *Printer) Plant(f Fault) error {
	if f == NoFault {
		if err := os.Remove(p.FaultFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cure fault: %w", err)
		}
		p.powered() // the power is back before anybody asks
		p.poke()
		return nil
	}
	err := replace(p.FaultFile(), func(w io.Writer) error {
		_, err := io.WriteString(w, string(f)+"\n")
		return err
	})
	if err != nil {
		return fmt.Errorf("plant fault: %w", err)
	}
	p.poke()
	return nil
}

// planted reads the fault file. A word that it does not know plants nothing.
func (p *Printer) planted() Fault {
	b, err := os.ReadFile(p.FaultFile())
	if err != nil {
		return NoFault
	}
	f, err := ParseFault(string(b))
	if err != nil {
		p.o.Log.Warn("unknown fault planted", "file", p.FaultFile())
	}
	return f
}

// powered tells whether the printer answers at all. The power comes back when the fault is cured.
func (p *Printer) powered() bool {
	f := p.planted()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dark && f != PowerLost && f != PowerLostEarly && f != PowerLostLate {
		p.dark = false
	}
	return !p.dark
}

// lookAgain is how often a printer that hangs looks whether it is cured: another program may do that.
const lookAgain = 20 * time.Millisecond

// hang keeps a request waiting as long as the printer hangs, or until who asked is gone.
func (p *Printer) hang(ctx context.Context) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for p.planted() == Hang {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// losePower forgets every job and answers nothing from now on.
func (p *Printer) losePower() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dark, p.jobs, p.jammed = true, nil, false
}

// reasons are the printer-state-reasons that stop it now (RFC 8011, 5.4.12).
func (p *Printer) reasons() []string {
	f := p.planted()
	p.mu.Lock()
	if p.jammed && f != Jam {
		p.jammed = false
	}
	jammed := p.jammed
	p.mu.Unlock()
	switch {
	case jammed:
		return []string{"media-jam-error"}
	case f == CoverOpen:
		return []string{"cover-open-error"}
	case f == InkEmpty:
		return []string{"marker-supply-empty-error"}
	case f == Maintenance:
		return []string{"marker-waste-full-error"}
	}
	serial, err := p.loaded()
	switch {
	case f == NoBooklet || err != nil || serial == "":
		return []string{"media-empty-error"}
	case f == WrongPage:
		return []string{prefix + "wrong-page-error"}
	case f == Damaged:
		return []string{prefix + "booklet-damaged-error"}
	case f == Skew || !p.lie().within():
		return []string{prefix + "booklet-skewed-error"}
	case p.mistaken(serial):
		return []string{prefix + "wrong-booklet-error"}
	}
	return nil
}

// remarks are reasons that do not stop the printer.
func (p *Printer) remarks() []string {
	if p.planted() == InkLow {
		return []string{"marker-supply-low-warning"}
	}
	return nil
}
