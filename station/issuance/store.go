package issuance

import (
	"context"
	"errors"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// ErrUnknown is returned for a case, booklet or blob that the store does not hold.
var ErrUnknown = errors.New("not known at this station")

// ErrOtherProgram: another program of this station is doing the same.
var ErrOtherProgram = errors.New("another program is doing this")

// Store keeps the station's state. Update runs fn in one transaction: everything that fn did is on
// the disk when Update returns nil, and nothing of it otherwise. View sees one state throughout.
// Neither is called inside the other. Hold gives one program at a time what a name stands for, until it
// releases it or ends, however it ends; ErrOtherProgram says that another has it. Scrub leaves no erased byte behind in the files; Wipe does the
// same for a purge, slower and whole: no part of a file keeps its old bytes. Room says how much
// room the disk has left.
type Store interface {
	Update(ctx context.Context, fn func(Tx) error) error
	View(ctx context.Context, fn func(Tx) error) error
	Hold(name string) (release func(), err error)
	Scrub(ctx context.Context) error
	Wipe(ctx context.Context) error
	Room(ctx context.Context) (Room, error)
}

// Room is what is left of the disk. A store keeps a reserve, which it gives up when the disk is
// full: cases can be closed and entries sent in that room, and nothing new is begun in it.
type Room struct {
	Free    int64 // bytes, without the reserve
	Reserve bool  // still kept
}

// Tx is one transaction. It is used by one goroutine and ends with the function it was given to.
type Tx interface {
	Folders
	Booklets
	Chain
	Receipts
	Blobs
	Notes
}

// Folder is a case with what belongs to it under lock and key: the application under the case key,
// the case key wrapped to each officer who may open it, and the production order under the same key.
type Folder struct {
	Case   station.Case
	Sealed []byte
	Keys   []seal.Wrap // the case key, to each officer who may open it
	Order  []byte
}

// Folders keeps cases. Folder returns ErrUnknown.
type Folders interface {
	Folder(token station.CaseToken) (Folder, error)
	PutFolder(f Folder) error
	Cases() ([]station.Case, error) // newest first
}

// Booklets keeps blanks. Booklet returns ErrUnknown.
type Booklets interface {
	Booklet(serial station.Serial) (station.Booklet, error)
	PutBooklet(b station.Booklet) error
	AllBooklets() ([]station.Booklet, error) // by serial
}

// Chain keeps the station's own entries. Last returns nil before the first.
type Chain interface {
	Last() (*journal.Signed, error)
	Append(s journal.Signed) error
	Unreceipted(limit int) ([]journal.Signed, error) // oldest first
	PutReceipt(id journal.Hash, r journal.Receipt) error
	Entries(subject string) ([]journal.Signed, error) // oldest first; all of them for ""
	Waiting(subject string) (int, error)              // entries of a subject without receipt
}

// Blobs keeps sealed bytes until headquarters holds them. Blob returns ErrUnknown.
type Blobs interface {
	PutBlob(digest journal.Hash, data []byte) error
	Blob(digest journal.Hash) ([]byte, error)
	EraseBlob(digest journal.Hash) error
}

// Notes keeps small values: what was last seen of headquarters. Note returns nil for an unknown
// name.
type Notes interface {
	Note(name string) ([]byte, error)
	PutNote(name string, value []byte) error
	EraseNote(name string) error
}

// Names of notes.
const (
	noteCheckpoint = "checkpoint" // newest verified checkpoint
	notePulled     = "pulled"     // place of the last directive taken in
	noteCharter    = "charter"    // version of the charter in force
	noteTrust      = "trust"      // version of the trust list in force
	noteDeclined   = "declined/"  // followed by a case token: headquarters' word
	noteOwn        = "own"        // leaf from which receipts are asked for
	noteHeld       = "held"       // blobs with a receipt that are not durable at headquarters yet
	noteSigned     = "signed"     // newest time that headquarters has signed
	noteFirst      = "first"      // oldest time that it has signed and this station has heard
	noteContact    = "contact"    // when headquarters was last heard
	noteHalt       = "lock"       // why the station is halted
	noteAlarm      = "alarm"      // what headquarters did that it must not do
	noteWentBack   = "went-back"  // headquarters was restored, and its directives have not gone on since
	noteBranches   = "branches"   // directives that contradict those taken in
	noteTaken      = "taken/"     // followed by the identity of a directive that was taken in
)
