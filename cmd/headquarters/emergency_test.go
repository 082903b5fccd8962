package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/pki"
	"padarozhnik/station/token"
)

// bureau is a headquarters with key files, its ledger, and one enrolled station that writes by hand.
type bureau struct {
	*headquarters
	t      *testing.T
	top    string
	ledger *ledger.Ledger
	tokens map[string]*token.File
	specs  []string
	last   map[string]*journal.Signed // head of each chain
}

const bureauSecret = "393142"

func newBureau(t *testing.T) *bureau {
	t.Helper()
	top := t.TempDir()
	phrase := filepath.Join(top, "phrase")
	if err := os.WriteFile(phrase, []byte(bureauSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bureau{t: t, top: top, tokens: map[string]*token.File{}, last: map[string]*journal.Signed{}}
	b.headquarters = &headquarters{
		dir: filepath.Join(top, "hq"), passphraseFile: phrase, now: time.Now, log: slog.New(slog.DiscardHandler),
		cost: token.Options{Passes: 1, MemoryKiB: 64},
	}
	b.must(b.initCommand())
	for _, name := range []string{"anna", "boris", "E", "A", "O", "I", "station"} {
		b.newToken(name)
	}
	b.specs = []string{"--officer", filepath.Join(top, "anna.token"), "--officer", filepath.Join(top, "boris.token")}
	e := enrolment{id: "UTO-01", key: b.publicFile("station")}
	for name, roles := range map[string]string{"E": "enrol", "A": "approve,custody", "O": "operate", "I": "inspect"} {
		e.officers = append(e.officers, b.publicFile(name)+"="+roles)
	}
	if _, err := b.enrol(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	b.openLedger()
	return b
}

func (b *bureau) newToken(name string) {
	cheap := token.Options{Passes: 1, MemoryKiB: 64}
	f, err := token.Create(filepath.Join(b.top, name+".token"), []byte(bureauSecret), cheap)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = f.Close() })
	b.tokens[name] = f
}

func (b *bureau) publicFile(name string) string {
	f := b.tokens[name]
	spki, err := x509.MarshalPKIXPublicKey(f.Public())
	if err != nil {
		b.t.Fatal(err)
	}
	path := filepath.Join(b.top, name+".json")
	if err := writeJSON(path, publicKey{name, f.KeyID(), spki, f.HPKEPublic()}); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bureau) openLedger() {
	keys, err := b.ledgerKeys()
	if err != nil {
		b.t.Fatal(err)
	}
	defer keys.Close()
	secret, err := keys.Secret(keyCheckpoint)
	if err != nil {
		b.t.Fatal(err)
	}
	signer, err := note.NewSigner(string(secret))
	if err != nil {
		b.t.Fatal(err)
	}
	_, verifier, err := b.ledgerVerifier()
	if err != nil {
		b.t.Fatal(err)
	}
	if b.ledger, err = ledger.Open(b.path("ledger"), ledger.Options{Signer: signer, Verifier: verifier}); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = b.ledger.Close() })
}

// run carries out a command; must wants it to succeed.
func (b *bureau) run(cmd *cobra.Command, args ...string) (string, error) {
	var out bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	err := cmd.ExecuteContext(b.t.Context())
	return out.String(), err
}

func (b *bureau) must(cmd *cobra.Command, args ...string) string {
	b.t.Helper()
	out, err := b.run(cmd, args...)
	if err != nil {
		b.t.Fatalf("%s %q: %v\n%s", cmd.Name(), args, err, out)
	}
	return out
}

// write puts an entry behind the head of a chain and hands it to the ledger.
func (b *bureau) write(by crypto.Signer, chain, kind, subject string, body any, blob []byte) error {
	b.t.Helper()
	c, err := b.charterOf("UTO-01")
	if err != nil {
		b.t.Fatal(err)
	}
	from := wire.Peer{Name: "UTO-01", Role: wire.RoleStation}
	e := journal.Entry{Chain: chain, Epoch: 1, Sequence: 1, Kind: kind, Subject: subject, Time: 1}
	if strings.HasSuffix(chain, journal.Directives) {
		from = wire.Peer{Name: vaultName, Role: wire.RoleVault}
	}
	if last := b.last[chain]; last != nil {
		e.Epoch, e.Sequence, e.Previous = last.Entry.Epoch, last.Entry.Sequence+1, last.ID()
	}
	if from.Role == wire.RoleStation && c.Hardware() > e.Epoch {
		e.Epoch, e.Sequence = c.Hardware(), 1
	}
	if e.Body, err = journal.Encode(body); err != nil {
		b.t.Fatal(err)
	}
	if blob != nil {
		e.Blob = &journal.Blob{Digest: sha256.Sum256(blob), Size: int64(len(blob))}
		whole := wire.Span{End: e.Blob.Size, Size: e.Blob.Size}
		if _, err := b.ledger.PutBlob(b.t.Context(), from, e.Blob.Digest, whole, bytes.NewReader(blob)); err != nil {
			b.t.Fatal(err)
		}
	}
	s, err := journal.Sign(e, by)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.ledger.Ingest(b.t.Context(), from, wire.PushRequest{Entries: [][]byte{s.Raw()}}); err != nil {
		return err
	}
	b.last[chain] = &s
	return nil
}

