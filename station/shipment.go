package station

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Conditions of a delivery that custodians can cure.
var (
	// ErrSeal: a seal is broken, or its number is not the announced one.
	ErrSeal = errors.New("seal is not the announced one")
	// ErrCounts: two custodians counted differently; the manifest stays closed.
	ErrCounts = errors.New("two counts differ")
	// ErrQuarantined: the bag waits for headquarters' decision.
	ErrQuarantined = errors.New("bag is in quarantine")
)

// ShipmentStage says how far the receipt of a delivery has come.
type ShipmentStage string

// Stages of a shipment.
const (
	ShipmentAnnounced ShipmentStage = "announced" // by headquarters; on its way
	ShipmentArrived   ShipmentStage = "arrived"   // seals compared, being counted
	ShipmentCompared  ShipmentStage = "compared"  // manifest opened
	ShipmentStored    ShipmentStage = "stored"    // what was good is in the safe
)

// Why a bag is in quarantine.
const (
	WhyBroken  = "seal-broken"
	WhySeal    = "seal-differs"
	WhyAbsent  = "bag-missing"
	WhyMissing = "blank-missing"
	WhyExtra   = "blank-extra"
)

// Count is what one custodian found in a bag, without having seen the manifest or another's figure.
type Count struct {
	By      string   `cbor:"1,keyasint" json:"by"` // key identifier
	Serials []Serial `cbor:"2,keyasint" json:"-"`
	Salt    []byte   `cbor:"3,keyasint" json:"-"` // of the commitment in the journal
}

// Bag is one sealed bag of a shipment. What it holds stands in the manifest, which is closed until two
// people have counted.
type Bag struct {
	Name   string  `cbor:"1,keyasint" json:"name"`
	Seal   string  `cbor:"2,keyasint" json:"-"` // as headquarters announced it; "" where the maker uses none
	Counts []Count `cbor:"3,keyasint" json:"counts,omitempty"`
	Why    string  `cbor:"4,keyasint" json:"why,omitempty"` // of its quarantine; "" for a good bag
}

// Shipment is one delivery of blanks to an office.
type Shipment struct {
	ID    string        `cbor:"1,keyasint" json:"id"`
	Stage ShipmentStage `cbor:"2,keyasint" json:"stage"`
	Bags  []Bag         `cbor:"3,keyasint" json:"bags"`
}

