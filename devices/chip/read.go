package chip

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

const (
	// secureRoom is what one short READ BINARY may ask for: with secure messaging around it, no
	// more than that fits a short response on every chip in circulation.
	secureRoom = 223
	// headSize is read first to learn how long a file is.
	headSize = 8
	// maxFile bounds what a chip can make us read.
	maxFile = 1 << 18
	// shortOffsets is where READ BINARY with the offset in P1 and P2 ends.
	shortOffsets = 1 << 15
)

// readBuffers learns from EF.ATR/INFO how long APDUs may be. Without DO 7F66 there, extended
// length must not be used (ICAO Doc 9303-10, 3.11.1).
func (l *link) readBuffers(ctx context.Context) error {
	l.command, l.response = 0, 0
	b, err := l.readFree(ctx, "EF.ATR-INFO")
	if err != nil {
		if _, ok := apdu.StatusOf(err); ok {
			return nil
		}
		return err
	}
	info, err := lds.ParseATRInfo(b)
	if err != nil {
		return nil // a chip with a damaged EF.ATR/INFO is read with short commands
	}
	const least = 300 // smaller buffers are no gain over short commands
	if info.MaxCommand >= least && info.MaxResponse >= least {
		l.command, l.response = min(info.MaxCommand, apdu.MaxExtended), min(info.MaxResponse, apdu.MaxExtended)
	}
	return nil
}

// readFree reads a file of the master file in clear, once in a connection unless something was
// written since: EF.CardAccess, or EF.ATR/INFO, which is not one object and ends where the chip
// says so. It names the file by its short identifier, and selects it where the chip cannot do that.
func (l *link) readFree(ctx context.Context, name string) ([]byte, error) {
	if b, ok := l.known[name]; ok {
		return b, nil
	}
	b, err := l.readFreely(ctx, name)
	if err != nil {
		return nil, err
	}
	if l.known == nil {
		l.known = map[string][]byte{}
	}
	l.known[name] = b
	return b, nil
}

func (l *link) readFreely(ctx context.Context, name string) ([]byte, error) {
	short, ok := lds.ShortFileID(name)
	if !ok {
		return nil, fmt.Errorf("%w: file %q", devices.ErrUnsupported, name)
	}
	r, err := l.ch.Do(ctx, apdu.Command{INS: 0xB0, P1: 0x80 | short, Ne: apdu.MaxShort})
	if _, refused := apdu.StatusOf(err); refused && !hasMore(r) {
		if _, err := l.selectFile(ctx, name); err != nil {
			return nil, err
		}
		r, err = l.ch.Do(ctx, apdu.Command{INS: 0xB0, Ne: apdu.MaxShort})
	}
	if err != nil && !hasMore(r) {
		return nil, err
	}
	_, header, value, err := tlv.Header(r.Data)
	if err != nil || name == "EF.ATR-INFO" {
		return r.Data, nil
	}
	total := header + value
	if total <= len(r.Data) {
		return r.Data[:total], nil
	}
	if total > maxFile {
		return nil, fmt.Errorf("%w: %s claims %d bytes", devices.ErrProtocol, name, total)
	}
	rest, err := l.fill(ctx, name, len(r.Data), total, func(int) {})
	return append(r.Data, rest...), err
}

// hasMore tells an answer that has data though its status is not 9000: the file ended early.
func hasMore(r apdu.Response) bool { return r.Status == apdu.EndOfFile && len(r.Data) > 0 }

func (l *link) selectFile(ctx context.Context, name string) (apdu.Response, error) {
	id, ok := lds.FileID(name)
	if !ok {
		return apdu.Response{}, fmt.Errorf("%w: file %q", devices.ErrUnsupported, name)
	}
	return l.ch.Do(ctx, apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{byte(id >> 8), byte(id)}})
}

// readAt reads up to n bytes of a file. At offset 0 it makes the file current; behind 32 KB it uses
// the odd instruction with the offset in DO 54 (ISO/IEC 7816-4, 11.3.3). A chip that cannot give as
// much as it announces is asked for less, and its kind is remembered.
func (l *link) readAt(ctx context.Context, name string, offset, n int) ([]byte, error) {
	kind := string(l.card.ATR())
	before, _ := l.rooms.of(kind)
	for {
		asked := min(n, l.room(offset >= shortOffsets))
		data, err := l.readOnce(ctx, name, offset, asked)
		if !l.tooMuch(asked, data, err) {
			if err == nil && len(data) == 0 {
				l.rooms.remember(kind, before) // the file's end, not the chip's limit
			}
			return data, err
		}
		l.askLess(asked)
		if err := l.recover(ctx, name, offset); err != nil {
			return nil, err
		}
	}
}

