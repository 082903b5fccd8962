package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"padarozhnik/station"
)

// Conditions of profiles.
var (
	errOldProfile = errors.New("profile is not newer than the one in force: give it a higher version")
	errNoStation  = errors.New("no station is enrolled")
)

// profileCommand is about the rule book of a passport.
func (h *headquarters) profileCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "profile", Short: "Check and sign the rule book that stations work by"}
	cmd.AddCommand(h.checkProfileCommand(), h.signProfileCommand())
	return cmd
}

// checkProfileCommand shows what two officers would sign.
func (h *headquarters) checkProfileCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE [STATION ...]",
		Short: "Check a profile and say what it changes, without signing",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, _, err := readProfile(args[0])
			if err != nil {
				return err
			}
			charters, err := h.chartersOf(args[1:])
			for _, c := range charters {
				tellChanges(cmd.OutOrStdout(), c, p)
			}
			return err
		},
	}
}

// newProfile is the ceremony that puts a profile in force.
type newProfile struct {
	file     string
	stations []string
	officers []string
	files    []charterFiles
	charters []station.Charter
}

func (h *headquarters) signProfileCommand() *cobra.Command {
	var n newProfile
	cmd := &cobra.Command{
		Use:   "sign FILE [STATION ...]",
		Short: "Put a profile in force: two officers, and the next charter of the stations named or of all",
		Long: `Check a profile (TOML), say what it changes at each station, and sign it inside the next charter of the
stations named, or of every station: the same officers, with the roots, the revocation list and the trust
list that are in force now. The profile's version must be higher than that in force at each of them. Two
officers sign the protocol, in which the changes stand. Read "profile check" first.

Carry charter.cose and trust.cose of stations/STATION/ there together. A station refuses every charter
that is older than the one it has had.`,
		Example: `  headquarters profile check belarus-2.toml
  headquarters profile sign belarus-2.toml --officer anna.token --officer boris.token`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.file, n.stations = args[0], args[1:]
			return n.hold(h, cmd)
		},
	}
	officerFlag(cmd, &n.officers)
	return cmd
}

// readProfile reads a profile in which nothing is unknown and nothing contradicts itself. The second
// result is the SHA-256 of the file.
func readProfile(path string) (station.Profile, [sha256.Size]byte, error) {
	var p station.Profile
	raw, err := os.ReadFile(path)
	if err != nil {
		return p, [sha256.Size]byte{}, err
	}
	if err := toml.NewDecoder(bytes.NewReader(raw)).DisallowUnknownFields().Decode(&p); err != nil {
		return p, [sha256.Size]byte{}, fmt.Errorf("profile: %w", err)
	}
	return p, sha256.Sum256(raw), p.Check()
}

// chartersOf reads the charters in force, of every station where none is named.
func (h *headquarters) chartersOf(names []string) ([]station.Charter, error) {
	if len(names) == 0 {
		var err error
		if names, err = h.stations(); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, errNoStation
	}
	charters := make([]station.Charter, len(names))
	for i, name := range names {
		c, err := h.charterOf(name)
		if err != nil {
			return nil, fmt.Errorf("station %s: %w", name, err)
		}
		charters[i] = c
	}
	return charters, nil
}

// hold holds the ceremony and, when it is in force, lays the charters out. Where that was cut off it is
// held again: the profile is then newer still, or in force at some stations and signed for the others.
func (n *newProfile) hold(h *headquarters, cmd *cobra.Command) error {
	if err := h.hold(cmd, "profile", n.officers, n.do); err != nil {
		return err
	}
	for i, c := range n.charters {
		if err := n.files[i].layOut(h, c.Station); err != nil {
			return fmt.Errorf("in force, but not carried out; hold it again for %s: %w", c.Station, err)
		}
		h.chartered(cmd.OutOrStdout(), c.Station, c.Version)
	}
	return nil
}

func (n *newProfile) do(_ context.Context, a *act) error {
	p, sum, err := readProfile(n.file)
	if err != nil {
		return err
	}
	a.say("profile %s, version %d, SHA-256 %x", p.Name, p.Version, sum)
	charters, err := a.chartersOf(n.stations)
	if err != nil {
		return err
	}
	_, key, err := a.root(a.keys)
	if err != nil {
		return err
	}
	for _, c := range charters {
		if p.Version <= c.Profile.Version {
			return fmt.Errorf("station %s: version %d after %d: %w", c.Station, p.Version, c.Profile.Version, errOldProfile)
		}
		for _, change := range changes(c.Profile, p) {
			a.say("station %s: %s", c.Station, change)
		}
		c.Profile = p
		c.Version++
		if err := a.dismiss(&c); err != nil {
			return err
		}
		files, err := a.signCharter(a.keys, key, c, nil)
		if err != nil {
			return err
		}
		a.say("charter version %d of %s, SHA-256 %x", c.Version, c.Station, sha256.Sum256(files.charter))
		n.files, n.charters = append(n.files, files), append(n.charters, c)
	}
	return nil
}

