package issuance_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"padarozhnik/station"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/token"
)

// toxics are what a bad line does, in Toxiproxy's words: to either direction, in one round each. The
// empty one is a good line.
var toxics = []string{
	``,
	`{"type": "latency", "stream": "%s", "attributes": {"latency": 15, "jitter": 10}}`,
	`{"type": "bandwidth", "stream": "%s", "attributes": {"rate": 400}}`,
	`{"type": "slicer", "stream": "%s", "attributes": {"average_size": 700, "size_variation": 600, "delay": 50}}`,
	`{"type": "timeout", "stream": "%s", "attributes": {"timeout": 60}}`,
	`{"type": "reset_peer", "stream": "%s", "attributes": {"timeout": 40}}`,
	`{"type": "limit_data", "stream": "%s", "attributes": {"bytes": 9000}}`,
	`{"type": "limit_data", "stream": "%s", "attributes": {"bytes": 60000}}`,
}

// badLine is a station and headquarters as programs of their own, with Toxiproxy between.
type badLine struct {
	t       *testing.T
	dir     string
	proxy   *toxiproxy.Proxy
	running map[string]*program
	ledger  *ledger.Ledger // opened beside the server, as administration and the vault's machine do
	vault   *token.File
	last    *journal.Signed     // newest directive
	cases   []station.CaseToken // that directives spoke of
	witness *witness
	leaves  map[journal.Blob]int64 // of the entries that name a blob, among those before read
	read    int64
	rounds  int // exchanges that came to their end
}

type program struct {
	cmd *exec.Cmd
	out *said
}

func newBadLine(t *testing.T) *badLine {
	b := &badLine{t: t, dir: t.TempDir(), running: map[string]*program{}, leaves: map[journal.Blob]int64{}}
	b.witness = &witness{numbers: map[uint64]string{}, stages: map[station.CaseToken]station.Stage{}, gone: b.safe}
	if err := makeLine(t.Context(), b.dir); err != nil {
		t.Fatal(err)
	}
	b.ledger = must(openLineLedger(t.Context(), b.dir))(t)
	b.vault = must(token.Open(filepath.Join(b.dir, "vault.token"), []byte(torturedSecret)))(t)
	zerolog.SetGlobalLevel(zerolog.Disabled) // one of its toxics writes to a log of its own
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	b.proxy = toxiproxy.NewProxy(server, "line", lineFile(b.dir, "proxy.at"), lineFile(b.dir, "server.at"))
	if err := b.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.proxy.Stop()
		for _, p := range b.running {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
		_ = errors.Join(b.ledger.Close(), b.vault.Close())
	})
	return b
}

// start starts one end and waits until it works.
func (b *badLine) start(end string) {
	b.t.Helper()
	ready := make(chan struct{})
	p := &program{cmd: exec.Command(os.Args[0]), out: &said{ready: ready}}
	p.cmd.Env = append(os.Environ(), torturedIn+"="+b.dir, endOfLine+"="+end)
	p.cmd.Stdout, p.cmd.Stderr = p.out, os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that is ended leaves nobody behind
	if err := p.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.running[end] = p
	select {
	case <-ready:
	case <-time.After(time.Minute):
		b.t.Fatalf("%s does not start", end)
	}
}

// kill ends one end as a power cut does, and takes down what a station had acknowledged.
func (b *badLine) kill(end string) {
	b.t.Helper()
	p := b.running[end]
	delete(b.running, end)
	_ = p.cmd.Process.Kill()
	if err := p.cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		b.t.Fatalf("%s was not killed: %v", end, err)
	}
	for {
		line, err := p.out.lines.ReadString('\n')
		if err == io.EOF { // half a line was not said
			return
		}
		switch line = strings.TrimSpace(line); line {
		case "ready":
		case "exchanged":
			b.rounds++
		default:
			b.witness.take(b.t, line)
		}
	}
}

// poison makes the line bad in one way, and says which.
func (b *badLine) poison(n int) string {
	b.t.Helper()
	b.proxy.Toxics.ResetToxics(context.Background())
	text := toxics[n%len(toxics)]
	if text == "" {
		return "a good line"
	}
	text = fmt.Sprintf(text, []string{"upstream", "downstream"}[n/len(toxics)%2])
	if _, err := b.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
		b.t.Fatal(err)
	}
	return text
}

// direct writes the next directive, as the vault does.
func (b *badLine) direct() {
	b.t.Helper()
	token := station.CaseToken(fmt.Sprintf("TORTURE-%d", len(b.cases)))
	body := must(journal.Encode(event.Held{Serial: "UT0000001", Cause: string(token)}))(b.t)
	e := journal.Entry{Chain: stationID + journal.Directives, Epoch: 1, Sequence: 1, Kind: event.OrderHeld,
		Subject: string(token), Body: body, Time: time.Now().Unix()}
	if b.last != nil {
		e.Sequence, e.Previous = b.last.Entry.Sequence+1, b.last.ID()
	}
	s := must(journal.Sign(e, b.vault))(b.t)
	req := wire.PushRequest{Entries: [][]byte{s.Raw()}}
	must(b.ledger.Ingest(b.t.Context(), wire.Peer{Name: "vault", Role: wire.RoleVault}, req))(b.t)
	b.last, b.cases = &s, append(b.cases, token)
}

// safe tells whether a blob lies in the second place, which alone lets a station erase it.
func (b *badLine) safe(blob journal.Blob) bool {
	mark := must(b.ledger.Durable(b.t.Context()))(b.t)
	at, there := b.leafOf(blob)
	return there && mark.Covers(at)
}

