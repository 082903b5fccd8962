// Package chip is a passport chip in Go: the reference chip of the `gp` driver, with its operating
// system and eMRTD application, standing at the wire. It takes APDUs and gives APDUs, through
// pcscd (Serve) or inside a process (Slot), so that the driver under test is the driver in the
// office.
//
// Its life has three stages. A blank and a half personalised chip open a GlobalPlatform secure
// channel to whoever has their keys and take files and secrets through it. The last command locks
// the chip, which from then on answers to PACE alone: plain reading, plain selection of the
// application, and every writing are refused. EF.CardAccess and EF.ATR/INFO are open at all times.
// It knows every mapping, group and cipher of Doc 9303-11, Chip Authentication and Active
// Authentication, and slows down whoever guesses its CAN. As NewPassport and NewOldPassport make it,
// it also plays what no new book may be: 3DES, short groups, Basic Access Control.
//
// Every command that changes the chip's memory is on the disk before its answer goes out, and a
// command is either done or not: a chip killed or torn at any moment wakes with the memory of its
// last finished command. Nothing is shared with the driver but the cryptography and the coding of
// APDUs; whether a command is allowed is decided here alone.
package chip

import (
	"errors"
	"fmt"
	"io"
	"time"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds"
)

// ErrTorn is returned while the chip is out of the field because of a fault that was asked for.
var ErrTorn = errors.New("chip torn from the field")

// Chip is one chip. It is used by one goroutine at a time. Rand feeds its nonces and keys.
type Chip struct {
	store  Store
	rand   io.Reader
	state  State
	atr    []byte
	faults Faults
	pause  func(time.Duration)
	count  int // commands since the chip was made
	reads  int // READ BINARY among them
	torn   bool
	clock  *Clock
	ram    memory
}

// memory is what a chip forgets without power.
type memory struct {
	application bool // the eMRTD application is selected, not the master file
	file        *File
	session     *sm.Session
	next        *sm.Session // takes over when the answer under way is out
	channel     *scp03.CardSession
	storing     []byte // data groupings of which the last block is not here yet
	pace        paceRun
	auth        chosenAuth
	challenge   []byte
	dropped     bool // the session ends with the answer under way, which goes out in clear
}

// chosenAuth is what MSE:Set AT chose for Chip Authentication.
type chosenAuth struct {
	set   bool
	suite sm.Suite
}

// Open wakes the chip whose memory is in store.
func Open(store Store, rand io.Reader) (*Chip, error) {
	state, err := store.Load()
	if err != nil {
		return nil, fmt.Errorf("open chip: %w", err)
	}
	return &Chip{store: store, rand: rand, state: state, atr: atrOf(state), pause: time.Sleep}, nil
}

// ATR is the answer to reset.
func (c *Chip) ATR() []byte { return append([]byte(nil), c.atr...) }

// SetFaults makes the chip misbehave from now on; the count of commands starts again.
func (c *Chip) SetFaults(f Faults) { c.faults, c.count, c.reads = f, 0, 0 }

// Commands tells how many commands have come since the chip was made or SetFaults was called.
func (c *Chip) Commands() int { return c.count }

// Power makes the chip forget all but its memory: it was reset, or put into a field again.
func (c *Chip) Power() {
	c.endSession()
	c.ram = memory{}
	c.torn = false
	c.activated()
}

// Transmit answers one command. It returns ErrTorn, and no answer, for a chip out of the field.
func (c *Chip) Transmit(command []byte) ([]byte, error) {
	if c.torn {
		return nil, ErrTorn
	}
	c.count++
	time.Sleep(c.faults.Delay)
	if c.faults.TearBefore == c.count || c.faults.SwapAt == c.count {
		c.torn = true
		if c.faults.SwapAt == c.count && c.faults.Swap != nil {
			c.faults.Swap()
		}
		return nil, ErrTorn
	}
	if c.faults.StatusAt == c.count {
		c.exchanged(len(command), 2)
		return apdu.Response{Status: c.faults.Status}.Bytes(), nil
	}
	answer := c.answer(command)
	c.exchanged(len(command), len(answer.Data)+2)
	if c.faults.TearAfter == c.count {
		c.torn = true
		return nil, ErrTorn
	}
	return answer.Bytes(), nil
}

func (c *Chip) answer(command []byte) apdu.Response {
	if c.state.Kind == Applet {
		return c.applet(command)
	}
	cmd, err := apdu.ParseCommand(command)
	if err != nil || (cmd.Extended && c.state.Old) || len(command) > bufferSize {
		return apdu.Response{Status: apdu.WrongLength}
	}
	switch cmd.CLA & 0x0C {
	case 0x0C:
		return c.secured(cmd)
	case 0x04:
		return c.trusted(cmd)
	}
	c.endSession()
	c.ram.channel = nil
	r := c.handle(request{Command: cmd})
	c.takeOver()
	return r
}

// secured answers a command under the session of PACE, BAC or Chip Authentication.
func (c *Chip) secured(cmd apdu.Command) apdu.Response {
	if c.ram.session == nil {
		return apdu.Response{Status: apdu.SMObjectWrong}
	}
	plain, refusal := c.unprotect(cmd)
	if refusal != apdu.OK {
		return status(refusal)
	}
	answer := c.handle(request{Command: plain, secured: true})
	if c.ram.dropped {
		c.ram.dropped = false
		c.endSession()
		return answer
	}
	r, err := c.ram.session.Protect(answer)
	if err != nil {
		c.endSession()
		return apdu.Response{Status: apdu.Unspecified}
	}
	c.takeOver()
	return r
}

