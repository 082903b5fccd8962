package vault

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// diaryChain names the vault's own chain. No station can be called so: the ledger never sees it.
const diaryChain = "VAULT"

// Conditions of the diary.
var (
	// ErrDiary: the file is not the vault's diary, was changed, or lacks what the ledger pins.
	ErrDiary = errors.New("diary does not hold")
	// ErrReading: opening more cases than usual, or one again, needs two officers.
	ErrReading = errors.New("opening these cases needs two officers")
)

// Diary is the vault's own memory beside the ledger: a chain of signed entries in one file. It says
// which case was opened when and why, which officers allowed or decided what, and by which marks an
// application is recognised. Marks are HMACs; without the key in the vault's store they say nothing.
//
// A diary is kept rather than rebuilt at every start, because rebuilding opens every case there is:
// opening in bulk would be everyday, and nobody would see the one time when it is a theft. Rebuilding
// exists (Vault.Reindex) and takes two officers.
//
// The first half of an opening is its entry: what cannot be written is not opened. Each order on the
// ledger names the entry of its opening, so a diary that was cut short is found out.
//
// Several processes may have one diary open: each append takes the file's lock and reads what the
// others wrote.
type Diary struct {
	// Officers tells whether a key may decide; nil means anybody's (training).
	Officers func(keyID string) bool
	// Limit is how many openings in 24 hours need nobody's leave.
	Limit int
	Now   func() time.Time

	file   *os.File
	key    crypto.Signer
	offset int64
	chain  *journal.Verifier
	memory
}

// usualOpenings is the limit where none is set: a busy day of all stations together.
const usualOpenings = 200

// OpenDiary opens the diary in a file, or begins one, and verifies all of it under the vault's key.
// A last entry that a crash left half written is cut off; anything else that is wrong is ErrDiary.
func OpenDiary(path string, key crypto.Signer) (*Diary, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("diary: %w", err)
	}
	d := &Diary{Limit: usualOpenings, Now: time.Now, file: file, key: key, memory: newMemory()}
	d.chain = journal.NewVerifier(diaryChain, d.keyOf, nil)
	if err := d.locked(func() error { return nil }); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return d, nil
}

// Close ends the diary.
func (d *Diary) Close() error { return d.file.Close() }

// Refresh takes in what other processes wrote.
func (d *Diary) Refresh() error { return d.locked(func() error { return nil }) }

// locked reads what is new and runs do while nobody else writes.
func (d *Diary) locked(do func() error) error {
	if err := unix.Flock(int(d.file.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("diary: %w", err)
	}
	defer func() { _ = unix.Flock(int(d.file.Fd()), unix.LOCK_UN) }()
	if err := d.read(); err != nil {
		return err
	}
	return do()
}

// read takes in entries behind the last one known. A torn end is cut off: its writer died, and what
// it was to say was not acknowledged.
func (d *Diary) read() error {
	for {
		raw, err := d.record()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return d.trim()
		}
		if err != nil {
			return fmt.Errorf("diary: %w", err)
		}
		s, err := journal.Parse(raw)
		if err == nil {
			err = d.chain.Next(s)
		}
		if err == nil {
			err = d.remember(s)
		}
		if err != nil {
			return fmt.Errorf("%w: at byte %d: %w", ErrDiary, d.offset, err)
		}
		d.offset += int64(len(raw)) + 4
	}
}

// record reads the next record.
func (d *Diary) record() ([]byte, error) { return recordAt(d.file, d.offset) }

// recordAt reads one record: four bytes of length, big-endian, and a signed entry.
func recordAt(file io.ReaderAt, offset int64) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(io.NewSectionReader(file, offset, 4), size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > journal.MaxEntry {
		return nil, fmt.Errorf("%w: record of %d bytes", ErrDiary, n)
	}
	raw := make([]byte, n)
	_, err := io.ReadFull(io.NewSectionReader(file, offset+4, int64(n)), raw)
	if errors.Is(err, io.EOF) && n > 0 {
		err = io.ErrUnexpectedEOF
	}
	return raw, err
}

func (d *Diary) trim() error {
	info, err := d.file.Stat()
	if err != nil || info.Size() == d.offset {
		return err
	}
	if info.Size() < d.offset {
		return fmt.Errorf("%w: the file has become shorter", ErrDiary)
	}
	return d.file.Truncate(d.offset)
}

// line is what one entry of the diary says.
type line struct {
	kind, subject string
	body          any
	blob          *journal.Blob
	pair          journal.Hash
}

// append signs a line, writes it and makes it durable.
func (d *Diary) append(by crypto.Signer, l line) (journal.Signed, error) {
	e := journal.Entry{
		Chain: diaryChain, Epoch: 1, Sequence: 1, Kind: l.kind, Subject: l.subject,
		Time: d.Now().Unix(), Blob: l.blob, Pair: l.pair,
	}
	if last, ok := d.chain.Last(); ok {
		e.Sequence, e.Previous = last.Entry.Sequence+1, last.ID()
	}
	var err error
	if e.Body, err = journal.Encode(l.body); err != nil {
		return journal.Signed{}, err
	}
	s, err := journal.Sign(e, by)
	if err != nil {
		return s, fmt.Errorf("diary: %w", err)
	}
	raw := binary.BigEndian.AppendUint32(nil, uint32(len(s.Raw())))
	raw = append(raw, s.Raw()...)
	if _, err := d.file.WriteAt(raw, d.offset); err != nil {
		return s, errors.Join(fmt.Errorf("diary: %w", err), d.trim())
	}
	if err := d.file.Sync(); err != nil {
		return s, fmt.Errorf("diary: %w", err)
	}
	return s, d.read()
}

// keyOf finds who may sign: the vault, and whoever brings along the key that the entry names. Whether
// they may decide is asked when the decision counts.
func (d *Diary) keyOf(e journal.Entry) (*ecdsa.PublicKey, error) {
	own, _ := d.key.Public().(*ecdsa.PublicKey)
	return writerOf(own, e)
}

// writerOf is keyOf for the diary of the vault that has that key.
func writerOf(own *ecdsa.PublicKey, e journal.Entry) (*ecdsa.PublicKey, error) {
	if own != nil {
		if id, err := journal.KeyID(own); err == nil && id == e.Actor {
			return own, nil
		}
	}
	spki, err := spkiOf(e)
	if err != nil {
		return nil, err
	}
	pub, err := journal.ParseKey(spki)
	if err != nil {
		return nil, err
	}
	if id, err := journal.KeyID(pub); err != nil || id != e.Actor {
		return nil, journal.ErrUnknownKey
	}
	return pub, nil
}

// opened writes that a case is about to be opened, unless two officers would have to allow it.
func (d *Diary) opened(token station.CaseToken, b journal.Blob, at, why string) (journal.Hash, error) {
	var id journal.Hash
	err := d.locked(func() error {
		if err := d.mayOpen(token, b.Digest, why); err != nil {
			return err
		}
		s, err := d.append(d.key, line{
			kind: kindUnsealed, subject: string(token), body: unsealed{Station: at, Why: why}, blob: &b,
		})
		id = s.ID()
		return err
	})
	return id, err
}
