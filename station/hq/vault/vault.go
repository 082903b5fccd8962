// Package vault is the side of headquarters that can open what stations seal. It is a machine of
// its own: it follows the ledger like any other party, and everything it decides goes back as
// signed directives on one chain for each station.
//
// At the start the vault reads the whole ledger, which is the truth, and builds from it which cases
// were submitted, approved and ordered, and which blanks are whose. A vault that is killed between two
// steps therefore finds its work where it stopped: an order is either on the chain or will be made
// again, and no number is ever ordered twice. What is not the ledger's to know stands in the Diary:
// what was opened, by which marks applicants are recognised, and what two officers decided.
package vault

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/production"
)

// ErrChain: the ledger shows a history that its own signatures contradict.
var ErrChain = errors.New("ledger contradicts its signatures")

// Office is what the vault knows of one station.
type Office struct {
	Charter station.Charter
	HPKE    []byte // the station's own key, to which orders are sealed
	SPKI    []byte // the station's signing key
}

// Signer signs EF.SOD and EF.CardSecurity.
type Signer = production.Signer

// Ledger is the wire to headquarters' internet side, the same as a station's.
type Ledger interface {
	PutBlob(ctx context.Context, b journal.Blob, data []byte) error
	GetBlob(ctx context.Context, b journal.Blob) ([]byte, error)
	Push(ctx context.Context, last journal.Checkpoint, entries []journal.Signed) (
		[]journal.Receipt, journal.Checkpoint, error)
	Pull(ctx context.Context, last journal.Checkpoint, after int64) (journal.Page, error)
}

// Vault follows the ledger and makes production orders. It is used by one goroutine.
type Vault struct {
	Ledger   Ledger
	Key      crypto.Signer // signs directives
	Opener   seal.Opener
	Document Signer
	Masters  func(product string) ([]byte, error) // master key of a product's blanks
	Offices  func() ([]Office, error)             // read again at every round
	Notices  func() ([]Notice, error)             // proven ones; read again at every round; nil: none
	// Allocated are the manifests that the ledger names by their digests; nil: those of Round alone.
	Allocated func() ([]Allocation, error)
	Decided   func() ([]Resolution, error) // on quarantines; read again at every round; nil: none
	Diary     *Diary
	// DuplicateKey is the secret under which applicants are marked, 32 bytes at least.
	DuplicateKey []byte
	Now          func() time.Time
	Log          *slog.Logger

	next    int64
	seen    journal.Checkpoint
	pin     journal.Hash          // newest opening that a directive names
	given   map[journal.Hash]bool // directives of this run, which come back with the next pull
	gone    map[string]bool       // stations that a notice revoked
	told    int64                 // when the ledger says that it was restored from its backup, in seconds; 0: never
	rebuilt int64                 // the same, but never in the future
	offices map[string]*office

	manifests map[journal.Hash]event.Manifest // of headquarters' allocations
}

// office is one station's state as its two chains tell it.
type office struct {
	Office
	own        *journal.Verifier // the station's chain
	directives *journal.Verifier // headquarters' chain to it
	cases      map[station.CaseToken]*dossier
	blanks     map[station.Serial]*blank
	manifests  map[journal.Hash]event.Manifest // allocated already
	shipments  map[string]bool                 // by their names
	decided    map[journal.Hash]bool           // on quarantines, by the digest of the body
	pending    []station.CaseToken             // approved, neither ordered nor declined
	held       map[station.CaseToken]string    // told to wait, with the cause
	made       []time.Time                     // orders
	notices    map[journal.Hash]bool           // told already, by the digest of the body
	revoked    event.Revoked                   // by all of them
	restored   map[uint64]int                  // parts of the past that were given to an epoch
	said       []said                          // directives, in the ledger's order
	floor      uint64                          // no directive is given in an epoch before this one
	signers    map[string]*signer              // of the station's own, by the digest of the certificate
	listed     map[string]station.Serial       // signatures, by the digest of EF.SOD
	found      []Finding
	told       int // findings that the log has

	warned   []warning                        // notices, with their days
	reports  map[station.Serial]attest.Row    // of books after they were given away
	public   published                        // the newest list of revoked books that it was given
	remote   map[station.CaseToken]*elsewhere // cases that another office decides on, or that come back
	visitors map[station.CaseToken]*visitor   // cases of other offices
}

// dossier is one case as the ledger shows it.
type dossier struct {
	enrolled string // key id
	approved string
	sealed   journal.Blob // the application
	decision journal.Blob // the newest decision
	first    journal.Blob // the decision on the application itself
	serial   station.Serial
	instead  station.Serial
	ordered  bool
	took     station.Serial // for which the station says that it has the order
	here     bool           // the station makes the order
	cleared  bool           // and was told that it may
	signed   bool           // and has
	declined string         // the cause
	decider  string         // the other office that approved
	from     string         // the office that enrolled, where that is another
}

// blank is one booklet as the ledger shows it.
type blank struct {
	chipID  []byte
	product string
	ordered bool
	spoiled bool
	sod     []byte // SHA-256 of the EF.SOD that was signed for it
	armed   int    // version of the charter for which the station has its keys
	sent    bool   // on from the office: another may get it
	counted bool   // into the office's safe
}

