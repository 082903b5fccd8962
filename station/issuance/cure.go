package issuance

import (
	"errors"

	"padarozhnik/devices"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/printing/paper"
	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/journal"
	"padarozhnik/station/portrait"
)

// Conditions that the surroundings of the desk report through the store and the tokens.
var (
	// ErrDiskFull: the disk has no room; nothing of the step was kept.
	ErrDiskFull = errors.New("disk full")
	// ErrPassphrase: the token does not open with this passphrase.
	ErrPassphrase = errors.New("wrong passphrase")
	// ErrNearlyFull: the disk will soon have no room.
	ErrNearlyFull = errors.New("disk nearly full")
	// ErrForeignStore: the file is not a station's store.
	ErrForeignStore = errors.New("not a store of this program")
	// ErrStoreVersion: the store was written by another version of the program.
	ErrStoreVersion = errors.New("store of another version")
	// ErrStoreDamaged: the store's file is damaged.
	ErrStoreDamaged = errors.New("store damaged")
	// ErrStoreSettings: the database did not accept the settings that make it safe.
	ErrStoreSettings = errors.New("database refuses its safety settings")
	// ErrOtherStation: the store holds the data of another station.
	ErrOtherStation = errors.New("store of another station")
	// ErrStoreBusy: another program holds the store and does not let go of it.
	ErrStoreBusy = errors.New("store held by another program")
	// ErrConfig: the configuration cannot be used; the error names file, line and key.
	ErrConfig = errors.New("configuration")
	// ErrNotSetUp: a file is missing without which a computer is no station; the error names it.
	ErrNotSetUp = errors.New("not set up as a station")
)

