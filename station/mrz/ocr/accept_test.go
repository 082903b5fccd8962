package ocr_test

import (
	"errors"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr"
	"padarozhnik/station/mrz/ocr/synth"
)

// never reads pictures of which none may be accepted and returns how many looked like a zone.
func never(t *testing.T, count int, draw func(i int) (image.Image, int)) {
	t.Helper()
	found := 0
	for i := range max(1, count/share) {
		m, dpi := draw(i)
		r, err := ocr.Read(t.Context(), m, dpi)
		if err == nil {
			found++
		} else if !errors.Is(err, ocr.ErrNoMRZ) {
			t.Fatal(err)
		}
		if r.Accepted {
			t.Errorf("picture %d: accepted", i)
		}
	}
	t.Logf("%d of %d pictures look like a zone, none may be accepted", found, max(1, count/share))
}

func TestNeverAccepted(t *testing.T) {
	page := func(seed uint64, change func(p *synth.Page, r *rand.Rand)) (image.Image, int) {
		p := synth.Random(mrz.TD3, synth.Clean, int(seed%4), firstSeed+10_000+seed)
		p.DPI = 200
		change(&p, rand.New(rand.NewPCG(seed, 1)))
		return p.Draw(), p.DPI
	}
	tests := []struct {
		name  string
		count int
		draw  func(i int) (image.Image, int)
	}{
		{"noise", 24, func(i int) (image.Image, int) { return noisy(uint64(i)), 200 }},
		{"noise in strips", 16, func(i int) (image.Image, int) { return strips(uint64(i)), 200 }},
		{"no zone", 12, func(i int) (image.Image, int) {
			return page(uint64(i), func(p *synth.Page, _ *rand.Rand) { p.Lines = nil })
		}},
		{"mirrored", 12, func(i int) (image.Image, int) {
			return page(uint64(i)+100, func(p *synth.Page, _ *rand.Rand) { p.Mirror = true })
		}},
		{"any text in the zone's place", 12, func(i int) (image.Image, int) {
			return page(uint64(i)+200, func(p *synth.Page, r *rand.Rand) {
				for l := range p.Lines {
					p.Lines[l] = randomText(r, 44)
				}
			})
		}},
		{"one line of two", 8, func(i int) (image.Image, int) {
			return page(uint64(i)+300, func(p *synth.Page, _ *rand.Rand) { p.Lines[i%2] = "" })
		}},
		{"a digit altered", 20, func(i int) (image.Image, int) {
			return page(uint64(i)+400, func(p *synth.Page, r *rand.Rand) { p.Lines[1] = altered(p.Lines[1], r) })
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			never(t, tt.count, tt.draw)
		})
	}
}

// TestRuined reads pages damaged far beyond use: whatever is accepted must be right.
func TestRuined(t *testing.T) {
	var n tally
	for i := range 32 / share {
		p := synth.Random(mrz.TD3, synth.Ruined, i%4, firstSeed+20_000+uint64(i))
		n.add(t, &p)
	}
	t.Logf("%+v", n)
}

// TestBackwards reads upright pages from the wrong end.
func TestBackwards(t *testing.T) {
	tried := 0
	for i := range 16 / share {
		p := synth.Random(mrz.TD3, synth.Clean, 0, firstSeed+30_000+uint64(i))
		p.DPI = 240
		n, accepted := ocr.AcceptedBackwards(p.Draw(), p.DPI)
		tried += n
		if accepted {
			t.Errorf("page %d: accepted upside down", i)
		}
	}
	if tried == 0 {
		t.Error("no page was read from the wrong end")
	}
	t.Logf("%d readings from the wrong end", tried)
}