// Round follows the ledger to its end and carries out what is pending: notices first, then the past of
// stations on new hardware, allocations of stock, and orders. It returns how many directives it gave.
func (v *Vault) Round(ctx context.Context, allocations []Allocation) (int, error) {
	if err := v.know(allocations); err != nil {
		return 0, err
	}
	if err := v.catchUp(ctx); err != nil {
		return 0, err
	}
	v.tellFindings()
	given, err := v.tell(ctx)
	if err != nil {
		return given, err
	}
	for _, a := range allocations {
		if v.gone[a.Station] {
			continue
		}
		n, err := v.allocate(ctx, a)
		given += n
		if err != nil {
			return given, fmt.Errorf("allocate to %s: %w", a.Station, err)
		}
	}
	for name, o := range v.offices {
		n, err := v.arm(ctx, o)
		given += n
		if err != nil {
			return given, fmt.Errorf("keys of blanks for %s: %w", name, err)
		}
	}
	n, err := v.resolve(ctx)
	given += n
	if err != nil {
		return given, fmt.Errorf("quarantine: %w", err)
	}
	if err := v.publish(ctx); err != nil {
		return given, err
	}
	moved, err := v.relay(ctx)
	given += moved
	if err != nil {
		return given, err
	}
	if v.signerRevoked() {
		v.Log.Error("document signer is revoked, nothing is ordered until there is another")
		return given, nil
	}
	for name, o := range v.offices {
		n, err := v.orders(ctx, o)
		given += n
		if err != nil {
			return given, fmt.Errorf("order for %s: %w", name, err)
		}
	}
	return given, nil
}

// orders answers what is pending for one station. A case that may not be opened today stays pending.
func (v *Vault) orders(ctx context.Context, o *office) (int, error) {
	if v.gone[o.Charter.Station] {
		return 0, nil
	}
	o.pending = append(o.pending, v.ready(o)...)
	given := 0
	for len(o.pending) > 0 {
		err := v.order(ctx, o, o.pending[0])
		if errors.Is(err, ErrReading) {
			v.Log.Error("order waits", "station", o.Charter.Station, "case", o.pending[0], "error", err)
			return given, nil
		}
		if err != nil {
			return given, err
		}
		o.pending = o.pending[1:]
		given++
	}
	return given, nil
}

// refresh takes in stations that were enrolled since the last round, and newer charters.
func (v *Vault) refresh() error {
	offices, err := v.Offices()
	if err != nil {
		return err
	}
	if v.offices == nil {
		v.offices, v.given = map[string]*office{}, map[journal.Hash]bool{}
	}
	for _, o := range offices {
		name := o.Charter.Station
		if known := v.offices[name]; known != nil {
			known.Office = o
			continue
		}
		v.offices[name] = &office{Office: o}
		v.begin()
	}
	return nil
}

// begin makes the vault read the ledger from the start again.
func (v *Vault) begin() {
	v.next, v.seen, v.given = 0, journal.Checkpoint{}, map[journal.Hash]bool{}
	for _, o := range v.offices {
		v.forget(o)
	}
}

// forget makes an office ready to be read from the start again.
func (v *Vault) forget(o *office) {
	name := o.Charter.Station
	o.cases, o.blanks = map[station.CaseToken]*dossier{}, map[station.Serial]*blank{}
	o.manifests, o.pending = map[journal.Hash]event.Manifest{}, nil
	o.shipments, o.decided = map[string]bool{}, map[journal.Hash]bool{}
	o.held, o.made, o.restored = map[station.CaseToken]string{}, nil, map[uint64]int{}
	o.notices, o.revoked = map[journal.Hash]bool{}, event.Revoked{}
	o.said, o.floor = nil, 0
	o.signers, o.listed = map[string]*signer{}, map[string]station.Serial{}
	o.found, o.told = nil, 0
	o.warned, o.reports, o.public = nil, map[station.Serial]attest.Row{}, published{}
	o.remote, o.visitors = map[station.CaseToken]*elsewhere{}, map[station.CaseToken]*visitor{}
	o.own = journal.NewVerifier(name, o.key, nil)
	o.directives = journal.NewVerifier(name+journal.Directives, v.ownKey, nil)
}

// key finds who may sign on a station's chain.
func (o *office) key(e journal.Entry) (*ecdsa.PublicKey, error) {
	spki := o.Charter.SignedOnce(e.Actor)
	if e.Actor == o.Charter.StationID {
		spki = o.SPKI
	}
	if spki == nil || slices.Contains(o.revoked.Officers, e.Actor) {
		return nil, journal.ErrUnknownKey
	}
	return journal.ParseKey(spki)
}

func (v *Vault) ownKey(e journal.Entry) (*ecdsa.PublicKey, error) {
	pub, ok := v.Key.Public().(*ecdsa.PublicKey)
	if !ok {
		return nil, journal.ErrUnknownKey
	}
	if id, err := journal.KeyID(pub); err != nil || id != e.Actor {
		return nil, journal.ErrUnknownKey
	}
	return pub, nil
}

// follow reads the ledger from where the last round ended.
func (v *Vault) follow(ctx context.Context) error {
	for {
		answer, err := v.pull(ctx)
		if err != nil {
			return err
		}
		for _, p := range answer.Entries {
			if err := v.take(p.Entry); err != nil {
				return err
			}
		}
		v.next, v.seen = answer.Next, answer.Checkpoint
		if !answer.More {
			return nil
		}
	}
}

// take verifies one entry and lets it change what the vault knows. The vault's own of this run did so
// already.
func (v *Vault) take(s journal.Signed) error {
	name, directive, err := journal.SplitChain(s.Entry.Chain)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrChain, err)
	}
	o := v.offices[name]
	if o != nil && directive {
		o.said = append(o.said, said{place: event.PlaceOf(s), entry: s.Entry})
	}
	if v.given[s.ID()] {
		return nil
	}
	if o == nil {
		v.Log.Warn("entry of a station that is not enrolled here", "station", name)
		return nil
	}
	chain := o.own
	if directive {
		chain = o.directives
	}
	if err := chain.Next(s); err != nil {
		return fmt.Errorf("%w: %w", ErrChain, err)
	}
	if directive {
		return v.directed(o, s.Entry)
	}
	return v.reported(o, s.Entry)
}
