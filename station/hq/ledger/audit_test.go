package ledger_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// tamper runs statements on the ledger's file behind its back.
func (h *headquarters) tamper(t *testing.T, statements ...string) {
	t.Helper()
	db, err := sql.Open(h.on.driver, h.on.source(h.place))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if h.on.driver == "pgx" {
		statements = append([]string{"SET session_replication_role = replica"}, statements...) // no foreign keys
	} else {
		for _, name := range []string{"entries_stay", "entries_same", "hashes_stay", "hashes_same",
			"checkpoints_stay", "checkpoints_same"} {
			statements = append([]string{"DROP TRIGGER " + name}, statements...)
		}
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// inPostgres says in the words of PostgreSQL what the tests below say in those of SQLite.
var inPostgres = strings.NewReplacer("x'0000'", `'\x0000'::bytea`, "x'5a5a5a5a'", `'\x5a5a5a5a'::bytea`,
	"zeroblob(32)", `decode(repeat('00', 32), 'hex')`, "zeroblob(length(data))", `decode(repeat('00', length(data)), 'hex')`,
	"CAST(replace(CAST(note AS TEXT), 'example', 'exemple') AS BLOB)",
	"convert_to(replace(convert_from(note, 'UTF8'), 'example', 'exemple'), 'UTF8')", "AS BLOB", "AS BYTEA")

func testAuditFindsTampering(t *testing.T, on engine) {
	for name, statement := range map[string]string{
		"bytes of an entry": "UPDATE entries SET raw =" +
			" CAST(substr(raw, 1, 40) || x'0000' || substr(raw, 43) AS BLOB) WHERE leaf = 4",
		"bytes of a signature": "UPDATE entries SET raw =" +
			" CAST(substr(raw, 1, length(raw) - 4) || x'5a5a5a5a' AS BLOB) WHERE leaf = 4",
		"entry taken out":      "DELETE FROM entries WHERE leaf = 3",
		"last entry taken out": "UPDATE chains SET head = 8 WHERE head = 9; DELETE FROM entries WHERE leaf = 9",
		"entries swapped": "UPDATE entries SET leaf = 100 WHERE leaf = 2;" +
			" UPDATE entries SET leaf = 2 WHERE leaf = 3; UPDATE entries SET leaf = 3 WHERE leaf = 100",
		"column of an entry": "UPDATE entries SET chain = 'UTO-02' WHERE leaf = 4",
		"node of the tree":   "UPDATE hashes SET hash = zeroblob(32) WHERE place = 2",
		"node too many":      "INSERT INTO hashes (place, hash) VALUES (1000, zeroblob(32))",
		"node gone":          "DELETE FROM hashes WHERE place = 7",
		"checkpoint changed": "UPDATE checkpoints SET note =" +
			" CAST(replace(CAST(note AS TEXT), 'example', 'exemple') AS BLOB) WHERE size = 10",
		"checkpoint moved":      "UPDATE checkpoints SET size = 9 WHERE size = 10",
		"checkpoint gone":       "DELETE FROM checkpoints WHERE size = 10",
		"blob changed":          "UPDATE pieces SET data = zeroblob(length(data))",
		"blob gone":             "DELETE FROM blobs",
		"pieces of a blob gone": "DELETE FROM pieces",
		"key gone":              "DELETE FROM keys WHERE party = 'UTO-01'",
		"head of another entry": "UPDATE chains SET head = 2 WHERE name = 'UTO-01'",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHeadquarters(t, on)
			h.fill(t)
			h.mustHold(t)
			if on.driver == "pgx" {
				statement = inPostgres.Replace(statement)
			}
			h.tamper(t, strings.Split(statement, ";")...)
			a := h.audit(t)
			if a.OK() {
				t.Fatal("not found")
			}
			if !errors.Is(a.Findings[0].Err, ledger.ErrTampered) {
				t.Errorf("finding %v", a.Findings[0].Err)
			}
		})
	}
}

// fill stores ten entries, one of them with a blob.
func (h *headquarters) fill(t *testing.T) {
	t.Helper()
	data := make([]byte, 4096)
	data[0] = 1
	b := journal.Blob{Digest: sha256.Sum256(data), Size: 4096}
	if err := h.put(utopia1, b.Digest, data); err != nil {
		t.Fatal(err)
	}
	first := sign(t, h.one, journal.Entry{Chain: "UTO-01", Epoch: 1, Sequence: 1, Kind: "case.submitted", Blob: &b})
	h.must(t, utopia1, first)
	h.must(t, utopia1, chain(t, h.officer, "UTO-01", 7, &first)...)
	h.must(t, vault, chain(t, h.hq, "UTO-01/hq", 2, nil)...)
}