// issued writes the life of one book: every officer's signature, and the vault's.
func (b *bureau) issued() {
	t := b.t
	t.Helper()
	keys, err := b.store()
	if err != nil {
		t.Fatal(err)
	}
	_, vaultKey, err := b.vaultKey(keys)
	if err != nil {
		t.Fatal(err)
	}
	sealed := []byte("sealed and padded")
	blanks := []event.Blank{{Serial: "UT4200001", ChipID: []byte{1}}, {Serial: "UT4200002", ChipID: []byte{2}},
		{Serial: "UT4200003", ChipID: []byte{3}}, {Serial: "UT4200009", ChipID: []byte{4}}}
	sent := vault.Allocation{Station: "UTO-01", Manifest: event.Manifest{Product: "reference", Blanks: blanks}}
	manifest, err := sent.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(b.path("allocations", "UTO-01-UT4200001.json"), sent); err != nil {
		t.Fatal(err)
	}
	bound, sod := event.Bound{Case: "CASE-1"}, bytes.Repeat([]byte{5}, 32)
	for _, e := range []struct {
		by                   crypto.Signer
		chain, kind, subject string
		body                 any
		blob                 []byte
	}{
		{vaultKey, "UTO-01/hq", event.StockAllocated, "", event.Allocated{Product: "reference", Manifest: manifest}, nil},
		{b.tokens["E"], "UTO-01", event.CaseOpened, "CASE-1", nil, nil},
		{b.tokens["E"], "UTO-01", event.CaseSubmitted, "CASE-1", event.Submitted{Profile: 1}, sealed},
		{b.tokens["A"], "UTO-01", event.CaseApproved, "CASE-1", event.Approved{Serial: "UT4200002"}, sealed},
		{vaultKey, "UTO-01/hq", event.OrderIssued, "CASE-1", event.Ordered{Serial: "UT4200002", SOD: sod}, nil},
		{b.tokens["station"], "UTO-01", event.CaseOrdered, "CASE-1", bound, nil},
		{b.tokens["O"], "UTO-01", event.BookletEncoded, "UT4200002", event.Encoded{SOD: sod, Verdicts: []string{"CA"}}, nil},
		{b.tokens["O"], "UTO-01", event.BookletPrinted, "UT4200002", bound, nil},
		{b.tokens["I"], "UTO-01", event.BookletPassed, "UT4200002", event.Inspected{SOD: sod, Findings: []string{"MRZ"}}, nil},
		{b.tokens["E"], "UTO-01", event.CaseHanded, "UT4200002", bound, nil},
	} {
		if err := b.write(e.by, e.chain, e.kind, e.subject, e.body, e.blob); err != nil {
			t.Fatalf("%s: %v", e.kind, err)
		}
	}
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestScenario3Impostor: F3, a book turns out to be an impostor's. The chain of signatures is shown, the
// book is revoked by serial, and a token of who made it too.
func TestScenario3Impostor(t *testing.T) {
	b := newBureau(t)
	b.issued()
	var steps []traced
	if err := json.Unmarshal([]byte(b.must(b.caseCommand(), "trace", "UT4200002", "--json")), &steps); err != nil {
		t.Fatal(err)
	}
	who := map[string]string{}
	for _, s := range steps {
		if !s.Verified {
			t.Errorf("%s is not verified", s.Kind)
		}
		who[s.Kind] = s.Who
	}
	for kind, want := range map[string]string{
		event.CaseSubmitted: "E", event.CaseApproved: "A", event.OrderIssued: "vault", event.BookletPrinted: "O",
		event.BookletPassed: "I", event.CaseHanded: "E", event.CaseOrdered: "station UTO-01",
	} {
		if who[kind] != want {
			t.Errorf("%s by %q, want %q", kind, who[kind], want)
		}
	}
	if _, err := b.run(b.caseCommand(), "trace", "UT4200001"); err == nil {
		t.Error("a blank that was never ordered has a trace")
	}
	id := b.tokens["O"].KeyID()
	if _, err := b.run(b.revokeCommand(), append(b.specs[:2:2], "--book", "UT4200002", "--reason", "impostor")...); err == nil {
		t.Error("one officer revokes alone")
	}
	sentence := append(b.specs[:4:4], "--book", "UT4200002", "--reason", "he was one")
	if _, err := b.run(b.revokeCommand(), sentence...); !errors.Is(err, errUsage) {
		t.Errorf("a sentence as a reason: %v", err)
	}
	b.must(b.revokeCommand(), append(b.specs, "--book", "UT4200002", "--key", id, "--blanks", "UT4200100-UT4200199",
		"--reason", "impostor")...)
	notices, err := b.notices()
	if err != nil || len(notices) != 1 {
		t.Fatalf("%d notices: %v", len(notices), err)
	}
	r := notices[0].Revoked
	if !r.HasBlank("UT4200002") || !r.HasBlank("UT4200150") || r.HasBlank("UT4200003") || !slices.Contains(r.Officers, id) {
		t.Errorf("notice %+v", r)
	}
	c, err := b.charterOf("UTO-01")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Officer(id); ok || c.SignedOnce(id) == nil || c.Version != 2 {
		t.Errorf("charter version %d still has the officer, or has forgotten the key", c.Version)
	}
	err = b.write(b.tokens["O"], "UTO-01", event.BlankTaken, "UT4200003", event.Bound{Case: "CASE-2"}, nil)
	if !errors.Is(err, wire.UnknownKey) {
		t.Errorf("an entry of a revoked token: %v", err)
	}
	if err := b.write(b.tokens["I"], "UTO-01", event.CaseViewed, "CASE-2", nil, nil); err != nil {
		t.Errorf("an entry of another officer: %v", err)
	}
	file := b.publicFile("I")
	put(t, file, bytes.Replace(b.readFile(file), []byte(`"pseudonym": "I"`), []byte(`"pseudonym": "Zorka Horska"`), 1))
	named := enrolment{id: "UTO-01", key: b.publicFile("station"), officers: []string{file + "=inspect"}}
	if _, err := b.enrol(t.Context(), named); !errors.Is(err, errPseudonym) || strings.Contains(err.Error(), "Zorka") {
		t.Errorf("an officer by name: %v", err)
	}
	again := enrolment{id: "UTO-01", key: b.publicFile("station"), officers: []string{b.publicFile("O") + "=operate"}}
	if _, err := b.enrol(t.Context(), again); !errors.Is(err, errRevokedToken) {
		t.Errorf("a revoked token is appointed again: %v", err)
	}
	b.must(b.caseCommand(), "trace", "UT4200002")
}

// TestScenario10Forged: F3, a notice that no two officers signed is refused, wherever it was put.
func TestScenario10Forged(t *testing.T) {
	b := newBureau(t)
	b.must(b.revokeCommand(), append(b.specs, "--blanks", "UT4200100", "--reason", "stolen")...)
	if n, err := b.notices(); err != nil || len(n) != 1 {
		t.Fatalf("%d notices: %v", len(n), err)
	}
	found, err := filepath.Glob(b.path("public", "notice-*.json"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	good, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, forge := range map[string]func() string{
		"changed": func() string {
			return put(t, found[0], bytes.Replace(good, []byte("UT4200100"), []byte("UT4200999"), 1))
		},
		"of no ceremony": func() string { return put(t, b.path("public", "notice-0099.json"), good) },
		"of another ceremony": func() string {
			b.must(b.crlCommand(), b.specs...)
			last, err := b.inForce()
			if err != nil {
				t.Fatal(err)
			}
			return put(t, b.path("public", noticeFile(last)), good)
		},
	} {
		path := forge()
		if _, err := b.notices(); !errors.Is(err, errNotice) {
			t.Errorf("%s: %v", name, err)
		}
		if path == found[0] {
			put(t, path, good)
			continue
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	protocols, err := filepath.Glob(b.path("ceremonies", "*-revoke", "protocol-*.cose"))
	if err != nil || len(protocols) != 2 {
		t.Fatal(protocols, err)
	}
	one, err := os.ReadFile(protocols[0])
	if err != nil {
		t.Fatal(err)
	}
	put(t, protocols[1], one)
	if _, err := b.notices(); !errors.Is(err, errNotice) {
		t.Errorf("one signature twice: %v", err)
	}
}

func put(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestScenario10Raid: one notice takes the signer, the station and its blanks away.
func TestScenario10Raid(t *testing.T) {
	b := newBureau(t)
	b.issued()
	dsc, err := readCertificate(b.path("public", fileSigner))
	if err != nil {
		t.Fatal(err)
	}
	b.must(b.revokeCommand(), append(b.specs, "UTO-01", "--signer", dsc.SerialNumber.Text(16), "--reason", "seized")...)
	notices, err := b.notices()
	if err != nil || len(notices) != 1 {
		t.Fatalf("%d notices: %v", len(notices), err)
	}
	want := []event.Range{{First: "UT4200001", Last: "UT4200001"}, {First: "UT4200003", Last: "UT4200003"},
		{First: "UT4200009", Last: "UT4200009"}}
	n := notices[0]
	sum := sha256.Sum256(dsc.Raw)
	if !slices.Equal(n.Revoked.Blanks, want) || !slices.Equal(n.Stations, []string{"UTO-01"}) ||
		len(n.Revoked.Signers) != 1 || !bytes.Equal(n.Revoked.Signers[0], sum[:]) {
		t.Errorf("notice %+v", n)
	}
	raw, err := os.ReadFile(b.path("public", fileCRL))
	if err != nil {
		t.Fatal(err)
	}
	if crl, err := pki.ParseCRL(raw); err != nil || !crl.Revokes(dsc) {
		t.Errorf("the list does not have the signer: %v", err)
	}
	if err := b.write(b.tokens["E"], "UTO-01", event.CaseOpened, "CASE-2", nil, nil); !errors.Is(err, wire.Revoked) {
		t.Errorf("an entry of a seized station: %v", err)
	}
}

func (b *bureau) rootKey(t *testing.T) *ecdsa.PublicKey {
	t.Helper()
	c, err := b.headquarters.certificate("public", "root.der")
	if err != nil {
		t.Fatal(err)
	}
	return c.PublicKey.(*ecdsa.PublicKey)
}

// TestReplaceOfficerAndStation gives an officer another token and a station other hardware.
func TestReplaceOfficerAndStation(t *testing.T) {
	b := newBureau(t)
	b.issued()
	for _, name := range []string{"E2", "station2"} {
		b.newToken(name)
	}
	replaceOfficer := []string{"replace", "UTO-01", b.tokens["E"].KeyID(), "--with", b.publicFile("E2"), "--reason", "lost"}
	if _, err := b.run(b.officerCommand(), append(replaceOfficer, b.specs[:2]...)...); err == nil {
		t.Error("one officer replaces a token alone")
	}
	b.must(b.officerCommand(), append(replaceOfficer, b.specs...)...)
	if _, err := b.run(b.officerCommand(), append(replaceOfficer, b.specs...)...); !errors.Is(err, errSameKey) {
		t.Errorf("the same token again: %v", err)
	}
	c, err := b.charterOf("UTO-01")
	if err != nil {
		t.Fatal(err)
	}
	o, ok := c.Officer(b.tokens["E2"].KeyID())
	if !ok || o.Pseudonym != "E" || !slices.Equal(o.Roles, []station.Role{station.RoleEnrol}) {
		t.Errorf("officer %+v", o)
	}
	if err := b.write(b.tokens["E"], "UTO-01", event.CaseOpened, "CASE-2", nil, nil); !errors.Is(err, wire.UnknownKey) {
		t.Errorf("an entry of the lost token: %v", err)
	}
	if err := b.write(b.tokens["E2"], "UTO-01", event.CaseOpened, "CASE-2", nil, nil); err != nil {
		t.Errorf("an entry of the new token: %v", err)
	}
	replaceStation := []string{"replace", "UTO-01", "--key", b.publicFile("station2"), "--reason", "destroyed"}
	b.must(b.stationCommand(), append(replaceStation, b.specs...)...)
	if c, err = b.charterOf("UTO-01"); err != nil || c.Epoch != 2 || c.StationID != b.tokens["station2"].KeyID() {
		t.Errorf("charter epoch %d: %v", c.Epoch, err)
	}
	if err := b.write(b.tokens["station"], "UTO-01", event.StationResumed, "", nil, nil); !errors.Is(err, wire.UnknownKey) {
		t.Errorf("an entry of the old hardware: %v", err)
	}
	if err := b.write(b.tokens["station2"], "UTO-01", event.StationResumed, "", nil, nil); err != nil {
		t.Errorf("an entry of the new hardware: %v", err)
	}
	offices, err := b.offices(b.rootKey(t))
	if err != nil || len(offices) != 1 || !bytes.Equal(offices[0].HPKE, b.tokens["station2"].HPKEPublic()) {
		t.Errorf("the vault seals to another key: %v", err)
	}
	b.must(b.caseCommand(), "trace", "UT4200002") // by keys that are all gone or replaced
	if audit, err := b.ledger.Verify(t.Context(), nil); err != nil || !audit.OK() {
		t.Errorf("audit: %v %v", audit, err)
	}
}
