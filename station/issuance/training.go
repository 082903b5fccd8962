package issuance

import (
	"errors"
	"fmt"

	"padarozhnik/printing"
	"padarozhnik/station"
)

// Training and real work never meet.
var (
	// ErrTraining: a training station refuses a charter for real books.
	ErrTraining = errors.New("charter is not for training")
	// ErrTrainingStore: a training station's store was opened for real work, or the reverse.
	ErrTrainingStore = errors.New("store of the other kind: training or real")
)

// page is what this desk prints for an order. In training the word stands across it, whatever the profile
// prints.
func (d *Desk) page(o station.Order) (printing.Page, error) {
	p, err := Page(d.Charter.Profile, o)
	if d.Training {
		p.Overprint = printing.Training
	}
	return p, err
}

// noteTraining marks the store of a training station, from its first transaction on.
const noteTraining = "training"

// utopia is the code of the one state whose books are made in training.
const utopia = "UTO"

// Suits refuses a charter that this desk could not work under, before it replaces the one in force: for real
// books in training.
func (d *Desk) Suits(c station.Charter) error {
	if p := c.Profile; d.Training && (p.IssuingState != utopia || p.Mode == station.ModeIssue) {
		return fmt.Errorf("profile %s of mode %s: %w", p.Name, p.Mode, ErrTraining)
	}
	return nil
}

// training holds a desk to its kind: in training the profile is Utopia's and issues nothing, and a store
// that began in training stays there, as one that began in earnest does.
func (d *Desk) training(tx Tx) error {
	if err := d.Suits(d.Charter); err != nil {
		return err
	}
	mark, err := tx.Note(noteTraining)
	if err != nil {
		return err
	}
	last, err := tx.Last()
	if err != nil {
		return err
	}
	begun := mark != nil || last != nil
	if begun && d.Training != (mark != nil) {
		return ErrTrainingStore
	}
	if d.Training && !begun {
		return tx.PutNote(noteTraining, []byte{1})
	}
	return nil
}
