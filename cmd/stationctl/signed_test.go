package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/token/softhsm"
)

// missionSigner has headquarters give the office a document signer of its own, in a token, and the office take
// its next charter. It returns the file with the token's PIN.
func (b *bureau) missionSigner() (pin string) {
	t := b.t
	t.Helper()
	pin = b.office.Path("hsm", "pin")
	tokens, err := softhsm.At(b.office.Path("hsm"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(softhsm.Environment, tokens.Config)
	secret := strings.TrimSpace(string(read(t, pin)))
	made := exec.CommandContext(t.Context(), "softhsm2-util", "--init-token", "--free", "--label", "mission",
		"--pin", secret, "--so-pin", secret)
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	profile := filepath.Join(t.TempDir(), "mission.toml")
	text := strings.Replace(string(resources.UtopiaProfile), "\nversion = 1\n", "\nversion = 2\n", 1)
	text = strings.Replace(text, "chip_tries = 3", "chip_tries = 3\nmission_signing = \"after-clear\"\nmission_orders = 2", 1)
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	officers := []string{"--officer", b.office.Token("I-01"), "--officer", b.office.Token("C-01")}
	b.headquarters(append([]string{"profile", "sign", profile, "UTO-01"}, officers...)...)
	b.headquarters(append([]string{"issue-signer", "--mission", "UTO-01", "--mission-token", "mission",
		"--mission-pin-file", pin, "--orders", "2"}, officers...)...)
	charter := read(t, b.office.Path("headquarters", "stations", "UTO-01", "charter.cose"))
	if err := os.WriteFile(b.office.Path("station", "charter.cose"), charter, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PADAROZHNIK_TOKENS_MODULE", tokens.Library)
	t.Setenv("PADAROZHNIK_TOKENS_SIGNER", "mission")
	return pin
}

// blankKeys exchanges with headquarters until it has given the keys of blanks, without which nothing can be drafted.
func (b *bureau) blankKeys() {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		var r issuance.SyncReport
		if err := json.Unmarshal([]byte(b.ok("sync", "now", "--json")), &r); err != nil {
			b.t.Fatal(err)
		}
		if r.Directives > 0 {
			return
		}
	}
	b.t.Fatal("headquarters has given no keys of blanks")
}

// TestOrdersSignedInTheOffice: an approved case gets its order from the office's own signer, once headquarters
// has looked at the applicant, and headquarters finds the signature in its ledger.
func TestOrdersSignedInTheOffice(t *testing.T) {
	b := openBureau(t)
	token := b.enrolWithFailures()
	b.ok("case", "submit", token, "--token", b.office.Token("E-01"))
	b.refused("no-signer", "case", "sign", token, "--token", b.office.Token("A-01"))
	pin := b.missionSigner()
	b.blankKeys()
	b.decide(token)
	sign := []string{"case", "sign", token, "--token", b.office.Token("A-01"), "--pin-file", pin}
	b.refused("role", append([]string{"case", "sign", token, "--pin-file", pin}, "--token", b.office.Token("O-01"))...)
	b.refused("not-cleared", sign...)
	cleared := false
	for deadline := time.Now().Add(2 * time.Minute); ; {
		b.ok("sync", "now")
		out, stderr, status := b.run(sign...)
		if status == 0 && strings.Contains(out, token+" signed here") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not signed: %s", stderr)
		}
		cleared = cleared || b.office.Clear(t.Context(), station.CaseToken(token)) == nil
	}
	if list := b.ok("case", "list", "--token", b.office.Token("E-01")); !strings.Contains(list, token+"  ordered") {
		t.Errorf("after the signature:\n%s", list)
	}
	b.refused("stage", sign...)
	b.ok("sync", "now")
	if out := b.headquarters("vault", "signatures", "--ledger", b.setting("url")); !strings.Contains(out, "is in the ledger and keeps the rule") {
		t.Errorf("vault signatures: %s", out)
	}
}
