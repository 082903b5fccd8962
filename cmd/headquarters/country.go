package main

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"padarozhnik/station/pki"
)

// Files of public/ that the ceremonies write.
const (
	fileCSCA       = "csca.der"      // the newest root; csca-1.der and on are older ones
	fileSigner     = "dsc.der"       // the document signer in use; dsc-SERIAL.der are older ones
	fileListSigner = "mls.der"       // the master list signer in use; mls-SERIAL.der are older ones
	fileCRL        = "csca.crl"      // the revocation list
	fileMasterList = "masterlist.ml" // the master list
	fileTrust      = "trust.cose"    // the trust list of the stations
)

// restOfNewKey is how long a new CSCA key is left unused after its certificate was made, so that the
// world can get it first (ICAO Doc 9303-12, 4.3).
const restOfNewKey = 48 * time.Hour

// errNoCSCA: no key may sign now.
var errNoCSCA = errors.New("no CSCA key may be used today")

// country is everything that public/ says of the country's signatures.
type country struct {
	roots   []*pki.Certificate // the newest first
	links   []*pki.Certificate
	signers []*pki.Certificate // document and master list signers, those in use and older ones
	crl     *pki.CRL
}

// country reads public/.
func (h *headquarters) country() (*country, error) { return readCountry(h.path("public")) }

func readCountry(dir string) (*country, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*.der"))
	if err != nil {
		return nil, err
	}
	c := &country{}
	for _, path := range found {
		kind, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".der"), "-")
		into := map[string]*[]*pki.Certificate{
			"csca": &c.roots, "link": &c.links, "dsc": &c.signers, "mls": &c.signers,
		}[kind]
		if into == nil {
			continue // the root of the wire
		}
		cert, err := readCertificate(path)
		if err != nil {
			return nil, err
		}
		*into = append(*into, cert)
	}
	if len(c.roots) == 0 {
		return nil, fmt.Errorf("%s: no CSCA certificate", dir)
	}
	slices.SortStableFunc(c.roots, func(a, b *pki.Certificate) int {
		return cmp.Or(b.NotBefore.Compare(a.NotBefore), a.SerialNumber.Cmp(b.SerialNumber))
	})
	raw, err := os.ReadFile(filepath.Join(dir, fileCRL))
	if err != nil {
		return nil, err
	}
	if c.crl, err = pki.ParseCRL(raw); err != nil {
		return nil, err
	}
	return c, c.check(dir)
}

func readCertificate(path string) (*pki.Certificate, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := pki.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return c, nil
}

// check proves that everything hangs together: csca.der is the newest root, links and signers and the
// revocation list are signed by the country's roots.
func (c *country) check(dir string) error {
	newest, err := readCertificate(filepath.Join(dir, fileCSCA))
	if err != nil {
		return err
	}
	if !newest.PublicKey.Equal(c.roots[0].PublicKey) {
		return fmt.Errorf("%s is not the newest CSCA certificate", fileCSCA)
	}
	trust := pki.NewTrustStore()
	for _, root := range c.roots {
		if err := trust.AddAnchor(root, "own"); err != nil {
			return err
		}
	}
	if err := trust.AddCRL(c.crl); err != nil {
		return err
	}
	for _, cert := range slices.Concat(c.links, c.signers) {
		if err := c.vouched(cert); err != nil {
			return fmt.Errorf("certificate %x: %w", cert.SerialNumber, err)
		}
	}
	return nil
}

func (c *country) vouched(cert *pki.Certificate) error {
	err := error(pki.ErrUntrusted)
	for _, root := range c.roots {
		if err = cert.CheckSignatureFrom(root); err == nil {
			return nil
		}
	}
	return err
}

// all lists every certificate.
func (c *country) all() []*pki.Certificate { return slices.Concat(c.roots, c.links, c.signers) }

// issuer is the root whose key signs at a time: the newest that has rested. A key without a
// predecessor has nothing to wait for.
func (c *country) issuer(at time.Time) (*pki.Certificate, error) {
	for i, root := range c.roots {
		if i < len(c.roots)-1 && at.Before(root.NotBefore.Add(restOfNewKey)) || !root.KeyUse.Contains(at) {
			continue
		}
		return root, nil
	}
	return nil, errNoCSCA
}

// signer finds an issued certificate by serial number, in hexadecimal.
func (c *country) signer(serial string) (*pki.Certificate, error) {
	for _, cert := range c.signers {
		if hex.EncodeToString(cert.SerialNumber.Bytes()) == strings.ToLower(serial) {
			return cert, nil
		}
	}
	return nil, fmt.Errorf("no signer with serial number %s was issued here", serial)
}

// anchors are the roots that a station trusts: the newest and all before it, whose books live on.
func (h *headquarters) anchors() ([][]byte, error) {
	c, err := h.country()
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(c.roots))
	for i, root := range c.roots {
		out[i] = root.Raw
	}
	return out, nil
}
