package issuance

import (
	"context"
	"crypto"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"padarozhnik/station/journal/event"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/devices"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/pki"
)

// Conditions of the workflow that a person can cure.
var (
	// ErrNotOfficer: the key belongs to nobody in the charter.
	ErrNotOfficer = errors.New("key belongs to no officer of this station")
	// ErrNotForYou: the case is not wrapped to this officer's key.
	ErrNotForYou = errors.New("case is not open to this officer")
	// ErrDoubtful: the machine readable zone was read with doubts, or not at all; type it.
	ErrDoubtful = errors.New("machine readable zone not read with certainty")
	// ErrPortrait: the picture does not make a portrait.
	ErrPortrait = errors.New("portrait not usable")
	// ErrNoOrder: headquarters' production order has not arrived.
	ErrNoOrder = errors.New("no production order yet")
	// ErrInDoubt: ink may have been laid; a person must look at the booklet.
	ErrInDoubt = errors.New("a person must look at the booklet")
	// ErrTries: the chip was tried as often as the profile allows.
	ErrTries = errors.New("chip tried too often")
	// ErrInspection: page, chip and order do not agree.
	ErrInspection = errors.New("inspection found differences")
	// ErrHeadquarters: headquarters' answer contradicts its own signed history.
	ErrHeadquarters = errors.New("headquarters contradicts itself")
	// ErrDeclined: headquarters declined to order the booklet.
	ErrDeclined = errors.New("declined by headquarters")
	// ErrHalted: the station was restored from a backup, or copied; it must not go on.
	ErrHalted = errors.New("station halted: its journal is not the only one")
	// ErrCharter: the charter is older than one already seen, or not for this station.
	ErrCharter = errors.New("charter not acceptable")
	// ErrTrustList: the list of other countries' certificates is missing, or not the charter's.
	ErrTrustList = errors.New("trust list not acceptable")
)

// Key is what a token gives: signatures by its P-256 key, named by KeyID, and the opening of what
// was sealed to it.
type Key interface {
	crypto.Signer
	seal.Opener
	KeyID() string
}

// Seat is an officer who has signed in at the desk.
type Seat struct {
	Officer station.Officer
	Key     Key
}

// Hand moves a booklet between the devices: in an office a person who is asked to, in a training
// office the operator's simulated hand. Put returns when the booklet lies there.
type Hand interface {
	Put(ctx context.Context, serial station.Serial, at Spot) error
}

// Spot is a device on which a booklet can lie.
type Spot string

// Spots of a desk.
const (
	SpotScanner Spot = "scanner"
	SpotReader  Spot = "reader"
	SpotPrinter Spot = "printer"
)

// Desk is one office at work. Its fields are set once, before use. Verbs may be called from several
// goroutines: one that needs a device waits until it is free.
type Desk struct {
	Store        Store
	Charter      station.Charter
	Key          Key // of the station itself: signs what the program does
	Headquarters Headquarters
	Scanner      devices.Scanner
	Camera       devices.Camera // nil where the office has none
	Printer      devices.Printer
	Encoder      devices.Encoder
	Hand         Hand
	Trust        *pki.TrustStore // for our own chips: the charter's anchors alone
	Documents    *pki.TrustStore // for passports of every country; each anchor tells its origin
	Vault        hpke.PublicKey
	VaultKey     journal.KeyLookup // the key of headquarters' directives
	Ledger       note.Verifier
	Layout       printing.Layout
	DPI          int  // of printed pages
	SignsHere    bool // a document signer of the office's own is set up
	Training     bool // Utopian books alone, on a store of its own; TRAINING is printed across every page
	Now          func() time.Time
	Elapsed      func() time.Duration // since some beginning; nil: since the machine started
	ChipTime     time.Duration        // for which a chip on the reader may be silent; 0: 15 s
	Log          *slog.Logger
	Program      func() ([]byte, error) // SHA-256 of the running program's file, for the day's entries; nil: not known
	// OpenJP2 opens JPEG 2000, the form of many old chips' faces; nil where there is no such reader.
	OpenJP2 func(context.Context, []byte) (image.Image, error)

	exchanging turn
	places     places
	session    session // what is in memory only
}

// Adopt puts the desk's charter in force, unless a newer one has been in force before, or one that named a
// newer trust list. It completes and records a purge that was cut off.
func (d *Desk) Adopt(ctx context.Context) error {
	if err := FinishPurge(ctx, d.Store); err != nil {
		return err
	}
	if err := d.adopt(ctx); err != nil {
		return err
	}
	return d.recordPurge(ctx)
}

func (d *Desk) adopt(ctx context.Context) error {
	if err := d.Charter.Profile.Check(); err != nil {
		return fmt.Errorf("charter: %w: %w", ErrCharter, err)
	}
	if d.Charter.StationID != d.Key.KeyID() {
		return fmt.Errorf("charter of another station's key: %w", ErrCharter)
	}
	return d.Store.Update(ctx, func(tx Tx) error {
		if err := d.training(tx); err != nil {
			return err
		}
		if err := d.ours(tx); err != nil {
			return err
		}
		if waiting, err := d.unrestored(tx); err != nil || waiting {
			return err
		}
		if _, err := d.revoked(tx); err != nil {
			return err
		}
		if t := d.Charter.Trust; t != nil {
			if _, err := advance(tx, noteTrust, t.Version); err != nil {
				return err
			}
		}
		newer, err := advance(tx, noteCharter, d.Charter.Version)
		if err != nil || !newer {
			return err
		}
		if err := d.beginContact(tx); err != nil {
			return err
		}
		return d.record(tx, d.Key, fact{kind: event.CharterAdopted, body: event.Adopted{Version: d.Charter.Version}})
	})
}

