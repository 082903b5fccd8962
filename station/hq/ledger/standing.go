package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"padarozhnik/station/hq/wire"
)

// Standing is how a party stands with the ledger.
type Standing struct {
	Name    string
	Role    wire.Role
	Epoch   uint64
	Revoked bool
	Frozen  bool   // its own chain, or that of its directives
	Entries int64  // in both chains
	Last    uint64 // number of the newest entry of its own chain
}

// Standings lists all parties by name.
func (l *Ledger) Standings(ctx context.Context) (list []Standing, err error) {
	err = l.view(ctx, func(t *tx) error {
		list = nil
		return t.each(func(rows *sql.Rows) error {
			var s Standing
			err := rows.Scan(&s.Name, &s.Role, &s.Epoch, &s.Revoked, &s.Frozen, &s.Entries, &s.Last)
			list = append(list, s)
			return err
		}, `SELECT p.name, p.role, p.epoch, p.revoked,
			coalesce((SELECT max(frozen) FROM chains c WHERE c.party = p.name), 0),
			(SELECT count(*) FROM entries e JOIN chains c ON c.name = e.chain WHERE c.party = p.name),
			coalesce((SELECT e.sequence FROM chains c JOIN entries e ON e.leaf = c.head WHERE c.name = p.name), 0)
			FROM parties p ORDER BY p.name`)
	})
	if err != nil {
		return nil, fmt.Errorf("standings: %w", err)
	}
	return list, nil
}
