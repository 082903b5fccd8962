package setup_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/hq/charter"
	"padarozhnik/station/hq/charter/abroad"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/issuance"
	"padarozhnik/station/token"
)

// post is a station's directory, and the root that signs for it.
type post struct {
	t       *testing.T
	dir     string
	root    *ecdsa.PrivateKey
	charter station.Charter
}

func newPost(t *testing.T) *post {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &post{t: t, dir: t.TempDir(), root: key}
	root, err := wire.NewRoot(key, "Utopia", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cheap := token.Options{Passes: 1, MemoryKiB: 64, Lanes: 1}
	own, err := token.Create(filepath.Join(p.dir, "station.token"), []byte("x"), cheap)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	spki, err := x509.MarshalPKIXPublicKey(own.Public())
	if err != nil {
		t.Fatal(err)
	}
	_, ledger, err := note.GenerateKey(rand.Reader, "ledger.test")
	if err != nil {
		t.Fatal(err)
	}
	p.charter = station.Charter{
		Version: 1, Station: "UTO-01", StationID: own.KeyID(), Vault: own.HPKEPublic(), VaultSPKI: spki, Ledger: ledger,
		Anchors: [][]byte{abroad.New(t, "UT", time.Now().AddDate(0, -1, 0)).Root.Raw},
	}
	if err := toml.Unmarshal(resources.UtopiaProfile, &p.charter.Profile); err != nil {
		t.Fatal(err)
	}
	p.put("root.der", root.Raw)
	p.put("station.toml", nil)
	p.put("charter.cose", p.sign(p.charter, p.root))
	return p
}

func (p *post) put(name string, data []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *post) sign(c station.Charter, by *ecdsa.PrivateKey) []byte {
	p.t.Helper()
	raw, err := charter.Sign(c, by)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

// list signs a trust list of a version, and returns the charter of a version that names it.
func (p *post) list(trust, version int) (station.Charter, []byte) {
	p.t.Helper()
	l := charter.TrustList{Version: trust, Signed: time.Now().Unix(), Sources: []charter.Source{
		{Origin: "handed over", Roots: [][]byte{abroad.New(p.t, "XA", time.Now().AddDate(0, -1, 0)).Root.Raw}},
	}}
	raw, err := charter.SignTrust(l, p.root)
	if err != nil {
		p.t.Fatal(err)
	}
	c := p.charter
	c.Version, c.Trust = version, l.Ref(raw)
	return c, raw
}

// open opens the station as after a start of its program.
func (p *post) open() *setup.Office {
	p.t.Helper()
	return p.openWith(says("x"))
}

// openWith opens it with what a person answers.
func (p *post) openWith(ask setup.Ask) *setup.Office {
	p.t.Helper()
	c, err := setup.Load(filepath.Join(p.dir, "station.toml"), environment(nil))
	if err != nil {
		p.t.Fatal(err)
	}
	o, err := setup.Open(p.t.Context(), c, ask, slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = o.Close() })
	return o
}

// TestRenew puts newer charters in force, and no other.
func TestRenew(t *testing.T) {
	p := newPost(t)
	o := p.open()
	second, trust := p.list(1, 2)
	renewed, err := o.Renew(t.Context(), p.sign(second, p.root), trust)
	if err != nil || !renewed || o.Desk.Charter.Version != 2 {
		t.Fatalf("renewed %v, version %d, %v", renewed, o.Desk.Charter.Version, err)
	}
	if renewed, err := o.Renew(t.Context(), p.sign(second, p.root), trust); renewed || err != nil {
		t.Errorf("the one in force: %v, %v", renewed, err)
	}
	stranger := newPost(t)
	elsewhere, third := second, second
	elsewhere.Version, elsewhere.Station = 3, "UTO-02"
	third.Version = 3
	_, otherTrust := p.list(2, 3)
	for name, c := range map[string]struct {
		raw, trust []byte
		want       error
	}{
		"an older one":         {p.sign(p.charter, p.root), nil, issuance.ErrCharter},
		"another station's":    {p.sign(elsewhere, p.root), trust, issuance.ErrCharter},
		"another root's":       {p.sign(third, stranger.root), trust, issuance.ErrCharter},
		"noise":                {[]byte("charter"), trust, issuance.ErrCharter},
		"without its list":     {p.sign(third, p.root), nil, issuance.ErrTrustList},
		"with another list":    {p.sign(third, p.root), otherTrust, issuance.ErrTrustList},
		"with a changed list":  {p.sign(third, p.root), append(trust[:len(trust):len(trust)], 0), issuance.ErrTrustList},
		"an older one of long": {stranger.sign(stranger.charter, stranger.root), nil, issuance.ErrCharter},
	} {
		renewed, err := o.Renew(t.Context(), c.raw, c.trust)
		if renewed || !errors.Is(err, c.want) || issuance.Cure(err) == "other" {
			t.Errorf("%s: %v, %v", name, renewed, err)
		}
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if v := p.open().Desk.Charter.Version; v != 2 {
		t.Errorf("after a restart version %d is in force", v)
	}
}

// TestRenewalCutOff starts the program after each step at which a renewal may die.
func TestRenewalCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		laid []string // of the new files, those that were written
		want int      // version in force afterwards
	}{
		"before anything":          {nil, 1},
		"when the list waits":      {[]string{"trust.cose.next"}, 1},
		"when the charter stands":  {[]string{"trust.cose.next", "charter.cose"}, 2},
		"when the list stands too": {[]string{"trust.cose", "charter.cose"}, 2},
	} {
		for _, had := range []bool{false, true} {
			p := newPost(t)
			if had { // a list before, which the new one replaces
				first, trust := p.list(1, 1)
				p.put("charter.cose", p.sign(first, p.root))
				p.put("trust.cose", trust)
			}
			second, trust := p.list(2, 2)
			for _, file := range c.laid {
				if file == "charter.cose" {
					p.put(file, p.sign(second, p.root))
				} else {
					p.put(file, trust)
				}
			}
			for range 2 {
				o := p.open()
				if v := o.Desk.Charter.Version; v != c.want {
					t.Errorf("%s, list before %v: version %d, want %d", name, had, v, c.want)
				}
				if err := o.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