var shipmentForm = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,19}$`)

// CheckShipment tells whether an id or the name of a bag is of its form: up to twenty capital letters,
// digits and hyphens.
func CheckShipment(id string) error {
	if !shipmentForm.MatchString(id) {
		return fmt.Errorf("shipment or bag: %w", ErrMalformed)
	}
	return nil
}

// SealRead is what a custodian sees on a bag: the number of its seal, and whether that is whole.
type SealRead struct {
	Number string `json:"number"`
	Broken bool   `json:"broken"`
}

func (s Shipment) at(verb string, stages ...ShipmentStage) error {
	if slices.Contains(stages, s.Stage) {
		return nil
	}
	return fmt.Errorf("%s a shipment that is %s: %w", verb, s.Stage, ErrStage)
}

// Arrive compares the seals of the bags that came. A bag that did not come, or whose seal is broken or
// has another number, goes into quarantine; it is counted all the same. A bag that nobody announced is
// refused with ErrNotOurs.
func (s Shipment) Arrive(seen map[string]SealRead) (Shipment, error) {
	if err := s.at("receive", ShipmentAnnounced); err != nil {
		return s, err
	}
	for name := range seen {
		if _, err := s.Bag(name); err != nil {
			return s, err
		}
	}
	s.Bags = slices.Clone(s.Bags)
	for i, b := range s.Bags {
		read, came := seen[b.Name]
		switch {
		case !came:
			b.Why = WhyAbsent
		case read.Broken:
			b.Why = WhyBroken
		case normalSeal(read.Number) != normalSeal(b.Seal):
			b.Why = WhySeal
		}
		s.Bags[i] = b
	}
	s.Stage = ShipmentArrived
	return s, nil
}

func normalSeal(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(s), ""))
}

// Bag finds a bag by its name. It returns ErrNotOurs for one that was not announced.
func (s Shipment) Bag(name string) (Bag, error) {
	for _, b := range s.Bags {
		if b.Name == name {
			return b, nil
		}
	}
	return Bag{}, fmt.Errorf("bag %s of shipment %s: %w", name, s.ID, ErrNotOurs)
}

// Count keeps one custodian's count of a bag. Each counts for themselves; a count is replaced by a later
// one of the same custodian until the manifest is opened, and a third custodian is refused.
func (s Shipment) Count(bag string, c Count) (Shipment, error) {
	if err := s.at("count", ShipmentArrived); err != nil {
		return s, err
	}
	i := slices.IndexFunc(s.Bags, func(b Bag) bool { return b.Name == bag })
	if i < 0 {
		return s, fmt.Errorf("bag %s of shipment %s: %w", bag, s.ID, ErrNotOurs)
	}
	b := s.Bags[i]
	if b.Why == WhyAbsent {
		return s, fmt.Errorf("bag %s did not come: %w", bag, ErrQuarantined)
	}
	counts := slices.DeleteFunc(slices.Clone(b.Counts), func(had Count) bool { return had.By == c.By })
	if len(counts) == 2 {
		return s, fmt.Errorf("bag %s: two custodians count already: %w", bag, ErrRole)
	}
	b.Counts = append(counts, c)
	s.Bags = slices.Clone(s.Bags)
	s.Bags[i] = b
	return s, nil
}

// Agreed tells whether the manifest may be opened: every bag that came was counted by two, who found the
// same. It returns ErrSamePerson where a second count is missing, and ErrCounts with the bags whose two
// counts differ, which both custodians count again.
func (s Shipment) Agreed() (differ []string, err error) {
	if err := s.at("compare", ShipmentArrived); err != nil {
		return nil, err
	}
	for _, b := range s.Bags {
		if b.Why == WhyAbsent {
			continue
		}
		if len(b.Counts) < 2 {
			return nil, fmt.Errorf("bag %s was counted by %d of 2: %w", b.Name, len(b.Counts), ErrSamePerson)
		}
		if !slices.Equal(b.Counts[0].Serials, b.Counts[1].Serials) {
			differ = append(differ, b.Name)
		}
	}
	if len(differ) > 0 {
		return differ, fmt.Errorf("bags %v: %w", differ, ErrCounts)
	}
	return nil, nil
}

// Again throws both counts of some bags away.
func (s Shipment) Again(bags []string) Shipment {
	s.Bags = slices.Clone(s.Bags)
	for i, b := range s.Bags {
		if slices.Contains(bags, b.Name) {
			s.Bags[i].Counts = nil
		}
	}
	return s
}

// Outcome is how a bag compares with its manifest.
type Outcome struct {
	Bag     string
	Blanks  []Serial // of the manifest
	Missing []Serial // in the manifest, not counted
	Extra   []Serial // counted, not in the manifest
	Why     string   // of a quarantine; "" for a good bag
}

// Compare holds the counts against the opened manifest, bag by bag. One blank missing or too many puts
// the whole bag into quarantine.
func (s Shipment) Compare(manifest map[string][]Serial) (Shipment, []Outcome, error) {
	if _, err := s.Agreed(); err != nil {
		return s, nil, err
	}
	var out []Outcome
	s.Bags = slices.Clone(s.Bags)
	for i, b := range s.Bags {
		o := Outcome{Bag: b.Name, Blanks: manifest[b.Name], Why: b.Why}
		if b.Why == WhyAbsent {
			o.Missing = o.Blanks
		} else {
			o.Missing = Without(o.Blanks, b.Counts[0].Serials)
			o.Extra = Without(b.Counts[0].Serials, o.Blanks)
		}
		switch {
		case o.Why != "":
		case len(o.Missing) > 0:
			o.Why = WhyMissing
		case len(o.Extra) > 0:
			o.Why = WhyExtra
		}
		s.Bags[i].Why, s.Bags[i].Counts = o.Why, nil
		out = append(out, o)
	}
	s.Stage = ShipmentCompared
	return s, out, nil
}

// Store ends the receipt of a shipment.
func (s Shipment) Store() (Shipment, error) {
	if err := s.at("store", ShipmentCompared); err != nil {
		return s, err
	}
	s.Stage = ShipmentStored
	return s, nil
}
