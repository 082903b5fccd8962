package usbip

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// Faults of the cable. Those with a position strike once, when so many bytes went over since they were
// planted, and are cured by what a host does about them; the others last until Cure.
const (
	StallOut    FaultKind = "stall-out"    // @N: the endpoint out stalls until it is set up again
	StallIn     FaultKind = "stall-in"     // @N: so does the endpoint in
	DeafOut     FaultKind = "deaf-out"     // @N: takes nothing more until the interface is reset
	DeafIn      FaultKind = "deaf-in"      // @N: gives nothing more until the interface is reset
	HeldOut     FaultKind = "hold-out"     // @N: neither answers a transfer nor lets go of it, until Cure or a reset of the port
	HeldIn      FaultKind = "hold-in"      // @N: so on its way back
	Unplugged   FaultKind = "unplug"       // @N: the cable is pulled in the middle of what is sent
	UnpluggedIn FaultKind = "unplug-in"    // @N: the cable is pulled in the middle of an answer
	Babble      FaultKind = "babble"       // @N: more comes than the host has room for
	WrongLength FaultKind = "wrong-length" // @N: a transfer says that it brought more than was asked for
	Short       FaultKind = "short"        // =N: at most N bytes a transfer
	Zero        FaultKind = "zero"         // =N: N empty transfers before the next answer
	Slow        FaultKind = "slow"         // =DURATION: each transfer takes so long
	BadHTTP     FaultKind = "http"         // =WORD: the next answer is no decent HTTP; see Hostilities
	BadShape    FaultKind = "shape"        // =WORD: the descriptors lie; see Shapes
)

// Fault is one planted fault.
type Fault struct {
	Kind  FaultKind
	At    int64         // position in bytes
	Count int           // of Short and Zero
	Delay time.Duration // of Slow
	Word  string        // of BadHTTP and BadShape
}

// FaultWords says how faults are written, for a help text.
func FaultWords() string {
	return "stall-out@N stall-in@N deaf-out@N deaf-in@N hold-out@N hold-in@N unplug@N unplug-in@N babble@N " +
		"wrong-length@N short=N zero=N slow=DURATION http=(" + strings.Join(Hostilities(), "|") + ") shape=(" + strings.Join(Shapes(), "|") + ")"
}

// FaultHelp explains the faults, one a line, for a help text.
func FaultHelp() string {
	const indent = "\n                            "
	hostile := Hostilities()
	return `  stall-out@N, stall-in@N   the endpoint stalls when N bytes went over, until it is set up again
  deaf-out@N, deaf-in@N     takes or gives nothing more, until the interface is reset
  hold-out@N, hold-in@N     neither answers a transfer nor lets go of it, until the port is reset
  unplug@N, unplug-in@N     the cable is pulled in the middle of what is sent, or of an answer
  babble@N                  more comes than the host has room for
  wrong-length@N            a transfer says that it brought more than was asked for
  short=N                   at most N bytes a transfer
  zero=N                    N empty transfers before the next answer
  slow=DURATION             each transfer takes so long
  http=WORD                 the next answer is no decent HTTP:
                            ` + strings.Join(hostile[:6], ", ") + "," + indent + strings.Join(hostile[6:], ", ") + `
  shape=WORD                the descriptors lie: ` + strings.Join(Shapes(), ", ")
}