func testRewrittenHistoryDoesNotMatchSignedCheckpoints(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	h.fill(t)
	seen, err := h.Checkpoint(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	old, err := journal.ParseCheckpoint(seen.Checkpoint, h.verifier)
	if err != nil {
		t.Fatal(err)
	}
	// An insider with every key builds another ledger of the same and more entries.
	other := *h
	other.place = on.place(t)
	other.open(t)
	defer other.Close()
	if err := other.Register(context.Background(), other.first(t)); err != nil {
		t.Fatal(err)
	}
	other.must(t, utopia1, chain(t, h.one, "UTO-01", 12, nil)...)
	a, err := other.Checkpoint(context.Background(), old.Size)
	if err != nil {
		t.Fatal(err)
	}
	now, err := journal.ParseCheckpoint(a.Checkpoint, h.verifier)
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.VerifyConsistency(old, now, a.Consistency); !errors.Is(err, journal.ErrRewritten) {
		t.Errorf("got %v", err)
	}
}

func testOpenRefuses(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	_ = h.Close()
	signer, verifier := checkpointKey(t)
	_, err := ledger.Open(h.place, ledger.Options{Signer: signer, Verifier: verifier})
	if !errors.Is(err, ledger.ErrWrongKey) {
		t.Errorf("another ledger's key: %v", err)
	}
	_, err = ledger.Open(h.place, ledger.Options{Signer: signer, Verifier: h.verifier})
	if !errors.Is(err, ledger.ErrWrongKey) {
		t.Errorf("halves that do not belong together: %v", err)
	}
	foreign := on.place(t)
	db, err := sql.Open(on.driver, on.source(foreign))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE something (x INTEGER)"); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	if _, err := ledger.Open(foreign, ledger.Options{Verifier: verifier}); !errors.Is(err, ledger.ErrForeign) {
		t.Errorf("foreign database: %v", err)
	}
	admin, err := ledger.Open(h.place, ledger.Options{Verifier: h.verifier})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	_, err = admin.Ingest(context.Background(), utopia1, wire.PushRequest{Entries: [][]byte{{0}}})
	if !errors.Is(err, ledger.ErrNoSigner) {
		t.Errorf("push without the checkpoint key: %v", err)
	}
}

func testAdministrationBesideTheServer(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	admin, err := ledger.Open(h.place, ledger.Options{Verifier: h.verifier})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	third := newKey(t)
	h.must(t, utopia1, chain(t, h.one, "UTO-01", 2, nil)...)
	err = admin.Register(context.Background(), ledger.Station{ID: "UTO-03", Epoch: 1, Key: spki(t, third)})
	if err != nil {
		t.Fatal(err)
	}
	h.must(t, wire.Peer{Name: "UTO-03", Role: wire.RoleStation}, chain(t, third, "UTO-03", 1, nil)...)
	h.mustHold(t)
}

const childPlace = "PADAROZHNIK_TEST_LEDGER"

// TestKilledServerKeepsWhatItAcknowledged starts this test binary as a writer, kills it in the
// middle of pushes, and looks for every receipt that it had printed.
func testKilledServerKeepsWhatItAcknowledged(t *testing.T, on engine) {
	private, public, err := note.GenerateKey(rand.Reader, "ledger.utopia.example")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	place := on.place(t)
	for round := range 6 {
		acknowledged := killedWriter(t, place, private, public, round+1, time.Duration(20+round*37)*time.Millisecond)
		l, err := ledger.Open(place, ledger.Options{Verifier: verifier})
		if err != nil {
			t.Fatal(err)
		}
		stored := map[string]bool{}
		for _, s := range everything(t, l) {
			stored[s.ID().String()] = true
		}
		for _, id := range acknowledged {
			if !stored[id] {
				t.Errorf("round %d: acknowledged entry lost", round)
			}
		}
		a, err := l.Verify(context.Background(), nil)
		if err != nil || !a.OK() {
			t.Errorf("round %d: %v, %+v", round, err, a.Findings)
		}
		t.Logf("round %d: %d acknowledged, %d stored", round, len(acknowledged), len(stored))
		_ = l.Close()
	}
}

// everything is what the vault is given, in the order of the tree.
func everything(t testing.TB, l *ledger.Ledger) (list []journal.Signed) {
	t.Helper()
	for after, more := int64(0), true; more; {
		a, err := l.Pull(context.Background(), vault, after, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range a.Items {
			s, err := journal.Parse(item.Entry)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, s)
		}
		after, more = a.Next, a.More
	}
	return list
}

func killedWriter(t *testing.T, place, private, public string, epoch int, life time.Duration) (ids []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestWriterChild$")
	cmd.Env = append(os.Environ(), childPlace+"="+place, "KEY="+private, "PUB="+public, fmt.Sprint("EPOCH=", epoch))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if b, err := hex.DecodeString(lines.Text()); err != nil || len(b) != 32 {
			continue
		}
		if ids = append(ids, lines.Text()); len(ids) == 1 {
			time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait()
	return ids
}

// TestWriterChild is the writer of the test above; by itself it does nothing.
func TestWriterChild(t *testing.T) {
	place := os.Getenv(childPlace)
	if place == "" {
		return
	}
	signer, err := note.NewSigner(os.Getenv("KEY"))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(os.Getenv("PUB"))
	if err != nil {
		t.Fatal(err)
	}
	h := &headquarters{place: place, signer: signer, verifier: verifier, one: newKey(t), hq: newKey(t)}
	h.open(t)
	// Every round is another station: keys die with the child.
	name := "UTO-" + os.Getenv("EPOCH")
	peer := wire.Peer{Name: name, Role: wire.RoleStation}
	err = errors.Join(
		h.Register(context.Background(), ledger.Station{ID: name, Epoch: 1, Key: spki(t, h.one)}),
		h.RegisterVault(context.Background(), ledger.Vault{Name: "vault", Keys: [][]byte{spki(t, h.hq)}}))
	if err != nil {
		t.Fatal(err)
	}
	var last *journal.Signed
	for {
		list := chain(t, h.one, name, 3, last)
		h.must(t, peer, list...)
		for _, s := range list {
			fmt.Println(s.ID())
		}
		last = &list[2]
	}
}
