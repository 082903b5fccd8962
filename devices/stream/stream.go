// Package stream drives printers that take a page as a stream of bytes in a page language: over the
// pipe of a printer-class device (USB 07/01/01 and 07/01/02), or into a folder.
//
// Two things are plugged in. A Language turns a page into bytes. A Port brings bytes to a printer and
// says what it can of it; devices/usb gives one for a cable, Folder is one for files. The driver owes its
// caller the truth about ink: before the first byte is written none was laid; after it, only a port that
// saw the end of the page, or that can take everything back, leaves no doubt.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io"

	"padarozhnik/devices"
)

// Language turns one sheet into the bytes of a page language, while they are written: no more than a
// band of the page lies in memory. It reports how far it has come, and returns the writer's errors.
type Language interface {
	// Name is the language's word in the command set of a device's identity (IEEE 1284, CMD).
	Name() string
	// Extension is how files of the language end, with the dot.
	Extension() string
	Encode(w io.Writer, s devices.Sheet, report devices.Report) error
}

// Port is the way to one printer. Its calls block until done, within a deadline of their own.
type Port interface {
	Identify(ctx context.Context) (devices.Identity, error)
	// State is what the printer says of itself; a port that is told nothing reports an idle one.
	State(ctx context.Context) (devices.PrinterState, error)
	// Begin starts a document. extension is its language's.
	Begin(ctx context.Context, title, extension string) (Document, error)
}

// Document is a page on its way. Exactly one of Finish and Abort ends it.
type Document interface {
	io.Writer
	// Finish waits for the end of the page. It returns nil when the printer said so, and an error wrapping
	// devices.ErrPrintInDoubt when it cannot be known.
	Finish(ctx context.Context) error
	// Abort takes back what was written. It returns nil only when no ink can have been laid.
	Abort() error
}

// Printer is a printer behind a port. It implements devices.Printer.
type Printer struct {
	port     Port
	language Language
}

var _ devices.Printer = (*Printer)(nil)

// New returns the printer behind a port that speaks a language.
func New(p Port, l Language) *Printer { return &Printer{p, l} }

// Identify implements devices.Printer.
func (p *Printer) Identify(ctx context.Context) (devices.Identity, error) {
	return p.port.Identify(ctx)
}

// State implements devices.Printer.
func (p *Printer) State(ctx context.Context) (devices.PrinterState, error) { return p.port.State(ctx) }

// Print implements devices.Printer.
func (p *Printer) Print(ctx context.Context, s devices.Sheet, report devices.Report) error {
	if s.Image == nil || s.Image.Bounds().Empty() || s.DPI < 1 {
		return fmt.Errorf("print: no picture: %w", devices.ErrUnsupported)
	}
	state, err := p.port.State(ctx)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if len(state.Conditions) > 0 {
		return fmt.Errorf("print: %w", state.Conditions[0])
	}
	doc, err := p.port.Begin(ctx, s.Title, p.language.Extension())
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	pipe := &pipe{ctx: ctx, to: doc}
	if err := p.language.Encode(pipe, s, report); err != nil {
		return fmt.Errorf("print: %w", pipe.abort(doc, err))
	}
	report.At("print", 0, 0)
	if err := doc.Finish(ctx); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// pipe writes to a document until ctx ends, and remembers whether anything was written.
type pipe struct {
	ctx   context.Context
	to    io.Writer
	begun bool
}

func (p *pipe) Write(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	p.begun = p.begun || len(b) > 0
	return p.to.Write(b)
}

// abort ends a document that did not come to its end, and says whether ink may have been laid.
func (p *pipe) abort(doc Document, cause error) error {
	if err := doc.Abort(); err != nil && p.begun {
		return fmt.Errorf("%w: %w", devices.ErrPrintInDoubt, errors.Join(cause, err))
	}
	return cause
}

// Choose returns the language to speak with a printer, by the words of its command set: the first of
// ours that it knows, raster with runs before raster in rows.
func Choose(commands []string) (Language, error) {
	for _, l := range []Language{PWG{}, PCL{}} {
		for _, c := range commands {
			if c == l.Name() {
				return l, nil
			}
		}
	}
	return nil, fmt.Errorf("no page language in common: %w", devices.ErrUnsupported)
}
