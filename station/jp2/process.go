package jp2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"
	"time"
)

// argument begins a program as the process that opens one picture. No program knows it as a flag.
const argument = "-open-one-jpeg2000-picture"

// Limits of that process. Data is what it may ever write to in memory.
const (
	mostData = 400 << 20 // bytes
	mostCPU  = 10        // seconds
	longest  = 20 * time.Second
)

// Reader opens pictures in processes of their own.
type Reader struct {
	Program string // begun for each picture: one whose main calls Serve first; empty for this program
}

// Decode opens a picture: image.Gray or image.RGBA. It returns ErrNotJP2, ErrTooLarge, ErrUnsupported or
// ErrDamaged for what is no picture to be opened, and the context's error if it ends first.
func (r Reader) Decode(ctx context.Context, b []byte) (image.Image, error) {
	h, err := Look(b)
	if err != nil {
		return nil, err
	}
	program := r.Program
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("open JPEG 2000: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, argument)
	cmd.Env, cmd.Dir = []string{"GOMAXPROCS=1"}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	want := h.Width * h.Height * h.shown()
	out := &bounded{left: want}
	cmd.Stdin, cmd.Stdout = bytes.NewReader(b), out
	err = cmd.Run()
	var died *exec.ExitError
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, ctx.Err()
	case err != nil && !errors.As(err, &died) && ctx.Err() == nil:
		return nil, fmt.Errorf("open JPEG 2000: %w", err)
	case err != nil || len(out.data) != want:
		return nil, fmt.Errorf("open JPEG 2000, %d of %d bytes came: %w", len(out.data), want, ErrDamaged)
	}
	return h.picture(out.data), nil
}

// picture makes an image of samples.
func (h Header) picture(samples []byte) image.Image {
	r := image.Rect(0, 0, h.Width, h.Height)
	if h.shown() == 1 {
		return &image.Gray{Pix: samples, Stride: h.Width, Rect: r}
	}
	out := image.NewRGBA(r)
	for i := range h.Width * h.Height {
		copy(out.Pix[4*i:], samples[3*i:3*i+3])
		out.Pix[4*i+3] = 0xFF
	}
	return out
}

// bounded takes no more than it was promised.
type bounded struct {
	data []byte
	left int
}

var errMore = errors.New("more than was promised")

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return 0, errMore
	}
	b.data, b.left = append(b.data, p...), b.left-len(p)
	return len(p), nil
}

// Serve does the work of the process that opens one picture, if the program was begun as one: it reads the
// picture from in and writes its samples to out. A program whose Reader names no other must call it before
// anything else, and exit with the status if ok.
func Serve(args []string, in io.Reader, out io.Writer) (status int, ok bool) {
	if len(args) != 2 || args[1] != argument {
		return 0, false
	}
	b, err := io.ReadAll(io.LimitReader(in, MaxBytes+1))
	if err != nil || confine() != nil {
		return 1, true
	}
	debug.SetMemoryLimit(mostData / 2)
	h, err := Look(b)
	if err != nil {
		return 3, true
	}
	samples, err := unpack(b, h)
	if err != nil {
		return 3, true
	}
	if _, err := out.Write(samples); err != nil {
		return 1, true
	}
	return 0, true
}

// confine takes from this process what the work does not need: memory, time, writing and opening files.
func confine() error {
	for resource, most := range map[int]uint64{
		syscall.RLIMIT_DATA: mostData, syscall.RLIMIT_CPU: mostCPU, syscall.RLIMIT_FSIZE: 0, syscall.RLIMIT_CORE: 0,
		syscall.RLIMIT_NOFILE: 3,
	} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	return nil
}
