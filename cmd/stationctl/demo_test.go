package main_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/lds"
	"padarozhnik/station/mrz"
	"padarozhnik/station/pki"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/token/softhsm/softhsmtest"
)

// TestDemo leads one applicant through an office made of real processes, and then looks at what is
// left with other eyes than the program's own.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	_, stderr, status := stationctl(t, "demo", "--out", dir)
	if status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	r := readReport(t, dir)
	if !r.OK || r.Serial == "" {
		t.Fatalf("report: %+v", r)
	}
	t.Run("files", func(t *testing.T) { checkFiles(t, dir) })
	t.Run("SOD by OpenSSL", func(t *testing.T) { checkSODByOpenSSL(t, dir) })
	t.Run("chain and hashes", func(t *testing.T) { checkChain(t, dir) })
	t.Run("certificates by OpenSSL", func(t *testing.T) { checkCertificates(t, dir) })
	t.Run("page and chip by their tools", func(t *testing.T) { checkTools(t, dir, r) })
	t.Run("lint", func(t *testing.T) { checkLint(t, dir) })
	t.Run("journal", func(t *testing.T) {
		out, stderr, status := stationctl(t, "journal", "verify", "--config", filepath.Join(dir, "office/station/station.toml"),
			"--passphrase-file", filepath.Join(dir, "office/passphrase"))
		if status != 0 || !strings.Contains(out, "the journal holds") {
			t.Errorf("%d: %s%s", status, out, stderr)
		}
	})
	t.Run("nothing personal in clear", func(t *testing.T) { checkClear(t, dir) })
	t.Run("no key of the vault in a file", func(t *testing.T) { checkVaultKeys(t, filepath.Join(dir, "office")) })
}

// checkVaultKeys: headquarters' keys are in its token and nowhere else.
func checkVaultKeys(t *testing.T, office string) {
	if _, err := os.Stat(filepath.Join(office, "headquarters/vault/keys.token")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the vault has a key file: %v", err)
	}
}

// TestDemoWithTheVaultInAToken leads an applicant through an office whose headquarters has its keys in a
// PKCS #11 token that somebody brought: the vault opens the sealed case and signs the order there.
func TestDemoWithTheVaultInAToken(t *testing.T) {
	const pin = "393142"
	soft := softhsmtest.New(t, pin, "HQ")
	dir, pinFile := t.TempDir(), filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(pinFile, []byte(pin), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"demo", "--out", dir, "--pkcs11", soft.Library, "--token", "HQ", "--pin-file", pinFile}
	if _, stderr, status := stationctl(t, args...); status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	if r := readReport(t, dir); !r.OK || r.Serial == "" {
		t.Fatalf("report: %+v", r)
	}
	t.Run("SOD by OpenSSL", func(t *testing.T) { checkSODByOpenSSL(t, dir) })
	t.Run("chain and hashes", func(t *testing.T) { checkChain(t, dir) })
	office := filepath.Join(dir, "office")
	checkVaultKeys(t, office)
	out, stderr, status := stationctl(t, "trust", "list", "--config", filepath.Join(office, "station/station.toml"))
	if status != 0 || !strings.HasPrefix(out, "UT  key ") || !strings.HasSuffix(out, "  charter\n") {
		t.Errorf("trust list: %d: %s%s", status, out, stderr)
	}
}

