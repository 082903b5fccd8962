package ledger

import (
	"context"
	"strconv"
)

// LimitPages makes SQLite behave as on a disk that holds no more than that many pages.
func (l *Ledger) LimitPages(n int) error {
	var got int
	return l.update(context.Background(), func(t *tx) error {
		return t.row("PRAGMA max_page_count = " + strconv.Itoa(n)).Scan(&got)
	})
}
