package issuance

import "padarozhnik/station/journal"

// Kept is one of the station's own entries with headquarters' receipt, nil where there is none.
type Kept struct {
	Entry   journal.Signed
	Receipt *journal.Receipt
}

// Receipts keeps what headquarters acknowledged of the station's chain. Walk and UnreceiptedAfter
// go on behind an entry, from the start for nil, oldest first. At returns nil for a number that the
// chain does not have. VoidReceipts takes away the receipts of every entry beyond a number, because
// headquarters lost them.
type Receipts interface {
	Walk(after *journal.Signed, limit int) ([]Kept, error)
	UnreceiptedAfter(after *journal.Signed, limit int) ([]journal.Signed, error)
	At(epoch, sequence uint64) (*Kept, error)
	VoidReceipts(epoch, sequence uint64) error
	Unsent() (int, error) // entries without a receipt
}
