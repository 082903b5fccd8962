package printing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"padarozhnik/resources"
)

// Resolutions of what has no outlines in the archive's file: artwork, and pictures of a person.
const (
	archiveDPI = 600
	pointsInMM = 72 / mmPerInch
)

// WritePDF writes a page for the archive of specimens: text as text, shapes as shapes, pictures at
// 600 dpi. Everything stands where Compose puts it. With a serial the page lies on the maker's print.
// made is the time that the file claims; the same page and time give the same bytes. It returns the
// errors of Compose.
func WritePDF(ctx context.Context, w io.Writer, p Page, l Layout, serial string, made time.Time) error {
	if err := l.checkPage(&p); err != nil {
		return err
	}
	if serial != "" && !serialForm.MatchString(serial) {
		return errSerial(serial)
	}
	a := newArchive(&l, made)
	c := composer{&l, l.press, a}
	if err := c.compose(ctx, &p, serial, false); err != nil {
		return err
	}
	if err := errors.Join(a.err, a.pdf.Output(w)); err != nil {
		return fmt.Errorf("page as pdf: %w", err)
	}
	return nil
}

// archive is the surface that is a PDF of one page.
type archive struct {
	l        *Layout
	press    *press
	pdf      *fpdf.Fpdf
	pictures int
	err      error // the first of a picture
}

func newArchive(l *Layout, made time.Time) *archive {
	f := fpdf.NewCustom(&fpdf.InitType{
		OrientationStr: "L", UnitStr: "mm", Size: fpdf.SizeType{Wd: l.HeightMM, Ht: l.WidthMM},
	})
	f.SetMargins(0, 0, 0)
	f.SetAutoPageBreak(false, 0)
	f.SetCreationDate(made.UTC())
	f.SetModificationDate(made.UTC())
	f.SetCatalogSort(true)
	f.SetProducer("padarozhnik", true)
	f.SetTitle("data page", true)
	f.AddUTF8FontFromBytes("regular", "", bytes.Clone(resources.NotoSansRegular))
	f.AddUTF8FontFromBytes("bold", "", bytes.Clone(resources.NotoSansBold))
	f.AddPage()
	return &archive{l: l, press: l.press, pdf: f}
}

// in lays the next things in a colour; what lies below shows through as under ink.
func (a *archive) in(c colour) {
	a.pdf.SetAlpha(c.strength, "Multiply")
	a.pdf.SetFillColor(int(c.r), int(c.g), int(c.b))
	a.pdf.SetTextColor(int(c.r), int(c.g), int(c.b))
}

func (a *archive) underlay(ctx context.Context) error {
	g := a.press.ground
	if g == nil || g.dpi != archiveDPI {
		var err error
		if g, err = newGround(ctx, a.l, archiveDPI); err != nil {
			return err
		}
	}
	s := samples{make([]uint8, 3*g.size.X*g.size.Y), g.size.X, g.size.Y, 3}
	g.copyTo(&band{s.pix, image.Rectangle{Max: g.size}})
	a.picture(Box{0, 0, a.l.WidthMM, a.l.HeightMM}, s)
	return nil
}

func (a *archive) clear(b Box) {
	a.pdf.SetAlpha(1, "Normal")
	a.pdf.SetFillColor(255, 255, 255)
	a.pdf.Rect(b.XMM, b.YMM, b.WidthMM, b.HeightMM, "F")
}

func (a *archive) shape(o outline, _ plane, c colour) {
	a.in(c)
	a.path(o)
}

// path fills an outline.
func (a *archive) path(o outline) {
	at := point{}
	for i, s := range o {
		p := s.p
		switch s.kind {
		case 'M':
			if i > 0 {
				a.pdf.ClosePath()
			}
			a.pdf.MoveTo(p[0].x, p[0].y)
		case 'L':
			a.pdf.LineTo(p[0].x, p[0].y)
		case 'Q': // as a cubic curve
			b, d := mix(at, p[0], 2.0/3), mix(p[1], p[0], 2.0/3)
			a.pdf.CurveBezierCubicTo(b.x, b.y, d.x, d.y, p[1].x, p[1].y)
		case 'C':
			a.pdf.CurveBezierCubicTo(p[0].x, p[0].y, p[1].x, p[1].y, p[2].x, p[2].y)
		}
		at = p[s.points()-1]
	}
	if len(o) > 0 {
		a.pdf.ClosePath()
		a.pdf.DrawPath("F")
	}
}

func (a *archive) word(t textLine, c colour) { a.text(t, personal, c) }

// text writes a line letter by letter, each where the typeface's kerning puts it. OCR-B is no TrueType
// face: its letters are drawn as shapes, with letters that nobody sees over them for who searches.
func (a *archive) text(t textLine, _ plane, c colour) {
	a.in(c)
	name := map[*typeface]string{a.press.regular: "regular", a.press.bold: "bold"}[t.face]
	whole := name != ""
	for _, g := range t.glyphs {
		whole = whole && g.char != 0
	}
	if !whole {
		a.path(t.outline())
		a.pdf.SetTextRenderingMode(3)
		defer a.pdf.SetTextRenderingMode(0)
		name = "regular"
	}
	a.pdf.SetFont(name, "", t.base.sizeMM*pointsInMM)
	ems := t.base.ems()
	if t.base.degrees != 0 {
		a.pdf.TransformBegin()
		defer a.pdf.TransformEnd()
		a.pdf.TransformRotate(t.base.degrees, t.base.at.x, t.base.at.y)
		ems = baseline{t.base.at, t.base.sizeMM, 0}.ems()
	}
	for _, g := range t.glyphs {
		if g.char != 0 {
			at := ems.of(point{g.x, g.y})
			a.pdf.Text(at.x, at.y, string(g.char))
		}
	}
}

func (a *archive) size(b Box) image.Point {
	const scale = archiveDPI / mmPerInch
	return affine{xx: scale, yy: scale}.pixels(Box{0, 0, b.WidthMM, b.HeightMM}).Size()
}

func (a *archive) picture(b Box, s samples) {
	img := image.NewRGBA(image.Rect(0, 0, s.w, s.h))
	widen(img.Pix, s.pix)
	a.image(b, img)
}

// tone becomes a picture in the ink's colours.
func (a *archive) tone(b Box, s samples, c colour) {
	d := doseOf(c)
	img := image.NewRGBA(image.Rect(0, 0, s.w, s.h))
	for i, cover := range s.pix {
		to := img.Pix[4*i : 4*i+4]
		copy(to, []uint8{255, 255, 255, 255})
		lay(to, &d[cover])
	}
	a.image(b, img)
}

func (a *archive) image(b Box, img image.Image) {
	var raw bytes.Buffer
	if err := png.Encode(&raw, img); err != nil {
		a.err = errors.Join(a.err, err)
		return
	}
	a.pictures++
	name := fmt.Sprintf("picture %d", a.pictures)
	options := fpdf.ImageOptions{ImageType: "PNG"}
	a.pdf.RegisterImageOptionsReader(name, options, &raw)
	a.pdf.SetAlpha(1, "Multiply")
	a.pdf.ImageOptions(name, b.XMM, b.YMM, b.WidthMM, b.HeightMM, false, options, 0, "")
}
