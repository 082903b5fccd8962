package issuance_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"image/png"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/devices/chip"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/ipp"
	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/desk"
	virtualprinter "padarozhnik/devices/virtual/printer"
	virtualscanner "padarozhnik/devices/virtual/scanner"
	"padarozhnik/devices/watchdog"
	"padarozhnik/printing"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/pki"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/token"
)

const stationID = "UTO-01"

// office is a whole office in one process: the real ledger over TLS, the real vault, the real
// store, and virtual devices behind the real drivers. Only PC/SC is left out: the chip lies in a
// slot of this process.
type office struct {
	t       testing.TB
	dir     string
	table   *desk.Desk
	slot    *virtualchip.Slot
	printer *virtualprinter.Printer
	pages   string

	charter station.Charter
	keys    map[string]*token.File
	vault   *vault.Vault
	offers  []vault.Allocation
	ledger  *ledger.Ledger
	wire    *client.Client
	dial    client.Dial // of both clients; nil: directly
	line    *line
	post    post
	clock   func() time.Time // of the station
	sync    func(context.Context, *issuance.Desk) (issuance.SyncReport, error)
	trust   *pki.TrustStore
	open    *note.Verifier
	scanURL string
	inkURL  string
	dead    map[station.Serial]bool // books whose chips are silent

	typo     bool // the first finished book turns out to be wrong
	reach    func(*token.File, wire.Peer) *client.Client
	branches []*office // other offices of the same headquarters

	root      crypto.Signer // of the CSCA
	csca      *pki.Certificate
	ownSigner crypto.Signer // of the office's own; nil: none
}

