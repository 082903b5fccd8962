package chip_test

import (
	"context"
	"errors"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/apdu"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/lds"
)

// plainCard is a passport from before the eighth edition: its application knows neither PACE nor
// Basic Access Control, and its files are open, or closed by something that nobody knows.
type plainCard struct {
	hostile
	files   map[uint16][]byte
	current []byte
	closed  bool
}

func (p *plainCard) Connect(context.Context) (apdu.Card, error) { return p, nil }

func (p *plainCard) Transmit(_ context.Context, command []byte) ([]byte, error) {
	c, err := apdu.ParseCommand(command)
	if err != nil {
		return []byte{0x67, 0}, nil
	}
	switch {
	case c.INS == 0xA4 && c.P1 == 4:
		return []byte{0x90, 0}, nil
	case c.INS == 0xA4:
		b, ok := p.files[uint16(c.Data[0])<<8|uint16(c.Data[1])]
		switch {
		case !ok:
			return []byte{0x6A, 0x82}, nil
		case p.closed:
			return []byte{0x69, 0x82}, nil
		}
		p.current = b
		return []byte{0x90, 0}, nil
	case c.INS == 0xB0:
		offset := int(c.P1)<<8 | int(c.P2)
		if offset > len(p.current) {
			return []byte{0x6B, 0}, nil // it knows no short identifiers either
		}
		n := min(c.Ne, len(p.current)-offset)
		return apdu.Response{Data: p.current[offset : offset+n], Status: apdu.OK}.Bytes(), nil
	}
	return []byte{0x6D, 0}, nil
}

func TestInspectPlainPassport(t *testing.T) {
	country := chiptest.NewCountry(t)
	o := country.Order(t, chiptest.Book{Old: true}, virtual.State{})
	card := &plainCard{files: map[uint16][]byte{}}
	for _, f := range o.Files {
		id, _ := lds.FileID(f.Name)
		card.files[id] = f.Data
	}
	e, err := chip.NewEncoder(card, chip.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := devices.Password{MRZHash: o.MRZHash}
	r, err := e.Inspect(t.Context(), p, country.Trust, chiptest.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if v, failed := r.Failed(); failed || mechanisms(r.Verdicts)[chip.MechanismNoAccess] != 1 {
		t.Errorf("%+v, verdicts %+v", v, r.Verdicts)
	}
	card.closed = true
	if _, err := e.Inspect(t.Context(), p, country.Trust, chiptest.Now(), nil); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("closed by something unknown: %v, want ErrUnsupported", err)
	}
}
