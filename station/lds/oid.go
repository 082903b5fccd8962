package lds

import "encoding/asn1"

// OID is an object identifier of a security mechanism (ICAO Doc 9303-11, 9.2). The functions of
// this package that return one return a fresh value at each call.
type OID = asn1.ObjectIdentifier

// Cipher is the last arc of a mechanism's identifier and names its cipher.
type Cipher int

// Ciphers of secure messaging. New documents use AES.
const (
	TripleDES Cipher = 1
	AES128    Cipher = 2
	AES192    Cipher = 3
	AES256    Cipher = 4
)

// OIDPACEDHGM is id-PACE-DH-GM, found in old documents.
func OIDPACEDHGM(c Cipher) OID { return mechanism(4, 1, c) }

// OIDPACEGM is id-PACE-ECDH-GM, generic mapping.
func OIDPACEGM(c Cipher) OID { return mechanism(4, 2, c) }

// OIDPACEIM is id-PACE-ECDH-IM, integrated mapping.
func OIDPACEIM(c Cipher) OID { return mechanism(4, 4, c) }

// OIDPACEDHIM is id-PACE-DH-IM, found in old documents.
func OIDPACEDHIM(c Cipher) OID { return mechanism(4, 3, c) }

// OIDPACECAM is id-PACE-ECDH-CAM, chip authentication mapping; there is none for 3DES.
func OIDPACECAM(c Cipher) OID { return mechanism(4, 6, c) }

// OIDChipAuthentication is id-CA-ECDH.
func OIDChipAuthentication(c Cipher) OID { return mechanism(3, 2, c) }

// OIDChipAuthenticationDH is id-CA-DH, found in old documents.
func OIDChipAuthenticationDH(c Cipher) OID { return mechanism(3, 1, c) }

// OIDChipAuthenticationKey is id-PK-ECDH.
func OIDChipAuthenticationKey() OID { return OID{0, 4, 0, 127, 0, 7, 2, 2, 1, 2} }

// OIDChipAuthenticationKeyDH is id-PK-DH.
func OIDChipAuthenticationKeyDH() OID { return OID{0, 4, 0, 127, 0, 7, 2, 2, 1, 1} }

// OIDTerminalAuthentication is id-TA.
func OIDTerminalAuthentication() OID { return OID{0, 4, 0, 127, 0, 7, 2, 2, 2} }

// OIDActiveAuthentication is id-icao-mrtd-security-aaProtocolObject.
func OIDActiveAuthentication() OID { return OID{2, 23, 136, 1, 1, 5} }

// OIDECDSASHA256 is ecdsa-plain-SHA256 (BSI TR-03111, 5.2.1), the signature of active
// authentication.
func OIDECDSASHA256() OID { return OIDPlainECDSA(3) }

// OIDPlainECDSA is a plain ECDSA signature by the last arc of its hash: 2 to 5 for SHA-224, SHA-256,
// SHA-384 and SHA-512.
func OIDPlainECDSA(hash int) OID { return OID{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, hash} }

// OIDStandardizedParameters is standardizedDomainParameters (BSI TR-03110-3, A.2.1.1).
func OIDStandardizedParameters() OID { return OID{0, 4, 0, 127, 0, 7, 1, 2} }

func mechanism(family, variant int, c Cipher) OID {
	return OID{0, 4, 0, 127, 0, 7, 2, 2, family, variant, int(c)}
}

// below reports whether oid lies the given number of levels below arc.
func below(oid, arc OID, levels int) bool {
	return len(oid) == len(arc)+levels && oid[:len(arc)].Equal(arc)
}

func paceFamily() OID               { return OID{0, 4, 0, 127, 0, 7, 2, 2, 4} }
func chipAuthenticationFamily() OID { return OID{0, 4, 0, 127, 0, 7, 2, 2, 3} }
