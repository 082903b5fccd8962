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

// readFree reads a file of the master file in clear: EF.CardAccess, or EF.ATR/INFO, which is not
// one object and ends where the chip says so.
func (l *link) readFree(ctx context.Context, name string) ([]byte, error) {
	if _, err := l.selectFile(ctx, name); err != nil {
		return nil, err
	}
	r, err := l.ch.Do(ctx, apdu.Command{INS: 0xB0, Ne: apdu.MaxShort})
	if err != nil && (r.Status != apdu.EndOfFile || len(r.Data) == 0) {
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

func (l *link) selectFile(ctx context.Context, name string) (apdu.Response, error) {
	id, ok := lds.FileID(name)
	if !ok {
		return apdu.Response{}, fmt.Errorf("%w: file %q", devices.ErrUnsupported, name)
	}
	return l.ch.Do(ctx, apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{byte(id >> 8), byte(id)}})
}

// room is how many bytes one READ BINARY asks for.
func (l *link) room(odd bool) int {
	n := secureRoom
	if l.response > 0 {
		// Status 2, DO 8E 10, DO 99 4, head of DO 87 5, padding to whole blocks of 16.
		n = (l.response-21)/16*16 - 1
	}
	if odd {
		n -= 4 // DO 53 around the data
	}
	return n
}

// readAt reads n bytes of a file. At offset 0 it makes the file current; behind 32 KB it uses the
// odd instruction with the offset in DO 54 (ISO/IEC 7816-4, 11.3.3).
func (l *link) readAt(ctx context.Context, name string, offset, n int) ([]byte, error) {
	odd := offset >= shortOffsets
	n = min(n, l.room(odd))
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
	if err != nil && (r.Status != apdu.EndOfFile || len(r.Data) == 0) {
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
// more. progress hears of every part.
func (l *link) fill(ctx context.Context, name string, offset, total int, progress func(n int)) ([]byte, error) {
	out := make([]byte, 0, total-offset)
	for offset+len(out) < total {
		part, err := l.readAt(ctx, name, offset+len(out), total-offset-len(out))
		if err != nil {
			return nil, err
		}
		if len(part) == 0 {
			return out, nil
		}
		out = append(out, part...)
		progress(len(part))
	}
	return out, nil
}

// readWhole reads a file whose length stands in its own first bytes.
func (l *link) readWhole(ctx context.Context, name string, progress func(n int)) ([]byte, error) {
	head, err := l.readAt(ctx, name, 0, headSize)
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
