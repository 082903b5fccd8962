package issuance_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station"
	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/token"
)

// endOfLine says which end of a bad line this test binary, started again, is.
const endOfLine = "PADAROZHNIK_END_OF_LINE"

// ends are the two programs that are killed: headquarters' server, and a station that works and
// exchanges.
var ends = map[string]func(ctx context.Context, dir string) error{"headquarters": atHeadquarters, "station": atStation}

// makeLine puts headquarters beside a tortured station: keys and certificates as files of one directory,
// and the addresses at which the server and the proxy before it will listen.
func makeLine(ctx context.Context, dir string) error {
	private, public, err := note.GenerateKey(rand.Reader, "ledger.test")
	if err != nil {
		return err
	}
	err = makeTortured(ctx, dir, 3, func(c *station.Charter) error { c.Ledger = public; return nil })
	if err != nil {
		return err
	}
	var keys [2]*ecdsa.PrivateKey // root, server
	var der [3][]byte             // the server's key, headquarters' root, the server's certificate
	for i := range keys {
		if keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return err
		}
	}
	now, year := time.Now(), 365*24*time.Hour
	root, rootErr := wire.NewRoot(keys[0], "test", now, year)
	issuer := wire.Issuer{Root: root, Key: keys[0]}
	own, ownErr := issuer.Server(keys[1].Public(), []string{"127.0.0.1"}, now, year)
	k, keyErr := token.Open(filepath.Join(dir, "station.token"), []byte(torturedSecret))
	if err := errors.Join(rootErr, ownErr, keyErr); err != nil {
		return err
	}
	client, err := issuer.Client(k.Public(), wire.Peer{Name: stationID, Role: wire.RoleStation}, now, year)
	if err != nil {
		return err
	}
	if der[0], err = x509.MarshalECPrivateKey(keys[1]); err != nil {
		return err
	}
	files := map[string][]byte{"ledger.key": []byte(private), "ledger.pub": []byte(public), "server.key": der[0],
		"root.der": root.Raw, "server.der": own.Raw, "client.der": client.Raw}
	for _, name := range []string{"server.at", "proxy.at"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close() // both are taken before either is given back
		files[name] = []byte(l.Addr().String())
	}
	for name, data := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return errors.Join(err, k.Close())
}

// lineFile reads a file of the line's directory.
func lineFile(dir, name string) string {
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		panic(err) // the test made it a moment ago
	}
	return string(raw)
}

func lineCertificate(dir, name string) (*x509.Certificate, error) {
	return x509.ParseCertificate([]byte(lineFile(dir, name)))
}

// openLineLedger opens headquarters' ledger, and registers the station and the vault where they are not.
func openLineLedger(ctx context.Context, dir string) (*ledger.Ledger, error) {
	signer, signerErr := note.NewSigner(lineFile(dir, "ledger.key"))
	verifier, verifierErr := note.NewVerifier(lineFile(dir, "ledger.pub"))
	var c station.Charter
	if err := errors.Join(signerErr, verifierErr, journal.Decode([]byte(lineFile(dir, "charter")), &c)); err != nil {
		return nil, err
	}
	place := filepath.Join(dir, "ledger")
	_, err := os.Stat(place)
	known := !errors.Is(err, fs.ErrNotExist)
	l, err := ledger.Open(place, ledger.Options{Signer: signer, Verifier: verifier, PerMinute: 1 << 20})
	if err != nil || known {
		return l, err
	}
	k, err := token.Open(filepath.Join(dir, "station.token"), []byte(torturedSecret))
	if err != nil {
		return nil, err
	}
	defer k.Close()
	own, err := x509.MarshalPKIXPublicKey(k.Public())
	s := ledger.Station{ID: stationID, Epoch: 1, Key: own}
	for _, o := range c.Officers {
		s.Officers = append(s.Officers, ledger.Officer{Key: o.SPKI, Roles: []string{"officer"}})
	}
	return l, errors.Join(err, l.Register(ctx, s),
		l.RegisterVault(ctx, ledger.Vault{Name: "vault", Keys: [][]byte{c.VaultSPKI}}))
}

// atHeadquarters serves until it is killed.
func atHeadquarters(ctx context.Context, dir string) error {
	l, err := openLineLedger(ctx, dir)
	if err != nil {
		return err
	}
	root, rootErr := lineCertificate(dir, "root.der")
	own, ownErr := lineCertificate(dir, "server.der")
	key, keyErr := x509.ParseECPrivateKey([]byte(lineFile(dir, "server.key")))
	listener, listenErr := net.Listen("tcp", lineFile(dir, "server.at"))
	if err := errors.Join(rootErr, ownErr, keyErr, listenErr); err != nil {
		return err
	}
	fmt.Println("ready")
	return l.Server(wire.ServerTLS(wire.Pair(own, key), root, time.Now)).ServeTLS(listener, "", "")
}

// openDistant is openTortured with headquarters at the other end of the proxy. No message waits longer
// than patience.
func openDistant(ctx context.Context, dir string, patience time.Duration) (
	*issuance.Desk, map[string]issuance.Seat, error) {
	d, seats, err := openTortured(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	verifier, verifierErr := note.NewVerifier(d.Charter.Ledger)
	root, rootErr := lineCertificate(dir, "root.der")
	own, ownErr := lineCertificate(dir, "client.der")
	vault, vaultErr := x509.ParsePKIXPublicKey(d.Charter.VaultSPKI)
	if err := errors.Join(verifierErr, rootErr, ownErr, vaultErr); err != nil {
		return nil, nil, err
	}
	d.Ledger = verifier
	d.VaultKey = func(journal.Entry) (*ecdsa.PublicKey, error) { return vault.(*ecdsa.PublicKey), nil }
	d.Headquarters, err = client.New(client.Options{
		BaseURL: "https://" + lineFile(dir, "proxy.at"), Certificate: wire.Pair(own, d.Key), Root: root,
		Ledger: verifier, Timeout: patience, Clock: time.Now,
	})
	return d, seats, err
}

// atStation carries cases through and exchanges after each of them, whatever becomes of the line.
func atStation(ctx context.Context, dir string) error {
	d, seats, err := openDistant(ctx, dir, 500*time.Millisecond)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		if err := carryThrough(ctx, d, seats, os.Stdout); err != nil {
			return err
		}
		switch _, err := d.Sync(ctx); {
		case err == nil:
			fmt.Println("exchanged")
		case !errors.Is(err, journal.ErrUnreachable):
			return err
		}
	}
}

// said collects the lines of a program, and wakes whoever waits for one of them.
type said struct {
	lines bytes.Buffer
	ready chan struct{} // closed with the line "ready"
}

// Write implements io.Writer.
func (s *said) Write(p []byte) (int, error) {
	n, err := s.lines.Write(p)
	if s.ready != nil && strings.Contains(s.lines.String(), "ready\n") {
		close(s.ready)
		s.ready = nil
	}
	return n, err
}
