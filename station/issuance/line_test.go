package issuance_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/issuance"
)

// line is the ledger's end of the wire: one address, behind which the ledger can be replaced.
type line struct {
	signer     note.Signer
	verifier   note.Verifier
	registered ledger.Station
	address    string
	config     *tls.Config
	server     *http.Server
	clock      func() time.Time // of the ledger; nil: the true one
}

// listen takes an address, which stays the same whatever ledger stands behind it.
func (l *line) listen(t testing.TB, config *tls.Config) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	l.address, l.config = listener.Addr().String(), config
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
}

// openLedger puts the ledger of a directory behind the line, in place of the one before.
func (o *office) openLedger(dir string) {
	t := o.t
	t.Helper()
	o.closeLedger()
	o.ledger = must(ledger.Open(dir, ledger.Options{
		Signer: o.line.signer, Verifier: o.line.verifier, PerMinute: 1_000_000,
		Clock: func() time.Time {
			if o.line.clock != nil {
				return o.line.clock()
			}
			return time.Now()
		},
	}))(t)
	err := errors.Join(o.ledger.Register(t.Context(), o.line.registered),
		o.ledger.RegisterVault(t.Context(), ledger.Vault{Name: "vault", Keys: [][]byte{o.charter.VaultSPKI}}))
	if err != nil {
		t.Fatal(err)
	}
	listener := must(net.Listen("tcp", o.line.address))(t)
	s := o.ledger.Server(o.line.config)
	o.line.server = s
	go func() { _ = s.ServeTLS(listener, "", "") }()
	t.Cleanup(o.closeLedger)
}

func (o *office) closeLedger() {
	if o.line.server == nil {
		return
	}
	if err := errors.Join(o.line.server.Close(), o.ledger.Close()); err != nil {
		o.t.Error(err)
	}
	o.line.server = nil
}

// backup copies the database files of a directory as a backup does, while nothing writes.
func backup(t testing.TB, from, to, name string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(filepath.Join(to, name+suffix))
		raw, err := os.ReadFile(filepath.Join(from, name+suffix))
		if errors.Is(err, os.ErrNotExist) || suffix == "-shm" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name+suffix), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// secure backs the ledger up: all of it is durable from now on.
func (o *office) secure() {
	o.t.Helper()
	must(o.ledger.Backup(o.t.Context(), filepath.Join(o.dir, "second place"), nil))(o.t)
}

// write makes the station write n entries.
func (o *office) write(d *issuance.Desk, n int) {
	o.t.Helper()
	for range n {
		must(d.Enrol(o.t.Context(), o.seat(d, "E")))(o.t)
	}
}

// waiting is how many entries have no receipt.
func (o *office) waiting(d *issuance.Desk) int {
	o.t.Helper()
	return must(d.Board(o.t.Context()))(o.t).Waiting
}

// entries is how many the station has written so far, those of the day among them.
func (o *office) entries(d *issuance.Desk) int {
	o.t.Helper()
	return len(must(d.Journal(o.t.Context(), ""))(o.t))
}

// said is how many entries of a kind the station has written.
func (o *office) said(d *issuance.Desk, kind string) (n int) {
	o.t.Helper()
	for _, s := range must(d.Journal(o.t.Context(), ""))(o.t) {
		if s.Entry.Kind == kind {
			n++
		}
	}
	return n
}

// leaves is the size of the ledger's tree.
func (o *office) leaves() int64 {
	o.t.Helper()
	_, c, err := o.post.ledger.Link(o.t.Context(), 0, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return c.Size
}

// spki is a public key as it is registered.
func spki(t testing.TB, k *ecdsa.PrivateKey) []byte {
	t.Helper()
	return must(x509.MarshalPKIXPublicKey(&k.PublicKey))(t)
}

// signer is the public key of an actor of the office.
func (o *office) signer(keyID string) *ecdsa.PublicKey {
	o.t.Helper()
	for _, k := range o.keys {
		if k.KeyID() == keyID {
			return k.Public().(*ecdsa.PublicKey)
		}
	}
	o.t.Fatalf("nobody has key %s", keyID)
	return nil
}

func loggerTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
