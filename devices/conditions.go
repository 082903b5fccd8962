package devices

import (
	"errors"
	"fmt"
)

// Conditions that a person can cure. Drivers wrap them; the screen and the command line choose
// their sentence by errors.Is.
var (
	// ErrUnreachable: no answer at the device's address; cable, power or network.
	ErrUnreachable = errors.New("device unreachable")
	// ErrBusy: the device works for somebody else.
	ErrBusy = errors.New("device busy")
	// ErrProtocol: the device answered something that its protocol does not allow.
	ErrProtocol = errors.New("device answered out of protocol")
	// ErrUnsupported: the device cannot do what was asked (resolution, medium, format).
	ErrUnsupported = errors.New("not supported by the device")
	// ErrDenied: the device is there, but this user may not open it. On Linux a udev rule permits it.
	ErrDenied = errors.New("no permission to open the device")
	// ErrTaken: another program holds the device. It also is ErrBusy.
	ErrTaken = fmt.Errorf("device is in the hands of another program: %w", ErrBusy)
	// ErrHangs: a call does not come back, not even after its deadline: one of the kernel's, of a library's or of a
	// driver's. It was left behind, and the device counts as gone until it comes back.
	ErrHangs = errors.New("driver does not come back")
	// ErrCancelled: the job was cancelled at the device or by its operator.
	ErrCancelled = errors.New("cancelled at the device")
)

// Conditions of scanners.
var (
	// ErrNothingToScan: no page on the glass or in the feeder.
	ErrNothingToScan = errors.New("no page in the scanner")
)

// Conditions of printers.
var (
	// ErrNoBooklet: the printer has no booklet loaded.
	ErrNoBooklet = errors.New("no booklet in the printer")
	// ErrJammed: a booklet is stuck in the path; it may carry ink.
	ErrJammed = errors.New("booklet jammed")
	// ErrInkEmpty: ink or ribbon is used up.
	ErrInkEmpty = errors.New("ink empty")
	// ErrCoverOpen: a cover or door is open.
	ErrCoverOpen = errors.New("cover open")
	// ErrWrongPage: the booklet is not open at its data page.
	ErrWrongPage = errors.New("booklet open at another page")
	// ErrSkewed: the booklet lies so askew that the printer cannot make good for it.
	ErrSkewed = errors.New("booklet lies askew")
	// ErrDamaged: the printer found the page or its cover damaged.
	ErrDamaged = errors.New("booklet damaged")
	// ErrMaintenance: the printer wants a technician: a worn part, a full waste tank, a temperature.
	ErrMaintenance = errors.New("printer needs maintenance")
	// ErrTrouble: the printer reports an error and does not say which.
	ErrTrouble = errors.New("printer reports an error")
	// ErrInkLow: ink or ribbon will soon be used up. The printer still prints.
	ErrInkLow = errors.New("ink low")
	// ErrPrintInDoubt: the job was accepted and its end was not seen; the page may carry ink.
	ErrPrintInDoubt = errors.New("print in doubt")
)

// Conditions of readers and chips.
var (
	// ErrServiceStopped: the PC/SC service does not answer.
	ErrServiceStopped = errors.New("smart card service stopped")
	// ErrNoReader: the named reader is not connected.
	ErrNoReader = errors.New("no such reader")
	// ErrNoChip: nothing lies on the reader.
	ErrNoChip = errors.New("no chip on the reader")
	// ErrChipRemoved: the chip left the field in the middle of work.
	ErrChipRemoved = errors.New("chip removed")
	// ErrForeignChip: what lies on the reader is not a passport chip of a kind that we know.
	ErrForeignChip = errors.New("not a passport chip")
	// ErrBankCard: what lies on the reader is a payment card. It also is ErrForeignChip.
	ErrBankCard = errors.New("payment card")
	// ErrTwoChips: chips lie on more than one reader, and nobody said which is meant.
	ErrTwoChips = errors.New("chips on several readers")
	// ErrBegunForAnother: the chip holds the beginning of another order. It also is ErrWrongBlank.
	ErrBegunForAnother = errors.New("chip was begun for another order")
	// ErrOutdatedAccess: the chip opens by a protocol with which no document may be issued any more.
	ErrOutdatedAccess = errors.New("access protocol is out of date")
	// ErrSpoiled: the chip was tried as often as makes sense; the booklet is to be spoiled.
	ErrSpoiled = errors.New("chip is spoiled")
	// ErrWrongBlank: the chip on the reader is not the one that was expected.
	ErrWrongBlank = errors.New("another blank than expected")
	// ErrWrongPassword: the chip refused the password (MRZ or CAN).
	ErrWrongPassword = errors.New("chip refused the password")
	// ErrCannotHold: the chip cannot hold what the order wants on it.
	ErrCannotHold = errors.New("chip cannot hold the order")
	// ErrLockedChip: the chip is locked: it can be read but not written.
	ErrLockedChip = errors.New("chip is locked")
	// ErrReadBack: what was read back is not what was written. Such a chip is never locked.
	ErrReadBack = errors.New("read-back differs")
	// ErrNotLocked: the chip still takes writing or plain reading after the lock.
	ErrNotLocked = errors.New("chip is not locked")
	// ErrNotAuthentic: a signature, hash or key check failed.
	ErrNotAuthentic = errors.New("chip not authentic")
)
