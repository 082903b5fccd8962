package jp2_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"padarozhnik/station/jp2"
	"padarozhnik/station/portrait/utopian"
)

// TestMain lets the test program be the process that opens one picture.
func TestMain(m *testing.M) {
	if status, ok := jp2.Serve(os.Args, os.Stdin, os.Stdout); ok {
		os.Exit(status)
	}
	os.Exit(m.Run())
}

var update = flag.Bool("update", false, "write the committed pictures anew with opj_compress")

// face is a Utopian's portrait of the size of an old chip's.
func face() image.Image {
	return utopian.Draw(utopian.Person{Seed: 3, Age: 36, Hair: utopian.HairSwept, Tone: 0.3, Skin: 0.15}, 240, 308)
}

// compress has OpenJPEG's own tool write a picture.
func compress(t testing.TB, img image.Image, name string, options ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	from, to := filepath.Join(dir, "face.png"), filepath.Join(dir, name)
	if err := os.WriteFile(from, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "opj_compress", append([]string{"-i", from, "-o", to}, options...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("opj_compress (run make deps): %v\n%s", err, out)
	}
	got, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// gray is a picture without its colour.
func gray(img image.Image) image.Image {
	g := image.NewGray(img.Bounds())
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			g.Set(x, y, img.At(x, y))
		}
	}
	return g
}

// distance is the root of the mean squared difference of two pictures' samples; -1 where their sizes differ.
func distance(a, b image.Image) float64 {
	if a.Bounds().Size() != b.Bounds().Size() {
		return -1
	}
	sum, n := 0.0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p, q := color.RGBAModel.Convert(a.At(x, y)).(color.RGBA), color.RGBAModel.Convert(b.At(x, y)).(color.RGBA)
			for _, d := range []int{int(p.R) - int(q.R), int(p.G) - int(q.G), int(p.B) - int(q.B)} {
				sum, n = sum+float64(d*d), n+1
			}
		}
	}
	return math.Sqrt(sum / float64(n))
}

