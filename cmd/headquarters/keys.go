package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"padarozhnik/station/journal/seal"
	"padarozhnik/station/pki"
	"padarozhnik/station/token"
)

// Kinds of keys: KIND-RANDOM is a key's name. Which key of a kind is in force says the certificate that
// has its public half, so that a ceremony may be cut off anywhere and leave a key that nothing uses.
const (
	keyRoot       = "root"       // charters, trust lists, certificates of the wire
	keyCSCA       = "csca"       // document signers, revocation list
	keySigner     = "signer"     // EF.SOD
	keyMasterList = "masterlist" // master lists
	keyVault      = "vault"      // directives, the vault's own connection
	keyOpener     = "opener"     // what stations seal
)

// Names of other keys.
const (
	keyServer     = "server"     // the ledger's TLS, in the ledger's file
	keyCheckpoint = "checkpoint" // the ledger's tree, in the ledger's file
	masterPrefix  = "gp/"        // followed by a chip product: master of its blanks' keys
)

// kindOf tells what a key is for, "" for what has no certificate.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, "-")
	if slices.Contains([]string{keyRoot, keyCSCA, keySigner, keyMasterList, keyVault, keyOpener}, kind) {
		return kind
	}
	return ""
}

// newName is one that no earlier ceremony, whole or cut off, can have used.
func newName(kind string) string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return kind + "-" + hex.EncodeToString(b[:])
}

func newKey(s keystore, kind string, as keyKind) (string, crypto.Signer, error) {
	name := newName(kind)
	key, err := s.Generate(name, as)
	return name, key, err
}

// incomplete tells the error of a key that a killed program left half made.
func incomplete(err error) bool {
	return errors.Is(err, token.ErrNoKey) || errors.Is(err, token.ErrDamaged)
}

// find returns the key of one of the kinds that has a public half. It returns token.ErrNoKey where the
// store has none.
func find(s keystore, public *pki.PublicKey, kinds ...string) (crypto.Signer, error) {
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.Contains(kinds, kindOf(name)) {
			continue
		}
		key, err := s.Signer(name)
		if incomplete(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if own, err := pki.NewPublicKey(key.Public()); err == nil && own.Equal(public) {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%s key: %w", strings.Join(kinds, " or "), token.ErrNoKey)
}

// keyOf finds the private key of a certificate of the country.
func keyOf(s keystore, c *pki.Certificate) (crypto.Signer, error) {
	key, err := find(s, c.PublicKey, keyCSCA, keySigner, keyMasterList)
	if err != nil {
		return nil, fmt.Errorf("certificate %x: %w", c.SerialNumber, err)
	}
	return key, nil
}

// root returns headquarters' root with its key.
func (h *headquarters) root(s keystore) (*x509.Certificate, crypto.Signer, error) {
	return h.wired(s, keyRoot, "public", "root.der")
}

// vaultKey returns the vault's certificate with its key.
func (h *headquarters) vaultKey(s keystore) (*x509.Certificate, crypto.Signer, error) {
	return h.wired(s, keyVault, "vault", "client.der")
}

func (h *headquarters) wired(s keystore, kind string, path ...string) (*x509.Certificate, crypto.Signer, error) {
	c, err := h.certificate(path...)
	if err != nil {
		return nil, nil, err
	}
	public, err := pki.NewPublicKey(c.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path[len(path)-1], err)
	}
	key, err := find(s, public, kind)
	return c, key, err
}

// fileVaultKey is the vault's HPKE key, to which stations seal.
const fileVaultKey = "vault.hpke"

// opener returns the vault's HPKE key.
func (h *headquarters) opener(s keystore) (seal.Opener, error) {
	public, err := os.ReadFile(h.path("public", fileVaultKey))
	if err != nil {
		return nil, fmt.Errorf("vault key: %w", err)
	}
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if kindOf(name) != keyOpener {
			continue
		}
		o, err := s.Opener(name)
		if err != nil && !incomplete(err) {
			return nil, err
		}
		if err == nil && bytes.Equal(o.HPKEPublic(), public) {
			return o, nil
		}
	}
	return nil, fmt.Errorf("%s key: %w", keyOpener, token.ErrNoKey)
}

// orphans lists keys that nothing of this headquarters names: a ceremony was cut off after it made them.
// They have signed nothing that left.
func (h *headquarters) orphans(s keystore, certificates []*pki.Certificate) ([]string, error) {
	known := make([]*pki.PublicKey, 0, len(certificates)+2)
	for _, c := range certificates {
		known = append(known, c.PublicKey)
	}
	for _, path := range [][]string{{"public", "root.der"}, {"vault", "client.der"}} {
		c, err := h.certificate(path...)
		if err != nil {
			return nil, err
		}
		public, err := pki.NewPublicKey(c.PublicKey)
		if err != nil {
			return nil, err
		}
		known = append(known, public)
	}
	sealing, err := os.ReadFile(h.path("public", fileVaultKey))
	if err != nil {
		return nil, fmt.Errorf("vault key: %w", err)
	}
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names {
		if kindOf(name) == "" {
			continue
		}
		is, err := owned(s, name, known, sealing)
		if err != nil {
			return nil, err
		}
		if !is {
			out = append(out, name)
		}
	}
	return out, nil
}

// owned tells whether a key is one of those known.
func owned(s keystore, name string, known []*pki.PublicKey, sealing []byte) (bool, error) {
	if kindOf(name) == keyOpener {
		o, err := s.Opener(name)
		if incomplete(err) {
			return false, nil
		}
		return err == nil && bytes.Equal(o.HPKEPublic(), sealing), err
	}
	key, err := s.Signer(name)
	if incomplete(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	public, err := pki.NewPublicKey(key.Public())
	return err == nil && slices.ContainsFunc(known, public.Equal), err
}