// unprotect opens a command of the session, or ends the session with the status that says why.
func (c *Chip) unprotect(cmd apdu.Command) (apdu.Command, apdu.Status) {
	plain, err := c.ram.session.Unprotect(cmd)
	switch {
	case err == nil:
		return plain, apdu.OK
	case errors.Is(err, sm.ErrMissing):
		c.endSession()
		return apdu.Command{}, apdu.SMObjectMissing
	}
	c.endSession()
	return apdu.Command{}, apdu.SMObjectWrong
}

// trusted answers a command of the personaliser's secure channel.
func (c *Chip) trusted(cmd apdu.Command) apdu.Response {
	c.endSession()
	if c.state.Life == Locked || !c.ram.application || c.ram.channel == nil {
		return apdu.Response{Status: apdu.SecurityStatus}
	}
	if cmd.INS == 0x82 {
		if err := c.ram.channel.Authenticate(cmd); err != nil {
			c.ram.channel = nil
			return apdu.Response{Status: apdu.AuthFailed}
		}
		return apdu.Response{Status: apdu.OK}
	}
	plain, err := c.ram.channel.Unwrap(cmd)
	if err != nil {
		c.ram.channel = nil
		return apdu.Response{Status: apdu.SecurityStatus}
	}
	return c.handle(request{Command: plain, trusted: true})
}

func (c *Chip) endSession() {
	if c.ram.session != nil {
		c.ram.session.End()
		c.ram.session = nil
	}
}

// takeOver starts the session that a key agreement has just made.
func (c *Chip) takeOver() {
	if c.ram.next != nil {
		c.endSession()
		c.ram.session, c.ram.next = c.ram.next, nil
	}
}

// request is a command in clear with the way it came.
type request struct {
	apdu.Command
	secured bool // under the session of an access protocol
	trusted bool // under the personaliser's secure channel
}

func status(s apdu.Status) apdu.Response { return apdu.Response{Status: s} }

func done(data []byte) apdu.Response { return apdu.Response{Data: data, Status: apdu.OK} }

func (c *Chip) handle(r request) apdu.Response {
	if r.INS != 0x86 {
		c.ram.pace = paceRun{}
	}
	if r.INS != 0xE2 {
		c.ram.storing = nil
	}
	switch r.INS {
	case 0xA4:
		return c.selectFile(r)
	case 0xB0, 0xB1:
		return c.readBinary(r)
	case 0xCA:
		return c.getData(r)
	case 0x22:
		return c.setEnvironment(r)
	case 0x86:
		return c.generalAuthenticate(r)
	case 0x84:
		return c.getChallenge(r)
	case 0x82:
		return c.basicAccess(r)
	case 0x88:
		return c.internalAuthenticate(r)
	case 0x50:
		return c.initializeUpdate(r)
	case 0xE0, 0xD6, 0xD7, 0xE2, 0xF0:
		return c.personalise(r)
	}
	return status(apdu.UnknownInstruction)
}

// getChallenge and basicAccess are for a chip that plays a passport with Basic Access Control.
func (c *Chip) getChallenge(r request) apdu.Response {
	if !c.state.basicAccess() || !c.ram.application || r.Ne != 8 {
		return status(apdu.UnknownInstruction)
	}
	return c.drawChallenge()
}

// drawChallenge gives a challenge for BAC and remembers it.
func (c *Chip) drawChallenge() apdu.Response {
	c.ram.challenge = make([]byte, 8)
	if _, err := io.ReadFull(c.rand, c.ram.challenge); err != nil {
		return status(apdu.Unspecified)
	}
	return done(append([]byte(nil), c.ram.challenge...))
}

func (c *Chip) basicAccess(r request) apdu.Response {
	if !c.state.basicAccess() || !c.ram.application || r.secured {
		return status(apdu.UnknownInstruction)
	}
	return c.answerBAC(r.Data)
}

// answerBAC checks the terminal's answer to the challenge, and starts a session behind its own.
func (c *Chip) answerBAC(data []byte) apdu.Response {
	end := bac.Chip{Rand: c.rand, MRZHash: c.state.MRZHash, RndIC: c.ram.challenge}
	answer, session, err := end.Authenticate(data)
	c.ram.challenge = nil
	if err != nil {
		return status(apdu.AuthFailed)
	}
	c.ram.next = session
	return done(answer)
}

// setEnvironment is MSE:Set AT, for PACE in clear and for Chip Authentication in a session.
func (c *Chip) setEnvironment(r request) apdu.Response {
	switch {
	case r.P1 == 0xC1 && r.P2 == 0xA4 && !r.secured:
		return c.choosePACE(r.Data)
	case r.P1 == 0x41 && r.P2 == 0xA4 && r.secured && c.ram.application:
		return c.chooseChipAuth(r.Data)
	case r.P1 == 0x41 && r.P2 == 0xA6 && r.secured && c.ram.application:
		return c.agreeKeys(r.Data)
	}
	return status(apdu.WrongP1P2)
}

func (c *Chip) generalAuthenticate(r request) apdu.Response {
	if r.secured {
		return c.chipAuth(r)
	}
	return c.authenticatePACE(r.Data)
}

func (c *Chip) chipAuth(r request) apdu.Response {
	if !c.ram.auth.set {
		return status(apdu.ConditionsOfUse)
	}
	suite := c.ram.auth.suite
	c.ram.auth = chosenAuth{}
	group, private, err := c.state.Auth.key()
	if err != nil {
		return status(apdu.ReferenceNotFound)
	}
	answer, next, err := chipauth.Respond(suite, group, private, r.Data)
	if err != nil {
		return status(apdu.WrongData)
	}
	c.ram.next = next
	return done(answer)
}

// applicationID is that of the eMRTD application (ICAO Doc 9303-10, 3.6.1).
func applicationID() []byte { return []byte(lds.Application) }
