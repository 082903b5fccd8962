package pki

import (
	"encoding/asn1"
	"fmt"
	"math/bits"
	"net/url"
	"sort"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// extensionSet is the extensions of a certificate to be issued; empty ones are left out.
type extensionSet struct {
	authorityKeyID, subjectKeyID []byte
	keyUsage                     KeyUsage
	ca                           bool
	keyUse                       Period
	subjectAlt, issuerAlt        AltName
	crlPoints                    []string
	documentTypes                []string
	nameChange                   bool
	masterList                   bool // extended key usage of a master list signer
}

func (x *extensionSet) check() error {
	if err := firstError(x.subjectAlt.check(), x.issuerAlt.check()); err != nil {
		return err
	}
	if len(x.crlPoints) == 0 || len(x.crlPoints) > maxNames {
		return fmt.Errorf("no revocation list distribution point: %w", ErrProfile)
	}
	for _, point := range x.crlPoints {
		u, err := url.Parse(point)
		if err != nil || !isASCII(point) || u.Scheme != "ldap" && u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("distribution point is not ldap, http or https: %w", ErrProfile)
		}
	}
	for _, code := range x.documentTypes {
		if len(code) == 0 || len(code) > 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return fmt.Errorf("document code %q: %w", code, ErrProfile)
		}
	}
	return nil
}

func (a AltName) check() error {
	if !localityForm.MatchString(a.Locality) {
		return fmt.Errorf("locality %q is not the code of an MRZ: %w", a.Locality, ErrProfile)
	}
	for _, text := range append(append([]string{}, a.Emails...), a.URIs...) {
		if text == "" || !isASCII(text) {
			return fmt.Errorf("alternative name is not ASCII: %w", ErrProfile)
		}
	}
	return nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// add writes SEQUENCE OF Extension.
func (x *extensionSet) add(b *cryptobyte.Builder) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		if x.authorityKeyID != nil {
			addAuthorityKeyID(b, x.authorityKeyID)
		}
		addExtension(b, oidSubjectKeyID, false, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(x.subjectKeyID)
		})
		addExtension(b, oidKeyUsage, true, x.keyUsage.add)
		addExtension(b, oidKeyUsePeriod, false, x.keyUse.addKeyUse)
		addExtension(b, oidSubjectAltName, false, x.subjectAlt.add)
		addExtension(b, oidIssuerAltName, false, x.issuerAlt.add)
		if x.ca {
			addExtension(b, oidBasicConstraints, true, func(b *cryptobyte.Builder) {
				b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1Boolean(true)
					b.AddASN1Int64(0) // no CA below (ICAO Doc 9303-12, 7.1.1)
				})
			})
		}
		addExtension(b, oidCRLPoints, false, func(b *cryptobyte.Builder) { addCRLPoints(b, x.crlPoints) })
		if len(x.documentTypes) > 0 {
			addExtension(b, oidDocumentTypeList, false, func(b *cryptobyte.Builder) {
				addDocumentTypes(b, x.documentTypes)
			})
		}
		if x.masterList {
			addExtension(b, oidExtendedKeyUsage, true, func(b *cryptobyte.Builder) {
				b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidMasterListSigner) })
			})
		}
		if x.nameChange {
			addExtension(b, oidNameChange, false, (*cryptobyte.Builder).AddASN1NULL)
		}
	})
}

// addExtension writes one extension; critical FALSE is the default and left out.
func addExtension(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, critical bool, value func(*cryptobyte.Builder)) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if critical {
			b.AddASN1Boolean(true)
		}
		b.AddASN1(der.OCTET_STRING, value)
	})
}

func addAuthorityKeyID(b *cryptobyte.Builder, id []byte) {
	addExtension(b, oidAuthorityKeyID, false, func(b *cryptobyte.Builder) {
		b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) { addText(b, primitive(0), string(id)) })
	})
}

// add writes the bit string without trailing zero bits, as DER wants a named bit list.
func (u KeyUsage) add(b *cryptobyte.Builder) {
	length := bits.Len16(uint16(u))
	reversed := bits.Reverse16(uint16(u))
	octets := []byte{byte(reversed >> 8), byte(reversed)}[:(length+7)/8]
	b.AddASN1(der.BIT_STRING, func(b *cryptobyte.Builder) {
		b.AddUint8(uint8(8*len(octets) - length))
		b.AddBytes(octets)
	})
}

func (p Period) addKeyUse(b *cryptobyte.Builder) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for tag, t := range []time.Time{p.NotBefore, p.NotAfter} {
			addText(b, primitive(uint8(tag)), t.UTC().Format("20060102150405Z"))
		}
	})
}

func (a AltName) add(b *cryptobyte.Builder) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, text := range a.Emails {
			addText(b, primitive(1), text)
		}
		b.AddASN1(constructed(4), Name{Locality: a.Locality}.add)
		for _, text := range a.URIs {
			addText(b, primitive(6), text)
		}
	})
}

func addCRLPoints(b *cryptobyte.Builder, points []string) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, point := range points {
			b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(constructed(0), func(b *cryptobyte.Builder) {
					b.AddASN1(constructed(0), func(b *cryptobyte.Builder) { addText(b, primitive(6), point) })
				})
			})
		}
	})
}

// addDocumentTypes writes the SET OF in DER order: shorter encodings come first.
func addDocumentTypes(b *cryptobyte.Builder, codes []string) {
	sorted := append([]string{}, codes...)
	sort.Slice(sorted, func(i, j int) bool {
		if len(sorted[i]) != len(sorted[j]) {
			return len(sorted[i]) < len(sorted[j])
		}
		return sorted[i] < sorted[j]
	})
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(der.SET, func(b *cryptobyte.Builder) {
			for _, code := range sorted {
				addText(b, der.PrintableString, code)
			}
		})
	})
}
