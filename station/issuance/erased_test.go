package issuance_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// TestAfterCloseNothingIsLeft leads a case with fifty planted texts to its close. Afterwards no file
// of the station holds one of them, nor a piece of anything that was sealed about the case, and
// nothing that is left opens with any key that the station still has.
func TestAfterCloseNothingIsLeft(t *testing.T) {
	o := newOffice(t, 2)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	p, n := newPlants(), &needles{}
	for i, text := range p.texts {
		n.addText(fmt.Sprintf("text %d", i), text)
	}
	o.planted(ctx, d, p)
	sealed := &needles{}
	for o.stage(d) != station.StageClosed {
		o.addCase(d, sealed)
		o.addCase(d, n)
		if _, err := o.next(ctx, d); err != nil {
			t.Fatal(err)
		}
		if o.stage(d) == station.StageHanded && len(o.searchStation(sealed)) == 0 {
			t.Fatal("the search does not find the order that is still there")
		}
	}
	o.secure() // until now headquarters had the sealed blobs on one machine alone
	must(d.Sync(ctx))(t)
	if found := o.searchStation(n); len(found) > 0 {
		t.Errorf("after the close: %d finds, the first %s", len(found), found[0])
	}
	o.tryEveryKey(d)
}

// addCase adds what is locked away of the cases, and the blobs that wait for headquarters.
func (o *office) addCase(d *issuance.Desk, n *needles) {
	o.t.Helper()
	day := must(d.Today(o.t.Context()))(o.t)
	kept := day.Keys
	o.addFolders(d, n)
	for _, w := range kept { // the day goes on
		n.removeSealed(w.Sealed)
	}
	for _, row := range o.columns() {
		if row.table == "blobs" {
			n.addSealed("blob", row.value)
		}
	}
}

// removeSealed takes the pieces of a ciphertext out again.
func (n *needles) removeSealed(b []byte) {
	for at := 0; at+4 <= len(b); at++ {
		delete(n.by, [4]byte(b[at:at+4]))
	}
}

type column struct {
	table, name string
	value       []byte
}

// columns reads every value of every table of the store, through SQLite and no code of ours.
func (o *office) columns() (out []column) {
	t := o.t
	t.Helper()
	db := must(sql.Open("sqlite3", "file:"+filepath.Join(o.dir, "station.db")+"?mode=ro"))(t)
	defer db.Close()
	for table, names := range map[string][]string{
		"cases": {"record", "sealed", "keys", "orders"}, "booklets": {"record"}, "entries": {"raw", "receipt"},
		"blobs": {"data"}, "notes": {"value"},
	} {
		for _, name := range names {
			rows := must(db.Query("SELECT " + name + " FROM " + table + " WHERE " + name + " IS NOT NULL"))(t)
			for rows.Next() {
				c := column{table: table, name: name}
				if err := rows.Scan(&c.value); err != nil {
					t.Fatal(err)
				}
				out = append(out, c)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// tryEveryKey opens whatever is left in the store with the station's key, every officer's, and the
// day's, for every purpose that there is. Only the day's own key may come out.
func (o *office) tryEveryKey(d *issuance.Desk) {
	t := o.t
	t.Helper()
	day := must(d.Today(t.Context()))(t)
	dayKey := must(seal.Unwrap(o.keys["A"], "day/"+day.ID, day.Keys))(t)
	token := must(d.Board(t.Context()))(t).Cases[0].Token
	tried := 0
	for _, c := range o.columns() {
		var wraps []seal.Wrap
		isWraps := journal.Decode(c.value, &wraps) == nil && len(wraps) > 0
		for who, key := range o.keys {
			for _, purpose := range []string{event.PurposeCase, event.PurposeOrder, event.PurposeDecision} {
				if _, err := seal.Open(key, purpose, c.value); err == nil {
					t.Errorf("%s opens %s.%s as %s", who, c.table, c.name, purpose)
				}
				tried++
			}
			if isWraps {
				t.Errorf("%s.%s still holds wraps", c.table, c.name)
			}
		}
		if _, err := dayKey.Open(string(token), c.value); err == nil {
			t.Errorf("the day's key opens %s.%s", c.table, c.name)
		}
		if _, err := dayKey.UnwrapKey("day/"+string(token), c.value); err == nil {
			t.Errorf("the day's key unwraps %s.%s", c.table, c.name)
		}
	}
	if tried < 100 {
		t.Errorf("only %d tries", tried)
	}
	for who := range members {
		if _, err := d.Application(t.Context(), o.seat(d, who), token); err == nil {
			t.Errorf("%s opens the closed case", who)
		}
	}
}
