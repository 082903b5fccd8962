package scanner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"padarozhnik/devices/virtual/desk"
)

// Measures of what lies on the glass, in millimetres.
const (
	pageWidthMM  = 125.0 // data page, ICAO Doc 9303-4, 2.1
	sheetWidthMM = 210.0 // A4, for a picture that tells no density
	bookLeftMM   = 20.0  // usual place of a book
	bookTopMM    = 25.0
)

// maxPixels bounds a page that is decoded: A4 at 1200 dpi.
const maxPixels = 150 << 20

// lid is the white of the scanner's lid.
var lid = color.RGBA{R: 250, G: 250, B: 247, A: 255}

// subject is what lies on the glass.
type subject struct {
	path  string
	sheet bool // a page of the folder, laid at the origin
}

// lyingIn looks at the glass: the desk's book first, then the folder, unless its pages lie in the feeder. It
// returns nil for an empty glass or feeder.
func (s *Scanner) lyingIn(feeder bool) (*subject, error) {
	if s.set.Desk != nil && !feeder {
		serial, err := s.set.Desk.At(desk.Scanner)
		if err != nil {
			return nil, err
		}
		if serial != "" {
			return &subject{path: s.set.Desk.PagePath(serial)}, nil
		}
	}
	if s.set.Pages == "" || s.set.Feeder && !feeder {
		return nil, nil
	}
	entries, err := os.ReadDir(s.set.Pages)
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".png", ".jpg", ".jpeg":
			return e.IsDir()
		}
		return true
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served >= len(entries) {
		return nil, nil
	}
	return &subject{path: filepath.Join(s.set.Pages, entries[s.served].Name()), sheet: true}, nil
}

// expose takes the picture of a job and encodes it.
func (s *Scanner) expose(ctx context.Context, what *subject, j *job) ([]byte, error) {
	page, widthMM, err := load(what)
	if err != nil {
		return nil, err
	}
	glass := s.set.picture(page, widthMM, what.sheet, j.order, rand.New(rand.NewPCG(s.set.Seed, j.number)))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.encode(glass, j.order)
}

// load reads the picture of what lies on the glass and its width in millimetres.
func load(what *subject) (image.Image, float64, error) {
	b, err := os.ReadFile(what.path)
	if err != nil {
		return nil, 0, fmt.Errorf("read page: %w", errors.Unwrap(err))
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, 0, fmt.Errorf("read page: %w", err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height {
		return nil, 0, fmt.Errorf("read page: %d x %d pixels", config.Width, config.Height)
	}
	page, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, 0, fmt.Errorf("read page: %w", err)
	}
	if !what.sheet {
		return page, pageWidthMM, nil
	}
	if dpi := densityOf(b); dpi >= 50 {
		return page, float64(config.Width) / dpi * 25.4, nil
	}
	return page, sheetWidthMM, nil
}

// encode writes the picture in the order's colour and type.
func (s *Scanner) encode(glass *image.RGBA, o order) ([]byte, error) {
	var picture image.Image = glass
	if o.gray {
		gray := image.NewGray(glass.Bounds())
		for i := range gray.Pix {
			r, g, b := int(glass.Pix[4*i]), int(glass.Pix[4*i+1]), int(glass.Pix[4*i+2])
			gray.Pix[i] = uint8((299*r + 587*g + 114*b + 500) / 1000)
		}
		picture = gray
	}
	var b bytes.Buffer
	var err error
	if o.kind == "image/png" {
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, picture)
	} else {
		err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: s.set.Quality})
	}
	if err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	if o.kind == "application/pdf" {
		return pdfOf(withDensity(b.Bytes(), "image/jpeg", o.dpi), glass.Rect.Dx(), glass.Rect.Dy(), o.dpi), nil
	}
	return withDensity(b.Bytes(), o.kind, o.dpi), nil
}
