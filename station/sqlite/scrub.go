package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"padarozhnik/station/issuance"
)

// noteUnscrubbed stands in the file from a transaction that erased something to the end of the scrub
// after it.
const noteUnscrubbed = "unscrubbed"

// Scrub implements issuance.Store. The pages that were erased are zeros already (secure_delete) and
// are written back; then random bytes are written over the whole length of the write-ahead log, whose
// blocks the disk would otherwise get back as they are; last the log is emptied.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.scrub(ctx); err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	return nil
}

func (s *Store) scrub(ctx context.Context) error {
	if err := s.checkpoint(ctx, "RESTART"); err != nil {
		return err
	}
	err := s.overwriteLog(ctx)
	if errors.Is(err, issuance.ErrDiskFull) { // what is ended is ended in the room of the reserve
		err = errors.Join(s.giveUpReserve(), s.overwriteLog(ctx))
	}
	if err != nil {
		return err
	}
	return s.checkpoint(ctx, "TRUNCATE")
}

func (s *Store) checkpoint(ctx context.Context, mode string) error {
	var busy, frames, done int
	err := s.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &frames, &done)
	if err != nil {
		return translate(err)
	}
	if busy != 0 {
		return fmt.Errorf("log in use")
	}
	return nil
}

// Wipe implements issuance.Store: it scrubs, builds the file anew without its free pages, and scrubs
// again. The reserve is given up first: a full disk must not stop a purge.
func (s *Store) Wipe(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		func(context.Context) error { return s.giveUpReserve() },
		s.scrub,
		func(ctx context.Context) error { _, err := s.db.ExecContext(ctx, "VACUUM"); return translate(err) },
		s.scrub,
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("wipe: %w", err)
		}
	}
	return nil
}

// overwriteLog writes as much as the log is long and takes it back, in two transactions so that both
// reach the log: the next writer after a RESTART begins at its start.
func (s *Store) overwriteLog(ctx context.Context) error {
	info, err := os.Stat(s.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return s.scrubbed(ctx)
	}
	if err != nil {
		return err
	}
	const put = `INSERT INTO notes (name, value) VALUES ('wipe', randomblob(?1))
		ON CONFLICT (name) DO UPDATE SET value = randomblob(?1)`
	if _, err := s.db.ExecContext(ctx, put, info.Size()); err != nil {
		return translate(err)
	}
	return s.scrubbed(ctx)
}

// scrubbed ends the wiping of the log. What was erased is in no file any more when it is called.
func (s *Store) scrubbed(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM notes WHERE name IN ('wipe', ?)", noteUnscrubbed)
	return translate(err)
}

// scrubLate makes up for a scrub that a crash prevented. Where another program has the log in use, that
// one scrubs, at the latest when it closes.
func (s *Store) scrubLate(ctx context.Context) {
	var owed int
	err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM notes WHERE name = ?", noteUnscrubbed).Scan(&owed)
	if err == nil && owed > 0 {
		_ = s.scrub(ctx)
	}
}
