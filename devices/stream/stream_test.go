package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/devices"
	"padarozhnik/devices/stream"
	"padarozhnik/printing/pwg"
)

func sheet(w, h int) devices.Sheet {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(i / 37 * (i % 3))
		if i%4 == 3 {
			img.Pix[i] = 0xff
		}
	}
	return devices.Sheet{Image: img, DPI: 300, Title: "UT0000001"}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	p := stream.New(stream.Folder(dir), stream.PWG{})
	s := sheet(1476, 1039)
	steps := 0
	for range 2 {
		if err := p.Print(t.Context(), s, func(devices.Progress) { steps++ }); err != nil {
			t.Fatal(err)
		}
	}
	if steps < 10 {
		t.Errorf("%d steps were reported", steps)
	}
	for _, name := range []string{"UT0000001-1.pwg", "UT0000001-2.pwg"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, h, err := pwg.NewDecoder(bytes.NewReader(raw), 1<<22).DecodePage()
		if err != nil || h.MediaName != "custom_passport_88x125mm" {
			t.Fatalf("%+v, %v", h, err)
		}
		if !bytes.Equal(got.(*image.RGBA).Pix, s.Image.(*image.RGBA).Pix) {
			t.Errorf("%s holds another page", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".page-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFolderThatIsGone(t *testing.T) {
	p := stream.New(stream.Folder(filepath.Join(t.TempDir(), "nowhere")), stream.PWG{})
	if err := p.Print(t.Context(), sheet(30, 20), nil); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("print: %v", err)
	}
	if _, err := p.Identify(t.Context()); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("identify: %v", err)
	}
	if err := p.Print(t.Context(), devices.Sheet{DPI: 300}, nil); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("no picture: %v", err)
	}
}