// advance notes a version that is newer than the one noted before, and refuses an older one.
func advance(tx Tx, note string, version int) (newer bool, err error) {
	raw, err := tx.Note(note)
	if err != nil {
		return false, err
	}
	var seen int
	if raw != nil {
		if err := journal.Decode(raw, &seen); err != nil {
			return false, err
		}
	}
	if version < seen {
		return false, fmt.Errorf("%s: version %d after %d: %w", note, version, seen, ErrCharter)
	}
	if version == seen {
		return false, nil
	}
	if raw, err = journal.Encode(version); err != nil {
		return false, err
	}
	return true, tx.PutNote(note, raw)
}

// ours refuses a store whose journal is another station's.
func (d *Desk) ours(tx Tx) error {
	last, err := tx.Last()
	if err == nil && last != nil && last.Entry.Chain != d.Charter.Station {
		return fmt.Errorf("journal of %s: %w", last.Entry.Chain, ErrOtherStation)
	}
	return err
}

// SignIn gives the officer to whom a key belongs a seat, until the desk locks or they sign out. An
// officer who opened the day brings its key back to memory. The desk closes the key where it has a
// Close.
func (d *Desk) SignIn(key Key) (Seat, error) {
	o, ok := d.Charter.Officer(key.KeyID())
	if !ok {
		return Seat{}, ErrNotOfficer
	}
	d.watchOnce(context.Background())
	d.session.enter(key, d.elapsed())
	seat := Seat{o, key}
	// Two notes are read: nobody would wait long enough to cancel it.
	err := d.Store.View(context.Background(), func(tx Tx) error {
		if err := d.admitKey(tx, key); err != nil {
			return err
		}
		return d.resume(tx, key)
	})
	if err != nil {
		d.SignOut(seat)
		return Seat{}, err
	}
	return seat, nil
}

// fact is what an entry says beyond its place in the chain.
type fact struct {
	kind    string
	subject string
	body    any
	blob    *journal.Blob
}

// record appends a signed entry inside a transaction.
func (d *Desk) record(tx Tx, by Key, ev fact) error {
	if err := halted(tx); err != nil {
		return err
	}
	if err := d.admit(tx, by, ev.kind); err != nil {
		return err
	}
	last, err := tx.Last()
	if err != nil {
		return err
	}
	claimed, err := d.claim(tx, last)
	if err != nil {
		return err
	}
	e := journal.Entry{
		Chain: d.Charter.Station, Epoch: 1, Sequence: 1,
		Kind: ev.kind, Subject: ev.subject, Time: claimed, Blob: ev.blob,
	}
	if last != nil {
		e.Epoch, e.Sequence, e.Previous = last.Entry.Epoch, last.Entry.Sequence+1, last.ID()
	}
	if err := d.inEpoch(tx, &e); err != nil {
		return err
	}
	if ev.body != nil {
		if e.Body, err = journal.Encode(ev.body); err != nil {
			return err
		}
	}
	seen, err := d.checkpoint(tx)
	if err != nil {
		return err
	}
	if seen.Size > 0 {
		e.Seen = &seen.TreeHead
	}
	s, err := journal.Sign(e, by)
	if err != nil {
		return err
	}
	return tx.Append(s)
}

// tokenLetters leave out what a person confuses: 0 and O, 1 and I.
const tokenLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// newToken draws a case token of 50 random bits, written as two groups of five.
func newToken() (station.CaseToken, error) {
	var b [10]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("case token: %w", err)
	}
	for i := range b {
		b[i] = tokenLetters[b[i]&31]
	}
	return station.CaseToken(string(b[:5]) + "-" + string(b[5:])), nil
}

// Board is what the desk shows: cases and booklets without a person, and what waits for
// headquarters.
type Board struct {
	Cases    []station.Case
	Booklets map[station.Serial]station.Booklet
	Waiting  int
	Contact
}

// Board reads the present state.
func (d *Desk) Board(ctx context.Context) (Board, error) {
	b := Board{Booklets: map[station.Serial]station.Booklet{}}
	err := d.Store.View(ctx, func(tx Tx) error {
		var err error
		if b.Cases, err = tx.Cases(); err != nil {
			return err
		}
		n, err := d.service(tx)
		if err != nil {
			return err
		}
		if n != nil {
			b.Cases = nil
		}
		books, err := tx.AllBooklets()
		if err != nil {
			return err
		}
		for _, k := range books {
			b.Booklets[k.Serial] = k
		}
		if b.Waiting, err = tx.Unsent(); err != nil {
			return err
		}
		b.Contact, err = d.contact(tx)
		return err
	})
	return b, err
}

// Case reads one case.
func (d *Desk) Case(ctx context.Context, token station.CaseToken) (station.Case, error) {
	var f Folder
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		f, err = tx.Folder(token)
		return err
	})
	return f.Case, err
}
