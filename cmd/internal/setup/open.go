package setup

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/cmd/internal/edition"
	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/jp2"
	"padarozhnik/station/pki"
	"padarozhnik/station/token"
)

// Ask gets a passphrase for a key file from a person.
type Ask func(prompt string) ([]byte, error)

// Office is a desk that is ready for its officers. Close ends it.
type Office struct {
	Desk   *issuance.Desk
	Config Config
	module *token.Module // of hardware tokens; nil until one is opened
	closes []func() error
}

// Open makes the desk that a configuration describes. It opens the station's own token, a key file or
// pkcs11:LABEL, with the passphrase or PIN that ask returns.
func Open(ctx context.Context, c Config, ask Ask, log *slog.Logger) (*Office, error) {
	return OpenReporting(ctx, c, ask, log, nil)
}

// Steps of opening an office, as OpenReporting reports them.
const (
	StepStore   = "open-store"
	StepToken   = "open-token"
	StepTrust   = "open-trust"
	StepDevices = "open-devices"
	StepRecords = "open-records"
)

// Steps lists the steps of opening an office in their order.
func Steps() []string { return []string{StepStore, StepToken, StepTrust, StepDevices, StepRecords} }

// OpenReporting is Open, and reports each step as it begins.
func OpenReporting(ctx context.Context, c Config, ask Ask, log *slog.Logger, report devices.Report) (*Office, error) {
	o := &Office{Config: c}
	if err := o.open(ctx, c, ask, log, report); err != nil {
		return nil, errors.Join(missing(err), o.Close())
	}
	return o, nil
}

// missing says of a file that is not there that the computer is not set up, where nothing else is said.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) && issuance.Cure(err) == "other" {
		return fmt.Errorf("%w: %w", issuance.ErrNotSetUp, err)
	}
	return err
}

func (o *Office) open(ctx context.Context, c Config, ask Ask, log *slog.Logger, report devices.Report) error {
	steps := Steps()
	at := func(step string) { report.At(step, int64(slices.Index(steps, step)), int64(len(steps))) }
	at(StepStore)
	store, err := OpenStore(ctx, c)
	if err != nil {
		return err
	}
	o.closes = append(o.closes, store.Close)
	at(StepToken)
	key, err := o.ownKey(c.Token, ask)
	if err != nil {
		return err
	}
	o.closes = append(o.closes, key.Close)
	at(StepTrust)
	root, signed, err := readCharter(c)
	if err != nil {
		return err
	}
	d := &issuance.Desk{Charter: signed, Key: key, DPI: c.Page.DPI, Training: c.Training, Now: time.Now, Log: log}
	d.OpenJP2 = jp2.Reader{}.Decode
	d.Program = edition.Hasher()
	d.SignsHere = c.Tokens.Signer != ""
	if err := d.Suits(signed); err != nil {
		return err
	}
	if err := believe(d); err != nil {
		return err
	}
	if d.Documents, err = documents(c, root, signed); err != nil {
		return err
	}
	d.Store = store
	if d.Layout, err = issuance.LayoutOf(signed.Profile); err != nil {
		return err
	}
	if err := o.reach(d, c, key, root); err != nil {
		return err
	}
	at(StepDevices)
	if err := o.devices(d, c); err != nil {
		return err
	}
	at(StepRecords)
	o.Desk = d
	return d.Adopt(ctx)
}

// believe takes from the charter whom the desk may believe.
func believe(d *issuance.Desk) error {
	d.Trust = pki.NewTrustStore()
	if err := errors.Join(addAnchors(d.Trust, d.Charter), addLists(d.Trust, d.Charter)); err != nil {
		return err
	}
	pub, err := x509.ParsePKIXPublicKey(d.Charter.VaultSPKI)
	if err != nil {
		return fmt.Errorf("vault key: %w", err)
	}
	vaultKey, ok := pub.(*ecdsa.PublicKey)
	if !ok {
		return fmt.Errorf("vault key: %w", issuance.ErrCharter)
	}
	vaultID, err := journal.KeyID(vaultKey)
	if err != nil {
		return fmt.Errorf("vault key: %w", err)
	}
	d.VaultKey = func(e journal.Entry) (*ecdsa.PublicKey, error) {
		if e.Actor != vaultID {
			return nil, journal.ErrUnknownKey
		}
		return vaultKey, nil
	}
	if d.Vault, err = seal.ParsePublic(d.Charter.Vault); err != nil {
		return fmt.Errorf("vault key: %w", err)
	}
	if d.Ledger, err = note.NewVerifier(d.Charter.Ledger); err != nil {
		return fmt.Errorf("ledger key: %w", err)
	}
	return nil
}

