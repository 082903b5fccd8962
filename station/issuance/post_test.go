package issuance_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/hq/client"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/seal"
)

// post is the vault's side of sticks.
type post struct {
	opener seal.Opener
	key    crypto.Signer
	ledger *client.Client
	known  []int64
	hello  bundle.Hello
	files  int
}

func (o *office) path() string {
	o.post.files++
	return filepath.Join(o.dir, fmt.Sprintf("stick-%d", o.post.files))
}

// export writes the station's letter.
func (o *office) export(d *issuance.Desk) (string, issuance.ExportReport) {
	t, ctx := o.t, o.t.Context()
	t.Helper()
	at := must(d.Places(ctx))(t)
	path := o.path()
	w := must(bundle.Create(path, bundle.Letter{
		Direction: bundle.ToHeadquarters, Recipient: d.Vault, Signer: d.Key,
		Hello: bundle.Hello{Station: stationID, Made: at.Time, Known: at.Known, Own: at.Own, After: at.After},
	}))(t)
	r := must(d.Export(ctx, bundle.Outbox{Writer: w}))(t)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path, r
}

// ingest is what `headquarters ingest` does.
func (o *office) ingest(path string) (bundle.Forwarded, error) {
	o.t.Helper()
	b, err := bundle.Open(path, bundle.ToHeadquarters, o.post.opener, func(bundle.Hello) (*ecdsa.PublicKey, error) {
		return publicKey(o.t, o.line.registered.Key), nil
	})
	if err != nil {
		return bundle.Forwarded{}, err
	}
	defer b.Close()
	o.post.hello, o.post.known = b.Hello, append(o.post.known, b.Hello.Known)
	return b.Forward(o.t.Context(), o.post.ledger)
}

// answer is what `headquarters export` does.
func (o *office) answer() string {
	t := o.t
	t.Helper()
	return o.answerTo(must(seal.ParsePublic(o.keys["station"].HPKEPublic()))(t).Bytes(), stationID)
}

func (o *office) answerTo(recipient []byte, name string) string {
	t := o.t
	t.Helper()
	path, h := o.path(), o.post.hello
	h.Station, h.Made = name, time.Now().Unix()
	w := must(bundle.Create(path, bundle.Letter{
		Direction: bundle.ToStation, Recipient: must(seal.ParsePublic(recipient))(t), Signer: o.post.key, Hello: h,
	}))(t)
	done := must(bundle.Compose(t.Context(), w, o.post.ledger, o.post.known))(t)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	o.post.known = append(o.post.known, done.Checkpoint.Size)
	return path
}

// take is what `stationctl sync import` does.
func (o *office) take(d *issuance.Desk, path string) (issuance.SyncReport, error) {
	o.t.Helper()
	b, err := bundle.Open(path, bundle.ToStation, d.Key, o.vaultSigned)
	if err != nil {
		return issuance.SyncReport{}, err
	}
	defer b.Close()
	a, err := bundle.OpenAnswer(b, stationID, *o.open)
	if err != nil {
		return issuance.SyncReport{}, err
	}
	return d.Import(o.t.Context(), a, time.Unix(b.Hello.Made, 0))
}

func (o *office) vaultSigned(bundle.Hello) (*ecdsa.PublicKey, error) {
	return publicKey(o.t, o.charter.VaultSPKI), nil
}

func publicKey(t testing.TB, spki []byte) *ecdsa.PublicKey {
	t.Helper()
	return must(x509.ParsePKIXPublicKey(spki))(t).(*ecdsa.PublicKey)
}
