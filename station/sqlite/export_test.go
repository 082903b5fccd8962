package sqlite

import "context"

// Pragma reads a setting of the connection in use.
func (s *Store) Pragma(ctx context.Context, name string) (string, error) { return s.pragma(ctx, name) }

// Weaken takes away what makes commits durable, to show that a test would see it.
func (s *Store) Weaken(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "PRAGMA synchronous = OFF")
	return err
}
