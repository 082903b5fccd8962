package chip

import (
	"context"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

// writeFiles writes every file from where its bytes end.
func (w *work) writeFiles(ctx context.Context, s *scp03.Session) error {
	var done int64
	for _, f := range w.files {
		at := w.starts[f.Name]
		done += int64(at.offset)
		if at.offset == len(f.Data) {
			continue
		}
		if err := w.begin(ctx, s, f, at.exists); err != nil {
			return fmt.Errorf("create %s: %w", f.Name, refusedToHold(err))
		}
		for offset := at.offset; offset < len(f.Data); {
			w.report.At(StepWrite, done, w.total)
			n, err := w.writeAt(ctx, s, f, offset)
			if err != nil {
				return fmt.Errorf("write %s at %d: %w", f.Name, offset, refusedToHold(err))
			}
			offset += n
			done += int64(n)
		}
	}
	w.report.At(StepWrite, done, w.total)
	return nil
}

// begin makes a file the current one, creating it where it is not there yet.
func (w *work) begin(ctx context.Context, s *scp03.Session, f devices.ChipFile, exists bool) error {
	id, ok := lds.FileID(f.Name)
	short, ok2 := lds.ShortFileID(f.Name)
	if !ok || !ok2 {
		return fmt.Errorf("%w: file %q", devices.ErrUnsupported, f.Name)
	}
	fid, how := []byte{byte(id >> 8), byte(id)}, byte(0x02)
	if lds.InMasterFile(f.Name) {
		how = 0x08 // by path: EF.CardSecurity and EF.SOD share their identifier
	}
	if exists {
		_, err := s.Do(ctx, apdu.Command{INS: 0xA4, P1: how, P2: 0x0C, Data: fid})
		return err
	}
	if lds.InMasterFile(f.Name) {
		fid = append([]byte{0x3F, 0x00}, fid...)
	}
	parameters := tlv.Encode(0x62,
		tlv.Encode(0x80, []byte{byte(len(f.Data) >> 8), byte(len(f.Data))}),
		tlv.Encode(0x83, fid),
		tlv.Encode(0x88, []byte{short << 3}))
	_, err := s.Do(ctx, apdu.Command{INS: 0xE0, Data: parameters})
	return err
}

// writeAt writes as much as one command carries, and returns how much that was. Offsets from 32 KB
// on need the odd instruction, with offset and data in objects 54 and 53.
func (w *work) writeAt(ctx context.Context, s *scp03.Session, f devices.ChipFile, offset int) (int, error) {
	room := scp03.DataRoom(w.product.Limits.Short)
	if w.command > 0 {
		room = scp03.DataRoom(w.command - 7) // header 4, length 3
	}
	c := apdu.Command{INS: 0xD6, P1: byte(offset >> 8), P2: byte(offset)}
	if offset < shortOffsets {
		n := min(len(f.Data)-offset, room)
		c.Data = f.Data[offset : offset+n]
		_, err := s.Do(ctx, c)
		return n, err
	}
	const heads = 4 + 4 // of both objects
	n := min(len(f.Data)-offset, room-heads)
	c.INS, c.P1, c.P2 = 0xD7, 0, 0
	c.Data = append(tlv.Encode(0x54, []byte{byte(offset >> 8), byte(offset)}), tlv.Encode(0x53, f.Data[offset:offset+n])...)
	_, err := s.Do(ctx, c)
	return n, err
}
