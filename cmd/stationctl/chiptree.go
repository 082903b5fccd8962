package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"padarozhnik/devices"
	"padarozhnik/station/lds"
)

// chipEntry is one file on a chip: what it is, in words that hold nothing personal.
type chipEntry struct {
	Name  string `json:"name"`
	Place string `json:"place"` // "master file" or "application"
	Bytes int    `json:"bytes"`
	What  string `json:"what"`
}

const (
	placeMaster      = "master file"
	placeApplication = "application"
)

func chipEntries(files []devices.ChipFile) []chipEntry {
	var out []chipEntry
	for _, f := range files {
		e := chipEntry{Name: f.Name, Place: placeApplication, Bytes: len(f.Data), What: describe(f)}
		if lds.InMasterFile(f.Name) {
			e.Place = placeMaster
		}
		out = append(out, e)
	}
	return out
}

// dataGroupTitles are the names of the data groups (ICAO Doc 9303-10, 4.7).
func dataGroupTitles() map[string]string {
	return map[string]string{
		"DG1": "machine readable zone", "DG2": "portrait", "DG3": "fingerprints", "DG4": "irises",
		"DG5": "displayed portrait", "DG7": "displayed signature", "DG11": "details of the holder",
		"DG12": "details of the document", "DG13": "the issuer's own details", "DG14": "security mechanisms and public keys",
		"DG15": "public key of Active Authentication", "DG16": "persons to notify",
	}
}

// describe says what a file is, and of files that are not personal what stands in them.
func describe(f devices.ChipFile) string {
	title, detail := dataGroupTitles()[f.Name], ""
	switch f.Name {
	case "EF.ATR-INFO":
		title = "what the chip takes and gives in one command"
		if info, err := lds.ParseATRInfo(f.Data); err == nil && info.MaxCommand > 0 {
			detail = fmt.Sprintf("%d and %d bytes", info.MaxCommand, info.MaxResponse)
		}
	case "EF.CardAccess":
		title = "access protocols"
		if c, err := lds.ParseCardAccess(f.Data); err == nil {
			detail = fmt.Sprintf("%d by PACE", len(c.Infos.PACE))
		}
	case "EF.CardSecurity":
		title = "access protocols, signed"
	case "EF.DIR":
		title = "list of applications"
	case "EF.COM":
		title = "list of data groups"
		if c, err := lds.ParseCOM(f.Data); err == nil {
			detail = fmt.Sprint(c.DataGroups)
		}
	case "EF.SOD":
		title = "signature over the data groups"
		if s, err := lds.ParseSOD(f.Data); err == nil {
			detail = fmt.Sprintf("%s, %d of them", s.Hash, len(s.DataGroups))
		}
	case "DG2":
		if d, err := lds.ParseDG2(f.Data); err == nil && len(d.Faces) > 0 {
			detail = fmt.Sprintf("%s, %d x %d", imageName(d.Faces[0].Type), d.Faces[0].Width, d.Faces[0].Height)
		}
	}
	if title == "" {
		title = "data group"
	}
	if detail != "" {
		return title + " (" + detail + ")"
	}
	return title
}

func imageName(t lds.ImageType) string {
	if t == lds.ImageJPEG2000 {
		return "JPEG 2000"
	}
	return "JPEG"
}

// tree prints the files as they lie on the chip.
func tree(w io.Writer, entries []chipEntry) {
	places := []string{placeMaster, placeApplication}
	places = slices.DeleteFunc(places, func(place string) bool {
		return !slices.ContainsFunc(entries, func(e chipEntry) bool { return e.Place == place })
	})
	fmt.Fprintln(w, "chip")
	for i, place := range places {
		stem, bar := "|-- ", "|   "
		if i == len(places)-1 {
			stem, bar = "`-- ", "    "
		}
		title := map[string]string{
			placeMaster:      "master file, open to all",
			placeApplication: fmt.Sprintf("passport application %X", lds.Application),
		}[place]
		fmt.Fprintln(w, stem+title)
		in := slices.DeleteFunc(slices.Clone(entries), func(e chipEntry) bool { return e.Place != place })
		for j, e := range in {
			twig := "|-- "
			if j == len(in)-1 {
				twig = "`-- "
			}
			fmt.Fprintf(w, "%s%s%-15s %6d bytes  %s\n", bar, twig, e.Name, e.Bytes, e.What)
		}
	}
}

// savePortrait writes the first face of DG2 as it stands there, for its owner alone.
func savePortrait(path string, r devices.ChipReading) error {
	d, err := lds.ParseDG2(r.File("DG2"))
	if err != nil {
		return fmt.Errorf("portrait: %w", err)
	}
	if len(d.Faces) == 0 {
		return errors.New("portrait: DG2 holds no face")
	}
	want := []string{".jpg", ".jpeg"}
	if d.Faces[0].Type == lds.ImageJPEG2000 {
		want = []string{".jp2", ".j2k"}
	}
	if !slices.ContainsFunc(want, func(end string) bool { return strings.HasSuffix(strings.ToLower(path), end) }) {
		return usageError{fmt.Errorf("the portrait is %s: name a file that ends in %s",
			imageName(d.Faces[0].Type), strings.Join(want, " or "))}
	}
	return os.WriteFile(path, d.Faces[0].Image, 0o600)
}