// ParseFault reads a fault as it is written.
func ParseFault(word string) (Fault, error) {
	bad := fmt.Errorf("fault %q: want one of %s", word, FaultWords())
	name, value, positioned := strings.Cut(word, "@")
	if !positioned {
		name, value, _ = strings.Cut(word, "=")
	}
	f := Fault{Kind: FaultKind(name), Word: value}
	var err error
	switch f.Kind {
	case StallOut, StallIn, DeafOut, DeafIn, HeldOut, HeldIn, Unplugged, UnpluggedIn, Babble, WrongLength:
		f.At, err = strconv.ParseInt(value, 10, 64)
		positioned = positioned && f.At >= 0
	case Short, Zero:
		f.Count, err = strconv.Atoi(value)
		positioned = !positioned && f.Count > 0
	case Slow:
		f.Delay, err = time.ParseDuration(value)
		positioned = !positioned && f.Delay > 0
	case BadHTTP:
		positioned = !positioned && slices.Contains(Hostilities(), value)
	case BadShape:
		positioned = !positioned && slices.Contains(Shapes(), value)
	default:
		return f, bad
	}
	if err != nil || !positioned {
		return f, bad
	}
	return f, nil
}

// faults is what is planted and how far the device has come since.
type faults struct {
	out, in *Fault // strike at a position
	short   int
	zero    int
	slow    time.Duration
	shape   string
	sent    int64
	given   int64
}

// Plant makes something go wrong.
func (d *Device) Plant(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch f.Kind {
	case StallOut, DeafOut, HeldOut, Unplugged:
		d.faults.out, d.faults.sent = &f, 0
	case StallIn, DeafIn, HeldIn, UnpluggedIn, Babble, WrongLength:
		d.faults.in, d.faults.given = &f, 0
	case Short:
		d.faults.short = f.Count
	case Zero:
		d.faults.zero = f.Count
	case Slow:
		d.faults.slow = f.Delay
	case BadShape:
		d.faults.shape = f.Word
	case BadHTTP:
		for _, face := range d.interfaces {
			for _, s := range face.settings {
				if w, ok := s.(*web); ok {
					w.plant(f.Word)
				}
			}
		}
	}
}

// Cure takes every planted fault away.
func (d *Device) Cure() {
	d.Plant(Fault{Kind: BadHTTP})
	d.mu.Lock()
	d.faults = faults{}
	clear(d.held)
	d.mu.Unlock()
	for n := range d.interfaces {
		d.clear(uint8(n+1), uint8(n+1)|0x80)
	}
}

// Sent is how many bytes hosts have sent since a fault out was planted or all were cured.
func (d *Device) Sent() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.faults.sent
}

// count notes what was given to the host.
func (d *Device) count(_ uint8, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults.given += int64(n)
}

// attend waits while an endpoint is deaf, and reports a stall.
func (d *Device) attend(ctx context.Context, address uint8) error {
	for {
		d.mu.Lock()
		halted, deaf, slow := d.halted[address], d.deaf[address] || d.held[address], d.faults.slow
		heard := make(chan struct{})
		if deaf {
			d.hear = append(d.hear, heard)
		}
		d.mu.Unlock()
		switch {
		case halted:
			return errStall
		case deaf:
			select {
			case <-heard:
			case <-ctx.Done():
				return ctx.Err()
			}
		case slow > 0:
			select {
			case <-time.After(slow):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		default:
			return nil
		}
	}
}

// holds tells whether an endpoint does not let go of its transfers.
func (d *Device) holds(address uint8) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held[address]
}

// letGo waits until an endpoint lets go of its transfers.
func (d *Device) letGo(ctx context.Context, address uint8) {
	for {
		d.mu.Lock()
		held, heard := d.held[address], make(chan struct{})
		if held {
			d.hear = append(d.hear, heard)
		}
		d.mu.Unlock()
		if !held {
			return
		}
		select {
		case <-heard:
		case <-ctx.Done():
			return
		}
	}
}

// passOut tells how many of so many bytes may go to the function now.
func (d *Device) passOut(ctx context.Context, l *link, address uint8, want int) (int, error) {
	if err := d.attend(ctx, address); err != nil {
		return 0, err
	}
	d.mu.Lock()
	f := d.faults.out
	left := int64(want)
	if f != nil {
		left = min(left, f.At-d.faults.sent)
	}
	if left > 0 || f == nil {
		d.faults.sent += left
		d.mu.Unlock()
		return int(left), nil
	}
	d.faults.out = nil
	d.mu.Unlock()
	if err := d.strike(l, f.Kind, address); err != nil {
		return 0, err
	}
	return 0, d.attend(ctx, address)
}

