package chip

import (
	"bytes"
	"context"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/products"
	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

// writeFiles writes every file from where its bytes end.
func (w *work) writeFiles(ctx context.Context, c channel) error {
	var done int64
	for _, f := range w.files {
		at := w.starts[f.Name]
		done += int64(at.offset)
		if at.offset == len(f.Data) {
			continue
		}
		if err := w.begin(ctx, c, f, at.exists); err != nil {
			return fmt.Errorf("create %s: %w", f.Name, refusedToHold(err))
		}
		for offset := at.offset; offset < len(f.Data); {
			w.report.At(StepWrite, done, w.total)
			n, err := w.writeAt(ctx, c, f, offset)
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
func (w *work) begin(ctx context.Context, c channel, f devices.ChipFile, exists bool) error {
	create, choose, err := w.commandsFor(f.Name, len(f.Data))
	if err != nil {
		return err
	}
	if !exists {
		if _, err := c.Do(ctx, create); err != nil || !w.product.CreateSelectsNot {
			return err
		}
	}
	_, err = c.Do(ctx, choose)
	return err
}

// commandsFor are those that create a file and select it in the application. A file of the master file
// is selected by its path: EF.CardSecurity and EF.SOD share their identifier.
func (w *work) commandsFor(name string, size int) (create, choose apdu.Command, err error) {
	id, ok := lds.FileID(name)
	short, ok2 := lds.ShortFileID(name)
	if !ok || !ok2 {
		return create, choose, fmt.Errorf("%w: file %q", devices.ErrUnsupported, name)
	}
	fid := []byte{byte(id >> 8), byte(id)}
	template, how := w.product.Create, byte(0x02)
	if lds.InMasterFile(name) {
		template, how = w.product.CreateMaster, 0x08
	}
	of := map[string][]byte{
		products.FieldSize: {byte(size >> 8), byte(size)}, products.FieldFile: bytes.Clone(fid), products.FieldShort: {short << 3},
	}
	data, _ := template.Expand(func(name string) []byte { return of[name] }, inClear{}.EncryptKey)
	return apdu.Command{INS: 0xE0, Data: data}, apdu.Command{INS: 0xA4, P1: how, P2: 0x0C, Data: fid}, nil
}

// writeAt writes as much as one command carries, and returns how much that was. Offsets from 32 KB
// on need the odd instruction, with offset and data in objects 54 and 53.
func (w *work) writeAt(ctx context.Context, c channel, f devices.ChipFile, offset int) (int, error) {
	room := w.dataRoom()
	cmd := apdu.Command{INS: 0xD6, P1: byte(offset >> 8), P2: byte(offset)}
	if offset < shortOffsets {
		n := min(len(f.Data)-offset, room)
		cmd.Data = f.Data[offset : offset+n]
		_, err := c.Do(ctx, cmd)
		return n, err
	}
	const heads = 4 + 4 // of both objects
	n := min(len(f.Data)-offset, room-heads)
	cmd.INS, cmd.P1, cmd.P2 = 0xD7, 0, 0
	where := []byte{byte(offset >> 8), byte(offset)}
	cmd.Data = append(tlv.Encode(0x54, where), tlv.Encode(0x53, f.Data[offset:offset+n])...)
	_, err := c.Do(ctx, cmd)
	return n, err
}