// readOnce sends one READ BINARY.
func (l *link) readOnce(ctx context.Context, name string, offset, n int) ([]byte, error) {
	odd := offset >= shortOffsets
	c := apdu.Command{INS: 0xB0, P1: byte(offset >> 8), P2: byte(offset), Ne: n, Extended: n > apdu.MaxShort}
	switch {
	case odd:
		where := []byte{byte(offset >> 16), byte(offset >> 8), byte(offset)}
		if where[0] == 0 {
			where = where[1:]
		}
		c.INS, c.P1, c.P2, c.Data = 0xB1, 0, 0, tlv.Encode(0x54, where)
		c.Ne = len(tlv.Encode(0x53, make([]byte, n)))
		c.Extended = c.Ne > apdu.MaxShort
	case offset == 0 && l.short:
		if err := l.enter(ctx, lds.InMasterFile(name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		short, ok := lds.ShortFileID(name)
		if !ok {
			return nil, fmt.Errorf("%w: file %q", devices.ErrUnsupported, name)
		}
		c.P1, c.P2 = 0x80|short, 0
	case offset == 0:
		if _, err := l.selectFile(ctx, name); err != nil {
			return nil, err
		}
	}
	r, err := l.ch.Do(ctx, c)
	if err != nil && r.Status != apdu.EndOfFile {
		return nil, fmt.Errorf("%s at %d: %w", name, offset, err)
	}
	data := r.Data
	if odd {
		if data, err = tlv.Path(data, 0x53); err != nil {
			return nil, fmt.Errorf("%s at %d: %w", name, offset, err)
		}
	}
	if len(data) > n {
		return nil, fmt.Errorf("%w: %s at %d: %d bytes for %d", devices.ErrProtocol, name, offset, len(data), n)
	}
	return data, nil
}

// fill reads a file from an offset to its end at total, and stops early only where the chip has no
// more. progress hears of every part. A chip that gave less than it was asked for, and then more,
// is asked for no more than that from then on.
func (l *link) fill(ctx context.Context, name string, offset, total int, progress func(n int)) ([]byte, error) {
	out := make([]byte, 0, total-offset)
	short := 0
	for offset+len(out) < total {
		at := offset + len(out)
		part, err := l.readAt(ctx, name, at, total-at)
		if err != nil {
			return nil, err
		}
		if len(part) == 0 {
			return out, nil
		}
		if short > leastRoom {
			l.rooms.remember(string(l.card.ATR()), short)
		}
		if short = 0; len(part) < min(total-at, l.room(at >= shortOffsets)) {
			short = len(part)
		}
		out = append(out, part...)
		progress(len(part))
	}
	return out, nil
}

// readWhole reads a file whose length stands in its own first bytes. The first command asks for as
// much as every chip gives, and so most files are read by it alone.
func (l *link) readWhole(ctx context.Context, name string, progress func(n int)) ([]byte, error) {
	head, err := l.readHead(ctx, name)
	if err != nil {
		return nil, err
	}
	_, header, value, err := tlv.Header(head)
	if errors.Is(err, tlv.ErrInvalid) {
		return head, nil // not written yet, or no file of the standard: nothing tells where it ends
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	total := header + value
	if total > maxFile {
		return nil, fmt.Errorf("%w: %s claims %d bytes", devices.ErrProtocol, name, total)
	}
	if total <= len(head) {
		progress(total)
		return head[:total], nil
	}
	progress(len(head))
	rest, err := l.fill(ctx, name, len(head), total, progress)
	if err != nil {
		return nil, err
	}
	if len(head)+len(rest) != total {
		return nil, fmt.Errorf("%w: %s ends after %d of %d bytes", devices.ErrProtocol, name, len(head)+len(rest), total)
	}
	return append(head, rest...), nil
}

// readHead reads the beginning of a file of unknown length. Chips that refuse to be asked for more
// than the file has are asked for its first bytes alone, from the first refusal on.
func (l *link) readHead(ctx context.Context, name string) ([]byte, error) {
	if n := min(secureRoom, l.room(false)); !l.cautious && n > headSize {
		head, err := l.readOnce(ctx, name, 0, n)
		if !l.tooMuch(n, head, err) && (err != nil || len(head) > 0) {
			return head, err
		}
		l.cautious = true
		if err := l.recover(ctx, name, 0); err != nil {
			return nil, err
		}
	}
	return l.readOnce(ctx, name, 0, headSize)
}