// TestCancelledPageLeavesNothing stops a page in the middle: no file, and no doubt.
func TestCancelledPageLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := stream.New(stream.Folder(dir), stream.PCL{}).Print(ctx, sheet(1476, 1039), func(p devices.Progress) {
		if p.Done > p.Total/2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, devices.ErrPrintInDoubt) {
		t.Fatalf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// cable is a port without a way back, as a printer-class device is: it breaks after some bytes.
type cable struct {
	left  int
	state devices.PrinterState
}

var errBroken = errors.New("broken")

func (c *cable) Identify(context.Context) (devices.Identity, error) { return devices.Identity{}, nil }
func (c *cable) State(context.Context) (devices.PrinterState, error) {
	return c.state, nil
}
func (c *cable) Begin(context.Context, string, string) (stream.Document, error) { return c, nil }
func (c *cable) Write(b []byte) (int, error) {
	if c.left -= len(b); c.left < 0 {
		return 0, errBroken
	}
	return len(b), nil
}
func (c *cable) Finish(context.Context) error { return devices.ErrPrintInDoubt }
func (c *cable) Abort() error                 { return errBroken }

// TestTruthAboutInk: after the first byte went down a cable without a way back, nobody knows.
func TestTruthAboutInk(t *testing.T) {
	jammed := devices.PrinterState{Conditions: []error{devices.ErrJammed}}
	for name, c := range map[string]struct {
		cable cable
		want  error
		doubt bool
	}{
		"breaks in the middle": {cable{left: 70000}, errBroken, true},
		"all went out":         {cable{left: 1 << 30}, devices.ErrPrintInDoubt, true},
		"stands before":        {cable{left: 1 << 30, state: jammed}, devices.ErrJammed, false},
	} {
		err := stream.New(&c.cable, stream.PCL{}).Print(t.Context(), sheet(700, 500), nil)
		if !errors.Is(err, c.want) || errors.Is(err, devices.ErrPrintInDoubt) != c.doubt {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestChoose(t *testing.T) {
	for name, c := range map[string]struct {
		commands []string
		want     stream.Language
	}{
		"both":    {[]string{"PJL", "PCL", "PWGRaster"}, stream.PWG{}},
		"pcl":     {[]string{"PJL", "PCL"}, stream.PCL{}},
		"neither": {[]string{"ZPL"}, nil},
	} {
		got, err := stream.Choose(c.commands)
		if got != c.want || (err == nil) != (c.want != nil) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

var command = regexp.MustCompile(`^\x1b(E|[&*][a-z]\d*[A-Z])`)

// readPCL reads a page back: every command must be one that we know, rows of the width that was set.
func readPCL(t interface{ Fatalf(string, ...any) }, raw []byte) (w, h int, pix []byte) {
	for len(raw) > 0 && raw[0] == 0x1b {
		word := string(command.Find(raw))
		if word == "" {
			t.Fatalf("no command at %q", raw[:min(8, len(raw))])
		}
		raw = raw[len(word):]
		number := func(from int) int {
			n, _ := strconv.Atoi(word[from : len(word)-1])
			return n
		}
		switch {
		case word[:min(3, len(word))] == "\x1b*r" && word[len(word)-1] == 'S':
			w = number(3)
		case word[:min(3, len(word))] == "\x1b*r" && word[len(word)-1] == 'T':
			h = number(3)
		case word == "\x1b*v6W":
			if !bytes.Equal(raw[:6], []byte{0, 3, 8, 8, 8, 8}) {
				t.Fatalf("image data %v", raw[:6])
			}
			raw = raw[6:]
		case word[:min(3, len(word))] == "\x1b*b" && word[len(word)-1] == 'W':
			n := number(3)
			pix = append(pix, unpackBits(raw[:n])...)
			raw = raw[n:]
		case word == "\x1b*rC":
			raw = bytes.TrimPrefix(raw, []byte{0x0c})
		}
	}
	if len(raw) > 0 {
		t.Fatalf("%d bytes left over", len(raw))
	}
	return w, h, pix
}

func unpackBits(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		if n := int(b[0]); n < 128 {
			out, b = append(out, b[1:n+2]...), b[n+2:]
		} else {
			out, b = append(out, bytes.Repeat(b[1:2], 257-n)...), b[2:]
		}
	}
	return out
}

func TestPCLKeepsThePage(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, h := rapid.IntRange(1, 200).Draw(rt, "w"), rapid.IntRange(1, 90).Draw(rt, "h")
		img := image.NewRGBA(image.Rect(0, 0, w, h))
		tones := rapid.IntRange(1, 5).Draw(rt, "tones")
		for i := range img.Pix {
			img.Pix[i] = uint8(rapid.IntRange(0, tones).Draw(rt, "v") * 50)
			if i%4 == 3 {
				img.Pix[i] = 0xff
			}
			if i > 4000 { // enough of chance
				img.Pix[i] = img.Pix[i-4000]
			}
		}
		var out bytes.Buffer
		if err := (stream.PCL{}).Encode(&out, devices.Sheet{Image: img, DPI: 600}, nil); err != nil {
			rt.Fatal(err)
		}
		gw, gh, pix := readPCL(rt, out.Bytes())
		if gw != w || gh != h || !bytes.Equal(pix, pwg.Rows(nil, img, pwg.SRGB, 0, h)) {
			rt.Fatal("another page came out")
		}
	})
}

// TestPCLBytes holds a small page against bytes written by hand.
func TestPCLBytes(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 2, 1))
	copy(img.Pix, []byte{9, 9, 9, 255, 9, 1, 2, 255})
	var out bytes.Buffer
	if err := (stream.PCL{}).Encode(&out, devices.Sheet{Image: img, DPI: 300}, nil); err != nil {
		t.Fatal(err)
	}
	want := "\x1bE\x1b&u300D\x1b*t300R\x1b&l0E\x1b&l0L\x1b*p0X\x1b*p0Y\x1b*v6W\x00\x03\x08\x08\x08\x08" +
		"\x1b*r2S\x1b*r1T\x1b*r1A\x1b*b2M\x1b*b5W\xfd\x09\x01\x01\x02\x1b*rC\x0c\x1bE"
	if got := out.String(); got != want {
		t.Fatalf("got\n%s\nwant\n%s", fmt.Sprintf("%q", got), fmt.Sprintf("%q", want))
	}
}