// checkLint has every conformity check run over the finished chip.
func checkLint(t *testing.T, dir string) {
	out, stderr, status := stationctl(t, "lds", "lint", filepath.Join(dir, "chip"), "--json")
	if status != 0 {
		t.Errorf("lds lint: %d: %s%s", status, out, stderr)
	}
	broken := t.TempDir()
	for _, name := range []string{"EF.COM", "EF.SOD", "EF.CardAccess", "DG1", "DG2", "DG14"} {
		b := read(t, dir, "chip", name+".bin")
		if name == "DG2" {
			b[len(b)-100] ^= 1
		}
		if err := os.WriteFile(filepath.Join(broken, name+".bin"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, status := stationctl(t, "lds", "lint", broken, "--trust", filepath.Join(dir, "trust")); status != 1 {
		t.Errorf("a changed portrait: exit status %d", status)
	}
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func checkFiles(t *testing.T, dir string) {
	for _, name := range []string{
		"page.png", "page.pwg", "chip/EF.COM.bin", "chip/EF.SOD.bin", "chip/EF.ATR-INFO.bin", "chip/EF.CardAccess.bin",
		"chip/DG1.bin", "chip/DG2.bin", "chip/DG14.bin", "trust/csca.der", "trust/dsc.der", "trust/csca.crl",
		"ledger/entries.jsonl", "order/order.json",
	} {
		if len(read(t, dir, name)) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}

func checkSODByOpenSSL(t *testing.T, dir string) {
	sod := read(t, dir, "chip/EF.SOD.bin")
	if sod[0] != 0x77 || sod[1] != 0x82 {
		t.Fatalf("EF.SOD begins %x", sod[:4])
	}
	inner := filepath.Join(t.TempDir(), "sod.der")
	if err := os.WriteFile(inner, sod[4:], 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", inner,
		"-out", os.DevNull).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Verification successful") {
		t.Errorf("openssl: %v: %s", err, out)
	}
}

func checkChain(t *testing.T, dir string) {
	sod, err := lds.ParseSOD(read(t, dir, "chip/EF.SOD.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for n, name := range map[int]string{1: "DG1", 2: "DG2", 14: "DG14"} {
		sum := sha256.Sum256(read(t, dir, "chip", name+".bin"))
		if !bytes.Equal(sum[:], sod.DataGroups[n]) {
			t.Errorf("EF.SOD's hash of %s is not that of the file", name)
		}
	}
	trust, err := pki.LoadTrustDir(filepath.Join(dir, "trust"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust.VerifyIssue(sod.Signer, time.Now(), "PP"); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(sod.Signer.Raw, read(t, dir, "trust/dsc.der")) {
		t.Error("EF.SOD carries another document signer")
	}
	if n := len(read(t, dir, "order/portrait.jpg")); n > 20480 {
		t.Errorf("portrait of %d bytes", n)
	}
}

// checkCertificates has OpenSSL read both certificates: explicit parameters, and every extension
// of the profile.
func checkCertificates(t *testing.T, dir string) {
	common := []string{"Field Type: prime-field", "Cofactor:  1", "Private Key Usage Period", "Subject Alternative Name",
		"Issuer Alternative Name", "CRL Distribution Points", "Key Usage: critical", "L = UTO|L=UTO"}
	for file, want := range map[string][]string{
		"csca.der": append([]string{"CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "Subject Key Identifier"}, common...),
		"dsc.der":  append([]string{"Digital Signature", "Authority Key Identifier", "2.23.136.1.1.6.2"}, common...),
	} {
		out, err := exec.Command("openssl", "x509", "-inform", "DER", "-noout", "-text",
			"-in", filepath.Join(dir, "trust", file)).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", file, err, out)
		}
		for _, w := range want {
			if !regexp.MustCompile(w).Match(out) && !strings.Contains(string(out), w) {
				t.Errorf("%s lacks %q", file, w)
			}
		}
		if file == "dsc.der" && bytes.Contains(out, []byte("Basic Constraints")) {
			t.Error("the document signer has basic constraints")
		}
	}
}

// checkTools reads the printed page with the recogniser's command and the chip with its own zone.
func checkTools(t *testing.T, dir string, r report) {
	out, stderr, status := stationctl(t, "mrz", "read", filepath.Join(dir, "page.png"), "--dpi", "600")
	lines := strings.Fields(out)
	if status != 0 || len(lines) != 2 {
		t.Fatalf("mrz read: %d: %s%s", status, out, stderr)
	}
	doc, err := mrz.Parse(lines)
	if err != nil || doc.Number != r.Serial {
		t.Errorf("page says %s, %v", doc.Number, err)
	}
	dg1, err := lds.ParseDG1(read(t, dir, "chip/DG1.bin"))
	if err != nil || dg1.MRZ != strings.Join(lines, "") {
		t.Errorf("DG1 and page differ: %v", err)
	}
	if _, stderr, status := stationctl(t, "mrz", "check", strings.Join(lines, "")); status != 0 {
		t.Errorf("mrz check: %s", stderr)
	}
	checkPages(t, dir, r)
	if _, stderr, status := stationctl(t, "portrait", "check", filepath.Join(dir, "order/portrait.jpg")); status != 0 {
		t.Errorf("portrait check: %s", stderr)
	}
}

// checkClear searches everything that a station keeps for its applicant. The order and the chip
// beside it are the demo's specimens, opened on purpose.
func checkClear(t *testing.T, dir string) {
	for _, root := range []string{"office/station", "office/headquarters", "ledger"} {
		err := filepath.WalkDir(filepath.Join(dir, root), func(path string, e os.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			raw := read(t, path)
			for _, planted := range []string{"VANDROUNAIA", "Вандроўная", "ZORKA", "910514", "1991-05-14"} {
				if bytes.Contains(raw, []byte(planted)) {
					t.Errorf("%s holds %q", strings.TrimPrefix(path, dir), planted)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestKillAtEachStep kills the station's process with SIGKILL in each step of the demo, one after
// another, and starts it again. Every case must come to its hand-over, each on one booklet.
func TestKillAtEachStep(t *testing.T) {
	dir := t.TempDir()
	for i, step := range []string{
		"prepare", "start", "open", "stock", "day", "enrol", "old-passport", "portrait", "submit", "seal", "approve", "order",
		"take", "encode", "print", "inspect", "files", "hand-over", "close",
	} {
		wait := time.Duration(i%4) * 15 * time.Millisecond
		if step == "print" {
			wait = 900 * time.Millisecond // into the ink
		}
		if !killedDemo(t, dir, step, wait) {
			// The last kill fell behind the step: the next case has it.
			killedDemo(t, dir, step, wait)
		}
	}
	if _, stderr, status := stationctl(t, "demo", "--out", dir); status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	checkBookkeeping(t, filepath.Join(dir, "office/station/station.db"))
}

// checkBookkeeping holds cases against booklets.
func checkBookkeeping(t *testing.T, path string) {
	store, err := sqlite.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = store.View(t.Context(), func(tx issuance.Tx) error {
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		books, err := tx.AllBooklets()
		if err != nil {
			return err
		}
		owner := map[station.Serial]station.CaseToken{}
		for _, c := range cases {
			if c.Open() {
				t.Errorf("case %s is %s", c.Token, c.Stage)
			}
			owner[c.Serial] = c.Token
			for _, s := range c.Spoiled {
				owner[s] = c.Token
			}
		}
		handed := 0
		for _, b := range books {
			switch b.State {
			case station.StateHanded:
				handed++
				if owner[b.Serial] != b.Case {
					t.Errorf("booklet %s of case %s was handed over for %s", b.Serial, b.Case, owner[b.Serial])
				}
			case station.StateAvailable, station.StateSpoiled:
			default:
				t.Errorf("booklet %s is left %s", b.Serial, b.State)
			}
		}
		if handed != len(cases) {
			t.Errorf("%d booklets for %d cases", handed, len(cases))
		}
		t.Logf("%d cases, %d booklets", len(cases), len(books))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