// TestDoubtful looks at what a person is shown of a page that is not accepted.
func TestDoubtful(t *testing.T) {
	tests := []struct {
		name  string
		alter func(lines []string)
		want  func(r ocr.Result) bool
	}{
		{"letter in a date", func(l []string) { l[1] = l[1][:15] + "O" + l[1][16:] }, func(r ocr.Result) bool {
			return r.Lines[1][15] == '0' && r.Chars[1][15].Rune == 'O' &&
				slices.Contains(r.Doubtful, ocr.Place{Line: 1, Column: 15})
		}},
		{"check digit of the birth", func(l []string) { l[1] = l[1][:19] + string('0'+(l[1][19]-'0'+1)%10) + l[1][20:] },
			func(r ocr.Result) bool {
				return slices.ContainsFunc(r.Doubtful, func(p ocr.Place) bool {
					return p.Line == 1 && p.Column >= 13 && p.Column < 20
				})
			}},
		{"composite alone", func(l []string) { l[1] = l[1][:43] + string('0'+(l[1][43]-'0'+1)%10) },
			func(r ocr.Result) bool { return len(r.Doubtful) == 1 && r.Doubtful[0].Line == 1 }},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := synth.Random(mrz.TD3, synth.Clean, 0, firstSeed+40_000+uint64(i))
			p.DPI = 240
			tt.alter(p.Lines)
			r, err := ocr.Read(t.Context(), p.Draw(), p.DPI)
			if err != nil {
				t.Fatal(err)
			}
			if r.Accepted || !tt.want(r) {
				t.Errorf("accepted %v, doubtful %v", r.Accepted, r.Doubtful)
			}
		})
	}
}

// altered replaces one character of a second line that check digits cover by another.
func altered(line string, r *rand.Rand) string {
	b := []byte(line)
	for {
		at := []int{0, 3, 7, 9, 13, 16, 19, 21, 25, 27, 43}[r.IntN(11)]
		c := "0123456789"[r.IntN(10)]
		if d := int(c) - int(b[at]); b[at] >= '0' && b[at] <= '9' && d%10 != 0 {
			b[at] = c
			return string(b)
		}
	}
}

func randomText(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"[r.IntN(37)]
	}
	return string(b)
}

// noisy is a picture of noise, from fine grain to blots.
func noisy(seed uint64) image.Image {
	r := rand.New(rand.NewPCG(seed, 2))
	m := image.NewGray(image.Rect(0, 0, 1000, 700))
	grain := 1 + int(seed%12)
	for y := 0; y < 700; y += grain {
		for x := 0; x < 1000; x += grain {
			v := uint8(r.IntN(256))
			for sy := y; sy < min(y+grain, 700); sy++ {
				for sx := x; sx < min(x+grain, 1000); sx++ {
					m.Pix[sy*m.Stride+sx] = v
				}
			}
		}
	}
	return m
}

// strips is a page with two bands of random blots at the place and rhythm of a zone.
func strips(seed uint64) image.Image {
	r := rand.New(rand.NewPCG(seed, 3))
	m := image.NewGray(image.Rect(0, 0, 1000, 700))
	for i := range m.Pix {
		m.Pix[i] = 220
	}
	for line := range 2 {
		for c := range 44 {
			for range 6 {
				x0, y0 := 60+20*c+r.IntN(14), 550+50*line+r.IntN(20)
				for d := range 3 + r.IntN(12) {
					x, y := x0, y0
					if r.IntN(2) == 0 {
						x += d / 2
					} else {
						y += d / 2
					}
					for k := range 9 {
						m.Pix[(y+k/3)*m.Stride+x+k%3] = 30
					}
				}
			}
		}
	}
	return m
}

// TestFillerInOptionalData reads a page on which a filler between fillers looks more like a K, and no check digit
// can tell: a filler is shown, and a person is asked.
func TestFillerInOptionalData(t *testing.T) {
	p := synth.Hard(mrz.TD3, synth.Outline{}, 50_048)
	r, err := ocr.Read(t.Context(), p.Draw(), p.DPI)
	if err != nil || !slices.Equal(r.Lines, p.Lines) {
		t.Fatalf("%v: read %q, printed %q", err, r.Lines, p.Lines)
	}
	if at := (ocr.Place{Line: 1, Column: 35}); r.Accepted || !slices.Contains(r.Doubtful, at) {
		t.Errorf("nobody is asked: accepted %v, doubtful %v", r.Accepted, r.Doubtful)
	}
}
