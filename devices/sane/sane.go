// Package sane drives any scanner that SANE knows, through SANE's own command line client scanimage, where
// it is installed. No code of SANE runs in this process: a driver that crashes or hangs ends its own.
package sane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"padarozhnik/devices"
)

// Bounds of a conversation with scanimage.
const (
	maxPage    = 256 << 20
	maxTalk    = 64 << 10
	listTime   = 60 * time.Second
	scanTime   = 5 * time.Minute
	patience   = 3 * time.Second // after a cancel, until the program is ended by force
	lineNumber = 200
)

// deviceName is what SANE may call a device. A leading dash would be an option.
var deviceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_:.,/\\@ =+-]*$`)

// Scanner is one device of SANE.
type Scanner struct {
	name   string
	client string
	env    []string
}

var _ devices.Scanner = (*Scanner)(nil)

// Options of a Scanner. The zero value finds scanimage on the PATH.
type Options struct {
	Client string   // path of scanimage
	Env    []string // more of its environment, "NAME=value"
}

// New returns the device that SANE calls name ("scanimage -L" lists them).
func New(name string, o Options) (*Scanner, error) {
	if !deviceName.MatchString(name) {
		return nil, fmt.Errorf("scanner address: not a name of SANE: %w", devices.ErrUnsupported)
	}
	if o.Client == "" {
		o.Client = "scanimage"
	}
	return &Scanner{name: name, client: o.Client, env: o.Env}, nil
}

// listed is a line of "scanimage -f".
type listed struct{ name, maker, model string }

// Identify asks SANE which devices there are and finds this one among them.
func (s *Scanner) Identify(ctx context.Context) (devices.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	out, err := s.run(ctx, maxTalk, nil, "-f", "%d\t%v\t%m%n")
	if err != nil {
		return devices.Identity{}, fmt.Errorf("identify scanner: %w", err)
	}
	for i, line := range strings.Split(string(out), "\n") {
		parts := strings.Split(line, "\t")
		if i > lineNumber || len(parts) != 3 || parts[0] != s.name {
			continue
		}
		l := listed{parts[0], parts[1], parts[2]}
		return devices.Identity{URI: "sane:" + l.name, Maker: l.maker, Model: l.model}, nil
	}
	// A device that is named in full need not be listed; it answers when it is asked for its options.
	if _, err := s.run(ctx, maxTalk, nil, "--device-name="+s.name, "-A"); err != nil {
		return devices.Identity{}, fmt.Errorf("identify scanner: %w", err)
	}
	return devices.Identity{URI: "sane:" + s.name, Model: s.name}, nil
}

// Scan takes one page as PNG. SANE rounds the resolution to one that the device has; Scan.DPI is what was
// asked for.
func (s *Scanner) Scan(ctx context.Context, want devices.ScanSettings, report devices.Report) (devices.Scan, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	mode := "Color"
	if want.Color == devices.Gray {
		mode = "Gray"
	}
	args := []string{"--device-name=" + s.name, "--format=png", "--resolution=" + strconv.Itoa(want.DPI), "--mode=" + mode}
	if r := want.Region; r != (devices.Region{}) {
		for _, side := range []struct {
			option string
			mm     float64
		}{{"-l", r.XMM}, {"-t", r.YMM}, {"-x", r.WidthMM}, {"-y", r.HeightMM}} {
			args = append(args, side.option, strconv.FormatFloat(side.mm, 'f', 2, 64))
		}
	}
	data, err := s.run(ctx, maxPage, report, args...)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w", err)
	}
	if !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) || !bytes.Contains(data[max(0, len(data)-64):], []byte("IEND")) {
		return devices.Scan{}, fmt.Errorf("scan: no whole PNG came: %w", devices.ErrProtocol)
	}
	return devices.Scan{Data: data, Type: "image/png", DPI: want.DPI}, nil
}

// run calls the client and returns what it wrote, at most limit bytes.
func (s *Scanner) run(ctx context.Context, limit int64, report devices.Report, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.client, args...)
	cmd.Env = append(cmd.Environ(), append([]string{"LC_ALL=C"}, s.env...)...)
	cmd.WaitDelay = patience
	out, talk := &bounded{limit: limit, report: report}, &bounded{limit: maxTalk}
	cmd.Stdout, cmd.Stderr = out, talk
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("scanimage is not installed (Debian package sane-utils): %w", devices.ErrUnsupported)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("scanimage did not end: %w", devices.ErrUnreachable)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case out.over:
		return nil, fmt.Errorf("more than %d bytes: %w", limit, devices.ErrProtocol)
	case err != nil:
		return nil, fmt.Errorf("scanimage: %w", conditionOf(talk.buffer.String()))
	}
	return out.buffer.Bytes(), nil
}

// bounded keeps what is written up to a limit and then refuses.
type bounded struct {
	buffer bytes.Buffer
	limit  int64
	over   bool
	report devices.Report
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(b.buffer.Len()+len(p)) > b.limit {
		b.over = true
		return 0, io.ErrShortBuffer
	}
	b.report.At("scan", int64(b.buffer.Len()+len(p)), 0)
	return b.buffer.Write(p)
}

// said are the words in which SANE tells its status (SANE standard 1.06, 4.2.7), and what they mean to a
// person.
var said = []struct {
	words string
	err   error
}{
	{"jammed", devices.ErrJammed},
	{"out of documents", devices.ErrNothingToScan},
	{"cover is open", devices.ErrCoverOpen},
	{"Device busy", devices.ErrBusy},
	{"cancelled", devices.ErrCancelled},
	{"Operation not supported", devices.ErrUnsupported},
	{"Invalid argument", devices.ErrUnsupported},
	{"setting of option", devices.ErrUnsupported},
	{"Error during device I/O", devices.ErrUnreachable},
	{"open of device", devices.ErrUnreachable},
	{"no SANE devices found", devices.ErrUnreachable},
	{"Access to resource has been denied", devices.ErrUnreachable},
}

// conditionOf reads what scanimage complained of.
func conditionOf(talk string) error {
	for _, s := range said {
		if strings.Contains(talk, s.words) {
			return s.err
		}
	}
	return devices.ErrProtocol
}
