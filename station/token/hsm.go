package token

import (
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"sync"

	"github.com/miekg/pkcs11"
)

// Slot says which token to open and how.
type Slot struct {
	Label, Serial string // one of them, or both
	// PIN gives the user PIN whenever a session is opened. The bytes are cleared after use; a PIN is
	// asked for once and never tried twice.
	PIN func() ([]byte, error)
	// Curves gives curves beyond P-256, P-384 and P-521, such as the Brainpool ones; nil: none.
	Curves func(asn1.ObjectIdentifier) (elliptic.Curve, error)
}

// HSM is a logged-in PKCS #11 token whose keys are found by label. It may be used by several
// goroutines, which wait for one another: calls into the token block and cannot be cancelled.
//
// An error of the token stops it: the session is closed and the call returns ErrDevice. What was
// being signed or agreed on is not tried again; the next call finds the token and logs in again, and
// returns ErrNoToken or ErrDevice where that fails. A PIN that the token refuses then is not given a
// second time: every later call returns ErrWrongPIN or ErrPINLocked until Reopen.
type HSM struct {
	module  *Module
	slot    Slot
	mu      sync.Mutex
	session pkcs11.SessionHandle // guarded by mu
	failure error                // guarded by mu; not nil: stopped
	closed  bool                 // guarded by mu
}

// Open opens a token. It returns ErrNoToken, ErrWrongPIN, ErrPINLocked or ErrDevice.
func (m *Module) Open(slot Slot) (*HSM, error) {
	h := &HSM{module: m, slot: slot}
	if err := h.login(); err != nil {
		return nil, fmt.Errorf("open token: %w", err)
	}
	return h, nil
}

// Reopen opens a new session after a failure, or in place of the present one. Errors are those of
// Open; the HSM stays stopped then.
func (h *HSM) Reopen() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return fmt.Errorf("reopen token: %w", ErrClosed)
	}
	h.stop(ErrDevice)
	return h.resume()
}

// resume logs in again after a failure; mu is held.
func (h *HSM) resume() error {
	err := h.login()
	if errors.Is(err, ErrWrongPIN) || errors.Is(err, ErrPINLocked) {
		h.failure = err
	}
	if err != nil {
		return fmt.Errorf("reopen token: %w", err)
	}
	h.failure = nil
	return nil
}

// login finds the token, opens a session and logs in; mu is held or the HSM is new.
func (h *HSM) login() error {
	id, err := h.module.find(h.slot)
	if err != nil {
		return err
	}
	session, err := h.module.ctx.OpenSession(id, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDevice, err)
	}
	if err := h.present(session); err != nil {
		_ = h.module.ctx.CloseSession(session)
		return err
	}
	h.session = session
	return nil
}

// present gives the PIN to the token.
func (h *HSM) present(session pkcs11.SessionHandle) error {
	pin, err := h.slot.PIN()
	if err != nil {
		return fmt.Errorf("PIN: %w", err)
	}
	defer clear(pin)
	err = h.module.ctx.Login(session, pkcs11.CKU_USER, string(pin))
	var code pkcs11.Error
	switch {
	case err == nil, errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)):
		return nil
	case errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_LOCKED)):
		return ErrPINLocked
	case errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_INCORRECT)), errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_LEN_RANGE)),
		errors.Is(err, pkcs11.Error(pkcs11.CKR_PIN_INVALID)):
		return ErrWrongPIN
	case errors.As(err, &code):
		return fmt.Errorf("log in: %w: %w", ErrDevice, code)
	}
	return fmt.Errorf("log in: %w", ErrDevice)
}

// stop closes the session and remembers why; mu is held.
func (h *HSM) stop(why error) {
	if h.failure == nil {
		_ = h.module.ctx.CloseSession(h.session) // may be gone already
	}
	h.failure = why
}