var members = map[string][]station.Role{
	"E": {station.RoleEnrol}, "A": {station.RoleApprove, station.RoleCustody}, "O": {station.RoleOperate},
	"I": {station.RoleInspect}, "C": {station.RoleCustody}, "T": {station.RoleTechnician},
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newOffice sets everything up and takes blanks into the safe.
func newOffice(t testing.TB, blanks int) *office {
	t.Helper()
	o := bareOffice(t)
	o.devices()
	o.stock(blanks)
	return o
}

// stockedOffice is an office on an open day, with blanks counted into its safe.
func stockedOffice(t testing.TB, blanks int) (*office, *issuance.Desk) {
	t.Helper()
	o := newOffice(t, blanks)
	d := o.desk(nil)
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	return o, d
}

// bareOffice is an office without devices and blanks. dial may stand for the direct connection.
func bareOffice(t testing.TB, dial ...client.Dial) *office {
	t.Helper()
	o := &office{dial: append(dial, nil)[0], t: t, dir: t.TempDir(), keys: map[string]*token.File{}, slot: &virtualchip.Slot{}, clock: time.Now}
	o.sync = func(ctx context.Context, d *issuance.Desk) (issuance.SyncReport, error) { return d.Sync(ctx) }
	o.pages = filepath.Join(o.dir, "pages")
	if err := os.MkdirAll(o.pages, 0o700); err != nil {
		t.Fatal(err)
	}
	o.table = must(desk.Open(filepath.Join(o.dir, "desk")))(t)
	for name := range members {
		o.newToken(name)
	}
	o.newToken("station")
	o.headquarters(o.country())
	return o
}

func (o *office) newToken(name string) {
	path := filepath.Join(o.dir, name+".token")
	cheap := token.Options{Passes: 1, MemoryKiB: 64, Lanes: 1}
	k := must(token.Create(path, []byte("open sesame"), cheap))(o.t)
	o.t.Cleanup(func() { _ = k.Close() })
	o.keys[name] = k
}

// reopenToken plugs a token in again after a lock has closed it.
func (o *office) reopenToken(name string) {
	o.t.Helper()
	k := must(token.Open(filepath.Join(o.dir, name+".token"), []byte("open sesame")))(o.t)
	o.t.Cleanup(func() { _ = k.Close() })
	o.keys[name] = k
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
}

// country makes CSCA and document signer.
func (o *office) country() vault.Signer {
	t := o.t
	root, signer := newKey(t), newKey(t)
	midnight := time.Now().AddDate(0, 0, -7).UTC().Truncate(24 * time.Hour)
	ten := pki.Span{Years: 10}
	csca := must(pki.NewCSCA(pki.CSCASpec{
		Subject: pki.Name{Country: "UT", Organization: "Test", CommonName: "CSCA", SerialNumber: "1"},
		AltName: pki.AltName{Locality: "UTO"}, CRLPoints: []string{"https://example.org/UTO.crl"}, NotBefore: midnight,
		KeyUse: pki.Span{Years: 3}, SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: ten,
	}, root, rand.Reader))(t)
	dsc := must(pki.NewDocumentSigner(pki.SignerSpec{
		Subject:       pki.Name{Country: "UT", Organization: "Test", CommonName: "DS", SerialNumber: "1"},
		DocumentTypes: []string{"P"}, NotBefore: midnight, KeyUse: pki.Span{Months: 3}, DocumentValidity: ten,
	}, signer.Public(), csca, root, rand.Reader))(t)
	o.trust = pki.NewTrustStore()
	if err := o.trust.AddAnchor(csca, "test"); err != nil {
		t.Fatal(err)
	}
	o.charter.Anchors = [][]byte{csca.Raw}
	o.root, o.csca = root, csca
	return vault.Signer{Key: signer, Certificate: dsc}
}

// headquarters starts the ledger on loopback and makes the vault.
func (o *office) headquarters(document vault.Signer) {
	t := o.t
	if err := toml.Unmarshal(resources.UtopiaProfile, &o.charter.Profile); err != nil {
		t.Fatal(err)
	}
	o.charter.Profile.ViewsPerDay = 0 // quotas have tests of their own
	vaultToken := must(token.Create(filepath.Join(o.dir, "vault.token"), []byte("x"),
		token.Options{Passes: 1, MemoryKiB: 64, Lanes: 1}))(t)
	o.charter.Version, o.charter.Station, o.charter.StationID = 1, stationID, o.keys["station"].KeyID()
	o.charter.Vault, o.charter.VaultSPKI = vaultToken.HPKEPublic(), must(x509.MarshalPKIXPublicKey(vaultToken.Public()))(t)
	registered := o.appoint()
	private, public, err := note.GenerateKey(rand.Reader, "ledger.test")
	if err != nil {
		t.Fatal(err)
	}
	verifier := must(note.NewVerifier(public))(t)
	o.charter.Ledger, o.open = public, &verifier
	o.line = &line{signer: must(note.NewSigner(private))(t), verifier: verifier, registered: registered}
	stationWire, vaultWire := o.connect(verifier, vaultToken)
	o.openLedger(filepath.Join(o.dir, "ledger"))
	o.wire, o.post = stationWire, post{opener: vaultToken, key: vaultToken, ledger: vaultWire}
	o.vault = &vault.Vault{
		Ledger: vaultWire, Key: vaultToken, Opener: vaultToken, Document: document, Now: time.Now,
		Diary: o.diary(vaultToken), DuplicateKey: bytes.Repeat([]byte{7}, 32),
		Log: slog.New(slog.DiscardHandler),
		Offices: func() ([]vault.Office, error) {
			all := []vault.Office{{Charter: o.charter, HPKE: o.keys["station"].HPKEPublic(), SPKI: registered.Key}}
			for _, b := range o.branches {
				own := must(x509.MarshalPKIXPublicKey(b.keys["station"].Public()))(t)
				all = append(all, vault.Office{Charter: b.charter, HPKE: b.keys["station"].HPKEPublic(), SPKI: own})
			}
			return all, nil
		},
	}
}

// appoint puts the office's people into its charter, and returns what the ledger registers.
func (o *office) appoint() ledger.Station {
	t := o.t
	own := must(x509.MarshalPKIXPublicKey(o.keys["station"].Public()))(t)
	registered := ledger.Station{ID: o.charter.Station, Epoch: 1, Key: own}
	o.charter.StationID, o.charter.Officers = o.keys["station"].KeyID(), nil
	for name, roles := range members {
		k := o.keys[name]
		der := must(x509.MarshalPKIXPublicKey(k.Public()))(t)
		o.charter.Officers = append(o.charter.Officers, station.Officer{
			Pseudonym: name, KeyID: k.KeyID(), Roles: roles, SPKI: der, HPKE: k.HPKEPublic(),
		})
		registered.Officers = append(registered.Officers, ledger.Officer{Key: der, Roles: []string{"officer"}})
	}
	return registered
}

// branch is another office of the same headquarters, with people of its own and the devices of the first.
func (o *office) branch(name string) *office {
	t := o.t
	t.Helper()
	b := *o
	b.dir, b.keys, b.branches, b.offers = t.TempDir(), map[string]*token.File{}, nil, nil
	for who := range members {
		b.newToken(who)
	}
	b.newToken("station")
	b.charter.Station = name
	if err := o.ledger.Register(t.Context(), b.appoint()); err != nil {
		t.Fatal(err)
	}
	b.wire = o.reach(b.keys["station"], wire.Peer{Name: name, Role: wire.RoleStation})
	o.branches = append(o.branches, &b)
	return &b
}

// diary opens the vault's diary.
func (o *office) diary(key crypto.Signer) *vault.Diary {
	d := must(vault.OpenDiary(filepath.Join(o.dir, "diary"), key))(o.t)
	o.t.Cleanup(func() { _ = d.Close() })
	return d
}

// connect runs the ledger's server and returns a client for the station and one for the vault.
func (o *office) connect(verifier note.Verifier, vaultToken *token.File) (forStation, forVault *client.Client) {
	t := o.t
	rootKey, serverKey := newKey(t), newKey(t)
	now, year := time.Now(), 365*24*time.Hour
	root := must(wire.NewRoot(rootKey, "test", now, year))(t)
	issuer := wire.Issuer{Root: root, Key: rootKey}
	server := must(issuer.Server(serverKey.Public(), []string{"127.0.0.1"}, now, year))(t)
	o.line.listen(t, wire.ServerTLS(wire.Pair(server, serverKey), root, time.Now))
	reach := func(k *token.File, p wire.Peer) *client.Client {
		own := must(issuer.Client(k.Public(), p, now, year))(t)
		return must(client.New(client.Options{
			BaseURL: "https://" + o.line.address, Certificate: wire.Pair(own, k), Root: root, Ledger: verifier,
			Clock: func() time.Time { return time.Time{} }, Dial: o.dial,
		}))(t)
	}
	o.reach = reach
	return reach(o.keys["station"], wire.Peer{Name: stationID, Role: wire.RoleStation}),
		reach(vaultToken, wire.Peer{Name: "vault", Role: wire.RoleVault})
}

func (o *office) devices() {
	scanner := httptest.NewServer(virtualscanner.New(virtualscanner.Settings{
		Desk: o.table, Pages: o.pages, Seed: 1, SkewDeg: 1, ShiftMM: 3,
	}))
	o.t.Cleanup(scanner.Close)
	o.scanURL = scanner.URL + "/eSCL"
	o.printer = must(virtualprinter.Open(filepath.Join(o.dir, "desk"),
		virtualprinter.Options{PrintTime: time.Millisecond}))(o.t)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(o.t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- o.printer.Serve(ctx, listener) }()
	o.t.Cleanup(func() { stop(); <-ended })
	o.inkURL = "ipp://" + listener.Addr().String() + virtualprinter.Path
}

// stock has the maker send blanks and headquarters allocate them.
func (o *office) stock(blanks int) {
	t := o.t
	made, master, err := virtualchip.Maker{
		Rand: rand.Reader, Prefix: "UT", Start: 4200001,
		Page: func(serial, path string) error { return os.WriteFile(path, drawnBlank(t, serial), 0o600) },
	}.MakeBlanks(o.table, blanks)
	if err != nil {
		t.Fatal(err)
	}
	o.vault.Masters = func(string) ([]byte, error) { return append([]byte(nil), master...), nil }
	m := event.Manifest{Maker: made.Maker, Product: made.Product}
	for _, b := range made.Blanks {
		m.Blanks = append(m.Blanks, event.Blank{Serial: station.Serial(b.Serial), ChipID: b.ChipID})
	}
	o.offers = []vault.Allocation{{Station: stationID, Manifest: m}}
	o.round()
}

// drawn keeps the pages of blanks by serial: every office of these tests has the same ones.
var drawn sync.Map

// drawnBlank is the PNG of a blank's preprinted page.
func drawnBlank(t testing.TB, serial string) []byte {
	t.Helper()
	if known, ok := drawn.Load(serial); ok {
		return known.([]byte)
	}
	img := must(printing.RenderBlank(t.Context(), serial, must(printing.Utopia())(t), 300))(t)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	drawn.Store(serial, b.Bytes())
	return b.Bytes()
}

// round lets the vault do its work.
func (o *office) round() {
	o.t.Helper()
	if _, err := o.vault.Round(o.t.Context(), o.offers); err != nil {
		o.t.Fatal(err)
	}
}

// Put implements issuance.Hand: a book that lies on the reader is in the slot.
func (o *office) Put(_ context.Context, serial station.Serial, at issuance.Spot) error {
	o.slot.Put(nil)
	err := o.table.Move(string(serial), desk.Place(at))
	if err != nil || at != issuance.SpotReader || o.dead[serial] {
		return err
	}
	c, err := virtualchip.Open(virtualchip.FileStore{Path: o.table.ChipPath(string(serial))}, rand.Reader)
	if err != nil {
		return err
	}
	o.slot.Put(c)
	return nil
}

// desk opens the station as after a start of the program, on an open day; wrap may stand between it
// and its store.
func (o *office) desk(wrap func(issuance.Store) issuance.Store) *issuance.Desk {
	o.t.Helper()
	d := o.rawDesk()
	o.openDay(d)
	if wrap != nil {
		d.Store = wrap(d.Store)
	}
	return d
}

// rawDesk opens the station and does nothing in it.
func (o *office) rawDesk() *issuance.Desk {
	t := o.t
	t.Helper()
	store := must(sqlite.Open(t.Context(), filepath.Join(o.dir, "station.db")))(t)
	t.Cleanup(func() { _ = store.Close() })
	d := &issuance.Desk{
		Store: store, Charter: o.charter, Key: o.keys["station"], Headquarters: o.wire,
		Hand: o, Trust: o.trust, Vault: must(seal.ParsePublic(o.charter.Vault))(t), Ledger: *o.open,
		VaultKey: func(journal.Entry) (*ecdsa.PublicKey, error) {
			pub, err := x509.ParsePKIXPublicKey(o.charter.VaultSPKI)
			return pub.(*ecdsa.PublicKey), err
		},
		Layout: must(printing.Utopia())(t), DPI: 300, SignsHere: o.ownSigner != nil,
		Now: func() time.Time { return o.clock() }, Log: slog.New(slog.DiscardHandler),
	}
	if o.scanURL != "" {
		d.Scanner = watchdog.NewScanner(must(escl.New(o.scanURL, nil, escl.Timing{}))(t), watchdog.Limits{})
		d.Printer = watchdog.NewPrinter(must(ipp.New(o.inkURL, nil, ipp.Options{}))(t), watchdog.Limits{})
		d.Encoder = must(chip.NewEncoder(o.slot, chip.Options{}))(t)
	}
	return d
}

// openDay begins the day if nobody has: two officers count the safe and find what the record says.
func (o *office) openDay(d *issuance.Desk) {
	o.t.Helper()
	if _, err := d.Today(o.t.Context()); !errors.Is(err, issuance.ErrDayClosed) {
		return
	}
	must(d.OpenDay(o.t.Context(), o.seat(d, "A"), o.seat(d, "C"), o.count(d)))(o.t)
}

// count is what an honest custodian finds in the safe.
func (o *office) count(d *issuance.Desk) int {
	o.t.Helper()
	_, expected, err := d.Checklist(o.t.Context(), 0)
	if err != nil {
		o.t.Fatal(err)
	}
	return expected
}

func (o *office) seat(d *issuance.Desk, name string) issuance.Seat {
	o.t.Helper()
	return must(d.SignIn(o.keys[name]))(o.t)
}

// receive counts everything that was allocated into the safe.
func (o *office) receive(d *issuance.Desk) error {
	if _, err := o.sync(o.t.Context(), d); err != nil {
		return err
	}
	counted, err := o.delivered(d)
	if err != nil || len(counted) == 0 {
		return err
	}
	return d.ReceiveStock(o.t.Context(), o.seat(d, "A"), o.seat(d, "C"), counted)
}

// delivered is what custodians find on their table: the blanks of every bag that has come, and after the
// loss of a station those that wait to be counted again.
func (o *office) delivered(d *issuance.Desk) ([]station.Serial, error) {
	shipments, err := d.Shipments(o.t.Context())
	if err != nil {
		return nil, err
	}
	var out []station.Serial
	for _, s := range shipments {
		for _, a := range o.offers {
			if s.Stage != station.ShipmentAnnounced || a.Manifest.ID() != s.ID {
				continue
			}
			for _, b := range a.Manifest.Blanks {
				out = append(out, b.Serial)
			}
		}
	}
	books, err := d.Stock(o.t.Context())
	for _, b := range books {
		if b.State == station.StateAllocated {
			out = append(out, b.Serial)
		}
	}
	return out, err
}

func textsOf(t testing.TB, language string) map[string]string {
	t.Helper()
	return must(resources.Texts(language))(t)
}
