// Package pki is the chain of signatures behind a passport: the country signing CA (CSCA), the
// document signers below it, the revocation list, and the signed data that a chip carries
// (ICAO Doc 9303-12).
//
// The chain is short and not PKIX. A CSCA is self-signed and reaches a verifier by hand, never
// through the passport: AddAnchor takes it. It certifies document signers, each used for weeks and
// valid as long as the longest-lived document it signed. A country publishes one revocation list,
// signed by its newest CSCA key and covering its older keys and names. TrustStore.Verify walks
// exactly that and nothing longer.
//
// Certificates have a parser of their own, because crypto/x509 refuses what the standard requires:
// curves written out as explicit parameters. The parser recognises the standardized curves among
// them and never computes on a curve that a certificate brings along.
//
// Reading is tolerant where documents in circulation are known to stray and where nothing hangs on
// it; what was overlooked is listed in Certificate.Defects and Path.Tolerated. Writing is strict DER
// to the profile of Part 12, and every signature is verified before it leaves this package.
//
// Values are immutable after parsing and may be shared between goroutines.
package pki

import "errors"

// Sentinel errors that a caller or an operator acts on. Errors of this package hold no personal
// data.
var (
	// ErrMalformed says that bytes are not the structure they claim to be.
	ErrMalformed = errors.New("malformed")
	// ErrUnsupported says that an algorithm or a version is not among those of the standard.
	ErrUnsupported = errors.New("unsupported")
	// ErrSignature says that a signature or a signed digest is wrong.
	ErrSignature = errors.New("signature is wrong")
	// ErrUntrusted says that no anchor of the country vouches for the certificate.
	ErrUntrusted = errors.New("no trust anchor")
	// ErrRevoked says that the country's revocation list names the certificate.
	ErrRevoked = errors.New("certificate is revoked")
	// ErrExpired says that the date lies outside the certificate's validity.
	ErrExpired = errors.New("outside the certificate's validity")
	// ErrOutsideKeyUse says that the date lies outside the private key usage period.
	ErrOutsideKeyUse = errors.New("outside the private key usage period")
	// ErrDocumentType says that the signer may not sign documents of this code.
	ErrDocumentType = errors.New("document type is not in the signer's list")
	// ErrProfile says that a certificate is not made for the use it is put to.
	ErrProfile = errors.New("certificate does not fit its use")
	// ErrKey says that a private key does not belong to the certificate it is used with.
	ErrKey = errors.New("key does not belong to the certificate")
)
