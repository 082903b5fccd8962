package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/veraison/go-cose"
)

// protocolType is signed along with every protocol (external_aad, RFC 9052, 4.3).
const protocolType = "padarozhnik/ceremony/1"

// protocol is what two officers sign: what was done, and the public files before and after.
type protocol struct {
	Ceremony string            `json:"ceremony"`
	Number   int               `json:"number"`
	Country  string            `json:"country"`
	Began    time.Time         `json:"began"`
	Ended    time.Time         `json:"ended"`
	Keys     string            `json:"keys"` // what holds them
	Officers []witness         `json:"officers"`
	Steps    []step            `json:"steps"`
	Before   map[string]string `json:"before"` // SHA-256 of each public file, in hexadecimal
	After    map[string]string `json:"after"`
}

// step is one line that the officers saw.
type step struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// minutes are the lines of a ceremony while it is held: the officers see them, and the protocol keeps them.
type minutes struct {
	out   io.Writer
	clock func() time.Time
	steps []step
}

// say prints a line and puts it into the protocol.
func (m *minutes) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	m.steps = append(m.steps, step{m.clock().UTC(), line})
	fmt.Fprintln(m.out, line)
}

// signProtocol returns the JSON and a COSE_Sign1 of it by each officer, by file name. Every signature
// has been verified.
func signProtocol(p protocol, officers []custodian) (map[string][]byte, error) {
	content, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"protocol.json": content}
	for i, o := range officers {
		raw, err := signBy(o, content)
		if err != nil {
			return nil, fmt.Errorf("protocol by %s: %w", o.Token, err)
		}
		files[fmt.Sprintf("protocol-%d.cose", i+1)] = raw
	}
	return files, nil
}

func signBy(o custodian, content []byte) ([]byte, error) {
	by, err := cose.NewSigner(cose.AlgorithmES256, o.token)
	if err != nil {
		return nil, err
	}
	m := cose.Sign1Message{
		Headers: cose.Headers{Protected: cose.ProtectedHeader{
			cose.HeaderLabelAlgorithm: cose.AlgorithmES256, cose.HeaderLabelContentType: "application/json",
			cose.HeaderLabelKeyID: []byte(o.KeyID),
		}},
		Payload: content,
	}
	if err := m.Sign(rand.Reader, []byte(protocolType), by); err != nil {
		return nil, err
	}
	raw, err := m.MarshalCBOR()
	if err != nil {
		return nil, err
	}
	return raw, verifyBy(raw, o.SPKI)
}

func verifyBy(raw, spki []byte) error {
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(raw); err != nil {
		return err
	}
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return err
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return errors.New("officer's key is not an elliptic-curve key")
	}
	by, err := cose.NewVerifier(cose.AlgorithmES256, public)
	if err != nil {
		return err
	}
	return m.Verify([]byte(protocolType), by)
}

// digests are the SHA-256 of every file in a directory.
func digests(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(b)
		out[e.Name()] = hex.EncodeToString(sum[:])
	}
	return out, nil
}
