package printer

import (
	"slices"
	"time"

	"github.com/OpenPrinting/goipp"
)

// describe lists the printer's attributes (RFC 8011, 5.4; PWG 5100.14, 5.6).
func (p *Printer) describe(uri string) goipp.Attributes {
	reasons := p.reasons()
	state := 3 // idle
	p.mu.Lock()
	queued := 0
	for _, j := range p.jobs {
		if j.state < stateCanceled {
			queued++
		}
		if j.state == stateProcessing {
			state = 4
		}
	}
	p.mu.Unlock()
	if len(reasons) > 0 && state != 4 {
		state = 5 // stopped
	}
	if reasons = append(reasons, p.remarks()...); len(reasons) == 0 {
		reasons = []string{"none"}
	}
	out := goipp.Attributes{
		integer("printer-state", goipp.TagEnum, state),
		text("printer-state-reasons", goipp.TagKeyword, reasons...),
		goipp.MakeAttr("printer-is-accepting-jobs", goipp.TagBoolean, goipp.Boolean(true)),
		integer("queued-job-count", goipp.TagInteger, queued),
		integer("printer-up-time", goipp.TagInteger, p.seconds(p.o.Now())),
		text("printer-uri-supported", goipp.TagURI, uri),
		text("uri-security-supported", goipp.TagKeyword, "none"),
		text("uri-authentication-supported", goipp.TagKeyword, "none"),
		text("printer-name", goipp.TagName, "virtual-passport-printer"),
		text("printer-info", goipp.TagText, "Virtual passport printer"),
		text("printer-location", goipp.TagText, "training desk"),
		text("printer-make-and-model", goipp.TagText, "Padarozhnik virtual passport printer"),
		text("printer-device-id", goipp.TagText,
			"MFG:Padarozhnik;MDL:virtual passport printer;CMD:PWGRaster;SN:V0001;"),
		text("printer-firmware-string-version", goipp.TagText, "1.0"),
		text("printer-more-info", goipp.TagURI, uri),
	}
	return slices.Concat(out, p.seen(), p.timing(), p.abilities(), p.media())
}

// timing says how long a job waits for its document.
func (p *Printer) timing() goipp.Attributes {
	return goipp.Attributes{
		integer("multiple-operation-time-out", goipp.TagInteger, max(1, int(p.o.DocumentTime/time.Second))),
		text("multiple-operation-time-out-action", goipp.TagKeyword, "abort-job"),
	}
}

// abilities are the attributes that never change.
func (p *Printer) abilities() goipp.Attributes {
	no := goipp.Boolean(false)
	var ops []int
	for _, op := range []goipp.Op{
		goipp.OpPrintJob, goipp.OpValidateJob, goipp.OpCreateJob, goipp.OpSendDocument, goipp.OpCancelJob,
		goipp.OpGetJobAttributes, goipp.OpGetJobs, goipp.OpGetPrinterAttributes,
	} {
		ops = append(ops, int(op))
	}
	offered := goipp.Attribute{Name: "printer-resolution-supported"}
	for _, dpi := range p.o.Resolutions {
		offered.Values.Add(goipp.TagResolution, goipp.Resolution{Xres: dpi, Yres: dpi, Units: goipp.UnitsDpi})
	}
	raster := offered
	raster.Name = "pwg-raster-document-resolution-supported"
	return goipp.Attributes{
		text("charset-configured", goipp.TagCharset, "utf-8"),
		text("charset-supported", goipp.TagCharset, "us-ascii", "utf-8"),
		text("natural-language-configured", goipp.TagLanguage, "en"),
		text("generated-natural-language-supported", goipp.TagLanguage, "en"),
		text("ipp-versions-supported", goipp.TagKeyword, "1.1", "2.0"),
		integer("operations-supported", goipp.TagEnum, ops...),
		text("compression-supported", goipp.TagKeyword, "none"),
		text("document-format-default", goipp.TagMimeType, rasterType),
		text("document-format-supported", goipp.TagMimeType, rasterType, "application/octet-stream"),
		text("pdl-override-supported", goipp.TagKeyword, "attempted"),
		goipp.MakeAttr("multiple-document-jobs-supported", goipp.TagBoolean, no),
		goipp.MakeAttr("job-ids-supported", goipp.TagBoolean, goipp.Boolean(true)),
		goipp.MakeAttr("color-supported", goipp.TagBoolean, goipp.Boolean(true)),
		text("pwg-raster-document-type-supported", goipp.TagKeyword, "sgray_8", "srgb_8"),
		text("pwg-raster-document-sheet-back", goipp.TagKeyword, "normal"),
		offered, raster,
		goipp.MakeAttr("printer-resolution-default", goipp.TagResolution,
			goipp.Resolution{Xres: 600, Yres: 600, Units: goipp.UnitsDpi}),
		integer("copies-default", goipp.TagInteger, 1),
		goipp.MakeAttr("copies-supported", goipp.TagRange, goipp.Range{Lower: 1, Upper: 1}),
		text("sides-default", goipp.TagKeyword, "one-sided"),
		text("sides-supported", goipp.TagKeyword, "one-sided"),
		integer("print-quality-default", goipp.TagEnum, 5),
		integer("print-quality-supported", goipp.TagEnum, 4, 5),
		text("print-scaling-default", goipp.TagKeyword, "none"),
		text("print-scaling-supported", goipp.TagKeyword, "none"),
		text("print-color-mode-default", goipp.TagKeyword, "color"),
		text("print-color-mode-supported", goipp.TagKeyword, "color"),
		text("job-creation-attributes-supported", goipp.TagKeyword, "copies", "media-col", "print-quality",
			"print-color-mode", "print-scaling", "printer-resolution", "sides", "job-name", "ipp-attribute-fidelity"),
		text("which-jobs-supported", goipp.TagKeyword, "completed", "not-completed"),
	}
}

