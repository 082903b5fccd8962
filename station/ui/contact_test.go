package ui_test

import (
	"fmt"
	"testing"
	"time"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// The status line warns of silence, and says when issuing has stopped.
func TestSilenceIsShown(t *testing.T) {
	for _, c := range []struct {
		days int
		key  string // of the sentence; none for ""
	}{{20, ""}, {21, "ui.status.silent"}, {42, "ui.status.stopped"}} {
		t.Run(fmt.Sprintf("%d days", c.days), func(t *testing.T) {
			o := newOffice(t)
			o.furnish()
			heard := must(journal.Encode(noon.AddDate(0, 0, -c.days).Unix()))(t)
			err := o.desk.Store.Update(t.Context(), func(tx issuance.Tx) error { return tx.PutNote("contact", heard) })
			if err != nil {
				t.Fatal(err)
			}
			o.desk.Now = func() time.Time { return noon }
			o.open()
			o.enter("A-01")
			if c.key != "" && !o.says(fmt.Sprintf(o.text(c.key), c.days)) {
				t.Errorf("does not say %s", c.key)
			}
			if stopped := o.says(fmt.Sprintf(o.text("ui.status.stopped"), c.days)); stopped != (c.key == "ui.status.stopped") {
				t.Errorf("says that issuing has stopped: %v", stopped)
			}
			if c.key == "" && o.says(fmt.Sprintf(o.text("ui.status.silent"), c.days)) {
				t.Error("warns too early")
			}
		})
	}
}
