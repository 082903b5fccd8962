package inspection_test

import (
	"image"
	"math"
	"strings"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
)

// defect prints one page with one thing wrong.
type defect struct {
	name  string
	plant func(p *press, page printing.Page, serial string) image.Image
}

func defects() []defect {
	return []defect{
		{"wrong letter", (*press).wrongLetter}, {"l for I, O for 0", (*press).alike}, {"digit swapped", (*press).swapped},
		{"another's portrait", (*press).another}, {"shifted by 1 mm", (*press).shifted},
		{"line missing", (*press).lineMissing}, {"smear", (*press).smear},
	}
}

// texts are the printed texts that may hold any letter.
func texts(p *printing.Page) []*string {
	var out []*string
	for _, t := range []*string{&p.Number, &p.Surname, &p.GivenNames, &p.SurnameLocal, &p.GivenNamesLocal, &p.Nationality,
		&p.Birth, &p.PlaceOfBirth, &p.Issue, &p.Expiry, &p.Authority, &p.CAN} {
		if *t != "" {
			out = append(out, t)
		}
	}
	return out
}

// wrongLetter puts another letter or digit of the same kind in the place of one.
func (p *press) wrongLetter(page printing.Page, serial string) image.Image {
	r := p.random
	for {
		text := pick(r, texts(&page)...)
		runes := []rune(*text)
		i := r.IntN(len(runes))
		for _, alphabet := range []string{"0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "АБВГДЕЖЗІЙКЛМНОПРСТУЎФХЦЧШЫЬЭЮЯ"} {
			if !strings.ContainsRune(alphabet, runes[i]) {
				continue
			}
			other := pick(r, []rune(alphabet)...)
			if other == runes[i] {
				continue
			}
			runes[i] = other
			*text = string(runes)
			return p.good(page, serial, measure.Point{}, nil)
		}
	}
}

// alikes are letters that differ least in the page's face.
var alikes = []string{"I1", "Il", "1l", "0O", "8B", "5S", "S5", "O0", "1I", "EF", "OQ", "CG", "UV", "38", "CO", "PR", "ІЇ", "ЕЁ", "ИЙ", "УЎ"}

// alike puts a letter in the place of one that looks much the same.
func (p *press) alike(page printing.Page, serial string) image.Image {
	r := p.random
	for {
		text := pick(r, texts(&page)...)
		pair := []rune(pick(r, alikes...))
		runes := []rune(*text)
		var at []int
		for i, c := range runes {
			if c == pair[0] {
				at = append(at, i)
			}
		}
		if len(at) == 0 {
			continue
		}
		runes[pick(r, at...)] = pair[1]
		*text = string(runes)
		return p.good(page, serial, measure.Point{}, nil)
	}
}

// swapped exchanges two neighbouring digits of the lower line.
func (p *press) swapped(page printing.Page, serial string) image.Image {
	line := []byte(page.MRZ[1])
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	for {
		i := p.random.IntN(len(line) - 1)
		if digit(line[i]) && digit(line[i+1]) && line[i] != line[i+1] {
			line[i], line[i+1] = line[i+1], line[i]
			page.MRZ[1] = string(line)
			return p.good(page, serial, measure.Point{}, nil)
		}
	}
}

func (p *press) another(page printing.Page, serial string) image.Image {
	for {
		if face := p.face(p.random.IntN(faces)); face != page.Portrait {
			page.Portrait = face
			return p.good(page, serial, measure.Point{}, nil)
		}
	}
}

func (p *press) shifted(page printing.Page, serial string) image.Image {
	sin, cos := math.Sincos(2 * math.Pi * p.random.Float64())
	return p.good(page, serial, measure.Point{X: cos, Y: sin}, nil)
}

// lineMissing takes the ink off a row or a column of 0.3 mm, one that has ink.
func (p *press) lineMissing(page printing.Page, serial string) image.Image {
	return p.good(page, serial, measure.Point{}, func(ink *image.RGBA) {
		w, h := ink.Rect.Dx(), ink.Rect.Dy()
		n := int(math.Round(0.3 * float64(p.dpi) / 25.4))
		rows := p.random.IntN(2) == 0
		for {
			band := image.Rect(0, 0, w, n).Add(image.Pt(0, p.random.IntN(h-n)))
			if !rows {
				band = image.Rect(0, 0, n, h).Add(image.Pt(p.random.IntN(w-n), 0))
			}
			if inked(ink, band) < 1.0*float64(p.dpi)/25.4*float64(n) {
				continue // the line left nothing out
			}
			for y := band.Min.Y; y < band.Max.Y; y++ {
				row := ink.Pix[ink.PixOffset(band.Min.X, y) : ink.PixOffset(band.Max.X-1, y)+4]
				for i := range row {
					row[i] = 0xff
				}
			}
			return
		}
	})
}

// inked is how much ink lies in a rectangle, in pixels of full black.
func inked(ink *image.RGBA, r image.Rectangle) float64 {
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			sum += 255 - int(ink.Pix[ink.PixOffset(x, y)+1])
		}
	}
	return float64(sum) / 255
}

// smear leaves a spot of 3 mm of thin ink, of any colour, anywhere on the page.
func (p *press) smear(page printing.Page, serial string) image.Image {
	r := p.random
	return p.good(page, serial, measure.Point{}, func(ink *image.RGBA) {
		perMM := float64(p.dpi) / 25.4
		cx, cy := (3+119*r.Float64())*perMM, (3+82*r.Float64())*perMM
		angle, thin := math.Pi*r.Float64(), 0.35+0.65*r.Float64()
		through := [3]float64{0.75 + 0.15*r.Float64(), 0.75 + 0.15*r.Float64(), 0.75 + 0.15*r.Float64()}
		through[r.IntN(3)] = 0.5 + 0.3*r.Float64()
		smudge(ink, cx, cy, 1.5*perMM, thin, angle, through)
	})
}

func smudge(ink *image.RGBA, cx, cy, radius, thin, angle float64, through [3]float64) {
	sin, cos := math.Sincos(angle)
	for y := int(cy - radius); y <= int(cy+radius); y++ {
		for x := int(cx - radius); x <= int(cx+radius); x++ {
			if !(image.Point{X: x, Y: y}).In(ink.Rect) {
				continue
			}
			u, v := (float64(x)-cx)*cos+(float64(y)-cy)*sin, (float64(y)-cy)*cos-(float64(x)-cx)*sin
			d := math.Hypot(u, v/thin) / radius
			amount := min(1, max(0, (1-d)*4))
			i := ink.PixOffset(x, y)
			for k, t := range through {
				ink.Pix[i+k] = uint8(float64(ink.Pix[i+k]) * (1 - amount*(1-t)))
			}
		}
	}
}