func tellChanges(out io.Writer, c station.Charter, p station.Profile) {
	list := changes(c.Profile, p)
	if len(list) == 0 {
		fmt.Fprintf(out, "station %s: nothing changes\n", c.Station)
	}
	for _, change := range list {
		fmt.Fprintf(out, "station %s: %s\n", c.Station, change)
	}
	if p.Version <= c.Profile.Version {
		fmt.Fprintf(out, "station %s: version %d cannot follow version %d\n", c.Station, p.Version, c.Profile.Version)
	}
}

// rules says in words what each line of a profile rules.
var rules = map[string]string{
	"version": "version", "name": "name", "mode": "what an office may do in its host country",
	"document_code": "document code", "issuing_state": "issuing state in the machine readable zone",
	"country_code": "country in certificates", "nationalities": "nationalities of holders",
	"state_name": "name of the state", "nationality_name": "name of the nationality", "authority": "issuing authority",
	"number_form": "form of document numbers", "validity": "years of validity by age", "overprint": "overprint",
	"consents": "what an applicant decides on", "max_open_cases": "open cases at one station, at most",
	"pace_parameter": "PACE domain parameters", "portrait_bytes": "bytes of the chip's portrait, at most",
	"chip_tries": "attempts at one chip", "face_format": "format of the chip's portrait",
	"warn_silence_days": "days without headquarters until a warning",
	"max_silence_days":  "days without headquarters until issuing stops",
	"idle_minutes":      "idle minutes until a desk locks", "max_case_days": "days that a case may stay open",
	"orders_per_day": "orders a day, at most", "orders_per_month": "orders a month, at most",
	"fields": "optional fields that may be entered", "masked": "fields that are masked until asked for",
	"evidence": "what each kind of evidence is worth", "min_points": "points that each question needs",
	"approval": "the approver's checklist", "visual": "the inspector's checklist",
	"vouches_per_month": "vouchings of one person a month, at most",
	"collect_days":      "days that a finished book waits for its holder",
	"views_per_day":     "cases that an officer opens a day, at most",
	"lookups_per_day":   "look-ups of an officer a day, at most", "exports_per_day": "exports a day, at most",
	"warn_officer_days": "days of warning before an officer's term ends", "interview_always": "interview for everybody",
	"guardian_under": "age under which guardians apply", "approver": "station whose officers decide",
	"chip_authentication":   "how a chip proves that it is no copy",
	"active_authentication": "kind of the active authentication key",
	"mission_signing":       "orders that an office signs itself", "mission_orders": "such orders by one signer, at most",
	"run_tries": "attempts at one booklet of a batch run", "run_size": "booklets in one batch run, at most",
	"print_can": "card access number on the page", "page_layout": "layout of the page",
}

// changes says in words what differs between two profiles, in the order of the file.
func changes(before, after station.Profile) (list []string) {
	var walk func(a, b reflect.Value)
	walk = func(a, b reflect.Value) {
		for i := range a.NumField() {
			field := a.Type().Field(i)
			if field.Anonymous {
				walk(a.Field(i), b.Field(i))
				continue
			}
			if reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
				continue
			}
			tag := field.Tag.Get("toml")
			rule, known := rules[tag]
			if !known {
				rule = strings.ReplaceAll(tag, "_", " ")
			}
			list = append(list, fmt.Sprintf("%s: %s, until now %s", rule, words(b.Field(i)), words(a.Field(i))))
		}
	}
	walk(reflect.ValueOf(before), reflect.ValueOf(after))
	return list
}

// words writes a value as a person reads it.
func words(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case station.Bilingual:
		return fmt.Sprintf("%q, %q", value.EN, value.BE)
	case []string:
		return strings.Join(value, ", ")
	case []station.Validity:
		var rows []string
		for _, row := range value {
			who := "others"
			if row.UnderAge > 0 {
				who = fmt.Sprintf("under %d", row.UnderAge)
			}
			rows = append(rows, fmt.Sprintf("%s %d", who, row.Years))
		}
		return strings.Join(slices.Clip(rows), ", ")
	}
	if v.IsZero() {
		return "nothing"
	}
	return fmt.Sprint(v.Interface())
}
