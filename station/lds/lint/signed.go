package lint

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // digests of signed data
	_ "crypto/sha512"
	"encoding/asn1"
	"slices"

	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/pki"
)

// signed is signed data down to its one signer (RFC 5652, 5 and 12.1).
type signed struct {
	raw          []byte
	node         *ber.Node // ContentInfo
	data         *ber.Node // SignedData, nil where ContentInfo is something else
	digests      *ber.Node
	content      *ber.Node // EncapsulatedContentInfo
	certificates *ber.Node // nil where absent
	lists        *ber.Node // nil where absent
	signers      *ber.Node
}

func openSigned(b []byte) *signed {
	node, err := ber.Parse(b)
	if err != nil {
		return nil
	}
	d := &signed{raw: b, node: node}
	if node.Tag != 0x30 || len(node.Children) != 2 || node.At(1).Tag != 0xA0 || node.At(1, 0) == nil {
		return d
	}
	data := node.At(1, 0)
	if data.Tag != 0x30 || len(data.Children) < 4 || data.At(1).Tag != 0x31 || data.At(-1).Tag != 0x31 {
		return d
	}
	d.data, d.digests, d.content, d.signers = data, data.At(1), data.At(2), data.At(-1)
	for _, c := range data.Children[3 : len(data.Children)-1] {
		switch c.Tag {
		case 0xA0:
			d.certificates = c
		case 0xA1:
			d.lists = c
		}
	}
	return d
}

// info is the parts of the one SignerInfo.
type info struct {
	of                          *signed
	version, id, digest         *ber.Node
	attrs, algorithm, signature *ber.Node
	unsigned                    bool
}

func (d *signed) info() *info {
	if d.data == nil || len(d.signers.Children) != 1 {
		return nil
	}
	parts := d.signers.At(0).Children
	if len(parts) < 5 {
		return nil
	}
	i := &info{of: d, version: parts[0], id: parts[1], digest: parts[2]}
	rest := parts[3:]
	if rest[0].Tag == 0xA0 {
		i.attrs, rest = rest[0], rest[1:]
	}
	if len(rest) < 2 {
		return nil
	}
	i.algorithm, i.signature, i.unsigned = rest[0], rest[1], len(rest) > 2
	return i
}

// issuerSerial returns the signer identifier where it is one by issuer and serial number.
func (i *info) issuerSerial() (issuer, serial []byte, ok bool) {
	if i.id.Tag != 0x30 || len(i.id.Children) != 2 {
		return nil, nil, false
	}
	return i.id.At(0).Bytes(), i.id.At(1).Content, true
}

// signer returns the embedded certificate with the signer's serial number.
func (d *signed) signer() *certificate {
	i := d.info()
	if i == nil || d.certificates == nil {
		return nil
	}
	_, serial, ok := i.issuerSerial()
	for _, n := range d.certificates.Children {
		c := openCertificate(n.Bytes())
		if len(d.certificates.Children) == 1 || ok && c.serial() != nil && bytes.Equal(c.serial().Content, serial) {
			return c
		}
	}
	return nil
}

func (i *info) attribute(oid asn1.ObjectIdentifier) *ber.Node {
	if i.attrs == nil {
		return nil
	}
	for _, a := range i.attrs.Children {
		if isOID(a.At(0), oid) && len(a.Children) == 2 && len(a.At(1).Children) == 1 {
			return a.At(1, 0)
		}
	}
	return nil
}

func isOID(n *ber.Node, want asn1.ObjectIdentifier) bool {
	var oid asn1.ObjectIdentifier
	if n == nil || n.Tag != 6 {
		return false
	}
	_, err := asn1.Unmarshal(n.Bytes(), &oid)
	return err == nil && oid.Equal(want)
}

func oidSignedData() asn1.ObjectIdentifier  { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2} }
func oidContentType() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3} }
func oidMessageDigest() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
}

