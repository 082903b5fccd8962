package printing

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/resources"
)

// Box is a rectangle on the page in millimetres from its top left corner.
type Box struct {
	XMM      float64 `toml:"x_mm"`
	YMM      float64 `toml:"y_mm"`
	WidthMM  float64 `toml:"width_mm"`
	HeightMM float64 `toml:"height_mm"`
}

// MRZLayout places the machine readable zone. UpperMM and LowerMM are the distances from the
// bottom edge of the page to the centres of the two lines (ICAO Doc 9303-4, figure 5).
type MRZLayout struct {
	LeftMM  float64 `toml:"left_mm"`
	PitchMM float64 `toml:"pitch_mm"`
	UpperMM float64 `toml:"upper_mm"`
	LowerMM float64 `toml:"lower_mm"`
	ZoneMM  float64 `toml:"zone_mm"`
}

// Words is one text in each language of a layout, by its code.
type Words map[string]string

// Field places one value of the page, by the name of the value. YMM is the baseline. CaptionOf
// names a second field that shares the caption: if the first is empty, the caption sits there.
type Field struct {
	Name      string  `toml:"name"`
	Zone      string  `toml:"zone"`
	Caption   Words   `toml:"caption"`
	CaptionOf string  `toml:"caption_of"`
	XMM       float64 `toml:"x_mm"`
	YMM       float64 `toml:"y_mm"`
	WidthMM   float64 `toml:"width_mm"`
	SizeMM    float64 `toml:"size_mm"`
	MinSizeMM float64 `toml:"min_size_mm"`
	Lines     int     `toml:"lines"`
	Face      string  `toml:"face"` // regular, which is what "" means, or bold
	Optional  bool    `toml:"optional"`
}

// Layout is a data page as data, with the typefaces that print it. It is read only after
// ParseLayout and may be shared by goroutines.
type Layout struct {
	Issuer    string    `toml:"issuer"`
	Languages []string  `toml:"languages"` // of captions and titles, in the order of their printing
	WidthMM   float64   `toml:"width_mm"`
	HeightMM  float64   `toml:"height_mm"`
	MarginMM  float64   `toml:"margin_mm"`
	MRZ       MRZLayout `toml:"mrz"`
	Portrait  Box       `toml:"portrait"`
	Ghost     Box       `toml:"ghost"`
	Signature Box       `toml:"signature"`
	Fields    []Field   `toml:"field"`

	Caption struct {
		SizeMM    float64 `toml:"size_mm"`
		RiseMM    float64 `toml:"rise_mm"`
		Signature Words   `toml:"signature"`
	} `toml:"caption"`
	Barcode struct {
		Box
		ModuleMM float64 `toml:"module_mm"`
	} `toml:"barcode"`
	Blank struct {
		Title          Words   `toml:"title"`
		Document       Words   `toml:"document"`
		Microtext      string  `toml:"microtext"`
		TitleXMM       float64 `toml:"title_x_mm"`
		TitleYMM       float64 `toml:"title_y_mm"`
		TitleSizeMM    float64 `toml:"title_size_mm"`
		DocumentSizeMM float64 `toml:"document_size_mm"`
		ChipXMM        float64 `toml:"chip_x_mm"`
		ChipYMM        float64 `toml:"chip_y_mm"`
		ChipWidthMM    float64 `toml:"chip_width_mm"`
	} `toml:"blank"`
	Artwork   Artwork `toml:"artwork"`
	Overprint struct {
		Specimen  []string `toml:"specimen"`
		Training  []string `toml:"training"`
		SizeMM    float64  `toml:"size_mm"`
		AngleDeg  float64  `toml:"angle_deg"`
		CentreXMM float64  `toml:"centre_x_mm"`
		CentreYMM float64  `toml:"centre_y_mm"`
	} `toml:"overprint"`

	press *press
}

// Utopia returns the layout of Utopian passports.
func Utopia() (Layout, error) { return ParseLayout(resources.UtopiaLayout) }

// ParseLayout reads a layout and refuses one that breaks the measures of ICAO Doc 9303-4: text
// within the margin, a portrait out of size, a machine readable zone out of place.
func ParseLayout(data []byte) (Layout, error) {
	var l Layout
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		return Layout{}, fmt.Errorf("page layout: %w", err)
	}
	var err error
	if l.press, err = newPress(); err != nil {
		return Layout{}, fmt.Errorf("page layout: %w", err)
	}
	if err := l.check(); err != nil {
		return Layout{}, fmt.Errorf("page layout: %w", err)
	}
	return l, nil
}

