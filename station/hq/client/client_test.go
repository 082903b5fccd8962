package client_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

var (
	utopia1 = wire.Peer{Name: "UTO-01", Role: wire.RoleStation}
	utopia2 = wire.Peer{Name: "UTO-02", Role: wire.RoleStation}
	vault   = wire.Peer{Name: "vault", Role: wire.RoleVault}
)

// headquarters is a ledger served over TLS on loopback.
type headquarters struct {
	*ledger.Ledger
	place    string
	url      string
	issuer   wire.Issuer
	signer   note.Signer
	verifier note.Verifier
	one, hq  *ecdsa.PrivateKey
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newIssuer(t testing.TB) wire.Issuer {
	t.Helper()
	k := newKey(t)
	root, err := wire.NewRoot(k, "Utopia headquarters", time.Now(), 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return wire.Issuer{Root: root, Key: k}
}

func serve(t testing.TB, o ledger.Options) *headquarters {
	t.Helper()
	return serveAt(t, t.TempDir(), o)
}

func serveAt(t testing.TB, place string, o ledger.Options) *headquarters {
	t.Helper()
	h := &headquarters{place: place, issuer: newIssuer(t), one: newKey(t), hq: newKey(t)}
	private, public, err := note.GenerateKey(rand.Reader, "ledger.utopia.example")
	if err != nil {
		t.Fatal(err)
	}
	if h.signer, err = note.NewSigner(private); err != nil {
		t.Fatal(err)
	}
	if h.verifier, err = note.NewVerifier(public); err != nil {
		t.Fatal(err)
	}
	h.open(t, place, o)
	h.register(t)
	h.listen(t)
	return h
}

// open lets the server go on with the ledger at a place.
func (h *headquarters) open(t testing.TB, place string, o ledger.Options) {
	t.Helper()
	o.Signer, o.Verifier = h.signer, h.verifier
	l, err := ledger.Open(place, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	h.Ledger = l
}

func (h *headquarters) register(t testing.TB) {
	t.Helper()
	one, err := x509.MarshalPKIXPublicKey(&h.one.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	hq, err := x509.MarshalPKIXPublicKey(&h.hq.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	err = errors.Join(
		h.Register(ctx, ledger.Station{ID: "UTO-01", Epoch: 1, Key: one}),
		h.Register(ctx, ledger.Station{ID: "UTO-02", Epoch: 1, Key: one}),
		h.RegisterVault(ctx, ledger.Vault{Name: "vault", Keys: [][]byte{hq}}))
	if err != nil {
		t.Fatal(err)
	}
}

func (h *headquarters) listen(t testing.TB) {
	t.Helper()
	k := newKey(t)
	cert, err := h.issuer.Server(&k.PublicKey, []string{"127.0.0.1", "localhost"}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	server := h.Server(wire.ServerTLS(wire.Pair(cert, k), h.issuer.Root, time.Now))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	h.url = "https://" + l.Addr().String()
}

func (h *headquarters) options(t testing.TB, by wire.Issuer, p wire.Peer) client.Options {
	t.Helper()
	k := h.one
	if p.Role == wire.RoleVault {
		k = h.hq
	}
	return h.optionsOf(t, by, p, k)
}

// optionsOf are those of whoever holds a key.
func (h *headquarters) optionsOf(t testing.TB, by wire.Issuer, p wire.Peer, k *ecdsa.PrivateKey) client.Options {
	t.Helper()
	cert, err := by.Client(&k.PublicKey, p, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return client.Options{BaseURL: h.url, Certificate: wire.Pair(cert, k), Root: h.issuer.Root,
		Ledger: h.verifier, Timeout: 20 * time.Second}
}

func (h *headquarters) client(t testing.TB, p wire.Peer) *client.Client {
	t.Helper()
	return dial(t, h.options(t, h.issuer, p))
}

func dial(t testing.TB, o client.Options) *client.Client {
	t.Helper()
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func chain(t testing.TB, k *ecdsa.PrivateKey, name string, n int, change func(*journal.Entry)) []journal.Signed {
	t.Helper()
	var out []journal.Signed
	var last journal.Hash
	for i := range n {
		e := journal.Entry{Chain: name, Epoch: 1, Sequence: uint64(i + 1), Previous: last, Kind: "blank.counted"}
		if change != nil {
			change(&e)
		}
		s, err := journal.Sign(e, k)
		if err != nil {
			t.Fatal(err)
		}
		out, last = append(out, s), s.ID()
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	h := serve(t, ledger.Options{})
	ctx := context.Background()
	station, office := h.client(t, utopia1), h.client(t, vault)

	data := bytes.Repeat([]byte("sealed"), 9000)
	named := journal.Blob{Digest: sha256.Sum256(data), Size: int64(len(data))}
	list := chain(t, h.one, "UTO-01", 4, func(e *journal.Entry) {
		if e.Sequence == 3 {
			e.Kind, e.Blob = "case.submitted", &named
		}
	})
	_, _, err := station.Push(ctx, journal.Checkpoint{}, list)
	var refusal *wire.Error
	if !errors.Is(err, wire.BlobMissing) || !errors.As(err, &refusal) || refusal.Digest != named.Digest {
		t.Fatalf("push before its blob: %v", err)
	}
	if err := station.PutBlob(ctx, named, data); err != nil {
		t.Fatal(err)
	}
	receipts, checkpoint, err := station.Push(ctx, journal.Checkpoint{}, list)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if _, err := journal.VerifyReceipt(list[i], r, h.verifier); err != nil {
			t.Error(err)
		}
	}
	again, same, err := station.Push(ctx, checkpoint, list)
	if err != nil || again[3].Index != receipts[3].Index || same.Size != checkpoint.Size {
		t.Errorf("pushed twice: %v", err)
	}

	page, err := office.Pull(ctx, journal.Checkpoint{}, 0)
	if err != nil || len(page.Entries) != 4 {
		t.Fatalf("vault pulls %d entries, %v", len(page.Entries), err)
	}
	got, err := office.GetBlob(ctx, *page.Entries[2].Entry.Entry.Blob)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("blob: %v", err)
	}
	if _, err := station.GetBlob(ctx, named); !errors.Is(err, wire.NotFound) {
		t.Errorf("station fetches its own sealed case: %v", err)
	}

	orders := chain(t, h.hq, "UTO-01/hq", 2, func(e *journal.Entry) { e.Blob = &named })
	if _, _, err := office.Push(ctx, page.Checkpoint, orders); err != nil {
		t.Fatal(err)
	}
	page, err = station.Pull(ctx, checkpoint, 0)
	if err != nil || len(page.Entries) != 2 || page.More || page.Next != 6 {
		t.Fatalf("station pulls %+v, %v", page, err)
	}
	if _, err := station.GetBlob(ctx, named); err != nil {
		t.Errorf("blob of an order: %v", err)
	}
	if other, err := h.client(t, utopia2).Pull(ctx, journal.Checkpoint{}, 0); err != nil || len(other.Entries) != 0 {
		t.Errorf("another station pulls %d entries, %v", len(other.Entries), err)
	}
	if c, err := station.Checkpoint(ctx, checkpoint); err != nil || c.Size != 6 {
		t.Errorf("checkpoint: %v", err)
	}
}

func TestRefusalsAreTyped(t *testing.T) {
	h := serve(t, ledger.Options{})
	ctx := context.Background()
	c := h.client(t, utopia1)
	list := chain(t, h.one, "UTO-01", 3, nil)
	push := func(entries ...journal.Signed) error {
		_, _, err := c.Push(ctx, journal.Checkpoint{}, entries)
		return err
	}
	var e *wire.Error
	if err := push(list[2]); !errors.Is(err, wire.Gap) || !errors.As(err, &e) || e.Expected != 1 {
		t.Errorf("gap: %v", err)
	}
	if err := push(list...); err != nil {
		t.Fatal(err)
	}
	if err := push(chain(t, h.one, "UTO-02", 1, nil)...); !errors.Is(err, wire.NotYours) {
		t.Errorf("another station's chain: %v", err)
	}
	if err := push(chain(t, h.hq, "UTO-01", 1, nil)...); !errors.Is(err, wire.UnknownKey) {
		t.Errorf("unknown key: %v", err)
	}
	nobody := h.client(t, wire.Peer{Name: "UTO-09", Role: wire.RoleStation})
	if _, err := nobody.Pull(ctx, journal.Checkpoint{}, 0); !errors.Is(err, wire.UnknownStation) {
		t.Errorf("unregistered: %v", err)
	}
	other := chain(t, h.one, "UTO-01", 1, func(e *journal.Entry) { e.Kind = "blank.taken" })
	if err := push(other...); !errors.Is(err, wire.Fork) || !errors.As(err, &e) || e.Expected != 1 {
		t.Errorf("fork: %v", err)
	}
	if err := push(list...); !errors.Is(err, wire.Frozen) {
		t.Errorf("frozen: %v", err)
	}
}

func TestCertificates(t *testing.T) {
	h := serve(t, ledger.Options{})
	elsewhere := newIssuer(t)
	ctx := context.Background()

	foreignRoot := h.options(t, h.issuer, utopia1)
	foreignRoot.Root = elsewhere.Root
	late := h.options(t, h.issuer, utopia1)
	late.Clock = func() time.Time { return time.Now().AddDate(10, 0, 0) }
	early := h.options(t, h.issuer, utopia1)
	early.Clock = func() time.Time { return time.Time{} }
	elsewhereNamed := h.options(t, h.issuer, utopia1)
	elsewhereNamed.BaseURL = strings.Replace(h.url, "127.0.0.1", "127.0.0.2", 1)
	elsewhereNamed.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, strings.Replace(address, "127.0.0.2", "127.0.0.1", 1))
	}
	impostor := h.impostor(t)
	k := newKey(t)
	server, err := h.issuer.Server(&k.PublicKey, []string{"UTO-01"}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	asServer := h.options(t, h.issuer, utopia1)
	asServer.Certificate = wire.Pair(server, k)
	for _, c := range []struct {
		name string
		o    client.Options
		want error
	}{
		{"our certificate by another root", h.options(t, elsewhere, utopia1), journal.ErrRejected},
		{"a server certificate as ours", asServer, journal.ErrRejected},
		{"headquarters under another root", foreignRoot, journal.ErrUntrusted},
		{"a time signed behind the certificate's end", late, journal.ErrUntrusted},
		{"headquarters under another name", elsewhereNamed, journal.ErrUntrusted},
		{"a client certificate as headquarters'", impostor, journal.ErrUntrusted},
		{"nothing signed yet", early, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := dial(t, c.o).Checkpoint(ctx, journal.Checkpoint{}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	t.Run("no certificate", func(t *testing.T) {
		pool := x509.NewCertPool()
		pool.AddCert(h.issuer.Root)
		bare := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
		resp, err := bare.Get(h.url + wire.PathCheckpoint)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("answered with status %d", resp.StatusCode)
		}
	})
	t.Run("TLS 1.2", func(t *testing.T) {
		pool := x509.NewCertPool()
		pool.AddCert(h.issuer.Root)
		o := h.options(t, h.issuer, utopia1)
		old := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{o.Certificate}, MaxVersion: tls.VersionTLS12}
		bare := http.Client{Transport: &http.Transport{TLSClientConfig: old}}
		resp, err := bare.Get(h.url + wire.PathCheckpoint)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("answered with status %d", resp.StatusCode)
		}
	})
}

// impostor are the options of a client that meets a station in headquarters' place, with a
// certificate that the true root has issued.
func (h *headquarters) impostor(t *testing.T) client.Options {
	t.Helper()
	o := h.options(t, h.issuer, utopia1)
	l, err := tls.Listen("tcp", "127.0.0.1:0", wire.ServerTLS(o.Certificate, h.issuer.Root, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	o.BaseURL = "https://" + l.Addr().String()
	return o
}

func TestUnreachable(t *testing.T) {
	h := serve(t, ledger.Options{})
	o := h.options(t, h.issuer, utopia1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // accepts by the kernel, answers never
	o.BaseURL, o.Timeout = "https://"+l.Addr().String(), 200*time.Millisecond
	silent := dial(t, o)
	if _, err := silent.Checkpoint(context.Background(), journal.Checkpoint{}); !errors.Is(err, journal.ErrUnreachable) {
		t.Errorf("silent: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = silent.Checkpoint(ctx, journal.Checkpoint{})
	if !errors.Is(err, context.Canceled) || errors.Is(err, journal.ErrUnreachable) {
		t.Errorf("cancelled: %v", err)
	}
	o.BaseURL = "https://127.0.0.1:1"
	_, err = dial(t, o).Checkpoint(context.Background(), journal.Checkpoint{})
	if !errors.Is(err, journal.ErrUnreachable) {
		t.Errorf("closed port: %v", err)
	}
}

func TestHeadquartersFromABackupIsNoticed(t *testing.T) {
	h := serve(t, ledger.Options{})
	ctx := context.Background()
	c := h.client(t, utopia1)
	list := chain(t, h.one, "UTO-01", 3, nil)
	_, seen, err := c.Push(ctx, journal.Checkpoint{}, list[:2])
	if err != nil {
		t.Fatal(err)
	}
	ahead := seen
	ahead.Size += 5
	if _, err := c.Checkpoint(ctx, ahead); !errors.Is(err, journal.ErrRolledBack) || !errors.Is(err, wire.Behind) {
		t.Errorf("smaller tree: %v", err)
	}
	if _, _, err := c.Push(ctx, ahead, list); !errors.Is(err, journal.ErrRolledBack) {
		t.Errorf("push to a smaller tree: %v", err)
	}
	rewritten := seen
	rewritten.Root[3] ^= 1
	if _, _, err := c.Push(ctx, rewritten, list); !errors.Is(err, journal.ErrRewritten) {
		t.Errorf("rewritten tree: %v", err)
	}
}

// TestLinksNoServer holds the rule that the station's window links no server.
func TestLinksNoServer(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "/hq/ledger\n") || strings.Contains(string(out), "go-sqlite3") {
		t.Error("links the ledger")
	}
}
