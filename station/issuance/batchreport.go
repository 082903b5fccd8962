package issuance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// RunReport says what became of every order of a run. Good, Spoiled and Skipped add up to Orders. It
// names officers by their pseudonyms and nobody else.
type RunReport struct {
	Station  string       `json:"station"`
	Run      string       `json:"run"`
	Sheet    string       `json:"sheet"` // SHA-256 of the signed sheet, hexadecimal
	Begun    time.Time    `json:"begun"`
	Ended    time.Time    `json:"ended"`
	Orders   int          `json:"orders"`
	Good     int          `json:"good"`
	Spoiled  int          `json:"spoiled"`
	Skipped  int          `json:"skipped"`
	Booklets []ReportLine `json:"booklets"`
}

// ReportLine is one order in a report, with the end of its booklet.
type ReportLine struct {
	Serial    station.Serial    `json:"serial"`
	Case      station.CaseToken `json:"case"`
	Outcome   station.Standing  `json:"outcome"`
	State     station.State     `json:"state"`
	Reason    string            `json:"reason,omitempty"` // of a spoiled or skipped one
	ChipTries int               `json:"chipTries,omitempty"`
	Operator  string            `json:"operator,omitempty"`
	Inspector string            `json:"inspector,omitempty"`
}

// SignedReport is a report with the entry of the journal that vouches for it.
type SignedReport struct {
	Report RunReport `json:"report"`
	Entry  []byte    `json:"entry"` // COSE_Sign1; its body has the report's SHA-256
}

// digest is that of the report as this program writes it, without spaces.
func (r RunReport) digest() ([]byte, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

// ReportRun ends the run when every booklet has come to its end, and signs what became of them. Of a run
// that has ended it returns the report again.
func (d *Desk) ReportRun(ctx context.Context, seat Seat) (SignedReport, error) {
	var out SignedReport
	err := d.Store.Update(ctx, func(tx Tx) error {
		run, books, err := openRun(tx)
		if err != nil {
			return err
		}
		s := standing(run, books)
		if run.State == station.RunEnded {
			out, err = d.reported(tx, s)
			return err
		}
		if err := seat.Officer.May(station.RoleOperate, station.DateOf(d.Now())); err != nil {
			return err
		}
		if run, err = run.End(s.Tally); err != nil {
			return errors.Join(ErrRunUnfinished, err)
		}
		if out.Report, err = d.report(tx, s, d.Now()); err != nil {
			return err
		}
		if err := putRun(tx, run); err != nil {
			return err
		}
		digest, err := out.Report.digest()
		if err != nil {
			return err
		}
		r := out.Report
		body := event.RunResult{Report: digest, Orders: r.Orders, Good: r.Good, Spoiled: r.Spoiled, Skipped: r.Skipped}
		if err := d.record(tx, seat.Key, fact{kind: event.RunReported, subject: run.ID, body: body}); err != nil {
			return err
		}
		last, err := tx.Last()
		if err == nil {
			out.Entry = last.Raw()
			err = putReport(tx, out)
		}
		return err
	})
	if err != nil {
		return SignedReport{}, fmt.Errorf("report run: %w", err)
	}
	return out, nil
}

// noteReport keeps the report of the last run that ended.
const noteReport = "run/report"

func putReport(tx Tx, r SignedReport) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.PutNote(noteReport, raw)
}

func (d *Desk) reported(tx Tx, s RunStatus) (SignedReport, error) {
	var out SignedReport
	raw, err := tx.Note(noteReport)
	if err == nil && raw == nil {
		err = ErrNoRun
	}
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(raw, &out); err != nil || out.Report.Run != s.ID {
		return out, errors.Join(ErrNoRun, err)
	}
	return out, nil
}

// report sums a run up.
func (d *Desk) report(tx Tx, s RunStatus, now time.Time) (RunReport, error) {
	r := RunReport{
		Station: d.Charter.Station, Run: s.ID, Sheet: hex.EncodeToString(s.Sheet),
		Begun: time.Unix(s.Begun, 0).UTC(), Ended: now.UTC().Truncate(time.Second), Orders: len(s.Rows),
		Good: s.Tally[station.StandingGood], Spoiled: s.Tally[station.StandingSpoiled],
		Skipped: s.Tally[station.StandingSkipped],
	}
	for _, row := range s.Rows {
		line := ReportLine{
			Serial: row.Serial, Case: row.Case, Outcome: row.Standing, State: row.State, Reason: row.Skipped,
		}
		b, err := tx.Booklet(row.Serial)
		if err != nil {
			return r, err
		}
		line.ChipTries = b.Tries
		if err := d.whoMade(tx, &line); err != nil {
			return r, err
		}
		r.Booklets = append(r.Booklets, line)
	}
	return r, nil
}

// whoMade finds in the journal who printed and who inspected a booklet, and why it was spoiled.
func (d *Desk) whoMade(tx Tx, line *ReportLine) error {
	entries, err := tx.Entries(string(line.Serial))
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(entries) {
		o, _ := d.Charter.Officer(s.Entry.Actor)
		switch s.Entry.Kind {
		case event.BlankTaken, event.PrintStarted:
			if line.Operator == "" {
				line.Operator = o.Pseudonym
			}
		case event.BookletPassed:
			line.Inspector = o.Pseudonym
		case event.BookletSpoiled:
			var body event.Resolved
			if err := journal.Decode(s.Entry.Body, &body); err != nil {
				return err
			}
			line.Reason = body.Reason
		}
	}
	return nil
}

// VerifyReport holds a report against the charter: the entry is of this station, signed by an officer who
// may have run it, and vouches for exactly this report.
func VerifyReport(c station.Charter, r SignedReport) error {
	s, err := journal.Parse(r.Entry)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	key, err := journal.ParseKey(c.SignedOnce(s.Entry.Actor))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := s.Verify(key); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var body event.RunResult
	if err := journal.Decode(s.Entry.Body, &body); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	digest, err := r.Report.digest()
	if err != nil {
		return err
	}
	ours := s.Entry.Chain == c.Station && s.Entry.Kind == event.RunReported && s.Entry.Subject == r.Report.Run
	if !ours || !bytes.Equal(digest, body.Report) {
		return fmt.Errorf("report: %w", journal.ErrSignature)
	}
	return nil
}