// leafOf finds where the entry stands that names a blob. What was read once is not read again.
func (b *badLine) leafOf(blob journal.Blob) (int64, bool) {
	for more := true; more; {
		a := must(b.ledger.Pull(b.t.Context(), wire.Peer{Name: "vault", Role: wire.RoleVault}, b.read, 0))(b.t)
		for _, item := range a.Items {
			if named := must(journal.Parse(item.Entry))(b.t).Entry.Blob; named != nil {
				b.leaves[*named] = item.Inclusion.Index
			}
		}
		b.read, more = a.Next, a.More
	}
	at, there := b.leaves[blob]
	return at, there
}

// pullAll reads the whole ledger.
func (b *badLine) pullAll() (all []wire.Item) {
	b.t.Helper()
	for after, more := int64(0), true; more; {
		a := must(b.ledger.Pull(b.t.Context(), wire.Peer{Name: "vault", Role: wire.RoleVault}, after, 0))(b.t)
		all, after, more = append(all, a.Items...), a.Next, a.More
	}
	return all
}

// TestTortureToxic kills a station that works and exchanges, and headquarters' server, in turn, over a
// line that is slow, sliced, cut, reset and ended in the middle (Toxiproxy). At the end nothing that was
// acknowledged is lost or stands twice, no number was given twice, every receipt and proof holds and
// every blob opens.
func TestTortureToxic(t *testing.T) {
	kills := 2 * len(toxics)
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		kills = 500
	}
	b := newBadLine(t)
	b.start("headquarters")
	b.start("station")
	for i := range kills {
		line := b.poison(i)
		b.direct()
		time.Sleep(time.Duration(30+rand.IntN(350)) * time.Millisecond)
		end := []string{"station", "headquarters", "station"}[i%3]
		b.kill(end)
		if end == "station" {
			b.witness.check(t, b.dir)
		}
		if i%8 == 3 {
			must(b.ledger.Backup(t.Context(), filepath.Join(b.dir, "second place"), nil))(t)
		}
		if t.Failed() {
			t.Fatalf("at kill %d, of %s, over %s", i, end, line)
		}
		b.start(end)
	}
	b.poison(0)
	b.kill("station")
	b.settle()
	t.Logf("%d kills, %d exchanges came to their end, %d acknowledgements, %d entries, %d directives",
		kills, b.rounds, b.witness.acked, len(b.witness.numbers), len(b.cases))
}

// settle exchanges once over a good line and holds both ends against each other.
func (b *badLine) settle() {
	t := b.t
	t.Helper()
	d, _, err := openDistant(t.Context(), b.dir, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	must(d.Sync(t.Context()))(t)
	must(b.ledger.Backup(t.Context(), filepath.Join(b.dir, "second place"), nil))(t)
	must(d.Sync(t.Context()))(t)
	if _, err := d.VerifyJournal(t.Context()); err != nil {
		t.Error(err)
	}
	for _, token := range b.cases {
		if cause, err := d.Held(t.Context(), token); err != nil || cause != string(token) {
			t.Errorf("directive about %s was not carried out: %q, %v", token, cause, err)
		}
	}
	b.same(d)
	if err := d.Store.(*sqlite.Store).Close(); err != nil {
		t.Error(err)
	}
	b.witness.check(t, b.dir)
	a := must(b.ledger.Verify(t.Context(), nil))(t)
	for _, f := range a.Findings {
		t.Errorf("audit: leaf %d: %v", f.Leaf, f.Err)
	}
}

// same compares the station's chain with headquarters' copy, entry by entry, and opens every blob.
func (b *badLine) same(d *issuance.Desk) {
	t := b.t
	t.Helper()
	var theirs []wire.Item
	for _, item := range b.pullAll() {
		if s := must(journal.Parse(item.Entry))(t); s.Entry.Chain == stationID {
			theirs = append(theirs, item)
			b.opens(s)
		}
	}
	var ours []issuance.Kept
	err := d.Store.View(t.Context(), func(tx issuance.Tx) (err error) {
		ours, err = tx.Walk(nil, 1<<20)
		return err
	})
	if err != nil || len(ours) != len(theirs) {
		t.Fatalf("%d entries here, %d at headquarters, %v", len(ours), len(theirs), err)
	}
	for i, kept := range ours {
		s := must(journal.Parse(theirs[i].Entry))(t)
		if s.ID() != kept.Entry.ID() || kept.Receipt == nil || kept.Receipt.Index != theirs[i].Inclusion.Index {
			t.Fatalf("entry %d is not the one at headquarters", i)
		}
		if _, err := journal.VerifyReceipt(s, *kept.Receipt, d.Ledger); err != nil {
			t.Errorf("receipt %d: %v", i, err)
		}
	}
}

// opens checks a blob at headquarters: its digest, and that the vault can read it.
func (b *badLine) opens(s journal.Signed) {
	b.t.Helper()
	if s.Entry.Blob == nil {
		return
	}
	blob := must(b.ledger.OpenBlob(b.t.Context(), wire.Peer{Name: "vault", Role: wire.RoleVault}, s.Entry.Blob.Digest))(b.t)
	data := must(io.ReadAll(blob))(b.t)
	purpose := event.PurposeDecision
	if s.Entry.Kind == event.CaseSubmitted {
		purpose = event.PurposeCase
	}
	if _, err := seal.Open(b.vault, purpose, data); err != nil || sha256.Sum256(data) != s.Entry.Blob.Digest {
		b.t.Errorf("blob of entry %d: %v", s.Entry.Sequence, err)
	}
}
