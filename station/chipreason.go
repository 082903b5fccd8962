package station

// ChipReason says what one check of an old chip came to, in a word for which every language has a sentence:
// what it means, and what to do where it did not pass.
type ChipReason string

// What a chip did when it was asked to open.
const (
	ChipOpenedPACE  ChipReason = "opened-pace"
	ChipOpenedBAC   ChipReason = "opened-bac"
	ChipOpenToAll   ChipReason = "open-to-all"
	ChipOtherZone   ChipReason = "other-zone" // it does not open with the zone that was entered
	ChipNoPassport  ChipReason = "no-passport"
	ChipNoProtocol  ChipReason = "no-protocol"
	ChipGarbled     ChipReason = "garbled"
	ChipAccessKept  ChipReason = "access-kept" // EF.CardAccess is what was signed
	ChipAccessFalse ChipReason = "access-false"
)

// What the chip's copy of the zone says beside the page's.
const (
	ChipZoneSame    ChipReason = "zone-same"
	ChipZoneDiffers ChipReason = "zone-differs"
	ChipZoneUnread  ChipReason = "zone-unread"
)

// What passive authentication found (ICAO Doc 9303-11, 5.1).
const (
	ChipVouched       ChipReason = "vouched"
	ChipUnvouched     ChipReason = "unvouched" // no certificate of its state is carried
	ChipUnsigned      ChipReason = "unsigned"  // EF.SOD cannot be read
	ChipAltered       ChipReason = "altered"   // a signature or a digest is wrong
	ChipFileMissing   ChipReason = "file-missing"
	ChipSignerRevoked ChipReason = "signer-revoked"
	ChipSignerDate    ChipReason = "signer-date" // outside its validity or its key's use
	ChipSignerUnfit   ChipReason = "signer-unfit"
	ChipWeak          ChipReason = "weak"
	ChipKeysSigned    ChipReason = "keys-signed" // EF.CardSecurity
)

// Whether the chip has shown that it is no copy (ICAO Doc 9303-11, 6), and whatever else a driver may ask.
const (
	ChipKeyShown    ChipReason = "key-shown"
	ChipKeyMissing  ChipReason = "key-missing"
	ChipOtherPassed ChipReason = "other-passed"
	ChipOtherFailed ChipReason = "other-failed"
)

// ChipReasons lists them all.
func ChipReasons() []ChipReason {
	return []ChipReason{
		ChipOpenedPACE, ChipOpenedBAC, ChipOpenToAll, ChipOtherZone, ChipNoPassport, ChipNoProtocol, ChipGarbled,
		ChipAccessKept, ChipAccessFalse, ChipZoneSame, ChipZoneDiffers, ChipZoneUnread, ChipVouched, ChipUnvouched,
		ChipUnsigned, ChipAltered, ChipFileMissing, ChipSignerRevoked, ChipSignerDate, ChipSignerUnfit, ChipWeak,
		ChipKeysSigned, ChipKeyShown, ChipKeyMissing, ChipOtherPassed, ChipOtherFailed,
	}
}

// Word is what the check came to. Drafts of earlier versions of the program say no more than whether it passed.
func (k ChipCheck) Word() ChipReason {
	switch {
	case k.Why != "":
		return k.Why
	case k.OK:
		return ChipOtherPassed
	}
	return ChipOtherFailed
}