// Present tells whether the token is still in its slot and logged in. It is quick: while the token works
// it is there, and Present does not wait for it. A token that was pulled out stops the HSM, even if it is
// plugged in again meanwhile.
func (h *HSM) Present() bool {
	if !h.mu.TryLock() {
		return true
	}
	defer h.mu.Unlock()
	if h.closed || h.failure != nil {
		return false
	}
	info, err := h.module.ctx.GetSessionInfo(h.session)
	if err == nil && info.State != pkcs11.CKS_RW_USER_FUNCTIONS {
		err = ErrDevice
	}
	if err == nil {
		_, err = h.module.ctx.GetTokenInfo(info.SlotID)
	}
	if err != nil {
		h.stop(fmt.Errorf("%w: %w", ErrDevice, err))
	}
	return err == nil
}

// Failure returns why the HSM stopped, nil once it works again.
func (h *HSM) Failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failure
}

// Close ends the session. Keys of the HSM return ErrClosed from now on.
func (h *HSM) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.stop(ErrClosed)
	}
	h.closed = true
	return nil
}

// do runs f with the session, after a failure with a new one. An error of the token stops the HSM and
// comes back as ErrDevice; f's own errors come back as they are.
func (h *HSM) do(f func(*pkcs11.Ctx, pkcs11.SessionHandle) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return ErrClosed
	case errors.Is(h.failure, ErrWrongPIN), errors.Is(h.failure, ErrPINLocked):
		return h.failure
	case h.failure != nil:
		if err := h.resume(); err != nil {
			return err
		}
	}
	err := f(h.module.ctx, h.session)
	var code pkcs11.Error
	switch {
	case errors.As(err, &code):
		h.stop(fmt.Errorf("%w: %w", ErrDevice, code))
		return h.failure
	case errors.Is(err, ErrDevice):
		h.stop(err)
	}
	return err
}

// maxObjects bounds what is listed of one token.
const maxObjects = 1024

// objects returns the handles of all objects that fit a template.
func objects(ctx *pkcs11.Ctx, session pkcs11.SessionHandle, template []*pkcs11.Attribute) (
	found []pkcs11.ObjectHandle, err error) {
	if err := ctx.FindObjectsInit(session, template); err != nil {
		return nil, err
	}
	found, _, err = ctx.FindObjects(session, maxObjects)
	return found, errors.Join(err, ctx.FindObjectsFinal(session))
}

// object returns the one object of a class and label. None is ErrNoKey; two are ErrDamaged, because
// nobody could say which of them signs.
func object(ctx *pkcs11.Ctx, session pkcs11.SessionHandle, class uint, name string) (pkcs11.ObjectHandle, error) {
	found, err := objects(ctx, session, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name),
	})
	switch {
	case err != nil:
		return 0, err
	case len(found) == 0:
		return 0, ErrNoKey
	case len(found) > 1:
		return 0, fmt.Errorf("%d objects of one name: %w", len(found), ErrDamaged)
	}
	return found[0], nil
}

// attribute reads one attribute of an object.
func attribute(ctx *pkcs11.Ctx, session pkcs11.SessionHandle, o pkcs11.ObjectHandle, kind uint) ([]byte, error) {
	got, err := ctx.GetAttributeValue(session, o, []*pkcs11.Attribute{pkcs11.NewAttribute(kind, nil)})
	if err != nil {
		return nil, err
	}
	if len(got) != 1 {
		return nil, ErrDevice
	}
	return got[0].Value, nil
}

// Names lists the labels of the private keys in the token.
func (h *HSM) Names() ([]string, error) {
	var names []string
	err := h.do(func(ctx *pkcs11.Ctx, session pkcs11.SessionHandle) error {
		found, err := objects(ctx, session, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY),
		})
		if err != nil {
			return err
		}
		for _, o := range found {
			label, err := attribute(ctx, session, o, pkcs11.CKA_LABEL)
			if err != nil {
				return err
			}
			names = append(names, string(label))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return names, nil
}