// strike does what a fault does to an endpoint.
func (d *Device) strike(l *link, kind FaultKind, address uint8) error {
	d.mu.Lock()
	switch kind {
	case StallOut, StallIn:
		d.halted[address] = true
	case DeafOut, DeafIn:
		d.deaf[address] = true
	case HeldOut, HeldIn:
		d.held[address] = true
	}
	d.mu.Unlock()
	if kind == Unplugged || kind == UnpluggedIn {
		l.close()
		return l.ctx.Err()
	}
	return nil
}

// pass is what a transfer in may bring.
type pass struct {
	kind FaultKind // Babble, WrongLength or nothing
	most int
}

// passIn waits until the function has something, and tells how much of it may go to the host.
func (d *Device) passIn(ctx context.Context, l *link, address uint8, f Function) (pass, error) {
	for {
		if err := d.attend(ctx, address); err != nil {
			return pass{}, err
		}
		if err := f.Await(ctx); err != nil {
			return pass{}, err
		}
		d.mu.Lock()
		p := pass{most: maxTransfer}
		fault, blocked := d.faults.in, d.halted[address] || d.deaf[address] || d.held[address]
		switch {
		case d.faults.zero > 0:
			d.faults.zero--
			p.most = 0
		case d.faults.short > 0:
			p.most = d.faults.short
		}
		struck := fault != nil && d.faults.given >= fault.At && p.most > 0
		if fault != nil && !struck {
			p.most = int(min(int64(p.most), max(fault.At-d.faults.given, 0)))
		}
		if struck {
			d.faults.in = nil
		}
		d.mu.Unlock()
		switch {
		case blocked:
		case !struck:
			return p, nil
		case fault.Kind == Babble || fault.Kind == WrongLength:
			return pass{kind: fault.Kind}, nil
		default:
			if err := d.strike(l, fault.Kind, address); err != nil {
				return pass{}, err
			}
		}
	}
}

// Shapes are the words of BadShape.
func Shapes() []string {
	return []string{"cut", "long", "loop", "numbers", "many", "no-endpoint", "text", "twice"}
}

// bent is a descriptor as a hostile device gives it.
func (d *Device) bent(b []byte) []byte {
	d.mu.Lock()
	shape := d.faults.shape
	d.mu.Unlock()
	if shape == "" || len(b) < 2 {
		return b
	}
	b = slices.Clone(b)
	config := b[1] == 2
	switch {
	case shape == "text" && b[1] == 3 && len(b) > 4:
		return []byte{255, 3, 0x0d, 0xd8, 0x00, 0x00, 0x0a} // half a character, a zero and no more
	case !config:
		return b
	case shape == "cut":
		return b[:len(b)-5]
	case shape == "long":
		binary.LittleEndian.PutUint16(b[2:], 0xffff)
	case shape == "loop":
		b[9] = 0 // a descriptor of no length
	case shape == "numbers":
		for at := 9; at+9 <= len(b) && b[at] > 0; at += int(b[at]) {
			if b[at+1] == 4 {
				b[at+2] += 200
			}
		}
	case shape == "many":
		one := slices.Clone(b[9:32])
		for n := range 100 {
			one[2], one[3] = byte(n), byte(n)
			b = append(b, one...)
		}
		b[4] = 255
		binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	case shape == "twice":
		b = append(b, b[9:32]...) // the first interface once more, behind the others
		binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	case shape == "no-endpoint":
		for at := 9; at+6 <= len(b) && b[at] > 0; at += int(b[at]) {
			if b[at+1] == 5 {
				b[at+4], b[at+5] = 0, 0 // packets of no bytes
			}
		}
	}
	return b
}
