package ipp

import (
	"bytes"
	"image"
	"io"

	"padarozhnik/devices"
	"padarozhnik/printing/pwg"
)

// bandLines is how many lines of a page are encoded at a time.
const bandLines = 64

// raster is a page as PWG raster, encoded while it is read.
type raster struct {
	img     image.Image
	header  pwg.Header
	report  devices.Report
	encoder *pwg.Encoder
	ready   bytes.Buffer
	band    []byte
	line    int
	begun   bool // a byte of the document was handed out
}

func newRaster(t *ticket, report devices.Report) *raster {
	r := &raster{img: t.sheet.Image, header: t.header, report: report}
	if t.turned {
		r.img = pwg.Turn(t.sheet.Image)
	}
	r.encoder = pwg.NewEncoder(&r.ready)
	return r
}

// Read implements io.Reader.
func (r *raster) Read(b []byte) (int, error) {
	if !r.begun {
		if err := r.encoder.Begin(r.header); err != nil {
			return 0, err
		}
		r.begun = true
	}
	for r.ready.Len() == 0 {
		if r.line == r.header.Height {
			return 0, io.EOF
		}
		next := min(r.line+bandLines, r.header.Height)
		r.band = pwg.Rows(r.band, r.img, r.header.Space, r.line, next)
		if err := r.encoder.Lines(r.band); err != nil {
			return 0, err
		}
		r.line = next
		stride := int64(r.header.Width * r.header.Space.Bytes())
		r.report.At("send", int64(r.line)*stride, int64(r.header.Height)*stride)
	}
	return r.ready.Read(b)
}

// sent tells whether the whole document was handed out.
func (r *raster) sent() bool { return r.begun && r.line == r.header.Height && r.ready.Len() == 0 }
