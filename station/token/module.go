package token

import (
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/pkcs11"
)

// Conditions of hardware tokens that a person can cure.
var (
	// ErrNoModule: the PKCS #11 library is not there or does not start.
	ErrNoModule = errors.New("token library does not start")
	// ErrNoToken: no token with that label or serial number is in a slot.
	ErrNoToken = errors.New("token not present")
	// ErrWrongPIN: the token refused the PIN; one of its tries is spent.
	ErrWrongPIN = errors.New("wrong PIN")
	// ErrPINLocked: too many wrong PINs; the token's security officer has to set a new one.
	ErrPINLocked = errors.New("PIN locked")
	// ErrDevice: the token failed at work. Nothing came of the call; the next one logs in again.
	ErrDevice = errors.New("token failed, signing has stopped")
	// ErrCurve: the token makes no keys on that curve.
	ErrCurve = errors.New("token makes no key on that curve")
)

// Module is a PKCS #11 library in this process (OASIS PKCS #11 2.40). One Module serves all tokens
// behind the library and may be used by several goroutines.
type Module struct {
	ctx *pkcs11.Ctx
	own bool // this Module started the library and ends it
}

// OpenModule loads and starts the library at path. A library that another Module of this process
// has started is shared. It returns ErrNoModule.
func OpenModule(path string) (*Module, error) {
	ctx := pkcs11.New(path)
	if ctx == nil {
		return nil, fmt.Errorf("load %s: %w", path, ErrNoModule)
	}
	err := ctx.Initialize()
	if err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		ctx.Destroy()
		return nil, fmt.Errorf("start %s: %w: %w", path, ErrNoModule, err)
	}
	return &Module{ctx: ctx, own: err == nil}, nil
}

// Close ends the library; every HSM of the Module must be closed before.
func (m *Module) Close() error {
	var err error
	if m.own {
		err = m.ctx.Finalize()
	}
	m.ctx.Destroy()
	if err != nil {
		return fmt.Errorf("end token library: %w", err)
	}
	return nil
}

// Tries is what a token says of the tries of its PIN. Tokens count for themselves and do not tell the
// number (PKCS #11 2.40, 4.4).
type Tries int

// Tries of a PIN.
const (
	TriesAll   Tries = iota
	TriesFewer       // a PIN was wrong since the last right one
	TriesLast        // the next wrong one locks the token
	TriesNone        // locked
)

func triesOf(flags uint) Tries {
	switch {
	case flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return TriesNone
	case flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return TriesLast
	case flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0:
		return TriesFewer
	}
	return TriesAll
}

// Tries asks a token, before anybody is asked for its PIN. It returns ErrNoToken or ErrDevice.
func (m *Module) Tries(s Slot) (Tries, error) {
	p, err := m.present(s)
	return p.Tries, err
}

// Present is one token in a slot.
type Present struct {
	Label, Serial, Model string
	Tries                Tries
	slot                 uint
}

// Tokens lists the tokens that are in a slot and have been set up.
func (m *Module) Tokens() ([]Present, error) {
	slots, err := m.ctx.GetSlotList(true)
	if err != nil {
		return nil, fmt.Errorf("list slots: %w: %w", ErrDevice, err)
	}
	var out []Present
	for _, slot := range slots {
		info, err := m.ctx.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
			continue // pulled out meanwhile, or blank
		}
		out = append(out, Present{
			Label: strings.TrimRight(info.Label, " \x00"), Serial: strings.TrimRight(info.SerialNumber, " \x00"),
			Model: strings.TrimRight(info.Model, " \x00"), Tries: triesOf(info.Flags), slot: slot,
		})
	}
	return out, nil
}

// find returns the slot of the one token that fits.
func (m *Module) find(s Slot) (uint, error) {
	p, err := m.present(s)
	return p.slot, err
}

// present returns the one token that fits; two that fit are as bad as none, because a key could come
// from the wrong one.
func (m *Module) present(s Slot) (Present, error) {
	if s.Label == "" && s.Serial == "" {
		return Present{}, fmt.Errorf("neither label nor serial number: %w", ErrNoToken)
	}
	present, err := m.Tokens()
	if err != nil {
		return Present{}, err
	}
	var fits []Present
	for _, p := range present {
		if (s.Label == "" || p.Label == s.Label) && (s.Serial == "" || p.Serial == s.Serial) {
			fits = append(fits, p)
		}
	}
	switch len(fits) {
	case 0:
		return Present{}, fmt.Errorf("label %q, serial number %q: %w", s.Label, s.Serial, ErrNoToken)
	case 1:
		return fits[0], nil
	}
	return Present{}, fmt.Errorf("%d tokens with label %q, name one by serial number: %w", len(fits), s.Label, ErrNoToken)
}
