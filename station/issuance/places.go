package issuance

import (
	"context"
	"sync"

	"padarozhnik/station"
)

// Move is what a hand is asked to do: put a booklet somewhere, and first take away the one that lies
// there, if any.
type Move struct {
	Put  station.Serial `json:"put"`
	At   Spot           `json:"at"`
	Take station.Serial `json:"take,omitempty"`
}

// places are the devices of a desk and the hand that serves them. Each is used by one goroutine at a
// time, which holds it; there is one hand. Nobody waits for one device while holding another.
type places struct {
	hand, scanner, reader, printer turn

	mu    sync.Mutex
	lying map[Spot]station.Serial // guarded by mu; as far as this desk has put them
	told  func(Move)              // guarded by mu; hears of every move before it is asked for
}

// hold takes a device until release is called, or gives up with its context.
func (p *places) hold(ctx context.Context, at Spot) (release func(), err error) {
	device := map[Spot]*turn{SpotScanner: &p.scanner, SpotReader: &p.reader, SpotPrinter: &p.printer}[at]
	return device.enter(ctx)
}

// with holds a device while it is used.
func (p *places) with(ctx context.Context, at Spot, use func() error) error {
	release, err := p.hold(ctx, at)
	if err != nil {
		return err
	}
	defer release()
	return use()
}

// put has the hand put a booklet onto a device that the caller holds.
func (d *Desk) put(ctx context.Context, serial station.Serial, at Spot) error {
	p := &d.places
	done, err := p.hand.enter(ctx)
	if err != nil {
		return err
	}
	defer done()
	p.announce(serial, at)
	if err := d.Hand.Put(ctx, serial, at); err != nil {
		return err
	}
	p.laid(serial, at)
	return nil
}

func (p *places) announce(serial station.Serial, at Spot) {
	p.mu.Lock()
	lies, told := p.lying[at], p.told
	p.mu.Unlock()
	if lies != serial && told != nil {
		told(Move{Put: serial, At: at, Take: lies})
	}
}

func (p *places) laid(serial station.Serial, at Spot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lying == nil {
		p.lying = map[Spot]station.Serial{}
	}
	for spot, lies := range p.lying {
		if lies == serial {
			delete(p.lying, spot)
		}
	}
	p.lying[at] = serial
}

// tell has moves told to somebody until the returned function is called.
func (p *places) tell(told func(Move)) (silence func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = told
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = nil
	}
}