// hashOf returns the hash function of a digest algorithm, 0 for one outside the standard.
func hashOf(n *ber.Node) crypto.Hash {
	if n == nil {
		return 0
	}
	h, err := pki.ParseHashAlgorithm(n.Bytes())
	if err != nil || !h.Available() || h == crypto.SHA1 {
		return 0
	}
	return h
}

// kindOf is what sets one user of signed data apart from another.
type kindOf struct {
	prefix, clause, name string
	content              asn1.ObjectIdentifier
	data                 func(*subject) *signed
}

const clauseCMS = "; RFC 5652, "

func (k kindOf) id(n string) string { return k.prefix + "-" + n }

// opened returns the signed data where it is some.
func (k kindOf) opened(s *subject) *signed {
	if d := k.data(s); d != nil && !s.failed[k.id("04")] {
		return d
	}
	return nil
}

// signer returns the parts of its one signer.
func (k kindOf) signer(s *subject) *info {
	if d := k.opened(s); d != nil {
		return d.info()
	}
	return nil
}

// signedRules are about signed data, with numbers from 03 to 19.
func signedRules(k kindOf) []rule {
	return slices.Concat(envelopeRules(k), signerRules(k))
}

// envelopeRules are about the envelope and its content.
func envelopeRules(k kindOf) []rule {
	return []rule{
		strictness(k.id("03"), k.name+" is DER", func(s *subject) *ber.Node {
			if d := k.data(s); d != nil {
				return d.node
			}
			return nil
		}),
		{k.id("04"), k.clause + clauseCMS + "3", k.name + " is content of type signed data", on(k.data,
			func(_ *subject, d *signed) finding {
				return judge(d.data != nil && isOID(d.node.At(0), oidSignedData()), "%d elements", len(d.node.Children))
			})},
		{k.id("05"), k.clause, "signed data is of version 3", on(k.opened, func(_ *subject, d *signed) finding {
			return judge(isNumber(d.data.At(0), 3), "version of %d bytes", len(d.data.At(0).Content))
		})},
		{k.id("06"), k.clause, "the signer's digest algorithm is among those announced", on(k.signer,
			func(_ *subject, i *info) finding {
				want := hashOf(i.digest)
				found := want != 0 && slices.ContainsFunc(i.of.digests.Children,
					func(n *ber.Node) bool { return hashOf(n) == want })
				return judge(found, "%d announced", len(i.of.digests.Children))
			})},
		{k.id("07"), "RFC 5754, 2", "digest algorithms have no parameters", on(k.signer,
			func(_ *subject, i *info) finding {
				for _, n := range append([]*ber.Node{i.digest}, i.of.digests.Children...) {
					if len(n.Children) != 1 {
						return fail("%d elements", len(n.Children))
					}
				}
				return judge(true, "%d algorithms", 1+len(i.of.digests.Children))
			})},
		{k.id("08"), k.clause, "the content is of type " + k.content.String(), on(k.opened,
			func(_ *subject, d *signed) finding {
				octets := d.content.At(1, 0)
				return judge(isOID(d.content.At(0), k.content) && octets != nil && octets.Tag == 4,
					"%d elements", len(d.content.Children))
			})},
		{k.id("09"), k.clause, "a certificate is embedded", on(k.opened, func(_ *subject, d *signed) finding {
			return judge(d.certificates != nil && len(d.certificates.Children) > 0, "certificates")
		})},
		{k.id("10"), k.clause, "no revocation list is embedded", on(k.opened, func(_ *subject, d *signed) finding {
			return judge(d.lists == nil, "lists")
		})},
	}
}

