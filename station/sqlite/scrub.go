package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Scrub implements issuance.Store: the write-ahead log is written back and emptied.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.checkpoint(ctx, "TRUNCATE"); err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	return nil
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

// Wipe implements issuance.Store. The pages that were erased are zeros already (secure_delete) and
// are written back; then random bytes are written over the whole length of the log, which would
// otherwise give its blocks back as they are; last the file is built anew without its free pages.
func (s *Store) Wipe(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		func(context.Context) error { return s.giveUpReserve() }, // a full disk must not stop a purge
		func(ctx context.Context) error { return s.checkpoint(ctx, "RESTART") },
		s.overwriteLog,
		func(ctx context.Context) error { return s.checkpoint(ctx, "RESTART") },
		func(ctx context.Context) error { _, err := s.db.ExecContext(ctx, "VACUUM"); return translate(err) },
		func(ctx context.Context) error { return s.checkpoint(ctx, "TRUNCATE") },
	} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("wipe: %w", err)
		}
	}
	return nil
}

// overwriteLog writes as much as the log is long and takes it back: the next writer after a RESTART
// begins at the start of the log.
func (s *Store) overwriteLog(ctx context.Context) error {
	info, err := os.Stat(s.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	const name = "wipe"
	put := "INSERT INTO notes (name, value) VALUES (?1, randomblob(?2)) ON CONFLICT (name) DO UPDATE SET value = randomblob(?2)"
	if _, err := s.db.ExecContext(ctx, put, name, info.Size()); err != nil {
		return translate(err)
	}
	_, err = s.db.ExecContext(ctx, "DELETE FROM notes WHERE name = ?", name)
	return translate(err)
}
