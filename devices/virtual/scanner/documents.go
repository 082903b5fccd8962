package scanner

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/template"
)

// unitsPerMM converts millimetres to the protocol's 1/300 inch.
const unitsPerMM = 300 / 25.4

var (
	glassWidth  = int(math.Floor(GlassWidthMM * unitsPerMM))
	glassHeight = int(math.Floor(GlassHeightMM * unitsPerMM))
	resolutions = [...]int{100, 150, 200, 300, 400, 600, 1200}
)

// settings are the parts of a ScanSettings document that the scanner heeds.
type settings struct {
	XMLName xml.Name `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 ScanSettings"`
	Regions []region `xml:"http://www.pwg.org/schemas/2010/12/sm ScanRegions>ScanRegion"`
	Source  string   `xml:"http://www.pwg.org/schemas/2010/12/sm InputSource"`
	Format  string   `xml:"http://www.pwg.org/schemas/2010/12/sm DocumentFormat"`
	Ext     string   `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 DocumentFormatExt"`
	Mode    string   `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 ColorMode"`
	DPIX    int      `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 XResolution"`
	DPIY    int      `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 YResolution"`
}

// region is a rectangle in 1/300 inch.
type region struct {
	X int `xml:"http://www.pwg.org/schemas/2010/12/sm XOffset"`
	Y int `xml:"http://www.pwg.org/schemas/2010/12/sm YOffset"`
	W int `xml:"http://www.pwg.org/schemas/2010/12/sm Width"`
	H int `xml:"http://www.pwg.org/schemas/2010/12/sm Height"`
}

// order is a job's settings after they were found possible.
type order struct {
	region region
	dpi    int
	gray   bool
	fed    bool // from the feeder
	kind   string
}

// size is the picture's width and height in pixels.
func (o order) size() (w, h int) {
	scale := float64(o.dpi) / 300
	return max(1, int(math.Round(float64(o.region.W)*scale))), max(1, int(math.Round(float64(o.region.H)*scale)))
}

// readOrder parses and checks a ScanSettings document.
func readOrder(r io.Reader) (order, error) {
	var set settings
	if err := xml.NewDecoder(io.LimitReader(r, 1<<16)).Decode(&set); err != nil {
		return order{}, fmt.Errorf("settings: %w", err)
	}
	o := order{region: region{W: glassWidth, H: glassHeight}, dpi: set.DPIX}
	if len(set.Regions) > 0 {
		o.region = set.Regions[0]
	}
	switch g := o.region; {
	case g.X < 0 || g.Y < 0 || g.W <= 0 || g.H <= 0, g.X > glassWidth-g.W, g.Y > glassHeight-g.H:
		return order{}, fmt.Errorf("region outside the glass")
	case set.DPIX != set.DPIY || !slices.Contains(resolutions[:], o.dpi):
		return order{}, fmt.Errorf("resolution %d x %d", set.DPIX, set.DPIY)
	case !slices.Contains([]string{"", "Platen", "Feeder"}, strings.TrimSpace(set.Source)):
		return order{}, fmt.Errorf("unknown source")
	}
	o.fed = strings.TrimSpace(set.Source) == "Feeder"
	switch strings.TrimSpace(set.Mode) {
	case "RGB24", "":
	case "Grayscale8":
		o.gray = true
	default:
		return order{}, fmt.Errorf("colour mode")
	}
	if o.kind = strings.TrimSpace(set.Ext); o.kind == "" {
		o.kind = strings.TrimSpace(set.Format)
	}
	switch o.kind {
	case "":
		o.kind = "image/jpeg"
	case "image/jpeg", "image/png", "application/pdf":
	default:
		return order{}, fmt.Errorf("document format")
	}
	return o, nil
}

// documents are the scanner's own XML: its capabilities and its status.
var documents = template.Must(template.New("documents").Parse(`{{define "head"}}<?xml version="1.0" encoding="UTF-8"?>
{{end}}{{define "capabilities"}}{{template "head"}}<scan:ScannerCapabilities
 xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm">
<pwg:Version>2.63</pwg:Version>
<pwg:MakeAndModel>Padarozhnik Virtual Scanner</pwg:MakeAndModel>
<pwg:SerialNumber>PVS-{{.Seed}}</pwg:SerialNumber>
<scan:Manufacturer>Padarozhnik</scan:Manufacturer>
<scan:Platen>
<scan:PlatenInputCaps>{{template "input" .}}</scan:PlatenInputCaps>
</scan:Platen>
{{if .Feeder}}<scan:Adf>
<scan:AdfSimplexInputCaps>{{template "input" .}}</scan:AdfSimplexInputCaps>
<scan:FeederCapacity>50</scan:FeederCapacity>
</scan:Adf>
{{end}}</scan:ScannerCapabilities>
{{end}}{{define "input"}}
<scan:MinWidth>16</scan:MinWidth>
<scan:MaxWidth>{{.Width}}</scan:MaxWidth>
<scan:MinHeight>16</scan:MinHeight>
<scan:MaxHeight>{{.Height}}</scan:MaxHeight>
<scan:MaxScanRegions>1</scan:MaxScanRegions>
<scan:SettingProfiles>
<scan:SettingProfile>
<scan:ColorModes>
<scan:ColorMode>Grayscale8</scan:ColorMode>
<scan:ColorMode>RGB24</scan:ColorMode>
</scan:ColorModes>
<scan:DocumentFormats>
{{range .Formats}}<pwg:DocumentFormat>{{.}}</pwg:DocumentFormat>
{{end}}{{range .Formats}}<scan:DocumentFormatExt>{{.}}</scan:DocumentFormatExt>
{{end}}</scan:DocumentFormats>
<scan:SupportedResolutions>
<scan:DiscreteResolutions>
{{range .Resolutions}}<scan:DiscreteResolution>` +
	`<scan:XResolution>{{.}}</scan:XResolution><scan:YResolution>{{.}}</scan:YResolution></scan:DiscreteResolution>
{{end}}</scan:DiscreteResolutions>
</scan:SupportedResolutions>
</scan:SettingProfile>
</scan:SettingProfiles>
<scan:SupportedIntents><scan:Intent>Document</scan:Intent><scan:Intent>Photo</scan:Intent></scan:SupportedIntents>
<scan:MaxOpticalXResolution>{{.Finest}}</scan:MaxOpticalXResolution>
<scan:MaxOpticalYResolution>{{.Finest}}</scan:MaxOpticalYResolution>
{{end}}{{define "status"}}{{template "head"}}<scan:ScannerStatus
 xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm">
<pwg:Version>2.63</pwg:Version>
<pwg:State>{{.State}}</pwg:State>
{{if .Reason}}<pwg:StateReasons><pwg:StateReason>{{.Reason}}</pwg:StateReason></pwg:StateReasons>
{{end}}{{if .Job}}<scan:Jobs>
<scan:JobInfo>
<pwg:JobUri>{{.Job}}</pwg:JobUri>
<pwg:JobState>Processing</pwg:JobState>
</scan:JobInfo>
</scan:Jobs>
{{end}}</scan:ScannerStatus>
{{end}}`))
