package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"padarozhnik/station/token"
	"padarozhnik/station/token/softhsm/softhsmtest"
)

// logbook is a log that may be read while it is written.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// wait waits until the log has a line with words.
func (l *logbook) wait(t *testing.T, words string) {
	t.Helper()
	said := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		said = l.b.String()
		l.mu.Unlock()
		if strings.Contains(said, words) {
			return
		}
	}
	t.Fatalf("the log never says %q:\n%s", words, said)
}

// TestVaultOutlivesItsToken takes the token's sessions away from a running vault: what it was about to sign
// is not signed, the log says so, and the next round signs it with a new session.
func TestVaultOutlivesItsToken(t *testing.T) {
	const pin = "393142"
	soft := softhsmtest.New(t, pin, "HQ")
	top, log := t.TempDir(), &logbook{}
	secret := filepath.Join(top, "pin")
	if err := os.WriteFile(secret, []byte(pin), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &headquarters{
		dir: filepath.Join(top, "hq"), passphraseFile: secret, now: time.Now, log: slog.New(slog.NewTextHandler(log, nil)),
		device: device{module: soft.Library, label: "HQ", pinFile: secret},
	}
	begin := h.initCommand()
	begin.SetArgs([]string{})
	begin.SetOut(io.Discard)
	if err := begin.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	enrolOffice(t, h, top)

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	address := make(chan string, 1)
	go func() { ended <- h.serve(ctx, "127.0.0.1:0", func(a string) { address <- a }) }()
	keys, err := h.store()
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	v, err := h.openVault(keys, "https://"+<-address)
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- h.rounds(ctx, v, keys, 20*time.Millisecond, false) }()
	defer func() {
		stop()
		<-ended
		<-ended
	}()
	allocateOne(t, h, top, "UT4200001")
	log.wait(t, "stock allocated")
	softhsmtest.PullOut(t, soft.Library)
	allocateOne(t, h, top, "UT4200002")
	log.wait(t, "token failed, nothing is signed until it is back")
	log.wait(t, "stock allocated\" station=UTO-01 blanks=2")
}

// enrolOffice makes a station and enrols it.
func enrolOffice(t *testing.T, h *headquarters, top string) {
	t.Helper()
	own, err := token.Create(filepath.Join(top, "station.token"), []byte("x"), token.Options{Passes: 1, MemoryKiB: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	spki, err := x509.MarshalPKIXPublicKey(own.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(top, "station.json")
	if err := writeJSON(public, publicKey{"UTO-01", own.KeyID(), spki, own.HPKEPublic()}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.enrol(t.Context(), enrolment{id: "UTO-01", key: public}); err != nil {
		t.Fatal(err)
	}
}

// allocateOne sends blanks to the station: the first delivery has one, the second two.
func allocateOne(t *testing.T, h *headquarters, top, serial string) {
	t.Helper()
	manifest, transport := filepath.Join(top, serial+".json"), filepath.Join(top, "transport.key")
	blanks := `{"serial":"` + serial + `","chipId":"01"}`
	if serial != "UT4200001" {
		blanks += `,{"serial":"UT4200003","chipId":"02"}`
	}
	for path, text := range map[string]string{
		manifest:  `{"maker":"test","product":"reference","blanks":[` + blanks + `]}`,
		transport: hex.EncodeToString(make([]byte, 16)),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.allocate("UTO-01", manifest, transport); err != nil {
		t.Fatal(err)
	}
}
