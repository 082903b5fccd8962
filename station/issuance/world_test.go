package issuance_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// cheapKey is a token in memory.
type cheapKey struct {
	*ecdsa.PrivateKey
	private hpke.PrivateKey
	public  []byte
	id      string
}

func newCheapKey() (*cheapKey, error) {
	sign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	private, err := seal.KEM().GenerateKey()
	if err != nil {
		return nil, err
	}
	id, err := journal.KeyID(&sign.PublicKey)
	return &cheapKey{sign, private, private.PublicKey().Bytes(), id}, err
}

func (k *cheapKey) KeyID() string      { return k.id }
func (k *cheapKey) HPKEPublic() []byte { return k.public }
func (k *cheapKey) Open(info, sealed []byte) ([]byte, error) {
	return seal.OpenWith(k.private, info, sealed)
}

// people is the cast of every history: each officer may do everything, so that nothing but the separation
// of duties keeps one person from acting twice.
type people struct {
	station, vault *cheapKey
	officers       []*cheapKey
	charter        station.Charter
	sealed         hpke.PublicKey
}

var cast = sync.OnceValues(func() (*people, error) {
	p := &people{}
	var err error
	if p.station, err = newCheapKey(); err != nil {
		return nil, err
	}
	if p.vault, err = newCheapKey(); err != nil {
		return nil, err
	}
	p.charter = station.Charter{Version: 1, Station: stationID, StationID: p.station.id}
	if err := toml.Unmarshal(resources.UtopiaProfile, &p.charter.Profile); err != nil {
		return nil, err
	}
	all := []station.Role{
		station.RoleEnrol, station.RoleApprove, station.RoleOperate, station.RoleInspect, station.RoleCustody,
	}
	for i := range 3 {
		k, err := newCheapKey()
		if err != nil {
			return nil, err
		}
		spki, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
		if err != nil {
			return nil, err
		}
		p.officers = append(p.officers, k)
		p.charter.Officers = append(p.charter.Officers, station.Officer{
			Pseudonym: fmt.Sprint("O-", i), KeyID: k.id, Roles: all, SPKI: spki, HPKE: k.public,
		})
	}
	p.sealed, err = seal.ParsePublic(p.vault.public)
	return p, err
})

// world is one history: a station, what headquarters has said to it, and where the books really are.
type world struct {
	ctx    context.Context
	people *people
	store  issuance.Store
	crash  *crashingStore // between the desk and its store; armed by the history
	desk   *issuance.Desk
	seats  []issuance.Seat

	sent   []event.Manifest
	coming *event.Manifest                        // sent, and perhaps not heard of
	orders map[station.CaseToken][]station.Serial // that headquarters gave
	cases  []station.CaseToken
	safe   map[station.Serial]bool // what lies in the safe
	waste  map[station.Serial]bool // beside it, to be destroyed
	really func()                  // what the act at hand does to the real books, once it is kept
}

func newWorld(ctx context.Context, store issuance.Store) (*world, error) {
	p, err := cast()
	if err != nil {
		return nil, err
	}
	w := &world{
		ctx: ctx, people: p, store: store, orders: map[station.CaseToken][]station.Serial{},
		safe: map[station.Serial]bool{}, waste: map[station.Serial]bool{},
	}
	return w, w.start()
}

// start is a start of the program: nothing is in memory, and everybody signs in.
func (w *world) start() error {
	w.crash = &crashingStore{Store: w.store, left: 1 << 30}
	w.desk = &issuance.Desk{
		Store: w.crash, Charter: w.people.charter, Key: w.people.station, Vault: w.people.sealed,
		Now: time.Now, Log: slog.New(slog.DiscardHandler), Elapsed: func() time.Duration { return 0 },
	}
	if err := w.desk.Adopt(w.ctx); err != nil {
		return err
	}
	w.seats = nil
	for _, k := range w.people.officers {
		s, err := w.desk.SignIn(k)
		if err != nil {
			return err
		}
		w.seats = append(w.seats, s)
	}
	return w.arrived()
}

// direct has the vault say something to the station, with a blob sealed to it where plain is not nil.
func (w *world) direct(kind, subject string, body any, purpose string, plain any) error {
	e := journal.Entry{
		Chain: stationID + journal.Directives, Epoch: 1, Sequence: 1, Kind: kind, Subject: subject, Time: time.Now().Unix(),
	}
	var err error
	if e.Body, err = journal.Encode(body); err != nil {
		return err
	}
	var data []byte
	if plain != nil {
		raw, err := journal.Encode(plain)
		if err != nil {
			return err
		}
		to, err := seal.ParsePublic(w.people.station.public)
		if err != nil {
			return err
		}
		var blob journal.Blob
		if data, blob, err = seal.Seal(to, purpose, raw); err != nil {
			return err
		}
		e.Blob = &blob
	}
	s, err := journal.Sign(e, w.people.vault)
	if err != nil {
		return err
	}
	return w.desk.CarryOut(w.ctx, s, data)
}

// announce sends a delivery of two bags.
func (w *world) announce() error {
	m := event.Manifest{Maker: "maker", Product: "reference", Shipment: fmt.Sprint("D", len(w.sent))}
	for b := range 2 {
		name := fmt.Sprint(b + 1)
		m.Bags = append(m.Bags, event.Bag{Name: name, Seal: "S" + name})
		for i := range 2 {
			s := station.Serial(fmt.Sprintf("UT%07d", 1000*len(w.sent)+10*b+i))
			m.Blanks = append(m.Blanks, event.Blank{Serial: s, ChipID: []byte(s), Bag: name})
		}
	}
	raw, err := journal.Encode(m)
	if err != nil {
		return err
	}
	body := event.Allocated{Manifest: sha256.Sum256(raw), Product: m.Product, Shipment: m.ID(), Bags: m.Sealed()}
	w.coming = &m
	if err := w.direct(event.StockAllocated, "", body, event.PurposeStock, m); err != nil {
		return err
	}
	return w.arrived()
}

// arrived takes in that the station knows of the delivery that was announced last.
func (w *world) arrived() error {
	known, err := w.desk.Shipments(w.ctx)
	if err == nil && w.coming != nil && len(known) > len(w.sent) {
		w.sent, w.coming = append(w.sent, *w.coming), nil
	}
	return err
}

// order has the vault order a case's booklet, as often as it is asked: the station must not make two.
func (w *world) order(token station.CaseToken, serial station.Serial) error {
	o := station.Order{Case: token, Serial: serial, ChipID: []byte(serial)}
	w.orders[token] = append(w.orders[token], serial)
	return w.direct(event.OrderIssued, string(token), event.Ordered{Serial: serial}, event.PurposeOrder, o)
}

// books reads the record.
func (w *world) books() ([]station.Booklet, error) {
	var out []station.Booklet
	err := w.store.View(w.ctx, func(tx issuance.Tx) (err error) {
		out, err = tx.AllBooklets()
		return err
	})
	return out, err
}

// entries counts the journal.
func (w *world) entries() ([]journal.Signed, error) {
	var out []journal.Signed
	err := w.store.View(w.ctx, func(tx issuance.Tx) (err error) {
		out, err = tx.Entries("")
		return err
	})
	return out, err
}
