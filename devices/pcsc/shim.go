package pcsc

import (
	"errors"
	"fmt"
	"time"

	"github.com/ebfe/scard"

	"padarozhnik/devices"
)

// The thinnest layer over libpcsclite: what stands in this file cannot be tested without a
// service, and holds no decisions but the meaning of return codes.

// protocols that a contactless reader speaks for a chip.
const protocols = scard.ProtocolT0 | scard.ProtocolT1

// establish opens a context. A service that is about to end, as one started on demand does when
// nobody uses it, denies access instead of being gone: it is asked again.
func establish() (*scard.Context, error) {
	c, err := scard.EstablishContext()
	for range 3 {
		if !errors.Is(err, scard.ErrSecurityViolation) {
			break
		}
		time.Sleep(deniedPause)
		c, err = scard.EstablishContext()
	}
	return c, meaning(err)
}

const deniedPause = 100 * time.Millisecond

func release(c *scard.Context) { _ = c.Release() } // a context of a dead service is gone anyway

func listReaders(c *scard.Context) ([]string, error) {
	names, err := c.ListReaders()
	if errors.Is(err, scard.ErrNoReadersAvailable) {
		return nil, nil
	}
	return names, meaning(err)
}

// connectCard takes a card for this process alone and begins a transaction.
func connectCard(c *scard.Context, name string) (*scard.Card, error) {
	card, err := c.Connect(name, scard.ShareExclusive, protocols)
	if err != nil {
		return nil, meaning(err)
	}
	if p := card.ActiveProtocol(); p != scard.ProtocolT0 && p != scard.ProtocolT1 {
		_ = card.Disconnect(scard.LeaveCard)
		return nil, fmt.Errorf("%w: card protocol %d", devices.ErrForeignChip, p)
	}
	if err := card.BeginTransaction(); err != nil {
		_ = card.Disconnect(scard.LeaveCard)
		return nil, meaning(err)
	}
	return card, nil
}

// letGo resets the card, so that the next user finds no session of ours.
func letGo(card *scard.Card) error {
	_ = card.EndTransaction(scard.LeaveCard) // the disconnection below says what counts
	return meaning(card.Disconnect(scard.ResetCard))
}

// resetCard keeps the card and its transaction.
func resetCard(card *scard.Card) error {
	if err := card.Reconnect(scard.ShareExclusive, protocols, scard.ResetCard); err != nil {
		return inUse(err)
	}
	return nil
}

// statusChange waits until a reader's state differs from the one that is known, at most for a while,
// and puts the new states in their places. A wait that was cancelled or went by is no error.
func statusChange(c *scard.Context, states []scard.ReaderState, d time.Duration) error {
	err := c.GetStatusChange(states, d)
	if isAny(err, scard.ErrTimeout, scard.ErrCancelled) {
		return nil
	}
	return meaning(err)
}

// cancel ends a wait of the context on another goroutine.
func cancel(c *scard.Context) { _ = c.Cancel() } // what it could not end ends by its time

// conversion is the factor of the bit rate at which reader and card talk; 0 where the reader does
// not tell. On the air it is 1, 2, 4 or 8 times 106 kbit/s (PC/SC part 3, 3.1.4).
func conversion(card *scard.Card) int {
	b, err := card.GetAttrib(scard.AttrCurrentD)
	if err != nil || len(b) == 0 {
		return 0
	}
	return int(b[0])
}

// inUse is the meaning of an error while a card is held: there, a card that is no longer there was
// removed.
func inUse(err error) error {
	if err == nil {
		return nil
	}
	if isAny(err, scard.ErrNoSmartcard, scard.ErrRemovedCard, scard.ErrResetCard, scard.ErrUnpoweredCard,
		scard.ErrNotTransacted, scard.ErrUnresponsiveCard, scard.ErrProtoMismatch) {
		return fmt.Errorf("%w: %w", devices.ErrChipRemoved, err)
	}
	return meaning(err)
}

// meaning says what a person can cure about a return code of PC/SC.
func meaning(err error) error {
	var condition error
	switch {
	case err == nil:
		return nil
	case isAny(err, scard.ErrNoService, scard.ErrServiceStopped, scard.ErrInvalidHandle, scard.ErrCommError,
		scard.ErrInternalError, scard.ErrServerTooBusy):
		condition = devices.ErrServiceStopped
	case isAny(err, scard.ErrUnknownReader, scard.ErrReaderUnavailable, scard.ErrNoReadersAvailable):
		condition = devices.ErrNoReader
	case isAny(err, scard.ErrNoSmartcard, scard.ErrRemovedCard):
		condition = devices.ErrNoChip
	case isAny(err, scard.ErrSharingViolation):
		condition = devices.ErrBusy
	case isAny(err, scard.ErrUnresponsiveCard, scard.ErrUnsupportedCard, scard.ErrProtoMismatch, scard.ErrUnpoweredCard):
		condition = devices.ErrForeignChip
	case isAny(err, scard.ErrSecurityViolation):
		return fmt.Errorf("%w: %w: %w", devices.ErrServiceStopped, ErrDenied, err)
	case isAny(err, scard.ErrTimeout):
		condition = devices.ErrUnreachable
	default:
		return err
	}
	return fmt.Errorf("%w: %w", condition, err)
}

func isAny(err error, codes ...scard.Error) bool {
	for _, c := range codes {
		if errors.Is(err, c) {
			return true
		}
	}
	return false
}
