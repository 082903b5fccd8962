// Package chip writes, proves and reads passport chips: the eMRTD at the level of its commands
// (ICAO Doc 9303-10 and 9303-11).
//
// An Encoder owns one reader. Personalise brings an order onto a blank in one fixed sequence:
//
//	check the order against itself, its signatures and the chip, before anything is written
//	load secrets, then files, on the product's channel
//	open it with the CAN, and by every way of its access protocol with the MRZ
//	read everything back in that session, byte for byte
//	passive, Active and Chip Authentication, and what chip authentication mapping proved
//	lock
//	reset; prove that plain reading and any writing are refused and that the chip still opens
//
// Whatever happens, a chip is locked only behind a read-back that matched, and a torn chip is gone
// on with by calling Personalise again: it reads through the access protocol what is there, and writes
// from the first byte that differs.
//
// What a kind of chip can hold, and by which commands it takes it, is data: package products. The
// protocols have packages of their own: sm, pace, bac, chipauth, activeauth, scp03, over apdu, domain
// and tlv. Which arithmetic runs in constant time is said in pace, chipauth, activeauth and domain.
package chip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/atr"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// DefaultProduct is the chip that an Encoder without a product expects.
const DefaultProduct = "reference"

// Mechanisms that verdicts name.
const (
	MechanismPACE     = "PACE"
	MechanismBAC      = "BAC"
	MechanismPassive  = "passive authentication"
	MechanismAccess   = "EF.CardAccess"
	MechanismChipAuth = "chip authentication"

	MechanismNoAccess     = "no access control"
	MechanismMapping      = "chip authentication mapping"
	MechanismCardSecurity = "EF.CardSecurity"
	MechanismActiveAuth   = "active authentication"

	MechanismReadBack = "read-back"
	MechanismLock     = "lock"
)

// Options of an Encoder. The zero value is for the reference chip.
type Options struct {
	// Product is the kind of chip to personalise; nil for DefaultProduct.
	Product *products.Product
	// Rand feeds challenges and ephemeral keys; nil for crypto/rand.Reader.
	Rand io.Reader
	// Trace, if not nil, gets one line for each command and answer: header, lengths and status,
	// never their content.
	Trace io.Writer
}

// Encoder is a devices.Encoder over the reader that it was made with.
type Encoder struct {
	reader  apdu.Reader
	product *products.Product
	rand    io.Reader
	trace   io.Writer
	rooms   rooms
}

// NewEncoder makes an encoder on a reader.
func NewEncoder(reader apdu.Reader, o Options) (*Encoder, error) {
	e := &Encoder{reader: reader, product: o.Product, rand: o.Rand, trace: o.Trace}
	if e.rand == nil {
		e.rand = rand.Reader
	}
	if e.product == nil {
		p, err := products.Load(DefaultProduct)
		if err != nil {
			return nil, err
		}
		e.product = p
	}
	return e, nil
}

// Identify asks whether the reader is there and names it. Model is the kind of chip that it
// personalises.
func (e *Encoder) Identify(ctx context.Context) (devices.Identity, error) {
	if err := e.reader.Check(ctx); err != nil {
		return devices.Identity{}, fmt.Errorf("identify encoder: %w", err)
	}
	return devices.Identity{URI: "pcsc:" + e.reader.Name(), Model: e.product.Title}, nil
}

// Wait returns when a chip lies on the reader.
func (e *Encoder) Wait(ctx context.Context) error { return e.reader.WaitChip(ctx) }

// Chip tells which chip lies on the reader and how far its life has come. It returns
// devices.ErrForeignChip for a card that is no passport.
func (e *Encoder) Chip(ctx context.Context) (devices.ChipState, error) {
	l, err := e.connect(ctx)
	if err != nil {
		return devices.ChipState{}, fmt.Errorf("look at chip: %w", err)
	}
	defer l.close()
	s, err := l.identify(ctx)
	if err != nil {
		return devices.ChipState{}, fmt.Errorf("look at chip: %w", condition(err))
	}
	return s, nil
}

// link is a chip in use: the card, the session on it, and what it can take.
type link struct {
	card     apdu.Card
	ch       sm.Channel
	product  *products.Product
	rand     io.Reader
	command  int         // bytes of the longest command APDU; 0 where only short ones are allowed
	response int         // the same for responses
	short    bool        // files are found by short identifier, as on every chip with PACE
	master   bool        // in a session of PACE: the master file is selected, and not the application
	cautious bool        // the chip refuses to be asked for more than a file has
	selected bool        // the application is selected in clear
	mapping  *pace.Proof // of the session's chip authentication mapping; nil where it was opened otherwise
	known    map[string][]byte
	rooms    *rooms
	reopen   func(context.Context) error // runs the access protocol of the open session again
}

func (e *Encoder) connect(ctx context.Context) (*link, error) {
	card, err := e.reader.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if a, err := atr.Parse(card.ATR()); err == nil && !a.Passport() {
		return nil, errors.Join(fmt.Errorf("%w: %s", devices.ErrForeignChip, a.Memory), card.Close())
	}
	g := &guard{Card: card, trace: e.trace}
	return &link{
		card: g, ch: sm.Channel{Transmitter: g}, product: e.product, rand: e.rand, rooms: &e.rooms,
	}, nil
}

func (l *link) close() {
	l.endSession()
	_ = l.card.Close() // the chip is done with, whether it still answers or not
}

func (l *link) endSession() {
	if l.ch.Session != nil {
		l.ch.Session.End()
		l.ch.Session = nil
	}
}

// reset makes the chip forget its session and selection.
func (l *link) reset(ctx context.Context) error {
	l.endSession()
	l.selected = false
	return l.card.Reset(ctx)
}

// leave ends a session by the product's way: where that is a selection, the next command in clear
// ends it at the chip too.
func (l *link) leave(ctx context.Context) error {
	if l.product.Leave == products.LeaveByPower {
		return l.reset(ctx)
	}
	l.endSession()
	l.selected = false
	return nil
}

// plain sends a command in clear.
func (l *link) plain(ctx context.Context, c apdu.Command) (apdu.Response, error) {
	return apdu.Exchange(ctx, l.card, c)
}

func (l *link) selection(p2 byte, ne int) apdu.Command {
	return apdu.Command{INS: 0xA4, P1: 0x04, P2: p2, Data: l.product.Application, Ne: ne}
}

// condition adds what a person can cure to an error of the layers below.
func condition(err error) error {
	for _, c := range []struct{ is, means error }{
		{pace.ErrPassword, devices.ErrWrongPassword},
		{bac.ErrPassword, devices.ErrWrongPassword},
		{pace.ErrUnsupported, devices.ErrUnsupported},
		{pace.ErrToken, devices.ErrNotAuthentic},
		{pace.ErrProtocol, devices.ErrProtocol},
		{bac.ErrProtocol, devices.ErrProtocol},
		{tlv.ErrTruncated, devices.ErrProtocol},
		{tlv.ErrInvalid, devices.ErrProtocol},
		{tlv.ErrMissing, devices.ErrProtocol},
		{apdu.ErrShort, devices.ErrProtocol},
		{sm.ErrMAC, devices.ErrProtocol},
		{sm.ErrNotProtected, devices.ErrProtocol},
		{sm.ErrMalformed, devices.ErrProtocol},
	} {
		if errors.Is(err, c.is) && !errors.Is(err, c.means) {
			return fmt.Errorf("%w: %w", c.means, err)
		}
	}
	return err
}