// signerRules are about who signed, and how.
func signerRules(k kindOf) []rule {
	return []rule{
		{k.id("11"), k.clause, "there is one signer", on(k.opened, func(_ *subject, d *signed) finding {
			return judge(len(d.signers.Children) == 1, "%d signers", len(d.signers.Children))
		})},
		{k.id("12"), k.clause + clauseCMS + "5.3", "the signer is of version 1, by issuer and serial number",
			on(k.signer,
				func(_ *subject, i *info) finding {
					_, _, ok := i.issuerSerial()
					return judge(ok && isNumber(i.version, 1), "identifier of %d elements", len(i.id.Children))
				})},
		{k.id("13"), k.clause, "the signer's issuer is byte for byte that of its certificate", on(k.signer,
			func(_ *subject, i *info) finding {
				issuer, _, ok := i.issuerSerial()
				c := i.of.signer()
				if !ok || c == nil || c.tbs == nil {
					return skip("no certificate")
				}
				return judge(bytes.Equal(issuer, c.issuer().Bytes()), "%d bytes", len(issuer))
			})},
		{k.id("14"), k.clause, "the signer's serial number is that of its certificate", on(k.signer,
			func(_ *subject, i *info) finding {
				_, serial, ok := i.issuerSerial()
				c := i.of.signer()
				if !ok || c == nil || c.tbs == nil {
					return skip("no certificate")
				}
				return judge(bytes.Equal(serial, c.serial().Content), "%d bytes", len(serial))
			})},
		{k.id("15"), k.clause + clauseCMS + "11.1", "the content's type is signed", on(k.signer,
			func(s *subject, i *info) finding {
				if s.failed[k.id("08")] {
					return skip("another type of content")
				}
				return judge(isOID(i.attribute(oidContentType()), k.content), "signed attributes")
			})},
		{k.id("16"), k.clause + clauseCMS + "11.2", "the signed digest is that of the content",
			on(k.signer, messageDigest)},
		{k.id("17"), k.clause, "there are no unsigned attributes", on(k.signer, func(_ *subject, i *info) finding {
			return judge(!i.unsigned, "signer")
		})},
		{k.id("18"), "Doc 9303-12, 4.4", "the signature is ECDSA or RSA-PSS with SHA-2", on(k.signer,
			func(_ *subject, i *info) finding { return standardSignature(i.algorithm) })},
		{k.id("19"), k.clause + clauseCMS + "5.4", "the signature is the embedded certificate's", on(k.signer,
			func(s *subject, i *info) finding {
				if s.failed[k.id("13")] || s.failed[k.id("14")] || s.failed[k.id("16")] || s.failed[k.id("18")] {
					return skip("an earlier check failed")
				}
				d, err := pki.ParseSignedData(i.of.raw)
				if err != nil || d.Signer() == nil {
					return skip("no signer to verify with")
				}
				return judge(d.Verify() == nil, "%d bytes", len(i.signature.Content))
			})},
	}
}

func messageDigest(_ *subject, i *info) finding {
	h, content := hashOf(i.digest), i.of.content.At(1, 0)
	if h == 0 || content == nil {
		return skip("no digest algorithm or no content")
	}
	attr := i.attribute(oidMessageDigest())
	if attr == nil {
		return fail("no message digest")
	}
	sum := h.New()
	sum.Write(content.Content)
	return judge(bytes.Equal(sum.Sum(nil), attr.Content), "%d bytes", len(attr.Content))
}

func isNumber(n *ber.Node, want byte) bool {
	return n != nil && n.Tag == 2 && bytes.Equal(n.Content, []byte{want})
}

// standardSignature judges the AlgorithmIdentifier of a signature (ICAO Doc 9303-12, 4.4).
func standardSignature(n *ber.Node) finding {
	var oid asn1.ObjectIdentifier
	if n.At(0) == nil {
		return fail("no algorithm")
	}
	if _, err := asn1.Unmarshal(n.At(0).Bytes(), &oid); err != nil {
		return fail("no identifier")
	}
	ecdsa := asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3}
	pss := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	good := len(oid) == 7 && oid[:6].Equal(ecdsa) && oid[6] >= 1 && oid[6] <= 4
	return judge(good || oid.Equal(pss), "%v", oid)
}
