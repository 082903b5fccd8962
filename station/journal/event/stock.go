package event

import (
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// Kinds of entries about the stock of blanks. Two custodians act: one proposes, the other witnesses, and
// the second entry is in force. StockProposed and StockWitnessed take blanks into the safe.
const (
	StockArrivalProposed = "stock.arrival-proposed"
	StockArrived         = "stock.arrived"
	StockCounted         = "stock.counted"  // by one custodian, blind
	StockRecount         = "stock.recount"  // two counts differed; both count again
	StockCompared        = "stock.compared" // one bag with its manifest; subject: shipment
	StockSettled         = "stock.settled"  // headquarters' decision on a quarantine was carried out

	StockSendProposed    = "stock.send-proposed"
	StockSent            = "stock.sent"
	StockLossProposed    = "stock.loss-proposed"
	StockLost            = "stock.lost"
	StockSpoilProposed   = "stock.spoil-proposed"
	StockSpoiled         = "stock.spoiled" // before it was used for anybody
	StockDestroyProposed = "stock.destroy-proposed"
	StockDestroyed       = "stock.destroyed" // blob of both: the picture
	StockCheckProposed   = "stock.check-proposed"
	StockChecked         = "stock.checked" // a surprise count
)

// StockResolved is the kind of the directive by which headquarters decides on a bag in quarantine.
const StockResolved = "stock.resolved"

// PurposePicture is that of a picture of destroyed books, to headquarters.
const PurposePicture = "destroyed"

// Blank is one line of a manifest. Bag is empty where the shipment is one bag.
type Blank struct {
	Serial station.Serial `cbor:"1,keyasint" json:"serial"`
	ChipID []byte         `cbor:"2,keyasint" json:"chipId"`
	Bag    string         `cbor:"3,keyasint,omitempty" json:"bag,omitempty"`
}

// Manifest is the blob of StockAllocated. A manifest without bags is that of one bag without a seal.
type Manifest struct {
	Maker    string  `cbor:"1,keyasint"`
	Product  string  `cbor:"2,keyasint"`
	Blanks   []Blank `cbor:"3,keyasint"`
	Shipment string  `cbor:"4,keyasint,omitempty"`
	Bags     []Bag   `cbor:"5,keyasint,omitempty"`
}

// Bag is a sealed bag: its name, and the number of its seal.
type Bag struct {
	Name string `cbor:"1,keyasint" json:"name"`
	Seal string `cbor:"2,keyasint,omitempty" json:"seal,omitempty"`
}

// ID names the shipment: as headquarters does, or by its first blank.
func (m Manifest) ID() string {
	if m.Shipment == "" && len(m.Blanks) > 0 {
		return string(m.Blanks[0].Serial)
	}
	return m.Shipment
}

// Sealed lists the bags of the shipment.
func (m Manifest) Sealed() []Bag {
	if len(m.Bags) == 0 {
		return []Bag{{Name: "1"}}
	}
	return m.Bags
}

// Contents lists the serials in each bag.
func (m Manifest) Contents() map[string][]station.Serial {
	out := map[string][]station.Serial{}
	for _, b := range m.Blanks {
		bag := b.Bag
		if len(m.Bags) == 0 {
			bag = "1"
		}
		out[bag] = append(out[bag], b.Serial)
	}
	return out
}

// Allocated is the body of StockAllocated: which shipment is on its way, in which bags. What they hold
// stands in the sealed manifest alone, so that nobody who counts can know it; Manifest is its SHA-256.
type Allocated struct {
	Manifest journal.Hash `cbor:"1,keyasint"`
	Product  string       `cbor:"2,keyasint"`
	Shipment string       `cbor:"4,keyasint,omitempty"`
	Bags     []Bag        `cbor:"5,keyasint,omitempty"`
}

// Counted is the body of StockProposed and StockWitnessed: blanks taken into the safe. Proposed is the
// identity of the entry that a witness confirms. Joint says that two custodians counted together and
// read no seals: the short form.
type Counted struct {
	Serials  []station.Serial `cbor:"1,keyasint"`
	Proposed []byte           `cbor:"2,keyasint,omitempty"`
	Shipment string           `cbor:"3,keyasint,omitempty"`
	Joint    bool             `cbor:"4,keyasint,omitempty"`
}

// Arrived is the body of StockArrivalProposed and StockArrived: how each bag came, "" for one whose seal
// is whole and the announced one.
type Arrived struct {
	Bags     map[string]string `cbor:"1,keyasint"`
	Proposed []byte            `cbor:"2,keyasint,omitempty"`
}

// BagCounted is the body of StockCounted: a commitment to what was found, the SHA-256 of a salt and the
// serials, so that the journal shows nobody the other's figure.
type BagCounted struct {
	Bag        string `cbor:"1,keyasint"`
	Commitment []byte `cbor:"2,keyasint"`
}

// Recount is the body of StockRecount.
type Recount struct {
	Bags []string `cbor:"1,keyasint"`
}

// Compared is the body of StockCompared. Why is empty for a good bag; otherwise the whole bag is in
// quarantine. Blanks are those of the manifest.
type Compared struct {
	Bag      string          `cbor:"1,keyasint"`
	Manifest []byte          `cbor:"2,keyasint"` // SHA-256 of the manifest
	Blanks   []station.Range `cbor:"3,keyasint,omitempty"`
	Missing  []station.Range `cbor:"4,keyasint,omitempty"`
	Extra    []station.Range `cbor:"5,keyasint,omitempty"`
	Why      string          `cbor:"6,keyasint,omitempty"`
	Joint    bool            `cbor:"7,keyasint,omitempty"`
}

// Moved is the body of entries by which two custodians send, lose, spoil or destroy. Reason never names a
// holder.
type Moved struct {
	Blanks   []station.Range `cbor:"1,keyasint"`
	Reason   string          `cbor:"2,keyasint,omitempty"`
	To       string          `cbor:"3,keyasint,omitempty"` // another station, or "headquarters"
	Seal     string          `cbor:"4,keyasint,omitempty"`
	Picture  []byte          `cbor:"5,keyasint,omitempty"` // SHA-256 of the picture
	Proposed []byte          `cbor:"6,keyasint,omitempty"`
}

// Checked is the body of StockCheckProposed and StockChecked: what a surprise count found.
type Checked struct {
	Counted  int             `cbor:"1,keyasint"`
	Expected int             `cbor:"2,keyasint"`
	Missing  []station.Range `cbor:"3,keyasint,omitempty"` // where serials were read
	Extra    []station.Range `cbor:"4,keyasint,omitempty"`
	Proposed []byte          `cbor:"5,keyasint,omitempty"`
}

// Resolution is the body of StockResolved and StockSettled: what becomes of a bag in quarantine. A blank
// that is named in neither list stays where it is.
type Resolution struct {
	Shipment string          `cbor:"1,keyasint" json:"shipment"`
	Bag      string          `cbor:"2,keyasint" json:"bag"`
	Released []station.Range `cbor:"3,keyasint,omitempty" json:"released,omitempty"`
	Lost     []station.Range `cbor:"4,keyasint,omitempty" json:"lost,omitempty"`
	Reason   string          `cbor:"5,keyasint,omitempty" json:"reason,omitempty"`
}

// maxBags keeps the announcement of a shipment inside the bounds of an entry.
const maxBags = 50

// Check refuses a manifest that contradicts itself: names that are not of their form, a bag twice, a blank
// twice, or in a bag that the manifest does not list.
func (m Manifest) Check() error {
	if err := station.CheckShipment(m.ID()); err != nil {
		return err
	}
	if len(m.Bags) > maxBags || len(m.Blanks) == 0 {
		return fmt.Errorf("%d blanks in %d bags: %w", len(m.Blanks), len(m.Bags), station.ErrMalformed)
	}
	bags := map[string]bool{"": len(m.Bags) == 0}
	for _, b := range m.Bags {
		if err := station.CheckShipment(b.Name); err != nil {
			return err
		}
		if bags[b.Name] {
			return fmt.Errorf("bag %s stands twice: %w", b.Name, station.ErrMalformed)
		}
		bags[b.Name] = true
	}
	serials := make([]station.Serial, len(m.Blanks))
	for i, b := range m.Blanks {
		if !bags[b.Bag] {
			return fmt.Errorf("blank %s in a bag that is not listed: %w", b.Serial, station.ErrMalformed)
		}
		serials[i] = b.Serial
	}
	_, err := station.Counted(serials)
	return err
}