// check holds the layout against the measures of the standard.
func (l *Layout) check() error {
	if l.WidthMM < 124.25 || l.WidthMM > 125.75 || l.HeightMM < 87.25 || l.HeightMM > 88.75 {
		return fmt.Errorf("page of %.2f x %.2f mm (ICAO Doc 9303-4, 2.1)", l.WidthMM, l.HeightMM)
	}
	p := l.Portrait
	if p.WidthMM < 26 || p.WidthMM > 35 || p.HeightMM < 32 || p.HeightMM > 45 || p.XMM < 2 {
		return fmt.Errorf("portrait of %.1f x %.1f mm at %.1f mm (ICAO Doc 9303-4, 4.1)", p.WidthMM, p.HeightMM, p.XMM)
	}
	m := l.MRZ
	if m.LeftMM < 5 || m.LeftMM > 7 || m.PitchMM != 2.54 || m.UpperMM-m.LowerMM != 6.35 ||
		m.LowerMM != 9.40 || m.ZoneMM < 22.2 || m.ZoneMM > 24.2 {
		return fmt.Errorf("machine readable zone out of place (ICAO Doc 9303-4, 4.2)")
	}
	for _, b := range []Box{l.Portrait, l.Ghost, l.Signature, l.Barcode.Box} {
		if !l.inVisualZone(b) {
			return fmt.Errorf("a picture lies outside the visual zone")
		}
	}
	seen := map[string]bool{}
	for _, f := range l.Fields {
		if err := l.checkField(f, seen); err != nil {
			return err
		}
	}
	for _, name := range []string{"document_code", "issuer", "number", "surname", "given_names", "nationality", "birth",
		"sex", "place_of_birth", "issue", "expiry", "authority"} {
		if !seen[name] {
			return fmt.Errorf("no place for field %s", name)
		}
	}
	if err := l.Artwork.check(); err != nil {
		return err
	}
	if err := l.checkWords(); err != nil {
		return err
	}
	return l.checkOverprints()
}

// in returns a text in each language of the layout, without repeating one that is alike.
func (l *Layout) in(w Words) []string {
	var out []string
	for _, lang := range l.Languages {
		if text := w[lang]; text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// checkWords refuses a layout that lacks a caption or a title in one of its languages.
func (l *Layout) checkWords() error {
	if len(l.Languages) == 0 || len(l.Languages) > 3 {
		return fmt.Errorf("%d languages, want 1 to 3", len(l.Languages))
	}
	for _, lang := range l.Languages {
		for where, w := range map[string]Words{
			"signature": l.Caption.Signature, "title": l.Blank.Title, "document": l.Blank.Document,
		} {
			if w[lang] == "" {
				return fmt.Errorf("no %s in language %s", where, lang)
			}
		}
		for _, f := range l.Fields {
			if f.Caption != nil && f.Caption[lang] == "" {
				return fmt.Errorf("no caption of field %s in language %s", f.Name, lang)
			}
		}
	}
	return nil
}

func (l *Layout) checkField(f Field, seen map[string]bool) error {
	if _, ok := (&Page{}).value(f.Name); !ok || seen[f.Name] {
		return fmt.Errorf("field %q unknown or twice", f.Name)
	}
	seen[f.Name] = true
	if f.Face != "" && f.Face != "regular" && f.Face != "bold" {
		return fmt.Errorf("field %s: face %q", f.Name, f.Face)
	}
	if f.MinSizeMM <= 0 || f.SizeMM < f.MinSizeMM || f.Lines < 1 || f.Lines > 4 {
		return fmt.Errorf("field %s: sizes or lines", f.Name)
	}
	box := Box{f.XMM, f.YMM - f.SizeMM, f.WidthMM, f.SizeMM}
	if !l.inVisualZone(box) {
		return fmt.Errorf("field %s lies outside the visual zone", f.Name)
	}
	if f.Zone == "I" && f.YMM > 17.9 {
		return fmt.Errorf("field %s lies below Zone I (ICAO Doc 9303-4, 4.1)", f.Name)
	}
	return nil
}

// inVisualZone tells whether a box keeps the margin and stays above the machine readable zone.
func (l *Layout) inVisualZone(b Box) bool {
	return b.WidthMM > 0 && b.HeightMM > 0 && b.XMM >= l.MarginMM && b.YMM >= l.MarginMM &&
		b.XMM+b.WidthMM <= l.WidthMM-l.MarginMM && b.YMM+b.HeightMM <= l.HeightMM-l.MRZ.ZoneMM
}
