package vault

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"padarozhnik/station/journal"
)

// ErrDiaryBehind: at the other place lies a diary that goes further. One that is older than its own copy has to
// be restored from it.
var ErrDiaryBehind = errors.New("the diary at the other place goes further")

// CopyDiary brings the copy of a diary in another file up to date and reads it back. It needs the vault's
// public key alone. Only whole entries whose signatures hold are copied, and nothing that is in the copy
// already is changed; a diary that does not begin as the copy does is ErrDiary, and ErrDiaryBehind where
// it merely ends before the copy. It returns how many entries the copy holds.
//
// The same call in the other direction restores a diary that is lost, or ends earlier.
func CopyDiary(from, to string, own *ecdsa.PublicKey) (int64, error) {
	n, err := copyDiary(from, to, own)
	if err != nil {
		return 0, fmt.Errorf("copy diary: %w", err)
	}
	return n, nil
}

func copyDiary(from, to string, own *ecdsa.PublicKey) (int64, error) {
	source, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer source.Close()
	if err := unix.Flock(int(source.Fd()), unix.LOCK_SH); err != nil {
		return 0, err
	}
	have, err := scanDiary(source, own)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	target, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer target.Close()
	if err := unix.Flock(int(target.Fd()), unix.LOCK_EX); err != nil {
		return 0, err
	}
	had, err := scanDiary(target, own)
	if err != nil {
		return 0, err
	}
	if err := sameStart(source, target, min(have.bytes, had.bytes)); err != nil {
		return 0, err
	}
	if had.bytes > have.bytes {
		return 0, ErrDiaryBehind
	}
	rest := io.NewSectionReader(source, had.bytes, have.bytes-had.bytes)
	if _, err := io.Copy(io.NewOffsetWriter(target, had.bytes), rest); err != nil {
		return 0, err
	}
	if err := errors.Join(target.Truncate(have.bytes), target.Sync(), syncDir(filepath.Dir(to))); err != nil {
		return 0, err
	}
	now, err := scanDiary(target, own)
	if err == nil && now != have {
		err = fmt.Errorf("%w: the copy does not read back", ErrDiary)
	}
	return now.entries, err
}

// extent is how much of a file is whole entries that hold.
type extent struct {
	entries, bytes int64
	last           journal.Hash
}

// scanDiary verifies a diary from its start. A torn end is no part of it.
func scanDiary(file io.ReaderAt, own *ecdsa.PublicKey) (extent, error) {
	var e extent
	keys := func(e journal.Entry) (*ecdsa.PublicKey, error) { return writerOf(own, e) }
	for chain := journal.NewVerifier(diaryChain, keys, nil); ; {
		raw, err := recordAt(file, e.bytes)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return e, nil
		}
		var s journal.Signed
		if err == nil {
			s, err = journal.Parse(raw)
		}
		if err == nil {
			err = chain.Next(s)
		}
		if err != nil {
			return e, fmt.Errorf("%w: at byte %d: %w", ErrDiary, e.bytes, err)
		}
		e.entries, e.bytes, e.last = e.entries+1, e.bytes+int64(len(raw))+4, s.ID()
	}
}

// sameStart compares the first bytes of two files.
func sameStart(a, b io.ReaderAt, size int64) error {
	var of [2][64 << 10]byte
	for at := int64(0); at < size; {
		n := min(size-at, int64(len(of[0])))
		for i, file := range []io.ReaderAt{a, b} {
			if _, err := io.ReadFull(io.NewSectionReader(file, at, n), of[i][:n]); err != nil {
				return err
			}
		}
		if string(of[0][:n]) != string(of[1][:n]) {
			return fmt.Errorf("%w: its copy is that of another one", ErrDiary)
		}
		at += n
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