// conditions lists what a person can cure with the key of the sentence that says how. The first
// that an error wraps is taken: what needs a person's eyes stands before what a device reports.
func conditions() []struct {
	err error
	key string
} {
	return []struct {
		err error
		key string
	}{
		{ErrFoundBegun, "found-begun"},
		{ErrInDoubt, "in-doubt"},
		{devices.ErrHangs, "driver-hangs"},
		{devices.ErrPrintInDoubt, "in-doubt"},
		{ErrOtherProgram, "other-program"},
		{ErrRunOpen, "run-open"},
		{ErrNoRun, "no-run"},
		{ErrRunUnfinished, "run-unfinished"},
		{ErrRunWaits, "run-waits"},
		{ErrSheet, "run-sheet"},
		{ErrTries, "tries"},
		{ErrInspection, "inspection"},
		{devices.ErrSpoiled, "spoiled"},
		{devices.ErrServiceStopped, "service-stopped"},
		{devices.ErrNoReader, "no-reader"},
		{devices.ErrNoChip, "no-chip"},
		{devices.ErrChipRemoved, "chip-removed"},
		{devices.ErrTwoChips, "two-chips"},
		{devices.ErrBankCard, "bank-card"},
		{devices.ErrForeignChip, "foreign-chip"},
		{devices.ErrBegunForAnother, "begun-for-another"},
		{devices.ErrWrongBlank, "wrong-blank"},
		{devices.ErrWrongPassword, "wrong-password"},
		{devices.ErrOutdatedAccess, "outdated-access"},
		{devices.ErrCannotHold, "cannot-hold"},
		{devices.ErrReadBack, "read-back"},
		{devices.ErrNotLocked, "not-locked"},
		{devices.ErrLockedChip, "locked-chip"},
		{devices.ErrNotAuthentic, "not-authentic"},
		{devices.ErrNoBooklet, "no-booklet"},
		{devices.ErrJammed, "jammed"},
		{devices.ErrWrongPage, "wrong-page"},
		{devices.ErrSkewed, "skewed"},
		{devices.ErrDamaged, "damaged"},
		{devices.ErrMaintenance, "maintenance"},
		{devices.ErrInkEmpty, "ink-empty"},
		{devices.ErrCoverOpen, "cover-open"},
		{devices.ErrInkLow, "ink-low"},
		{devices.ErrNothingToScan, "nothing-to-scan"},
		{devices.ErrDenied, "device-denied"},
		{devices.ErrTrouble, "printer-trouble"},
		{devices.ErrTaken, "device-taken"},
		{devices.ErrNoCamera, "no-camera"},
		{devices.ErrCameraDenied, "camera-denied"},
		{devices.ErrCameraInUse, "camera-in-use"},
		{devices.ErrNoFrames, "no-frames"},
		{devices.ErrBusy, "busy"},
		{devices.ErrUnsupported, "unsupported"},
		{devices.ErrCancelled, "cancelled"},
		{devices.ErrUnreachable, "device-unreachable"},
		{devices.ErrProtocol, "protocol"},
		{ErrHalted, "halted"},
		{journal.ErrForked, "halted"},
		{journal.ErrIncomplete, "bundle-incomplete"},
		{journal.ErrDamaged, "bundle-damaged"},
		{journal.ErrNotForUs, "bundle-not-for-us"},
		{journal.ErrNotJoined, "bundle-not-joined"},
		{journal.ErrFileExists, "file-exists"},
		{journal.ErrForeignFile, "foreign-file"},
		{journal.ErrUnreachable, "headquarters-unreachable"},
		{journal.ErrUntrusted, "headquarters-untrusted"},
		{journal.ErrRejected, "certificate-rejected"},
		{journal.ErrRolledBack, "headquarters-rolled-back"},
		{journal.ErrRewritten, "headquarters-rewritten"},
		{ErrHeadquarters, "headquarters-contradicts"},
		{ErrOwnToken, "own-token"},
		{ErrOtherSigner, "other-signer"},
		{ErrTokenLastTry, "token-last-try"},
		{ErrTokenPIN, "token-pin"},
		{ErrTokenLocked, "token-locked"},
		{ErrNoToken, "no-token"},
		{ErrSignerPeriod, "signer-period"},
		{ErrSignerQuota, "signer-quota"},
		{ErrNotCleared, "not-cleared"},
		{ErrNoSigner, "no-signer"},
		{ErrDeclined, "declined"},
		{ErrHeld, "held"},
		{ErrNotRestored, "not-restored"},
		{ErrOtherStation, "other-station"},
		{ErrStoreVersion, "store-version"},
		{ErrStoreDamaged, "store-damaged"},
		{ErrForeignStore, "foreign-store"},
		{ErrStoreSettings, "store-settings"},
		{ErrStoreBusy, "store-busy"},
		{ErrDiskFull, "disk-full"},
		{ErrNearlyFull, "disk-nearly-full"},
		{ErrPassphrase, "passphrase"},
		{ErrRevoked, "revoked"},
		{ErrLocked, "locked"},
		{ErrDayClosed, "day-closed"},
		{ErrDayOpen, "day-open"},
		{ErrStockCount, "stock-count"},
		{ErrPIN, "purge-pin"},
		{ErrNoPIN, "purge-no-pin"},
		{ErrWeakPIN, "purge-weak-pin"},
		{ErrNotOfficer, "not-officer"},
		{ErrNotForYou, "not-for-you"},
		{ErrDoubtful, "doubtful-zone"},
		{ErrSameFace, "same-face"},
		{ErrOldFace, "old-face"},
		{portrait.ErrTooLarge, "picture-large"},
		{portrait.ErrMoving, "picture-moving"},
		{portrait.ErrDamaged, "picture-damaged"},
		{portrait.ErrNotPicture, "no-picture"},
		{portrait.ErrNoFace, "no-face"},
		{portrait.ErrSeveralFaces, "several-faces"},
		{portrait.ErrCrop, "crop"},
		{ErrPortrait, "portrait"},
		{ErrNoZone, "no-zone"},
		{ErrSignature, "signature"},
		{station.ErrSpelling, "spelling"},
		{station.ErrPlace, "birthplace"},
		{station.ErrNameReason, "name-reason"},
		{ErrUnsigned, "unsigned"},
		{ErrNoOrder, "no-order"},
		{ErrTrustList, "trust-list"},
		{ErrCharter, "charter"},
		{ErrElsewhere, "elsewhere"},
		{attest.ErrForged, "forged"},
		{attest.ErrMalformed, "not-attested"},
		{paper.ErrNoCode, "no-code"},
		{station.ErrAged, "aged"},
		{station.ErrProxy, "proxy"},
		{station.ErrQuota, "quota"},
		{station.ErrMode, "mode"},
		{station.ErrVetting, "vetting"},
		{station.ErrTwice, "counted-twice"},
		{station.ErrCounts, "counts-differ"},
		{station.ErrSeal, "seal"},
		{station.ErrQuarantined, "quarantined"},
		{ErrPicture, "picture"},
		{ErrAudit, "audit"},
		{ErrNotSetUp, "not-set-up"},
		{ErrConfig, "config"},
		{ErrTraining, "training"},
		{ErrTrainingStore, "training-store"},
		{station.ErrSamePerson, "same-person"},
		{station.ErrRole, "role"},
		{station.ErrIncomplete, "incomplete"},
		{station.ErrReason, "reason"},
		{station.ErrNoBlank, "no-blank"},
		{station.ErrNotOurs, "not-ours"},
		{station.ErrProfile, "profile"},
		{station.ErrTooMany, "too-many"},
		{station.ErrSilent, "silent"},
		{station.ErrTooOld, "too-old"},
		{station.ErrStage, "stage"},
		{station.ErrMalformed, "malformed"},
		{ErrUnknown, "unknown"},
		{ErrSwapped, "device-swapped"},
		{ErrOutOfTolerance, "device-out-of-tolerance"},
		{ErrScannerNotCalibrated, "scanner-not-calibrated"},
		{ErrScannerExpired, "scanner-calibration-expired"},
		{ErrNotCalibrated, "device-not-calibrated"},
		{ErrNotVoid, "page-not-void"},
		{ErrService, "service-mode"},
		{ErrNoService, "no-service-mode"},
		{ErrServiceTaken, "service-taken"},
		{ErrNotMeasured, "not-measured"},
		{calibration.ErrOutOfTolerance, "device-out-of-tolerance"},
		{calibration.ErrOutOfReach, "device-out-of-reach"},
		{calibration.ErrUnsteady, "printer-unsteady"},
		{calibration.ErrGrey, "scanner-greys"},
		{calibration.ErrTurned, "target-turned"},
		{calibration.ErrNoTarget, "target-not-found"},
		{calibration.ErrOutOfTurn, "calibration-out-of-turn"},
		{measure.ErrNoPage, "page-not-found"},
	}
}

// Cure returns the key of the sentence that tells a person what happened and what to do, or
// "other" for an error that only an engineer can read.
func Cure(err error) string {
	for _, c := range conditions() {
		if errors.Is(err, c.err) {
			return c.key
		}
	}
	return "other"
}

// CureKeys lists every key that Cure can return.
func CureKeys() []string {
	out := []string{"other"}
	for _, c := range conditions() {
		out = append(out, c.key)
	}
	return out
}