// reach sets up the way to headquarters; an office without one works by stick.
func (o *Office) reach(d *issuance.Desk, c Config, key crypto.Signer, root *x509.Certificate) error {
	if c.Headquarters.URL == "" {
		d.Headquarters = offline{}
		return nil
	}
	own, err := certificate(c.Headquarters.Certificate)
	if err != nil {
		return err
	}
	options := client.Options{
		BaseURL: c.Headquarters.URL, Certificate: wire.Pair(own, key), Root: root, Ledger: d.Ledger, Clock: passed(d),
		Patience: patience,
	}
	if c.Headquarters.Proxy != "" {
		if options.Dial, err = client.SOCKS5(c.Headquarters.Proxy); err != nil {
			return err
		}
	}
	hq, err := client.New(options)
	if err != nil {
		return err
	}
	o.closes = append(o.closes, func() error { hq.Close(); return nil })
	d.Headquarters = hq
	return nil
}

// patience is how long one message waits where headquarters is busy.
const patience = 5 * time.Minute

// passed is the time that headquarters' certificate is judged by: the newest that headquarters has
// signed. The clock of an office stands wrong more often than a server's key is stolen.
func passed(d *issuance.Desk) func() time.Time {
	return func() time.Time {
		at, err := d.SignedTime(context.Background())
		if err != nil {
			d.Log.Error("time signed by headquarters not read", "err", err)
			return d.Now()
		}
		return at
	}
}

// offline is a headquarters that nobody has an address of.
type offline struct{}

func (offline) PutBlob(context.Context, journal.Blob, []byte) error { return journal.ErrUnreachable }

func (offline) GetBlob(context.Context, journal.Blob) ([]byte, error) {
	return nil, journal.ErrUnreachable
}

func (offline) Own(context.Context, journal.Checkpoint, int64) (journal.Page, error) {
	return journal.Page{}, journal.ErrUnreachable
}

func (offline) Push(context.Context, journal.Checkpoint, []journal.Signed) (
	[]journal.Receipt, journal.Checkpoint, error) {
	return nil, journal.Checkpoint{}, journal.ErrUnreachable
}

func (offline) Pull(context.Context, journal.Checkpoint, int64) (journal.Page, error) {
	return journal.Page{}, journal.ErrUnreachable
}

// OpenToken opens a key file. A wrong passphrase is issuance.ErrPassphrase.
func OpenToken(path, prompt string, ask Ask) (*token.File, error) {
	secret, err := ask(prompt)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	t, err := token.Open(path, secret)
	if errors.Is(err, token.ErrWrongPassphrase) {
		return nil, issuance.ErrPassphrase
	}
	return t, err
}

// SignIn opens an officer's token, a key file or pkcs11:LABEL, and gives them a seat. The seat ends with
// the office.
func (o *Office) SignIn(path string, ask Ask) (issuance.Seat, error) {
	key, err := o.officerKey(path, ask)
	if err != nil {
		return issuance.Seat{}, err
	}
	o.closes = append(o.closes, key.Close)
	seat, err := o.Desk.SignIn(key)
	if err != nil {
		return seat, err
	}
	return seat, seat.Officer.May(seat.Officer.Roles[0], station.DateOf(o.Desk.Now()))
}

// officerKey is a Key that can be pulled out, and is closed where it is forgotten.
type officerKey interface {
	issuance.Key
	issuance.Pluggable
	Close() error
}

func (o *Office) officerKey(path string, ask Ask) (officerKey, error) {
	if label, ok := strings.CutPrefix(path, Hardware); ok {
		return o.inHardware(label, ask)
	}
	t, err := OpenToken(path, "passphrase of "+path, ask)
	return &onStick{t, path}, err
}

// Close ends the desk: tokens forget their keys, the store is closed.
func (o *Office) Close() error {
	var errs []error
	for i := len(o.closes) - 1; i >= 0; i-- {
		errs = append(errs, o.closes[i]())
	}
	o.closes = nil
	return errors.Join(errs...)
}

func certificate(path string) (*x509.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return x509.ParseCertificate(b)
}
