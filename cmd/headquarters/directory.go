package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/token"
)

func (h *headquarters) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// ledgerKeys are the receiving server's, which are in a key file always: it works unattended, in the
// sight of the internet, and a machine like that is not to reach the token. They open nothing and sign
// no book, charter or order.
func (h *headquarters) ledgerKeys() (*token.Keyring, error) {
	return h.keyring("ledger", "passphrase of the ledger")
}

func (h *headquarters) keyring(half, prompt string) (*token.Keyring, error) {
	secret, err := passphrase.Read(h.passphraseFile, prompt)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	return token.OpenKeyring(h.path(half, "keys.token"), secret)
}

// ledgerVerifier is the public half of the checkpoint key.
func (h *headquarters) ledgerVerifier() (string, note.Verifier, error) {
	b, err := os.ReadFile(h.path("public", "ledger.pub"))
	if err != nil {
		return "", nil, fmt.Errorf("ledger key: %w", err)
	}
	text := strings.TrimSpace(string(b))
	v, err := note.NewVerifier(text)
	return text, v, err
}

// administer opens the ledger without its checkpoint key.
func (h *headquarters) administer() (*ledger.Ledger, error) {
	_, v, err := h.ledgerVerifier()
	if err != nil {
		return nil, err
	}
	return ledger.Open(h.ledgerPlace(), ledger.Options{Verifier: v, Clock: h.now, Log: h.log})
}

func (h *headquarters) certificate(parts ...string) (*x509.Certificate, error) {
	b, err := os.ReadFile(h.path(parts...))
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return x509.ParseCertificate(b)
}

// write makes a file durably: whole or not at all.
func write(path string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return os.Rename(f.Name(), path)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return write(path, append(b, '\n'), 0o600)
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