// mediaName is the self-describing name of an open booklet (PWG 5101.1).
const mediaName = "custom_passport_88x125mm"

// media describes the one medium: an open booklet (PWG 5100.3, 3.13).
func (p *Printer) media() goipp.Attributes {
	x, y := p.medium()
	span := func(name string, v int) goipp.Attribute {
		return goipp.MakeAttr(name, goipp.TagRange, goipp.Range{Lower: v - pageTolerance, Upper: v + pageTolerance})
	}
	col := goipp.Collection{goipp.MakeAttrCollection("media-size",
		integer("x-dimension", goipp.TagInteger, x), integer("y-dimension", goipp.TagInteger, y))}
	var out goipp.Attributes
	for _, side := range []string{"left", "right", "top", "bottom"} {
		out.Add(integer("media-"+side+"-margin-supported", goipp.TagInteger, 0))
		col.Add(integer("media-"+side+"-margin", goipp.TagInteger, 0))
	}
	out.Add(text("media-default", goipp.TagKeyword, mediaName))
	out.Add(text("media-supported", goipp.TagKeyword, mediaName))
	out.Add(text("media-ready", goipp.TagKeyword, mediaName))
	out.Add(goipp.MakeAttr("media-col-default", goipp.TagBeginCollection, col))
	out.Add(goipp.MakeAttr("media-col-ready", goipp.TagBeginCollection, col))
	out.Add(text("media-col-supported", goipp.TagKeyword, "media-size", "media-left-margin", "media-right-margin",
		"media-top-margin", "media-bottom-margin"))
	size := goipp.Attribute{Name: "media-size-supported"}
	size.Values.Add(goipp.TagBeginCollection, goipp.Collection{
		integer("x-dimension", goipp.TagInteger, x), integer("y-dimension", goipp.TagInteger, y),
	})
	size.Values.Add(goipp.TagBeginCollection, goipp.Collection{span("x-dimension", x), span("y-dimension", y)})
	out.Add(size)
	out.Add(goipp.MakeAttr("media-col-database", goipp.TagBeginCollection, col))
	return out
}

// supports tells whether an attribute of a job is known, and whether its value can be had.
func (p *Printer) supports(a goipp.Attribute) (known, ok bool) {
	if len(a.Values) != 1 {
		return true, false
	}
	switch v := a.Values[0].V.(type) {
	case goipp.Integer:
		switch a.Name {
		case "copies":
			return true, v == 1
		case "print-quality":
			return true, v == 4 || v == 5
		}
	case goipp.Resolution:
		if a.Name == "printer-resolution" {
			for _, dpi := range p.o.Resolutions {
				if v == (goipp.Resolution{Xres: dpi, Yres: dpi, Units: goipp.UnitsDpi}) {
					return true, true
				}
			}
			return true, false
		}
	case goipp.Collection:
		if a.Name == "media-col" {
			return true, p.feeds(goipp.Attributes(v))
		}
	case goipp.String:
		word, listed := map[string]string{
			"sides": "one-sided", "print-scaling": "none", "print-color-mode": "color", "media": mediaName,
		}[a.Name]
		return listed, listed && string(v) == word
	}
	return false, false
}

// feeds tells whether a media-col names the booklet as it is fed.
func (p *Printer) feeds(col goipp.Attributes) bool {
	wantX, wantY := p.medium()
	for _, a := range col {
		size, ok := a.Values[0].V.(goipp.Collection)
		if a.Name != "media-size" || !ok {
			continue
		}
		var x, y int
		for _, side := range size {
			n, _ := side.Values[0].V.(goipp.Integer)
			switch side.Name {
			case "x-dimension":
				x = int(n)
			case "y-dimension":
				y = int(n)
			}
		}
		return near(x, wantX) && near(y, wantY)
	}
	return false
}
