package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// transaction implements issuance.Tx. It carries the context of the one call that it lives in.
type transaction struct {
	ctx    context.Context
	tx     *sql.Tx
	erased bool // something was, that must not stay in the files
}

var _ issuance.Tx = (*transaction)(nil)

func (t *transaction) exec(what, query string, args ...any) error {
	if _, err := t.tx.ExecContext(t.ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// blobs reads rows of one blob column each.
func (t *transaction) blobs(what, query string, args ...any) (out [][]byte, err error) {
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

// records reads and decodes rows of one record each.
func records[T any](t *transaction, what, query string, args ...any) ([]T, error) {
	raw, err := t.blobs(what, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(raw))
	for i, b := range raw {
		if err := journal.Decode(b, &out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
	return out, nil
}

func unknown(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return issuance.ErrUnknown
	}
	return err
}

// Folder implements issuance.Folders.
func (t *transaction) Folder(token station.CaseToken) (issuance.Folder, error) {
	var f issuance.Folder
	var record, keys []byte
	row := t.tx.QueryRowContext(t.ctx, "SELECT record, sealed, keys, orders FROM cases WHERE token = ?", string(token))
	if err := row.Scan(&record, &f.Sealed, &keys, &f.Order); err != nil {
		return f, fmt.Errorf("case %s: %w", token, unknown(err))
	}
	if err := journal.Decode(record, &f.Case); err != nil {
		return f, fmt.Errorf("case %s: %w", token, err)
	}
	if keys != nil {
		if err := journal.Decode(keys, &f.Keys); err != nil {
			return f, fmt.Errorf("case %s: %w", token, err)
		}
	}
	return f, nil
}

// PutFolder implements issuance.Folders.
func (t *transaction) PutFolder(f issuance.Folder) error {
	record, err := journal.Encode(f.Case)
	if err != nil {
		return fmt.Errorf("case %s: %w", f.Case.Token, err)
	}
	t.erased = t.erased || len(f.Keys) == 0
	var keys []byte
	if len(f.Keys) > 0 {
		if keys, err = journal.Encode(f.Keys); err != nil {
			return fmt.Errorf("case %s: %w", f.Case.Token, err)
		}
	}
	return t.exec("case "+string(f.Case.Token),
		`INSERT INTO cases (token, opened, record, sealed, keys, orders) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		 ON CONFLICT (token) DO UPDATE SET record = ?3, sealed = ?4, keys = ?5, orders = ?6`,
		string(f.Case.Token), f.Case.Opened, record, f.Sealed, keys, f.Order)
}

// Cases implements issuance.Folders.
func (t *transaction) Cases() ([]station.Case, error) {
	return records[station.Case](t, "cases", "SELECT record FROM cases ORDER BY opened DESC, token")
}

// Booklet implements issuance.Booklets.
func (t *transaction) Booklet(serial station.Serial) (station.Booklet, error) {
	found, err := records[station.Booklet](t, "booklet "+string(serial),
		"SELECT record FROM booklets WHERE serial = ?", string(serial))
	if err != nil {
		return station.Booklet{}, err
	}
	if len(found) == 0 {
		return station.Booklet{}, fmt.Errorf("booklet %s: %w", serial, issuance.ErrUnknown)
	}
	return found[0], nil
}

// PutBooklet implements issuance.Booklets.
func (t *transaction) PutBooklet(b station.Booklet) error {
	record, err := journal.Encode(b)
	if err != nil {
		return fmt.Errorf("booklet %s: %w", b.Serial, err)
	}
	return t.exec("booklet "+string(b.Serial),
		"INSERT INTO booklets (serial, record) VALUES (?1, ?2) ON CONFLICT (serial) DO UPDATE SET record = ?2",
		string(b.Serial), record)
}

// AllBooklets implements issuance.Booklets.
func (t *transaction) AllBooklets() ([]station.Booklet, error) {
	return records[station.Booklet](t, "booklets", "SELECT record FROM booklets ORDER BY serial")
}

// PutBlob implements issuance.Blobs.
func (t *transaction) PutBlob(digest journal.Hash, data []byte) error {
	return t.exec("blob", "INSERT INTO blobs (digest, data) VALUES (?, ?) ON CONFLICT DO NOTHING", digest[:], data)
}

// Blob implements issuance.Blobs.
func (t *transaction) Blob(digest journal.Hash) ([]byte, error) {
	found, err := t.blobs("blob", "SELECT data FROM blobs WHERE digest = ?", digest[:])
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("blob: %w", issuance.ErrUnknown)
	}
	return found[0], nil
}

// EraseBlob implements issuance.Blobs.
func (t *transaction) EraseBlob(digest journal.Hash) error {
	t.erased = true
	return t.exec("blob", "DELETE FROM blobs WHERE digest = ?", digest[:])
}

// Note implements issuance.Notes.
func (t *transaction) Note(name string) ([]byte, error) {
	found, err := t.blobs("note "+name, "SELECT value FROM notes WHERE name = ?", name)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// PutNote implements issuance.Notes.
func (t *transaction) PutNote(name string, value []byte) error {
	return t.exec("note "+name,
		"INSERT INTO notes (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2", name, value)
}

// EraseNote implements issuance.Notes.
func (t *transaction) EraseNote(name string) error {
	t.erased = true
	return t.exec("note "+name, "DELETE FROM notes WHERE name = ?", name)
}