// TestDecode opens what an independent tool wrote, in the kinds that passports have.
func TestDecode(t *testing.T) {
	colour := face()
	tests := []struct {
		name, file string
		img        image.Image
		options    []string
		most       float64 // distance
	}{
		{"lossless", "face.jp2", colour, nil, 0},
		{"lossy, 15 to 1", "face.jp2", colour, []string{"-I", "-r", "15"}, 6},
		{"bare codestream", "face.j2k", colour, []string{"-I", "-r", "15"}, 6},
		{"grey", "face.jp2", gray(colour), nil, 0},
		{"in tiles", "face.jp2", colour, []string{"-t", "100,100"}, 0},
		{"by resolution, in layers", "face.jp2", colour, []string{"-p", "RPCL", "-r", "40,20,1"}, 0},
		{"without a colour transform", "face.jp2", colour, []string{"-mct", "0"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := compress(t, tt.img, tt.file, tt.options...)
			got, err := (jp2.Reader{}).Decode(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(got, tt.img); d < 0 || d > tt.most {
				t.Errorf("distance %.2f, size %v", d, got.Bounds())
			}
		})
	}
}

// committed are pictures written by OpenJPEG 2.5.0 with -I -r 15.
func committed(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, img := range map[string]image.Image{"utopian.jp2": face(), "utopian-grey.j2k": gray(face())} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, compress(t, img, name, "-I", "-r", "15"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	return out
}

// TestCommitted opens the committed pictures.
func TestCommitted(t *testing.T) {
	for name, b := range committed(t) {
		got, err := (jp2.Reader{}).Decode(t.Context(), b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := face()
		if name == "utopian-grey.j2k" {
			want = gray(want)
		}
		if d := distance(got, want); d < 0 || d > 6 {
			t.Errorf("%s: distance %.2f", name, d)
		}
	}
}

// edited is a copy of a picture with bytes of its SIZ segment changed; at counts from the segment's length.
func edited(b []byte, at int, with ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[bytes.Index(b, []byte("\xff\x4f\xff\x51"))+4+at:], with)
	return b
}

// TestBadPictures: what is not to be opened is refused by its header; what only the library can tell is the end
// of its process, not of ours.
func TestBadPictures(t *testing.T) {
	whole := committed(t)["utopian.jp2"]
	sized := func(w, h uint32) []byte {
		return edited(whole, 4, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	}
	garbled := bytes.Clone(whole)
	for i := bytes.Index(whole, []byte("\xff\x93")) + 2; i < len(garbled); i++ { // behind the start of data
		garbled[i] = 0xFF
	}
	at := bytes.Index(whole, []byte("jp2h")) - 4
	palette := append(bytes.Clone(whole[:at]), 0, 0, 0, 20, 'j', 'p', '2', 'h', 0, 0, 0, 12, 'p', 'c', 'l', 'r', 0, 1, 1, 7)
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, jp2.ErrNotJP2},
		{"JPEG", []byte("\xff\xd8\xff\xe0"), jp2.ErrNotJP2},
		{"web page", []byte("<!DOCTYPE html>"), jp2.ErrNotJP2},
		{"signature alone", whole[:12], jp2.ErrDamaged},
		{"header cut off", whole[:bytes.Index(whole, []byte("\xff\x4f\xff\x51"))+20], jp2.ErrDamaged},
		{"cut off in the middle", whole[:len(whole)/2], jp2.ErrDamaged},
		{"garbled packets", garbled, jp2.ErrDamaged},
		{"100 megapixels", sized(10_000, 10_000), jp2.ErrTooLarge},
		{"four thousand million", sized(math.MaxUint32, math.MaxUint32), jp2.ErrTooLarge},
		{"wider than it is", sized(2000, 308), jp2.ErrDamaged},
		{"no width", sized(0, 308), jp2.ErrDamaged},
		{"a tile a pixel", edited(whole, 20, 0, 0, 0, 1, 0, 0, 0, 1), jp2.ErrUnsupported},
		{"signed samples", edited(whole, 38, 0x87), jp2.ErrUnsupported},
		{"38 bits a sample", edited(whole, 38, 37), jp2.ErrUnsupported},
		{"200 components", edited(whole, 36, 0, 200), jp2.ErrDamaged},
		{"palette", append(palette, whole[at:]...), jp2.ErrUnsupported},
		{"3 MB", append(bytes.Clone(whole), make([]byte, 3<<20)...), jp2.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := (jp2.Reader{}).Decode(t.Context(), tt.data); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// TestProcess: a picture of the size that may be opened takes what its process may take; a process that
// ends without a picture is a damaged one, and a cancelled one says so.
func TestProcess(t *testing.T) {
	whole := committed(t)["utopian.jp2"]
	if _, err := (jp2.Reader{Program: "/bin/false"}).Decode(t.Context(), whole); !errors.Is(err, jp2.ErrDamaged) {
		t.Errorf("a process that fails: %v", err)
	}
	if _, err := (jp2.Reader{Program: "/bin/echo"}).Decode(t.Context(), whole); !errors.Is(err, jp2.ErrDamaged) {
		t.Errorf("a process that says something else: %v", err)
	}
	if _, err := (jp2.Reader{Program: "/nowhere"}).Decode(t.Context(), whole); err == nil || errors.Is(err, jp2.ErrDamaged) {
		t.Errorf("no program: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (jp2.Reader{}).Decode(ctx, whole); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	large := image.NewRGBA(image.Rect(0, 0, 2000, 2000))
	for i := range large.Pix {
		large.Pix[i] = uint8(i/4/2000) | 0x0F
		if i%4 == 3 {
			large.Pix[i] = 0xFF
		}
	}
	got, err := (jp2.Reader{}).Decode(t.Context(), compress(t, large, "large.jp2", "-I", "-r", "50"))
	if err != nil || got.Bounds().Dx() != 2000 {
		t.Errorf("4 megapixels: %v", err)
	}
}

// FuzzLook: no header leads astray, and none that is passed claims too much.
func FuzzLook(f *testing.F) {
	for _, b := range committed(f) {
		f.Add(b[:min(len(b), 400)])
	}
	f.Add([]byte("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x01jp2c\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := jp2.Look(b)
		if err == nil && (h.Width < 1 || h.Height < 1 || h.Width > jp2.MaxPixels/h.Height || h.Components < 1 || h.Components > 4) {
			t.Errorf("%+v", h)
		}
	})
}
